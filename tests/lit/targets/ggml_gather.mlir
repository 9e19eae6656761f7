// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// A product gathers windows from the image: {axes, {sizes}, {strides}} of batch, rows and columns.
// Of 5 places in a row, 3 by 2 windows over both channels; no patches are stored.
func.func @convolved(%x: tensor<4x5x6x2xf32>, %w: tensor<12x7xf32>) -> (tensor<60x7xf32>) {
  %p = tops.patches %x, dilation = [1, 1, 1], kernel = [3, 2, 2], padding_high = [0, 0, 0], padding_low = [0, 0, 0], stride = [1, 1, 2] : (tensor<4x5x6x2xf32>) -> tensor<4x3x5x1x3x2x2xf32>
  %r = tops.reshape %p : (tensor<4x3x5x1x3x2x2xf32>) -> tensor<60x12xf32>
  %y = tops.matmul %r, %w : (tensor<60x12xf32>, tensor<12x7xf32>) -> tensor<60x7xf32>
  func.return %y : tensor<60x7xf32>
}
// CHECK-LABEL: void convolved_y(const Memory &m, Share share) {
// CHECK-NEXT:     const float *x = m.at<float>(0);  // 4x3x5x1x3x2x2
// CHECK-NEXT:     const float *w = m.at<float>(1);  // 12x7
// CHECK-NEXT:     float *y = m.at<float>(2);  // 60x7
// CHECK-NEXT:     catgrad::gather_matmul({{[{]}}1, 60, 7, 12, {{[{][{]}}0, {}, {}}, {3, {4, 3, 5}, {60, 12, 2}}, {2, {3, 4}, {12, 1}}}, {{[{][{]}}0, {}, {}}, {1, {12}, {7}}, {1, {7}, {1}}}}, x, w, y, share);
// CHECK-NEXT: }

// The gradient of the weights reads the windows transposed.
func.func @weights(%x: tensor<4x5x6x2xf32>, %g: tensor<60x7xf32>) -> (tensor<12x7xf32>) {
  %p = tops.patches %x, dilation = [1, 1, 1], kernel = [3, 2, 2], padding_high = [0, 0, 0], padding_low = [0, 0, 0], stride = [1, 1, 2] : (tensor<4x5x6x2xf32>) -> tensor<4x3x5x1x3x2x2xf32>
  %r = tops.reshape %p : (tensor<4x3x5x1x3x2x2xf32>) -> tensor<60x12xf32>
  %y = tops.matmul %r, %g, transpose_a : (tensor<60x12xf32>, tensor<60x7xf32>) -> tensor<12x7xf32>
  func.return %y : tensor<12x7xf32>
}
// CHECK-LABEL: void weights_y(const Memory &m, Share share) {
// CHECK:          catgrad::gather_matmul({{[{]}}1, 12, 7, 60, {{[{][{]}}0, {}, {}}, {2, {3, 4}, {12, 1}}, {3, {4, 3, 5}, {60, 12, 2}}}, {{[{][{]}}0, {}, {}}, {1, {60}, {7}}, {1, {7}, {1}}}}, x, g, y, share);

// What others read as well is stored, and so are windows that take no more than the image.
func.func @stored(%x: tensor<4x5x6x2xf32>, %z: tensor<4x6x4xf32>, %w: tensor<12x7xf32>, %v: tensor<4x3xf32>) -> (tensor<60x7xf32>, tensor<60x12xf32>, tensor<24x3xf32>) {
  %p = tops.patches %x, dilation = [1, 1, 1], kernel = [3, 2, 2], padding_high = [0, 0, 0], padding_low = [0, 0, 0], stride = [1, 1, 2] : (tensor<4x5x6x2xf32>) -> tensor<4x3x5x1x3x2x2xf32>
  %r = tops.reshape %p : (tensor<4x3x5x1x3x2x2xf32>) -> tensor<60x12xf32>
  %y = tops.matmul %r, %w : (tensor<60x12xf32>, tensor<12x7xf32>) -> tensor<60x7xf32>
  %e = tops.exp %r : tensor<60x12xf32>
  %q = tops.patches %z, dilation = [1, 1], kernel = [2, 2], padding_high = [0, 0], padding_low = [0, 0], stride = [2, 2] : (tensor<4x6x4xf32>) -> tensor<4x3x2x2x2xf32>
  %s = tops.reshape %q : (tensor<4x3x2x2x2xf32>) -> tensor<24x4xf32>
  %u = tops.matmul %s, %v : (tensor<24x4xf32>, tensor<4x3xf32>) -> tensor<24x3xf32>
  func.return %y, %e, %u : tensor<60x7xf32>, tensor<60x12xf32>, tensor<24x3xf32>
}
// CHECK-NOT:  gather_matmul
// CHECK:      catgrad::matmul({1, 1, 60, 7, 12, {0, 0, 12, 1}, {0, 0, 7, 1}}, r, w, y, share);
// CHECK-NOT:  gather_matmul
// CHECK:      catgrad::matmul({1, 1, 24, 3, 4, {0, 0, 4, 1}, {0, 0, 3, 1}}, s, v, u, share);

// The dagger adds windows to images, of which a thread owns whole ones, in runs of kw * channels.
func.func @added(%x: tensor<8x3x5x1x3x2x2xf32>) -> (tensor<8x5x6x2xf32>) {
  %y = tops.unpatches %x, dilation = [1, 1, 1], kernel = [3, 2, 2], padding_high = [0, 0, 0], padding_low = [0, 0, 0], stride = [1, 1, 2] : (tensor<8x3x5x1x3x2x2xf32>) -> tensor<8x5x6x2xf32>
  func.return %y : tensor<8x5x6x2xf32>
}
// CHECK-LABEL: void added_y(const Memory &m, Share share) {
// CHECK:          catgrad::unpatches(catgrad::Rows{8, 60, {2, {3, 5}, {12, 2}}, {1, {3}, {12}}, 15, 3, 4}, x, y, share);
