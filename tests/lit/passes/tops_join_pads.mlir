// RUN: catgrad-opt %s -p tops-join-pads --split-input-file | filecheck %s

// The gradient of three slices, in any order; the permutation goes to the pieces.
func.func @thirds(%x: tensor<1x2xf32>, %y: tensor<1x2xf32>, %z: tensor<1x2xf32>) -> tensor<2x3xf32> {
  %c = tops.pad %z, high = [0, 0], interior = [0, 0], low = [2, 0] : (tensor<1x2xf32>) -> tensor<3x2xf32>
  %a = tops.pad %x, high = [2, 0], interior = [0, 0], low = [0, 0] : (tensor<1x2xf32>) -> tensor<3x2xf32>
  %b = tops.pad %y, high = [1, 0], interior = [0, 0], low = [1, 0] : (tensor<1x2xf32>) -> tensor<3x2xf32>
  %s = tops.add %b, %a : tensor<3x2xf32>
  %t = tops.add %s, %c : tensor<3x2xf32>
  %p = tops.permute_dims %t, axes = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  func.return %p : tensor<2x3xf32>
}

// CHECK:      func.func @thirds
// CHECK-NEXT:   %0 = tops.permute_dims %x, axes = [1, 0] : (tensor<1x2xf32>) -> tensor<2x1xf32>
// CHECK-NEXT:   %1 = tops.permute_dims %y, axes = [1, 0] : (tensor<1x2xf32>) -> tensor<2x1xf32>
// CHECK-NEXT:   %2 = tops.permute_dims %z, axes = [1, 0] : (tensor<1x2xf32>) -> tensor<2x1xf32>
// CHECK-NEXT:   %p = tops.concat %0, %1, %2, axis = 1 : i64 : (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %p : tensor<2x3xf32>

// -----
// What is missing of the whole stays a pad.
func.func @part(%x: tensor<1xf32>, %y: tensor<2xf32>) -> tensor<5xf32> {
  %a = tops.pad %x, high = [3], interior = [0], low = [1] : (tensor<1xf32>) -> tensor<5xf32>
  %b = tops.pad %y, high = [1], interior = [0], low = [2] : (tensor<2xf32>) -> tensor<5xf32>
  %s = tops.add %a, %b : tensor<5xf32>
  func.return %s : tensor<5xf32>
}

// CHECK:      func.func @part
// CHECK-NEXT:   %0 = tops.concat %x, %y, axis = 0 : i64 : (tensor<1xf32>, tensor<2xf32>) -> tensor<3xf32>
// CHECK-NEXT:   %s = tops.pad %0, high = [1], interior = [0], low = [1] : (tensor<3xf32>) -> tensor<5xf32>
// CHECK-NEXT:   func.return %s : tensor<5xf32>

// -----
// Pieces that overlap, leave a gap, or lie along different axes are added as before; a pad that
// something else uses stays for that.
func.func @apart(%x: tensor<2xf32>, %m: tensor<1x2xf32>, %n: tensor<2x1xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>, tensor<4xf32>) {
  %a = tops.pad %x, high = [2], interior = [0], low = [0] : (tensor<2xf32>) -> tensor<4xf32>
  %b = tops.pad %x, high = [1], interior = [0], low = [1] : (tensor<2xf32>) -> tensor<4xf32>
  %c = tops.pad %x, high = [0], interior = [0], low = [2] : (tensor<2xf32>) -> tensor<4xf32>
  %over = tops.add %a, %b : tensor<4xf32>
  %whole = tops.add %a, %c : tensor<4xf32>
  %d = tops.pad %m, high = [1, 0], interior = [0, 0], low = [0, 0] : (tensor<1x2xf32>) -> tensor<2x2xf32>
  %e = tops.pad %n, high = [0, 0], interior = [0, 0], low = [0, 1] : (tensor<2x1xf32>) -> tensor<2x2xf32>
  %cross = tops.add %d, %e : tensor<2x2xf32>
  func.return %over, %whole, %cross, %a : tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>, tensor<4xf32>
}

// CHECK:      func.func @apart
// CHECK-NEXT:   %a = tops.pad %x
// CHECK-NEXT:   %b = tops.pad %x
// CHECK-NEXT:   %over = tops.add %a, %b : tensor<4xf32>
// CHECK-NEXT:   %whole = tops.concat %x, %x, axis = 0 : i64 : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK-NEXT:   %d = tops.pad %m
// CHECK-NEXT:   %e = tops.pad %n
// CHECK-NEXT:   %cross = tops.add %d, %e : tensor<2x2xf32>
// CHECK-NEXT:   func.return %over, %whole, %cross, %a
