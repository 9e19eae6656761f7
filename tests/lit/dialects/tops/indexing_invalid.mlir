// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Indices are integers.
func.func @f(%x: tensor<5x2xf32>, %i: tensor<3xf32>) {
  %y = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xf32>) -> tensor<3x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.take' takes indices of type i32 or i64, got tensor<3xf32>

// -----

// The axis exists.
func.func @f(%x: tensor<5x2xf32>, %i: tensor<3xi32>) {
  %y = tops.take %x, %i, axis = 2 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<5x2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.take': axis 2 must lie in [0, 2)

// -----

// The axes of the indices replace the axis.
func.func @f(%x: tensor<5x2xf32>, %i: tensor<3xi32>) {
  %y = tops.take %x, %i, axis = 1 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.take' gives tensor<5x3xf32>, its type says tensor<3x2xf32>

// -----

// The operand of `scatter_add` is what `take` would give.
func.func @f(%x: tensor<4x2xf32>, %i: tensor<3xi32>) {
  %y = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<4x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.scatter_add' into tensor<5x2xf32> at tensor<3xi32> takes tensor<3x2xf32>, got tensor<4x2xf32>

// -----

// Its indices are integers.
func.func @f(%x: tensor<3x2xf32>, %i: tensor<3xi1>) {
  %y = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi1>) -> tensor<5x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.scatter_add' takes indices of type i32 or i64, got tensor<3xi1>

// -----

// Its axis exists.
func.func @f(%x: tensor<3x2xf32>, %i: tensor<3xi32>) {
  %y = tops.scatter_add %x, %i, axis = -1 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.scatter_add': axis -1 must lie in [0, 2)

// -----

// What it adds to has the type of the result.
func.func @f(%x: tensor<3x2xf32>, %i: tensor<3xi32>, %into: tensor<4x2xf32>) {
  %y = tops.scatter_add %x, %i, %into, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>, tensor<4x2xf32>) -> tensor<5x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.scatter_add' into tensor<5x2xf32> cannot add to tensor<4x2xf32>
