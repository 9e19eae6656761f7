// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Operands of two shapes: there is no implicit broadcasting.
func.func @f(%a: tensor<2xf32>, %b: tensor<3xf32>) {
  %y = tops.add %a, %b : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.add' needs operands of one type, got tensor<2xf32> and tensor<3xf32>

// -----

// Operands of two element types.
func.func @f(%a: tensor<2xf32>, %b: tensor<2xf64>) {
  %y = tops.multiply %a, %b : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.multiply' needs operands of one type, got tensor<2xf32> and tensor<2xf64>

// -----

// A result of another type.
func.func @f(%a: tensor<2xf32>) {
  %y = tops.subtract %a, %a : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf64>
  func.return
}
// CHECK: Operation does not verify: 'tops.subtract' gives tensor<2xf32>, its type says tensor<2xf64>

// -----

// No division of integers.
func.func @f(%a: tensor<2xi32>) {
  %y = tops.divide %a, %a : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.divide' takes f32 f64, got tensor<2xi32>

// -----

// No order on i1.
func.func @f(%a: tensor<2xi1>) {
  %y = tops.maximum %a, %a : tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.maximum' takes f32 f64 i32 i64, got tensor<2xi1>

// -----

// A negative constant exponent of integers.
func.func @f(%a: tensor<2xi32>) {
  %n = tops.full value = -1 : i32 : tensor<2xi32>
  %y = tops.pow %a, %n : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.pow' on integers needs an exponent >= 0, got -1

// -----

// Something after a comma is missing.
func.func @f(%a: tensor<2xf32>) {
  %y = tops.add %a, : tensor<2xf32>
  func.return
}
// CHECK: expected an operand or a property after ','
