// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Ops that move elements: strides and offsets of one loop nest. A reshape is a view: nothing is
// printed. A pad is filled with zeros first.

func.func @copy(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.copy %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void copy_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = x[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @broadcast(%x: tensor<3xf32>) -> tensor<3x8xf32> {
  %y = tops.broadcast %x, axes = [1] : (tensor<3xf32>) -> tensor<3x8xf32>
  func.return %y : tensor<3x8xf32>
}
// CHECK-LABEL: void broadcast_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 3
// CHECK-NEXT:      float *y = m.at<float>(1);  // 3x8
// CHECK-NEXT:      const auto [begin, end] = share.split(8, 8);
// CHECK-NEXT:      for (int64_t row = 0; row < 3; ++row) {
// CHECK-NEXT:          const float x_row = x[row];
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:              y[row * 8 + j] = x_row;
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @permute_dims(%x: tensor<3x4x5xf32>) -> tensor<5x3x4xf32> {
  %y = tops.permute_dims %x, axes = [2, 0, 1] : (tensor<3x4x5xf32>) -> tensor<5x3x4xf32>
  func.return %y : tensor<5x3x4xf32>
}
// CHECK-LABEL: void permute_dims_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 3x4x5
// CHECK-NEXT:      float *y = m.at<float>(1);  // 5x3x4
// CHECK-NEXT:      const auto [begin, end] = share.split(12, 12);
// CHECK-NEXT:      for (int64_t row = 0; row < 5; ++row) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:              y[row * 12 + j] = x[row + j * 5];
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @slice(%x: tensor<8x6xf32>) -> tensor<4x4xf32> {
  %y = tops.slice %x, start = [1, 2], step = [2, 1], stop = [8, 6] : (tensor<8x6xf32>) -> tensor<4x4xf32>
  func.return %y : tensor<4x4xf32>
}
// CHECK-LABEL: void slice_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 8x6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 4x4
// CHECK-NEXT:      const auto [begin, end] = share.split(4, 4);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = 0; j < 4; ++j) {
// CHECK-NEXT:              y[row * 4 + j] = x[row * 12 + 8 + j];
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @pad(%x: tensor<2x3xf32>) -> tensor<4x4xf32> {
  %y = tops.pad %x, high = [0, 1], interior = [1, 0], low = [1, 0] : (tensor<2x3xf32>) -> tensor<4x4xf32>
  func.return %y : tensor<4x4xf32>
}
// CHECK-LABEL: void pad_y_zeros(const Memory &m, Share share) {
// CHECK-NEXT:      float *y = m.at<float>(0);  // 4x4
// CHECK-NEXT:      const auto [begin, end] = share.split(16, 16);
// CHECK-NEXT:      std::fill(y + begin, y + end, float{});
// CHECK-NEXT: }
// CHECK-LABEL: void pad_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 2x3
// CHECK-NEXT:      float *y = m.at<float>(1);  // 4x4
// CHECK-NEXT:      const auto [begin, end] = share.split(3, 3);
// CHECK-NEXT:      for (int64_t row = 0; row < 2; ++row) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:              y[row * 8 + 4 + j] = x[row * 3 + j];
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @concat(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %y = tops.concat %a, %b, axis = 1 : i64 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
// CHECK-LABEL: void concat_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 2x3
// CHECK-NEXT:      float *y = m.at<float>(1);  // 2x4
// CHECK-NEXT:      const float *b = m.at<float>(2);  // 2x1
// CHECK-NEXT:      {
// CHECK-NEXT:          const auto [begin, end] = share.split(3, 3);
// CHECK-NEXT:          for (int64_t row = 0; row < 2; ++row) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:              for (int64_t j = begin; j < end; ++j) {
// CHECK-NEXT:                  y[row * 4 + j] = a[row * 3 + j];
// CHECK-NEXT:              }
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT:      {
// CHECK-NEXT:          const auto [begin, end] = share.split(2, 2);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:              y[3 + i * 4] = b[i];
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @reshape(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %0 = tops.exp %x : tensor<2x3xf32>
  %1 = tops.reshape %0 : (tensor<2x3xf32>) -> tensor<6xf32>
  %y = tops.negative %1 : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void reshape_exp(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 2x3
// CHECK-NEXT:      float *exp = m.at<float>(1);  // 2x3
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          exp[i] = catgrad::exp(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }
// CHECK-LABEL: void reshape_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *exp = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = -exp[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }
