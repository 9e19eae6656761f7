// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Branches of two types.
func.func @f(%c: tensor<2xi1>, %a: tensor<2xf32>, %b: tensor<2xf64>) {
  %y = tops.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.where' needs operands of one type, got tensor<2xf32> and tensor<2xf64>

// -----

// A condition that is not i1.
func.func @f(%c: tensor<2xf32>, %a: tensor<2xf32>) {
  %y = tops.where %c, %a, %a : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.where' needs a condition of shape (2,) and i1, got tensor<2xf32>

// -----

// A condition of another shape.
func.func @f(%c: tensor<3xi1>, %a: tensor<2xf32>) {
  %y = tops.where %c, %a, %a : (tensor<3xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.where' needs a condition of shape (2,) and i1, got tensor<3xi1>

// -----

// The result of `where` has the type of its branches.
func.func @f(%c: tensor<2xi1>, %a: tensor<2xf32>) {
  %y = tops.where %c, %a, %a : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf64>
  func.return
}
// CHECK: Operation does not verify: 'tops.where' gives tensor<2xf32>, its type says tensor<2xf64>

// -----

// `astype` changes the element type only.
func.func @f(%x: tensor<2xi32>) {
  %y = tops.astype %x : (tensor<2xi32>) -> tensor<3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.astype' keeps the shape: got tensor<2xi32> -> tensor<3xf32>

// -----

// To an element type outside the language.
func.func @f(%x: tensor<2xi32>) {
  %y = tops.astype %x : (tensor<2xi32>) -> tensor<2xi8>
  func.return
}
// CHECK: Operation does not verify: element type i8 is not one of f32, f64, i32, i64, i1
