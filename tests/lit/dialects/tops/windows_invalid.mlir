// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// One number per axis in each list.
func.func @f(%x: tensor<5x6xf32>) {
  %y = tops.patches %x, dilation = [1], kernel = [3, 3], padding_high = [0, 0], padding_low = [0, 0], stride = [1, 1] : (tensor<5x6xf32>) -> tensor<3x4x3x3xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<5x6xf32>: kernel, stride, padding_low, padding_high, dilation need one number for each of the last axes, got [3, 3], [1, 1], [0, 0], [0, 0], [1]

// -----

// There is an axis to slide over.
func.func @f(%x: tensor<5xf32>) {
  %y = tops.patches %x, dilation = [], kernel = [], padding_high = [], padding_low = [], stride = [] : (tensor<5xf32>) -> tensor<5xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<5xf32>: kernel, stride, padding_low, padding_high, dilation need one number for each of the last axes, got [], [], [], [], []

// -----

// The image has the axes.
func.func @f(%x: tensor<5xf32>) {
  %y = tops.patches %x, dilation = [1, 1], kernel = [2, 2], padding_high = [0, 0], padding_low = [0, 0], stride = [1, 1] : (tensor<5xf32>) -> tensor<4x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<5xf32>: kernel, stride, padding_low, padding_high, dilation need one number for each of the last axes, got [2, 2], [1, 1], [0, 0], [0, 0], [1, 1]

// -----

// Steps are positive.
func.func @f(%x: tensor<5xf32>) {
  %y = tops.patches %x, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [0] : (tensor<5xf32>) -> tensor<4x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<5xf32>: kernel 2, stride 0 and dilation 1 must be > 0, padding 0 and 0 >= 0

// -----

// Padding is not negative.
func.func @f(%x: tensor<5xf32>) {
  %y = tops.patches %x, dilation = [1], kernel = [2], padding_high = [0], padding_low = [-1], stride = [1] : (tensor<5xf32>) -> tensor<3x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<5xf32>: kernel 2, stride 1 and dilation 1 must be > 0, padding -1 and 0 >= 0

// -----

// A window fits the padded image.
func.func @f(%x: tensor<4xf32>) {
  %y = tops.patches %x, dilation = [2], kernel = [4], padding_high = [1], padding_low = [1], stride = [1] : (tensor<4xf32>) -> tensor<0x4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' of tensor<4xf32>: a window of 7 (kernel 4, dilation 2) is larger than the padded axis of 6

// -----

// The result has one window for each step.
func.func @f(%x: tensor<5xf32>) {
  %y = tops.patches %x, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [2] : (tensor<5xf32>) -> tensor<3x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.patches' gives tensor<2x2xf32>, its type says tensor<3x2xf32>

// -----

// The operand of `unpatches` is what `patches` would give.
func.func @f(%x: tensor<3x2xf32>) {
  %y = tops.unpatches %x, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [1] : (tensor<3x2xf32>) -> tensor<5xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.unpatches' into tensor<5xf32> takes tensor<4x2xf32>, got tensor<3x2xf32>

// -----

// Its windows fit the padded image.
func.func @f(%x: tensor<1x3xf32>) {
  %y = tops.unpatches %x, dilation = [1], kernel = [3], padding_high = [0], padding_low = [0], stride = [1] : (tensor<1x3xf32>) -> tensor<2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.unpatches' of tensor<2xf32>: a window of 3 (kernel 3, dilation 1) is larger than the padded axis of 2
