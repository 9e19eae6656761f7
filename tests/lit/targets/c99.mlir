// RUN: catgrad-opt %s --load %S/../../../examples/targets/c99.py -p lower-to-c99 -t c99 --split-input-file | filecheck %s
// RUN: catgrad-opt --list-passes --load %S/../../../examples/targets/c99.py | filecheck %s --check-prefix=PASS

// A target from outside has a pipeline of its own name; the passes that place values know it.

// PASS: lower-to-c99 {{ +}}= canonicalize,{{.*}},tops-decompose{target="c99"},cse,dce,tops-schedule{target="c99"},tops-assign-slots{target="c99"},tops-verify-slots{target="c99"}

// CHECK:      int program_layer(const float *given_w, const float *given_x, float *result)
// CHECK-NEXT: {
// CHECK-NEXT:     float *const w = (float *)(scratch + 0);
// CHECK-NEXT:     float *const x = (float *)(scratch + 64);
// CHECK-NEXT:     memcpy(w, given_w, 48);
// CHECK-NEXT:     memcpy(x, given_x, 32);
// CHECK-NEXT:     float *const matmul = (float *)(scratch + 128);
// CHECK-NEXT:     for (long i0 = 0; i0 < 2; ++i0)
// CHECK-NEXT:         for (long i1 = 0; i1 < 3; ++i1) {
// CHECK-NEXT:             double total = 0;
// CHECK-NEXT:             for (long k0 = 0; k0 < 4; ++k0)
// CHECK-NEXT:                 total = total + (double)x[i0 * 4 + k0] * w[k0 * 3 + i1];
// CHECK-NEXT:             matmul[i0 * 3 + i1] = (float)total;
// CHECK-NEXT:         }

// There is no logistic: it is made of others.

// CHECK:          negative[i0] = -matmul[i0];
// CHECK:          exp_2[i0] = exp(negative[i0]);
// CHECK:          add[i0] = 1.0f + exp_2[i0];
// CHECK:          divide[i0] = 1.0f / add[i0];
// CHECK-NEXT:     memcpy(result, divide, 24);
// CHECK-NEXT:     return 0;
// CHECK-NEXT: }
func.func @layer(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = tops.logistic %0 : tensor<2x3xf32>
  func.return %1 : tensor<2x3xf32>
}
