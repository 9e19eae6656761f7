// RUN: catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// Elementwise ops of several operands; a tops.full among them is a literal.

func.func @add(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.add %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void add_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] + b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @subtract(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.subtract %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void subtract_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] - b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @multiply(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.multiply %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void multiply_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] * b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @divide(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.divide %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void divide_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] / b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @pow(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.pow %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void pow_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::pow(a[i], b[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @maximum(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.maximum %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void maximum_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::maximum(a[i], b[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @minimum(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.minimum %a, %b : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void minimum_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(1);  // 6
// CHECK-NEXT:      float *y = m.at<float>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = catgrad::minimum(a[i], b[i]);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @equal(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.equal %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void equal_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] == b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @not_equal(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.not_equal %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void not_equal_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] != b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @less(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.less %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void less_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] < b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }
// CHECK-LABEL: void less_equal_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] <= b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @less_equal(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.less_equal %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}

func.func @greater(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.greater %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void greater_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] > b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }
// CHECK-LABEL: void greater_equal_y(const Memory &m, Share share) {
// CHECK-NEXT:      const int32_t *a = m.at<int32_t>(0);  // 6
// CHECK-NEXT:      const int32_t *b = m.at<int32_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] >= b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @greater_equal(%a: tensor<6xi32>, %b: tensor<6xi32>) -> tensor<6xi1> {
  %y = tops.greater_equal %a, %b : (tensor<6xi32>, tensor<6xi32>) -> tensor<6xi1>
  func.return %y : tensor<6xi1>
}

func.func @logical_and(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.logical_and %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void logical_and_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *a = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      const uint8_t *b = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = (a[i] != 0) & (b[i] != 0);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @logical_or(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.logical_or %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void logical_or_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *a = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      const uint8_t *b = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = (a[i] != 0) | (b[i] != 0);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @logical_xor(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.logical_xor %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// CHECK-LABEL: void logical_xor_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *a = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      const uint8_t *b = m.at<uint8_t>(1);  // 6
// CHECK-NEXT:      uint8_t *y = m.at<uint8_t>(2);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = (a[i] != 0) != (b[i] != 0);
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @add_i1(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.add %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// An equal kernel is printed already: see the nodes of add_i1 below.

func.func @subtract_i1(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.subtract %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// An equal kernel is printed already: see the nodes of subtract_i1 below.

func.func @multiply_i1(%a: tensor<6xi1>, %b: tensor<6xi1>) -> tensor<6xi1> {
  %y = tops.multiply %a, %b : tensor<6xi1>
  func.return %y : tensor<6xi1>
}
// An equal kernel is printed already: see the nodes of multiply_i1 below.

func.func @where(%c: tensor<6xi1>, %a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %y = tops.where %c, %a, %b : (tensor<6xi1>, tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void where_y(const Memory &m, Share share) {
// CHECK-NEXT:      const uint8_t *c = m.at<uint8_t>(0);  // 6
// CHECK-NEXT:      const float *a = m.at<float>(1);  // 6
// CHECK-NEXT:      const float *b = m.at<float>(2);  // 6
// CHECK-NEXT:      float *y = m.at<float>(3);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = (c[i] != 0) ? a[i] : b[i];
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @literals(%a: tensor<6xf32>) -> tensor<6xf32> {
  %c = tops.full value = -5.000000e-01 : f32 : tensor<6xf32>
  %y = tops.multiply %a, %c : tensor<6xf32>
  func.return %y : tensor<6xf32>
}
// CHECK-LABEL: void literals_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *a = m.at<float>(0);  // 6
// CHECK-NEXT:      float *y = m.at<float>(1);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          y[i] = a[i] * (-0.5f);
// CHECK-NEXT:      }
// CHECK-NEXT: }

// CHECK:      const Node add_i1_nodes[] = {
// CHECK-NEXT:     {logical_xor_y, i1, 6,

// CHECK:      const Node subtract_i1_nodes[] = {
// CHECK-NEXT:     {logical_xor_y, i1, 6,

// CHECK:      const Node multiply_i1_nodes[] = {
// CHECK-NEXT:     {logical_and_y, i1, 6,
