// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Operands of two types.
func.func @f(%a: tensor<2xf32>, %b: tensor<2xi32>) {
  %y = tops.less %a, %b : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.less' needs operands of one type, got tensor<2xf32> and tensor<2xi32>

// -----

// The result of a comparison is i1.
func.func @f(%a: tensor<2xf32>) {
  %y = tops.equal %a, %a : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.equal' gives tensor<2xi1>, its type says tensor<2xf32>

// -----

// No order on i1.
func.func @f(%a: tensor<2xi1>) {
  %y = tops.less %a, %a : tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.less' takes f32 f64 i32 i64, got tensor<2xi1>

// -----

// Boolean functions take i1.
func.func @f(%a: tensor<2xi32>) {
  %y = tops.logical_and %a, %a : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.logical_and' takes i1, got tensor<2xi32>
