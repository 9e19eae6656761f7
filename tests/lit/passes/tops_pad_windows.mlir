// RUN: catgrad-opt %s -p tops-pad-windows --split-input-file | filecheck %s

// The image takes the padding, and the dagger drops it. What has none stays.
func.func @padded(%x: tensor<3x5x4xf32>, %y: tensor<3x3x2x3x4xf32>, %z: tensor<6xf32>) -> (tensor<3x3x2x3x4xf32>, tensor<3x5x4xf32>, tensor<5x2xf32>) {
  %a = tops.patches %x, dilation = [1, 1], kernel = [3, 4], padding_high = [2, 0], padding_low = [0, 1], stride = [2, 1] : (tensor<3x5x4xf32>) -> tensor<3x3x2x3x4xf32>
  %b = tops.unpatches %y, dilation = [1, 1], kernel = [3, 4], padding_high = [2, 0], padding_low = [0, 1], stride = [2, 1] : (tensor<3x3x2x3x4xf32>) -> tensor<3x5x4xf32>
  %c = tops.patches %z, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [1] : (tensor<6xf32>) -> tensor<5x2xf32>
  func.return %a, %b, %c : tensor<3x3x2x3x4xf32>, tensor<3x5x4xf32>, tensor<5x2xf32>
}

// CHECK:      func.func @padded
// CHECK-NEXT:   %0 = tops.pad %x, high = [0, 2, 0], interior = [0, 0, 0], low = [0, 0, 1] : (tensor<3x5x4xf32>) -> tensor<3x7x5xf32>
// CHECK-NEXT:   %a = tops.patches %0, dilation = [1, 1], kernel = [3, 4], padding_high = [0, 0], padding_low = [0, 0], stride = [2, 1] : (tensor<3x7x5xf32>) -> tensor<3x3x2x3x4xf32>
// CHECK-NEXT:   %1 = tops.unpatches %y, dilation = [1, 1], kernel = [3, 4], padding_high = [0, 0], padding_low = [0, 0], stride = [2, 1] : (tensor<3x3x2x3x4xf32>) -> tensor<3x7x5xf32>
// CHECK-NEXT:   %b = tops.slice %1, start = [0, 0, 1], step = [1, 1, 1], stop = [3, 5, 5] : (tensor<3x7x5xf32>) -> tensor<3x5x4xf32>
// CHECK-NEXT:   %c = tops.patches %z, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [1] : (tensor<6xf32>) -> tensor<5x2xf32>
// CHECK-NEXT:   func.return %a, %b, %c
