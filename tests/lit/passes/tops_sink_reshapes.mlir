// RUN: catgrad-opt %s -p tops-sink-reshapes --split-input-file | filecheck %s

// Everything happens on the flat rows of a product; one reshape is left, of the reduction.
func.func @rows(%p: tensor<6x4xf32>, %x: tensor<2x3x4xf32>, %b: tensor<4xf32>) -> tensor<2x3x1xf32> {
  %q = tops.reshape %p : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %c = tops.broadcast %b, axes = [0, 1] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %a = tops.add %q, %c : tensor<2x3x4xf32>
  %m = tops.multiply %a, %x : tensor<2x3x4xf32>
  %s = tops.sum %m, axes = [2] : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
  %k = tops.reshape %s : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
  %h = tops.full value = 0.5 : f32 : tensor<2x3x1xf32>
  %y = tops.multiply %k, %h : tensor<2x3x1xf32>
  %z = tops.copy %y : tensor<2x3x1xf32>
  func.return %z : tensor<2x3x1xf32>
}

// CHECK:      func.func @rows
// CHECK-NEXT:   %0 = tops.broadcast %b, axes = [0] : (tensor<4xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:   %a = tops.add %p, %0 : tensor<6x4xf32>
// CHECK-NEXT:   %1 = tops.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:   %m = tops.multiply %a, %1 : tensor<6x4xf32>
// CHECK-NEXT:   %s = tops.sum %m, axes = [1] : (tensor<6x4xf32>) -> tensor<6xf32>
// CHECK-NEXT:   %2 = tops.full value = 5.000000e-01 : f32 : tensor<6xf32>
// CHECK-NEXT:   %y = tops.multiply %s, %2 : tensor<6xf32>
// CHECK-NEXT:   %y_1 = tops.reshape %y : (tensor<6xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT:   %z = tops.copy %y_1 : tensor<2x3x1xf32>
// CHECK-NEXT:   func.return %z : tensor<2x3x1xf32>

// -----
// A broadcast over half of a joined axis, a sum over half of one: these keep their shape.
func.func @apart(%p: tensor<6x4xf32>, %x: tensor<3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x4xf32>) {
  %q = tops.reshape %p : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %c = tops.broadcast %x, axes = [0] : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
  %a = tops.add %q, %c : tensor<2x3x4xf32>
  %b = tops.copy %a : tensor<2x3x4xf32>
  %s = tops.sum %q, axes = [1] : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  func.return %b, %s : tensor<2x3x4xf32>, tensor<2x4xf32>
}

// CHECK:      func.func @apart
// CHECK-NEXT:   %q = tops.reshape %p : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT:   %c = tops.broadcast %x, axes = [0] : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT:   %a = tops.add %q, %c : tensor<2x3x4xf32>
// CHECK-NEXT:   %b = tops.copy %a : tensor<2x3x4xf32>
// CHECK-NEXT:   %s = tops.sum %q, axes = [1] : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT:   func.return %b, %s : tensor<2x3x4xf32>, tensor<2x4xf32>

// -----
// A result is no view: what a function returns is computed in its shape. Reshapes of reshapes fold.
func.func @returned(%p: tensor<6xf32>) -> (tensor<2x3xf32>, tensor<6xf32>) {
  %q = tops.reshape %p : (tensor<6xf32>) -> tensor<2x3xf32>
  %e = tops.exp %q : tensor<2x3xf32>
  %r = tops.reshape %q : (tensor<2x3xf32>) -> tensor<6xf32>
  %s = tops.sin %r : tensor<6xf32>
  func.return %e, %s : tensor<2x3xf32>, tensor<6xf32>
}

// CHECK:      func.func @returned
// CHECK-NEXT:   %q = tops.reshape %p : (tensor<6xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   %e = tops.exp %q : tensor<2x3xf32>
// CHECK-NEXT:   %s = tops.sin %p : tensor<6xf32>
// CHECK-NEXT:   func.return %e, %s : tensor<2x3xf32>, tensor<6xf32>
