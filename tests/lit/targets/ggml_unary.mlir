// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Elementwise ops of one operand: one loop, the op spelled in it. An operand that dies gives its
// place to the result. On i1, add and multiply are those of Z/2, where -x = x = x * x.

func.func @negative(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.negative %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void negative_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = -x[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @abs(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.abs %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void abs_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::abs(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @sign(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.sign %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void sign_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::sign(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @exp(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.exp %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void exp_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::exp(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @expm1(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.expm1 %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void expm1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::expm1(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @log(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.log %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void log_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::log(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @log1p(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.log1p %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void log1p_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::log1p(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @sqrt(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.sqrt %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void sqrt_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::sqrt(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @rsqrt(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.rsqrt %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void rsqrt_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::rsqrt(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @square(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.square %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void square_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = x[i] * x[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @sin(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.sin %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void sin_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::sin(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @cos(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.cos %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void cos_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::cos(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @tanh(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.tanh %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void tanh_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::tanh(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @logistic(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.logistic %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void logistic_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::logistic(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @negative_i1(%x: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.negative %x : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void negative_i1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = (x[i] != 0);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @square_i1(%x: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.square %x : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// An equal kernel is printed already: see the nodes of square_i1 below.

func.func @logical_not_i1(%x: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.logical_not %x : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void logical_not_i1_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *x = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = !(x[i] != 0);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @floor(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.floor %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void floor_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::floor(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @ceil(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.ceil %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void ceil_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::ceil(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @round(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.round %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void round_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::round(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @erf(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.erf %x : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void erf_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::erf(x[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

// CHECK:      const Node square_i1_nodes[] = {
// CHECK-NEXT:     {negative_i1_y, i1, 6,
