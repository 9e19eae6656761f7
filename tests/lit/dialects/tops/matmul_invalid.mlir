// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// Axes contracted are equal.
func.func @f(%a: tensor<2x3xf32>, %b: tensor<4x2xf32>) {
  %y = tops.matmul %a, %b : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' contracts axes of size 3 and 4: got tensor<2x3xf32> and tensor<4x2xf32>

// -----

// So are they after transposition.
func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  %y = tops.matmul %a, %b, transpose_b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' contracts axes of size 3 and 4: got tensor<2x3xf32> and tensor<3x4xf32>

// -----

// No vectors.
func.func @f(%a: tensor<3xf32>, %b: tensor<3x4xf32>) {
  %y = tops.matmul %a, %b : (tensor<3xf32>, tensor<3x4xf32>) -> tensor<4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' needs two tensors of rank >= 2, equal in element type and leading axes, got tensor<3xf32> and tensor<3x4xf32>

// -----

// Leading axes are equal.
func.func @f(%a: tensor<5x2x3xf32>, %b: tensor<4x3x2xf32>) {
  %y = tops.matmul %a, %b : (tensor<5x2x3xf32>, tensor<4x3x2xf32>) -> tensor<5x2x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' needs two tensors of rank >= 2, equal in element type and leading axes, got tensor<5x2x3xf32> and tensor<4x3x2xf32>

// -----

// Element types are equal.
func.func @f(%a: tensor<2x2xf32>, %b: tensor<2x2xf64>) {
  %y = tops.matmul %a, %b : (tensor<2x2xf32>, tensor<2x2xf64>) -> tensor<2x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' needs two tensors of rank >= 2, equal in element type and leading axes, got tensor<2x2xf32> and tensor<2x2xf64>

// -----

// The result has the outer axes.
func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  %y = tops.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<4x2xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.matmul' gives tensor<2x4xf32>, its type says tensor<4x2xf32>
