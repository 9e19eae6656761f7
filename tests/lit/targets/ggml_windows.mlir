// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Windows are calls: {outer, sizes, counts, kernel, stride, dilation, low}.

func.func @patches(%x: tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32> {
  %y = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>
  func.return %y : tensor<4x3x5x3x2xf32>
}
// CHECK-LABEL: void patches_y(const Memory &m, Share share) {
// CHECK-NEXT:     const float *x = m.at<float>(0);  // 4x5x6
// CHECK-NEXT:     float *y = m.at<float>(1);  // 4x3x5x3x2
// CHECK-NEXT:     catgrad::patches(catgrad::Windows<2>{4, {5, 6}, {3, 5}, {3, 2}, {2, 1}, {1, 1}, {1, 0}}, x, y, share);
// CHECK-NEXT: }

func.func @unpatches(%x: tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32> {
  %y = tops.unpatches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>
  func.return %y : tensor<4x5x6xf32>
}
// CHECK-LABEL: void unpatches_y(const Memory &m, Share share) {
// CHECK-NEXT:     const float *x = m.at<float>(0);  // 4x3x5x3x2
// CHECK-NEXT:     float *y = m.at<float>(1);  // 4x5x6
// CHECK-NEXT:     catgrad::unpatches(catgrad::Windows<2>{4, {5, 6}, {3, 5}, {3, 2}, {2, 1}, {1, 1}, {1, 0}}, x, y, share);
// CHECK-NEXT: }
