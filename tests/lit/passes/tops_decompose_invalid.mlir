// RUN: catgrad-opt %s --split-input-file --verify-diagnostics -p 'tops-decompose{target="ggml-native"}' | filecheck %s
// RUN: not catgrad-opt %s --split-input-file -p 'tops-decompose{target="numpy-native"}' 2>&1 | filecheck %s --check-prefix=VARIANT
// RUN: not catgrad-opt %s --split-input-file -p 'tops-decompose{target="ggml-nativ"}' 2>&1 | filecheck %s --check-prefix=NAME

// VARIANT: target 'numpy' has no variants, got 'numpy-native'
// NAME:    kernels is fused, native, got 'nativ'; did you mean 'native'?

// Everything that is missing is named at once, with the function and the reason.

func.func @f(%x: tensor<2xf32>, %i: tensor<2xi32>, %j: tensor<2xi32>, %m: tensor<2xi1>, %d: tensor<2xf64>) -> (tensor<2xf32>, tensor<2xi32>, tensor<2xi1>, tensor<2xf64>) {
  %0 = tops.pow %x, %x : tensor<2xf32>
  %1 = tops.add %i, %j : tensor<2xi32>
  %2 = tops.equal %i, %j : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  %3 = tops.logical_and %2, %m : tensor<2xi1>
  %4 = tops.exp %d : tensor<2xf64>
  func.return %0, %1, %3, %4 : tensor<2xf32>, tensor<2xi32>, tensor<2xi1>, tensor<2xf64>
}
// CHECK:      target 'ggml-native' has no ops for tops.pow on f32, neither a whole constant exponent nor a constant base > 0 (@f);
// CHECK-SAME: tops.add on i32 (@f);
// CHECK-SAME: tops.equal on i32 and i1, of which neither is known to fit 24 bits (@f);
// CHECK-SAME: tops.logical_and on i1 (@f);
// CHECK-SAME: tops.exp on f64 (@f);
// CHECK-SAME: i1 as result 2 (@f)

// -----

func.func @fused(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %b = tops.exp %a : tensor<2xf32>
    %c = tops.sin %b : tensor<2xf32>
    tops.yield %c : tensor<2xf32>
  }
  func.return %y : tensor<2xf32>
}
// CHECK: tops.fused on f32, which is no single op: decompose before fusing (@fused)
