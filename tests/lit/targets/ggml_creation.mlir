// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Ops that make a tensor. A tops.full is a literal where it is used, or a copy where it is read from
// memory; the data of a tops.constant is copied to its place once.

func.func @full() -> tensor<2x3xf32> {
  %y = tops.full value = 1.500000e+00 : f32 : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: void full_y(const Memory &m, Share share) {
// CHECK-NEXT:      float *y = m.at<float>(0);  // 2x3
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = 1.5f;
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @constant() -> tensor<3xi32> {
  %c = tops.constant value = dense<[1, -2, 3]> : tensor<3xi32> : tensor<3xi32>
  %y = tops.negative %c : tensor<3xi32>
  func.return %y : tensor<3xi32>
}
// CHECK-LABEL: void constant_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *c = m.at<int32_t>(0);  // 3
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(1);  // 3
// CHECK-NEXT:      const auto [begin, end] = share.split(3, 3);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = -c[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @arange() -> tensor<40xf32> {
  %y = tops.arange : tensor<40xf32>
  func.return %y : tensor<40xf32>
}
// CHECK-LABEL: void arange_y(const Memory &m, Share share) {
// CHECK-NEXT:      float *y = m.at<float>(0);  // 40
// CHECK-NEXT:      const auto [begin, end] = share.split(40, 40);
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = static_cast<float>(i);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @random_bits(%seed: tensor<i32>, %step: tensor<i32>) -> tensor<5xi32> {
  %y = tops.random_bits %seed, %step, site = 7 : i64 : (tensor<i32>, tensor<i32>) -> tensor<5xi32>
  func.return %y : tensor<5xi32>
}
// CHECK-LABEL: void random_bits_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *seed = m.at<int32_t>(0);  // scalar
// CHECK-NEXT:      const int32_t *step = m.at<int32_t>(1);  // scalar
// CHECK-NEXT:      int32_t *y = m.at<int32_t>(2);  // 5
// CHECK-NEXT:      catgrad::random(*seed, *step, 7, y, 5, share);
// CHECK-NEXT: }

func.func @random_uniform(%seed: tensor<i32>) -> tensor<2x3xf32> {
  %zero = tops.full value = 0 : i32 : tensor<i32>
  %y = tops.random_uniform %seed, %zero, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: void random_uniform_zero(const Memory &m, Share share) {
// CHECK-NEXT:      int32_t *zero = m.at<int32_t>(0);  // scalar
// CHECK-NEXT:      if (share.thread != 0) {
// CHECK-NEXT:          return;
// CHECK-NEXT:      }
// CHECK-NEXT:      zero[0] = 0;
// CHECK-NEXT: }
// CHECK-LABEL: void random_uniform_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *seed = m.at<int32_t>(0);  // scalar
// CHECK-NEXT:      const int32_t *zero = m.at<int32_t>(1);  // scalar
// CHECK-NEXT:      float *y = m.at<float>(2);  // 2x3
// CHECK-NEXT:      catgrad::random(*seed, *zero, 0, y, 6, share);
// CHECK-NEXT: }

// CHECK: const int32_t constant_c[] = {  // 3
// CHECK-NEXT:     1, (-2), 3,
// CHECK-NEXT: };
// CHECK-NEXT: const Constant constants[] = {
// CHECK-NEXT:     {constant_c, sizeof constant_c, 0},
// CHECK-NEXT: };
