// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// `copy` keeps the type.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.copy %x : (tensor<2xf32>) -> tensor<3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.copy' gives tensor<2xf32>, its type says tensor<3xf32>

// -----

// Axes increase.
func.func @f(%x: tensor<3xf32>) {
  %y = tops.broadcast %x, axes = [1, 0] : (tensor<3xf32>) -> tensor<2x2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.broadcast': axes [1, 0] must increase and lie in [0, 3)

// -----

// Axes lie inside the result.
func.func @f(%x: tensor<3xf32>) {
  %y = tops.broadcast %x, axes = [2] : (tensor<3xf32>) -> tensor<2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.broadcast': axes [2] must increase and lie in [0, 2)

// -----

// The other axes are those of the operand.
func.func @f(%x: tensor<3xf32>) {
  %y = tops.broadcast %x, axes = [1] : (tensor<3xf32>) -> tensor<2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.broadcast' of tensor<3xf32> along axes [1] cannot give tensor<2x3xf32>

// -----

// The element type is kept.
func.func @f(%x: tensor<3xf32>) {
  %y = tops.broadcast %x, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf64>
  func.return
}
// CHECK: Operation does not verify: 'tops.broadcast' gives tensor<2x3xf32>, its type says tensor<2x3xf64>

// -----

// Axes are given.
func.func @f(%x: tensor<3xf32>) {
  %y = tops.broadcast %x : (tensor<3xf32>) -> tensor<2x3xf32>
  func.return
}
// CHECK: Operation does not verify: property 'axes' expected in operation 'tops.broadcast'

// -----

// `reshape` keeps the number of elements.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.reshape %x : (tensor<2x3xf32>) -> tensor<5xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.reshape' keeps the number of elements: got tensor<2x3xf32> -> tensor<5xf32>

// -----

// All axes, once each.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.permute_dims %x, axes = [0, 0] : (tensor<2x3xf32>) -> tensor<2x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.permute_dims': [0, 0] does not permute the axes of tensor<2x3xf32>

// -----

// The axes are permuted in the result.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.permute_dims %x, axes = [1, 0] : tensor<2x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.permute_dims' gives tensor<3x2xf32>, its type says tensor<2x3xf32>

// -----

// A slice stays inside its operand.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.slice %x, start = [1], step = [1], stop = [5] : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}
// CHECK{LITERAL}: Operation does not verify: 'tops.slice' [[1, 5, 1]] (start, stop, step) leaves tensor<4xf32>

// -----

// A slice goes forward.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.slice %x, start = [3], step = [-1], stop = [4] : (tensor<4xf32>) -> tensor<1xf32>
  func.return
}
// CHECK{LITERAL}: Operation does not verify: 'tops.slice' [[3, 4, -1]] (start, stop, step) leaves tensor<4xf32>

// -----

// One number for each axis.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.slice %x, start = [0, 0], step = [1], stop = [4] : tensor<4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.slice' of tensor<4xf32>: start, stop and step need 1 numbers each

// -----

// The result has as many elements as the slice.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.slice %x, start = [0], step = [2], stop = [4] : (tensor<4xf32>) -> tensor<3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.slice' gives tensor<2xf32>, its type says tensor<3xf32>

// -----

// No negative padding.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.pad %x, high = [0], interior = [0], low = [-1] : (tensor<4xf32>) -> tensor<3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.pad' of tensor<4xf32> needs 1 numbers >= 0 each in low, high, interior

// -----

// One number for each axis.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.pad %x, high = [0, 0], interior = [0], low = [1] : (tensor<4xf32>) -> tensor<5xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.pad' of tensor<4xf32> needs 1 numbers >= 0 each in low, high, interior

// -----

// The result has room for the padding and no more.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.pad %x, high = [0], interior = [1], low = [0] : (tensor<4xf32>) -> tensor<8xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.pad' gives tensor<7xf32>, its type says tensor<8xf32>

// -----

// The axis exists.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.concat %x, %x, axis = 1 : i64 : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.concat': axis 1 must lie in [0, 1)

// -----

// The other axes are equal.
func.func @f(%x: tensor<2x2xf32>, %z: tensor<2x3xf32>) {
  %y = tops.concat %x, %z, axis = 0 : i64 : (tensor<2x2xf32>, tensor<2x3xf32>) -> tensor<4x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.concat' along axis 0 got tensor<2x2xf32> and tensor<2x3xf32>

// -----

// The sizes add up.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.concat %x, %x, axis = 0 : i64 : tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.concat' gives tensor<4xf32>, its type says tensor<2xf32>

// -----

// Of at least one tensor.
func.func @f() {
  %y = tops.concat axis = 0 : i64 : () -> tensor<0xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.concat': axis 0 must lie in [0, 0)
