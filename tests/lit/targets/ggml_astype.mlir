// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Conversions: a float becomes an integer towards zero, anything an i1 by comparing with 0.

func.func @f32_to_i32(%x: tensor<6xf32>) -> tensor<6xi32> {
  %y = tops.astype %x : (tensor<6xf32>) -> tensor<6xi32>
  func.return %y : tensor<6xi32>
}
// CHECK-LABEL: void f32_to_i32_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::to_i32(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @f32_to_i1(%x: tensor<6xf32>) -> tensor<6xi1> {
  %y = tops.astype %x : (tensor<6xf32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void f32_to_i1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = x[i] != 0.0f;
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @i32_to_f32(%x: tensor<6xi32>) -> tensor<6xf32> {
  %y = tops.astype %x : (tensor<6xi32>) -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void i32_to_f32_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *x = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = static_cast<float>(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @i32_to_i1(%x: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.astype %x : (tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void i32_to_i1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *x = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = x[i] != 0;
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @i1_to_f32(%x: tensor<6xi1>) -> tensor<6xf32> {
  %y = tops.astype %x : (tensor<6xi1>) -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void i1_to_f32_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = static_cast<float>((x[i] != 0));
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @i1_to_i32(%x: tensor<6xi1>) -> tensor<6xi32> {
  %y = tops.astype %x : (tensor<6xi1>) -> tensor<6xi32>
  func.return %y : tensor<6xi32>
}
// CHECK-LABEL: void i1_to_i32_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = static_cast<int32_t>((x[i] != 0));
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @f32_to_f32(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.astype %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void f32_to_f32_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = x[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }
