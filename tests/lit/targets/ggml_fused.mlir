// RUN: catgrad-opt %s -p 'tops-fuse,tops-assign-slots{target="ggml"}' -t ggml | filecheck %s

// A fused region is one loop nest: what is constant within a row is read once, results are stored
// after everything is read, an update in the place of the old value.

func.func @dense(%x: tensor<32x48xf32>, %bias: tensor<48xf32>) -> tensor<32x48xf32> {
  %0 = tops.broadcast %bias, axes = [0] : (tensor<48xf32>) -> tensor<32x48xf32>
  %a = tops.add %x, %0 : tensor<32x48xf32>
  %y = tops.tanh %a : tensor<32x48xf32>
  func.return %y : tensor<32x48xf32>
}
// CHECK-LABEL: void dense_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *bias = m.at<float>(0);  // 48
// CHECK-NEXT:      const float *x = m.at<float>(1);  // 32x48
// CHECK-NEXT:      float *y = m.at<float>(2);  // 32x48
// CHECK-NEXT:      const auto [begin, end] = share.split(32, 8);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = 0; j < 48; ++j) {
// CHECK-NEXT:              const float a = x[row * 48 + j] + bias[j];
// CHECK-NEXT:              y[row * 48 + j] = catgrad::tanh(a);
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @softmax(%x: tensor<32x10xf32>, %top: tensor<32xf32>, %scale: tensor<f32>) -> tensor<32x10xf32> {
  %0 = tops.broadcast %top, axes = [1] : (tensor<32xf32>) -> tensor<32x10xf32>
  %1 = tops.broadcast %scale, axes = [0, 1] : (tensor<f32>) -> tensor<32x10xf32>
  %shifted = tops.subtract %x, %0 : tensor<32x10xf32>
  %e = tops.exp %shifted : tensor<32x10xf32>
  %y = tops.multiply %e, %1 : tensor<32x10xf32>
  func.return %y : tensor<32x10xf32>
}
// CHECK-LABEL: void softmax_y(const Memory &m, Share share) {
// CHECK-NEXT:      const float *top = m.at<float>(0);  // 32
// CHECK-NEXT:      const float *scale = m.at<float>(1);  // scalar
// CHECK-NEXT:      const float *x = m.at<float>(2);  // 32x10
// CHECK-NEXT:      float *y = m.at<float>(3);  // 32x10
// CHECK-NEXT:      const float scale_value = scale[0];
// CHECK-NEXT:      const auto [begin, end] = share.split(32, 32);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          const float top_row = top[row];
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = 0; j < 10; ++j) {
// CHECK-NEXT:              const float shifted = x[row * 10 + j] - top_row;
// CHECK-NEXT:              const float e = catgrad::exp(shifted);
// CHECK-NEXT:              y[row * 10 + j] = e * scale_value;
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT: }

func.func @momentum(%w: tensor<6xf32> {tops.name = "w", tops.role = "parameter"}, %v: tensor<6xf32> {tops.name = "w.velocity", tops.role = "state"}, %g: tensor<6xf32> {tops.name = "g"}) -> (tensor<6xf32> {tops.updates = "w", tops.role = "parameter"}, tensor<6xf32> {tops.updates = "w.velocity", tops.role = "state"}) {
  %mu = tops.full value = 9.000000e-01 : f32 : tensor<6xf32>
  %kept = tops.multiply %v, %mu : tensor<6xf32>
  %velocity = tops.add %kept, %g : tensor<6xf32>
  %weight = tops.subtract %w, %velocity : tensor<6xf32>
  func.return %weight, %velocity : tensor<6xf32>, tensor<6xf32>
}
// CHECK-LABEL: void momentum_w_velocity(const Memory &m, Share share) {
// CHECK-NEXT:      const float *w_velocity = m.at<float>(0);  // 6
// CHECK-NEXT:      const float *g = m.at<float>(1);  // 6
// CHECK-NEXT:      const float *w = m.at<float>(2);  // 6
// CHECK-NEXT:      float *new_w_velocity = m.at<float>(3);  // 6
// CHECK-NEXT:      float *new_w = m.at<float>(4);  // 6
// CHECK-NEXT:      const auto [begin, end] = share.split(6, 6);
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:      for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:          const float kept = w_velocity[i] * 0.9f;
// CHECK-NEXT:          const float velocity = kept + g[i];
// CHECK-NEXT:          const float weight = w[i] - velocity;
// CHECK-NEXT:          new_w_velocity[i] = velocity;
// CHECK-NEXT:          new_w[i] = weight;
// CHECK-NEXT:      }
// CHECK-NEXT: }

// With row reductions it is one sweep over the rows; what a later loop reads waits in the result, or
// in a buffer of one row. %d may take the place of %x: it is stored after the sum.

func.func @normalize(%x: tensor<16x32xf32>, %scale: tensor<32xf32>) -> (tensor<16x32xf32>, tensor<16x32xf32>, tensor<16xf32>) {
  %k = tops.full value = 0.03125 : f32 : tensor<16xf32>
  %s = tops.sum %x, axes = [1] : (tensor<16x32xf32>) -> tensor<16xf32>
  %m = tops.multiply %s, %k : tensor<16xf32>
  %b = tops.broadcast %m, axes = [1] : (tensor<16xf32>) -> tensor<16x32xf32>
  %d = tops.subtract %x, %b : tensor<16x32xf32>
  %q = tops.square %d : tensor<16x32xf32>
  %v = tops.sum %q, axes = [1] : (tensor<16x32xf32>) -> tensor<16xf32>
  %r = tops.rsqrt %v : tensor<16xf32>
  %c = tops.broadcast %r, axes = [1] : (tensor<16xf32>) -> tensor<16x32xf32>
  %n = tops.multiply %d, %c : tensor<16x32xf32>
  %w = tops.broadcast %scale, axes = [0] : (tensor<32xf32>) -> tensor<16x32xf32>
  %y = tops.multiply %n, %w : tensor<16x32xf32>
  func.return %y, %d, %r : tensor<16x32xf32>, tensor<16x32xf32>, tensor<16xf32>
}
// CHECK-LABEL: void normalize_d(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 16x32
// CHECK-NEXT:      const float *scale = m.at<float>(1);  // 32
// CHECK-NEXT:      float *d = m.at<float>(2);  // 16x32
// CHECK-NEXT:      float *r = m.at<float>(3);  // 16
// CHECK-NEXT:      float *y = m.at<float>(4);  // 16x32
// CHECK-NEXT:      alignas(64) float q_row[32];
// CHECK-NEXT:      const auto [begin, end] = share.split(16, 10);
// CHECK-NEXT:      for (int64_t row = begin; row < end; ++row) {
// CHECK-NEXT:          const float *x_row = x + row * 32;
// CHECK-NEXT:          float *d_row = d + row * 32;
// CHECK-NEXT:          float *y_row = y + row * 32;
// CHECK-NEXT:          const float s = catgrad::fold<catgrad::Add>(x_row, 32, 0.0f);
// CHECK-NEXT:          const float m_ = s * 0.03125f;
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = 0; j < 32; ++j) {
// CHECK-NEXT:              const float d_2 = x_row[j] - m_;
// CHECK-NEXT:              d_row[j] = d_2;
// CHECK-NEXT:              q_row[j] = d_2 * d_2;
// CHECK-NEXT:          }
// CHECK-NEXT:          const float v = catgrad::fold<catgrad::Add>(q_row, 32, 0.0f);
// CHECK-NEXT:          const float r_2 = catgrad::rsqrt(v);
// CHECK-NEXT:          r[row] = r_2;
// CHECK-NEXT:  #pragma omp simd
// CHECK-NEXT:          for (int64_t j = 0; j < 32; ++j) {
// CHECK-NEXT:              const float n = d_row[j] * r_2;
// CHECK-NEXT:              y_row[j] = n * scale[j];
// CHECK-NEXT:          }
// CHECK-NEXT:      }
// CHECK-NEXT:  }
