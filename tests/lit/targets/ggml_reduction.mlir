// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Reductions: rows are folded in 16 lanes, columns element by element; on i1 the sum is xor.

func.func @sum_rows(%x: tensor<40x7xf32>) -> tensor<40xf32> {
  %y = tops.sum %x, axes = [1] : (tensor<40x7xf32>) -> tensor<40xf32>
  func.return %y : tensor<40xf32>
}
// CHECK-LABEL: void sum_rows_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 40x7
// CHECK-NEXT:      float *y = m.at<float>(1);  // 40
// CHECK-NEXT:      const auto [begin, end] = share.split(40, 40);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          y[row] = catgrad::fold<catgrad::Add>(x + row * 7, 7, 0.0f);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @sum_columns(%x: tensor<40x7xf32>) -> tensor<7xf32> {
  %y = tops.sum %x, axes = [0] : (tensor<40x7xf32>) -> tensor<7xf32>
  func.return %y : tensor<7xf32>
}
// CHECK-LABEL: void sum_columns_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 40x7
// CHECK-NEXT:      float *y = m.at<float>(1);  // 7
// CHECK-NEXT:      const auto [begin, end] = share.split(7, 7);
// CHECK-NEXT:      std::fill(y + begin, y + end, 0.0f);
// CHECK-NEXT:      for (int64_t i0 = 0; i0 < 40; ++i0) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:              y[j] = catgrad::Add::apply(y[j], x[i0 * 7 + j]);
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @sum_all(%x: tensor<40x7xf32>) -> tensor<f32> {
  %y = tops.sum %x, axes = [0, 1] : (tensor<40x7xf32>) -> tensor<f32>
  func.return %y : tensor<f32>
}
// CHECK-LABEL: void sum_all_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 40x7
// CHECK-NEXT:      float *y = m.at<float>(1);  // scalar
// CHECK-NEXT:      if (share.thread != 0) {
// CHECK-NEXT:          return;
// CHECK-NEXT:      }
// CHECK-NEXT:      y[0] = catgrad::fold<catgrad::Add>(x, 280, 0.0f);
// CHECK-NEXT: }

func.func @sum_ends(%x: tensor<4x5x6xi1>) -> tensor<5xi1> {
  %y = tops.sum %x, axes = [0, 2] : (tensor<4x5x6xi1>) -> tensor<5xi1>
  func.return %y : tensor<5xi1>
}
// CHECK-LABEL: void sum_ends_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 4x5x6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 5
// CHECK-NEXT:      const auto [begin, end] = share.split(5, 5);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          uint8_t total = uint8_t{0};
// CHECK-NEXT:          for (int64_t i0 = 0; i0 < 4; ++i0) {
// CHECK-NEXT:              total = catgrad::Add::apply(total, catgrad::fold<catgrad::Add>(x + row * 6 + i0 * 30, 6, uint8_t{0}));
// CHECK-NEXT:          }
// CHECK-NEXT:          y[row] = total;
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @max(%x: tensor<9x4x6xf32>) -> tensor<9x6xf32> {
  %y = tops.max %x, axes = [1] : (tensor<9x4x6xf32>) -> tensor<9x6xf32>
  func.return %y : tensor<9x6xf32>
}
// CHECK-LABEL: void max_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 9x4x6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 9x6
// CHECK-NEXT:      const auto [begin, end] = share.split(9, 9);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          std::fill_n(y + row * 6, 6, (-std::numeric_limits<float>::infinity()));
// CHECK-NEXT:          for (int64_t i0 = 0; i0 < 4; ++i0) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:              for (int64_t j = 0; j < 6; ++j) {
// CHECK-NEXT:                  y[row * 6 + j] = catgrad::Max::apply(y[row * 6 + j], x[row * 24 + i0 * 6 + j]);
// CHECK-NEXT:              }
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @argmax(%x: tensor<4x5x6xi32>) -> tensor<4x6xi32> {
  %y = tops.argmax %x, axis = 1 : i64 : (tensor<4x5x6xi32>) -> tensor<4x6xi32>
  func.return %y : tensor<4x6xi32>
}
// CHECK-LABEL: void argmax_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *x = m.at<int32_t>(0);  // 4x5x6
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 4x6
// CHECK-NEXT:      catgrad::position<catgrad::Max>({4, 5, 1, 6}, x, y, share);
// CHECK-NEXT: }

func.func @min(%x: tensor<9x40xi32>) -> tensor<9xi32> {
  %y = tops.min %x, axes = [1] : (tensor<9x40xi32>) -> tensor<9xi32>
  func.return %y : tensor<9xi32>
}
// CHECK-LABEL: void min_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *x = m.at<int32_t>(0);  // 9x40
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 9
// CHECK-NEXT:      const auto [begin, end] = share.split(9, 9);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          y[row] = catgrad::fold<catgrad::Min>(x + row * 40, 40, 2147483647);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @prod(%x: tensor<9x40xf32>) -> tensor<9xf32> {
  %y = tops.prod %x, axes = [1] : (tensor<9x40xf32>) -> tensor<9xf32>
  func.return %y : tensor<9xf32>
}
// CHECK-LABEL: void prod_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 9x40
// CHECK-NEXT:      float *y = m.at<float>(1);  // 9
// CHECK-NEXT:      const auto [begin, end] = share.split(9, 9);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          y[row] = catgrad::fold<catgrad::Multiply>(x + row * 40, 40, 1.0f);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @prod_i1(%x: tensor<9x40xi1>) -> tensor<40xi1> {
  %y = tops.prod %x, axes = [0] : (tensor<9x40xi1>) -> tensor<40xi1>
  func.return %y : tensor<40xi1>
}
// CHECK-LABEL: void prod_i1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 9x40
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 40
// CHECK-NEXT:      const auto [begin, end] = share.split(40, 40);
// CHECK-NEXT:      std::fill(y + begin, y + end, uint8_t{1});
// CHECK-NEXT:      for (int64_t i0 = 0; i0 < 9; ++i0) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:              y[j] = catgrad::Multiply::apply(y[j], x[i0 * 40 + j]);
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @argmin(%x: tensor<4x5x6xi32>) -> tensor<4x6xi32> {
  %y = tops.argmin %x, axis = 1 : i64 : (tensor<4x5x6xi32>) -> tensor<4x6xi32>
  func.return %y : tensor<4x6xi32>
}
// CHECK-LABEL: void argmin_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *x = m.at<int32_t>(0);  // 4x5x6
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 4x6
// CHECK-NEXT:      catgrad::position<catgrad::Min>({4, 5, 1, 6}, x, y, share);
// CHECK-NEXT: }

func.func @cumulative_sum(%x: tensor<4x5x6xf32>) -> tensor<4x5x6xf32> {
  %y = tops.cumulative_sum %x, axis = 1 : i64, reverse : tensor<4x5x6xf32>
  func.return %y : tensor<4x5x6xf32>
}
// CHECK-LABEL: void cumulative_sum_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 4x5x6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 4x5x6
// CHECK-NEXT:      catgrad::cumulative_sum({4, 5, 1, 6}, true, x, y, share);
// CHECK-NEXT: }
