// RUN: not catgrad-opt %s -p 'tops-assign-slots{target="ggml"}' -t ggml 2>&1 | filecheck %s
// RUN: not catgrad-opt %s -t ggml 2>&1 | filecheck %s --check-prefix=UNPLACED
// RUN: not catgrad-opt %s -t 'ggml{kernels=nativ}' 2>&1 | filecheck %s --check-prefix=KERNELS
// RUN: not catgrad-opt %s -t 'ggml{kernel=fused}' 2>&1 | filecheck %s --check-prefix=OPTION

// What the target lacks is named in one message.

func.func @f(%x: tensor<2xf64> {tops.name = "x"}, %i: tensor<2xi64>) -> tensor<2xf64> {
  %0 = tops.exp %x : tensor<2xf64>
  %1 = tops.take %0, %i, axis = 0 : i64 : (tensor<2xf64>, tensor<2xi64>) -> tensor<2xf64>
  func.return %1 : tensor<2xf64>
}
// CHECK:      target 'ggml' takes f32, i32, i1 and not: f64 (x in @f); i64 (i in @f);
// CHECK-SAME: f64 (tops.exp in @f); f64 (tops.take in @f); i64 (tops.take in @f)

// UNPLACED: target 'ggml' prints placed tops functions, values have no slots yet; run lower-to-ggml first

// KERNELS: target 'ggml': kernels is fused, native, got 'nativ'; did you mean 'native'

// OPTION: target 'ggml' has no option 'kernel'; it takes kernels; did you mean 'kernels'?
