// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Axes increase.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.sum %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<f32>
  func.return
}
// CHECK: Operation does not verify: 'tops.sum': axes [1, 0] must increase and lie in [0, 2)

// -----

// Axes lie inside the operand.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.sum %x, axes = [2] : (tensor<2x3xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.sum': axes [2] must increase and lie in [0, 2)

// -----

// The axes vanish.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.sum %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.sum' gives tensor<2xf32>, its type says tensor<2x1xf32>

// -----

// No order on i1.
func.func @f(%x: tensor<2x3xi1>) {
  %y = tops.max %x, axes = [1] : (tensor<2x3xi1>) -> tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.max' takes f32 f64 i32 i64, got tensor<2x3xi1>

// -----

// No maximum of nothing.
func.func @f(%x: tensor<2x0xf32>) {
  %y = tops.max %x, axes = [1] : (tensor<2x0xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.max' of no elements: tensor<2x0xf32> over axes [1]

// -----

// Axes of `max` lie inside the operand.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.max %x, axes = [-1] : (tensor<2xf32>) -> tensor<f32>
  func.return
}
// CHECK: Operation does not verify: 'tops.max': axes [-1] must increase and lie in [0, 1)

// -----

// The axis exists.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.argmax %x, axis = 2 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.argmax': axes [2] must increase and lie in [0, 2)

// -----

// No index of nothing.
func.func @f(%x: tensor<2x0xf32>) {
  %y = tops.argmax %x, axis = 1 : i64 : (tensor<2x0xf32>) -> tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.argmax' of no elements: tensor<2x0xf32> along axis 1

// -----

// Indices are i32.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi64>
  func.return
}
// CHECK: Operation does not verify: 'tops.argmax' gives tensor<2xi32>, its type says tensor<2xi64>

// -----

// No minimum of nothing.
func.func @f(%x: tensor<2x0xf32>) {
  %y = tops.min %x, axes = [1] : (tensor<2x0xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.min' of no elements: tensor<2x0xf32> over axes [1]

// -----

// No order on i1.
func.func @f(%x: tensor<2x3xi1>) {
  %y = tops.min %x, axes = [1] : (tensor<2x3xi1>) -> tensor<2xi1>
  func.return
}
// CHECK: Operation does not verify: 'tops.min' takes f32 f64 i32 i64, got tensor<2x3xi1>

// -----

// Axes of a product lie inside the operand.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.prod %x, axes = [1] : (tensor<2xf32>) -> tensor<f32>
  func.return
}
// CHECK: Operation does not verify: 'tops.prod': axes [1] must increase and lie in [0, 1)

// -----

// No index of nothing, nor of the least.
func.func @f(%x: tensor<2x0xf32>) {
  %y = tops.argmin %x, axis = 1 : i64 : (tensor<2x0xf32>) -> tensor<2xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.argmin' of no elements: tensor<2x0xf32> along axis 1

// -----

// The axis of running sums exists.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.cumulative_sum %x, axis = 2 : i64 : tensor<2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.cumulative_sum': axes [2] must increase and lie in [0, 2)

// -----

// Running sums keep the shape.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.cumulative_sum %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.cumulative_sum' gives tensor<2x3xf32>, its type says tensor<2xf32>
