// RUN: catgrad-opt %s --load %S/Inputs/soft.py -p 'tops-decompose{target="ggml"},dce' --split-input-file | filecheck %s
// RUN: catgrad-opt %s --load %S/Inputs/soft.py -p lower-to-numpy -t numpy --split-input-file | filecheck %s --check-prefix=NUMPY

// What a target lacks becomes what its decomposition gives: GGML prints no softsign, NumPy does.

// CHECK-LABEL: @softsign
// CHECK-NEXT:    %[[SIZE:.*]] = tops.abs %x : tensor<2xf32>
// CHECK-NEXT:    %[[ONE:.*]] = tops.full value = 1.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %[[SUM:.*]] = tops.add %[[SIZE]], %[[ONE]] : tensor<2xf32>
// CHECK-NEXT:    %y = tops.divide %x, %[[SUM]] : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// NUMPY:         np.divide(x, 1 + np.abs(x), out=y)
func.func @softsign(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = soft.softsign %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
