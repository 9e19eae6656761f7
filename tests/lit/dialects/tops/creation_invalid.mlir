// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// A value of another type.
func.func @f() {
  %y = tops.full value = 1 : i32 : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.full' of tensor<2xf32> got the value 1 : i32

// -----

// No value.
func.func @f() {
  %y = tops.full : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: property 'value' expected in operation 'tops.full'

// -----

// Elements of another type.
func.func @f() {
  %y = tops.constant value = dense<[1, 2]> : tensor<2xi32> : tensor<2xi64>
  func.return
}
// CHECK: Operation does not verify: 'tops.constant' of tensor<2xi64> got elements of tensor<2xi32>

// -----

// A constant that is no list of elements.
func.func @f() {
  %y = tops.constant value = 1 : i32 : tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 1 : i32 should be of base attribute dense

// -----

// `arange` is a vector.
func.func @f() {
  %y = tops.arange : tensor<2x2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.arange' makes a tensor of rank 1, got tensor<2x2xi32>

// -----

// `arange` counts in numbers.
func.func @f() {
  %y = tops.arange : tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.arange' takes f32 f64 i32 i64, got tensor<2xi1>

// -----

// A dynamic shape.
func.func @f() {
  %y = tops.full value = 1 : i32 : tensor<?xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.full' needs static shapes, got tensor<?xi32>
