// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// An element type that the op has no meaning on.
func.func @f(%x: tensor<2xi32>) {
  %y = tops.exp %x : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.exp' takes f32 f64, got tensor<2xi32>

// -----

// A result of another type.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.sin %x : (tensor<2xf32>) -> tensor<3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.sin' gives tensor<2xf32>, its type says tensor<3xf32>

// -----

// An element type outside the language.
func.func @f(%x: tensor<2xf16>) {
  %y = tops.negative %x : tensor<2xf16>
  func.return
}
// CHECK: Operation does not verify: element type f16 is not one of f32, f64, i32, i64, i1

// -----

// A dynamic shape.
func.func @f(%x: tensor<?xf32>) {
  %y = tops.tanh %x : tensor<?xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.tanh' needs static shapes, got tensor<?xf32>

// -----

// Not a tensor.
func.func @f(%x: f32) {
  %y = tops.tanh %x : f32
  func.return
}
// CHECK: Operation does not verify: operand 'x' at position 0 does not verify:
// CHECK-NEXT: | f32 should be of base attribute tensor

// -----

// A wrong number of operands.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.exp %x, %x : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: Expected 1 operand, but got 2

// -----

// A property that the op does not have.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.exp %x, axis = 0 : i64 : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: property 'axis' is not defined by the operation 'tops.exp'. Use the dictionary attribute to add arbitrary information to the operation.

// -----

// Integers are whole already.
func.func @f(%x: tensor<2xi32>) {
  %y = tops.round %x : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.round' takes f32 f64, got tensor<2xi32>
