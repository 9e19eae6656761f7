// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Products and indexing are calls: {batches, m, n, k, {strides of a}, {strides of b}}, and
// {outer, axis, count, inner}. A product reads a view where it lies: heads between other heads.
// Run-time indices are checked before they are used, unless the input they come from was.

func.func @matmul(%a: tensor<32x64xf32>, %b: tensor<64x10xf32>) -> tensor<32x10xf32> {
  %y = tops.matmul %a, %b : (tensor<32x64xf32>, tensor<64x10xf32>) -> tensor<32x10xf32>
  func.return %y : tensor<32x10xf32>
}
// CHECK-LABEL: void matmul_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 32x64
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 64x10
// CHECK-NEXT:      float *y = m.at<float>(2);  // 32x10
// CHECK-NEXT:      catgrad::matmul({1, 1, 32, 10, 64, {0, 0, 64, 1}, {0, 0, 10, 1}}, a, b, y, share);
// CHECK-NEXT: }

func.func @batched(%a: tensor<2x3x5x4xi32>, %b: tensor<2x3x6x5xi32>) -> tensor<2x3x4x6xi32> {
  %y = tops.matmul %a, %b, transpose_a, transpose_b : (tensor<2x3x5x4xi32>, tensor<2x3x6x5xi32>) -> tensor<2x3x4x6xi32>
  func.return %y : tensor<2x3x4x6xi32>
}
// CHECK-LABEL: void batched_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 2x3x5x4
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 2x3x6x5
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(2);  // 2x3x4x6
// CHECK-NEXT:      catgrad::matmul({1, 6, 4, 6, 5, {0, 20, 1, 4}, {0, 30, 1, 5}}, a, b, y, share);
// CHECK-NEXT: }

func.func @heads(%qk: tensor<2x5x2x3x4xf32>) -> tensor<2x3x5x5xf32> {
  %p = tops.permute_dims %qk, axes = [2, 0, 3, 1, 4] : (tensor<2x5x2x3x4xf32>) -> tensor<2x2x3x5x4xf32>
  %s = tops.slice %p, start = [0, 0, 0, 0, 0], step = [1, 1, 1, 1, 1], stop = [1, 2, 3, 5, 4] : (tensor<2x2x3x5x4xf32>) -> tensor<1x2x3x5x4xf32>
  %t = tops.slice %p, start = [1, 0, 0, 0, 0], step = [1, 1, 1, 1, 1], stop = [2, 2, 3, 5, 4] : (tensor<2x2x3x5x4xf32>) -> tensor<1x2x3x5x4xf32>
  %q = tops.reshape %s : (tensor<1x2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %k = tops.reshape %t : (tensor<1x2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = tops.matmul %q, %k, transpose_b : (tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>) -> tensor<2x3x5x5xf32>
  func.return %y : tensor<2x3x5x5xf32>
}
// CHECK-LABEL: void heads_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *qk = m.at<float>(0);  // 2x3x5x4
// CHECK-NEXT:      const float *qk_2 = m.at<float>(1);  // 2x3x5x4
// CHECK-NEXT:      float *y = m.at<float>(2);  // 2x3x5x5
// CHECK-NEXT:      catgrad::matmul({2, 3, 5, 5, 4, {120, 4, 24, 1}, {120, 4, 1, 24}}, qk, qk_2, y, share);
// CHECK-NEXT: }

func.func @take(%x: tensor<5x2xf32>, %i: tensor<3xi32>) -> tensor<3x2xf32> {
  %y = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}
// CHECK-LABEL: void take_y_indices(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *i_ = m.at<int32_t>(0);  // 3
// CHECK-NEXT:      catgrad::check_indices(m, share, i_, 3, 5);
// CHECK-NEXT: }
// CHECK-LABEL: void take_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 5x2
// CHECK-NEXT:      const int32_t *i_ = m.at<int32_t>(1);  // 3
// CHECK-NEXT:      float *y = m.at<float>(2);  // 3x2
// CHECK-NEXT:      catgrad::take({1, 5, 3, 2}, x, i_, y, share);
// CHECK-NEXT: }

func.func @scatter_add(%x: tensor<4x3x2xf32>, %i: tensor<3xi32>) -> tensor<4x5x2xf32> {
  %y = tops.scatter_add %x, %i, axis = 1 : i64 : (tensor<4x3x2xf32>, tensor<3xi32>) -> tensor<4x5x2xf32>
  func.return %y : tensor<4x5x2xf32>
}
// An equal kernel is printed already: see the nodes of scatter_add below.
// CHECK-LABEL: void scatter_add_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 4x3x2
// CHECK-NEXT:      const int32_t *i_ = m.at<int32_t>(1);  // 3
// CHECK-NEXT:      float *y = m.at<float>(2);  // 4x5x2
// CHECK-NEXT:      catgrad::scatter_add({4, 5, 3, 2}, x, i_, y, share);
// CHECK-NEXT: }

func.func @accumulate(%a: tensor<5x4xf32>, %x: tensor<3x4xf32>, %i: tensor<3xi32>) -> tensor<5x4xf32> {
  %p = tops.exp %a : tensor<5x4xf32>
  %y = tops.scatter_add %x, %i, %p, axis = 0 : i64 : (tensor<3x4xf32>, tensor<3xi32>, tensor<5x4xf32>) -> tensor<5x4xf32>
  func.return %y : tensor<5x4xf32>
}
// It adds where the operand lies, which dies here.
// CHECK-LABEL: void accumulate_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 3x4
// CHECK-NEXT:      const int32_t *i_ = m.at<int32_t>(1);  // 3
// CHECK-NEXT:      const float *p = m.at<float>(2);  // 5x4
// CHECK-NEXT:      float *y = m.at<float>(3);  // 5x4
// CHECK-NEXT:      catgrad::scatter_add({1, 5, 3, 4}, x, i_, p, y, share);
// CHECK-NEXT: }

func.func @embedding(%x: tensor<5x2xf32>, %i: tensor<3xi32> {tops.name = "i", tops.range = array<i64: 0, 5>}) -> tensor<3x2xf32> {
  %y = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}
// An equal kernel is printed already: see the nodes of embedding below.

// CHECK:      const Node scatter_add_nodes[] = {
// CHECK-NEXT:     {take_y_indices, f32, 40,
// CHECK-NEXT:     {scatter_add_y, f32, 40,

// CHECK:      const Node embedding_nodes[] = {
// CHECK-NEXT:     {take_y, f32, 6,
