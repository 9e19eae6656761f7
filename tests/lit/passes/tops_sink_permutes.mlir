// RUN: catgrad-opt %s -p tops-sink-permutes --split-input-file | filecheck %s

// Channels stay last through bias, rectifier and pooling, until the next convolution wants them there.
func.func @channels(%y: tensor<2x4x6x3xf32>, %bias: tensor<3xf32>) -> tensor<2x2x3x3xf32> {
  %x = tops.permute_dims %y, axes = [0, 3, 1, 2] : (tensor<2x4x6x3xf32>) -> tensor<2x3x4x6xf32>
  %b = tops.broadcast %bias, axes = [0, 2, 3] : (tensor<3xf32>) -> tensor<2x3x4x6xf32>
  %a = tops.add %x, %b : tensor<2x3x4x6xf32>
  %0 = tops.full value = 0.0 : f32 : tensor<2x3x4x6xf32>
  %r = tops.maximum %a, %0 : tensor<2x3x4x6xf32>
  %w = tops.reshape %r : (tensor<2x3x4x6xf32>) -> tensor<2x3x2x2x3x2xf32>
  %m = tops.max %w, axes = [3, 5] : (tensor<2x3x2x2x3x2xf32>) -> tensor<2x3x2x3xf32>
  %l = tops.permute_dims %m, axes = [0, 2, 3, 1] : (tensor<2x3x2x3xf32>) -> tensor<2x2x3x3xf32>
  func.return %l : tensor<2x2x3x3xf32>
}

// CHECK:      func.func @channels
// CHECK-NEXT:   %0 = tops.broadcast %bias, axes = [0, 1, 2] : (tensor<3xf32>) -> tensor<2x4x6x3xf32>
// CHECK-NEXT:   %a = tops.add %y, %0 : tensor<2x4x6x3xf32>
// CHECK-NEXT:   %1 = tops.full value = 0.000000e+00 : f32 : tensor<2x4x6x3xf32>
// CHECK-NEXT:   %r = tops.maximum %a, %1 : tensor<2x4x6x3xf32>
// CHECK-NEXT:   %w = tops.reshape %r : (tensor<2x4x6x3xf32>) -> tensor<2x2x2x3x2x3xf32>
// CHECK-NEXT:   %m = tops.max %w, axes = [2, 4] : (tensor<2x2x2x3x2x3xf32>) -> tensor<2x2x3x3xf32>
// CHECK-NEXT:   func.return %m : tensor<2x2x3x3xf32>

// -----
// An operand in another order is permuted, if there are no more of those; else it all stays.
func.func @few(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>, %c: tensor<3x2xi1>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %t = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %a = tops.add %t, %y : tensor<3x2xf32>
  %b = tops.copy %a : tensor<3x2xf32>
  %d = tops.where %c, %t, %y : (tensor<3x2xi1>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %e = tops.copy %d : tensor<3x2xf32>
  func.return %b, %e : tensor<3x2xf32>, tensor<3x2xf32>
}

// CHECK:      func.func @few
// CHECK-NEXT:   %t = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT:   %0 = tops.permute_dims %y, axes = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   %a = tops.add %x, %0 : tensor<2x3xf32>
// CHECK-NEXT:   %a_1 = tops.permute_dims %a, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT:   %b = tops.copy %a_1 : tensor<3x2xf32>
// CHECK-NEXT:   %d = tops.where %c, %t, %y
// CHECK-NEXT:   %e = tops.copy %d : tensor<3x2xf32>

// -----
// What folds rows keeps on doing so; a reshape that joins axes from afar stays; so does a result.
func.func @kept(%x: tensor<2x3x4xf32>) -> (tensor<4xf32>, tensor<12x2xf32>, tensor<4x3x2xf32>) {
  %t = tops.permute_dims %x, axes = [2, 1, 0] : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  %s = tops.sum %t, axes = [2] : (tensor<4x3x2xf32>) -> tensor<4x3xf32>
  %m = tops.max %s, axes = [1] : (tensor<4x3xf32>) -> tensor<4xf32>
  %r = tops.reshape %t : (tensor<4x3x2xf32>) -> tensor<12x2xf32>
  %e = tops.exp %r : tensor<12x2xf32>
  %y = tops.sin %t : tensor<4x3x2xf32>
  func.return %m, %e, %y : tensor<4xf32>, tensor<12x2xf32>, tensor<4x3x2xf32>
}

// CHECK:      func.func @kept
// CHECK-NEXT:   %t = tops.permute_dims %x, axes = [2, 1, 0]
// CHECK-NEXT:   %s = tops.sum %t, axes = [2]
// CHECK-NEXT:   %m = tops.max %s, axes = [1]
// CHECK-NEXT:   %r = tops.reshape %t
// CHECK-NEXT:   %e = tops.exp %r
// CHECK-NEXT:   %y = tops.sin %t

// -----
// Slices, pads and broadcasts follow the axes; permutations of permutations are one.
func.func @axes(%x: tensor<2x3x4xf32>) -> tensor<4x2x5x3xf32> {
  %t = tops.permute_dims %x, axes = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %p = tops.pad %t, high = [1, 0, 0], interior = [0, 0, 0], low = [0, 0, 0] : (tensor<4x2x3xf32>) -> tensor<5x2x3xf32>
  %s = tops.slice %p, start = [1, 0, 0], step = [1, 1, 1], stop = [5, 2, 3] : (tensor<5x2x3xf32>) -> tensor<4x2x3xf32>
  %b = tops.broadcast %s, axes = [2] : (tensor<4x2x3xf32>) -> tensor<4x2x5x3xf32>
  %q = tops.broadcast %t, axes = [2] : (tensor<4x2x3xf32>) -> tensor<4x2x5x3xf32>
  %u = tops.permute_dims %q, axes = [3, 2, 0, 1] : (tensor<4x2x5x3xf32>) -> tensor<3x5x4x2xf32>
  %v = tops.permute_dims %u, axes = [2, 3, 1, 0] : (tensor<3x5x4x2xf32>) -> tensor<4x2x5x3xf32>
  %m = tops.multiply %b, %v : tensor<4x2x5x3xf32>
  func.return %m : tensor<4x2x5x3xf32>
}

// CHECK:      func.func @axes
// CHECK-NEXT:   %t = tops.permute_dims %x, axes = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NEXT:   %p = tops.pad %x, high = [0, 0, 1], interior = [0, 0, 0], low = [0, 0, 0] : (tensor<2x3x4xf32>) -> tensor<2x3x5xf32>
// CHECK-NEXT:   %s = tops.slice %p, start = [0, 0, 1], step = [1, 1, 1], stop = [2, 3, 5] : (tensor<2x3x5xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT:   %s_1 = tops.permute_dims %s, axes = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NEXT:   %b = tops.broadcast %s_1, axes = [2]
// CHECK-NEXT:   %q = tops.broadcast %t, axes = [2]
// CHECK-NEXT:   %m = tops.multiply %b, %q : tensor<4x2x5x3xf32>
// CHECK-NEXT:   func.return %m
