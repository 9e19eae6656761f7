// RUN: catgrad-opt %s --load %S/Inputs/quant.py -p cat-differentiate,cat-inline,canonicalize --check-semantics | filecheck %s

// From floats to integers and back cotangents flow through ops of another dialect as their rules say.

cat.arrow private @round(%x: tensor<2xf32>) -> tensor<2xf32> {
  %q = quant.quantise %x : (tensor<2xf32>) -> tensor<2xi32>
  %y = quant.dequantise %q : (tensor<2xi32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @derivative(%x: tensor<2xf32>, %s: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @round(%x)(%s) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK-LABEL: @derivative
// CHECK-NOT:     cat.zero
// CHECK:         %[[FIXED:.*]] = tops.multiply %s, %{{.*}} : tensor<2xf32>
// CHECK-NEXT:    %d_q = tops.astype %[[FIXED]] : (tensor<2xf32>) -> tensor<2xi32>
// CHECK-NEXT:    %[[BACK:.*]] = tops.astype %d_q : (tensor<2xi32>) -> tensor<2xf32>
// CHECK:         %dx = tops.multiply %[[BACK]], %{{.*}} : tensor<2xf32>
