// RUN: catgrad verify-rules %S/Inputs/soft.py | filecheck %s
// RUN: not catgrad verify-rules %s 2>&1 | filecheck %s --check-prefix=CUSTOM

// CHECK:      rule           order 1    sums       additive   projects   pairs      chains     linear     symmetric  order 2
// CHECK-NEXT: soft.softsign  ok         ok         ok         ok         ok         ok         ok         ok         ok
// CHECK-NEXT: soft.twin      ok         ok         ok         ok         ok         ok         ok         ok         ok
// CHECK-NEXT: math.sin       ok         ok         ok         ok         ok         ok         ok         ok         ok

// Derivatives of arrows: right, wrong by a factor, not additive, declared to be another's.

cat.arrow @right(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @back} {
  %y = tops.square %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @back(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %0 = tops.add %x, %x : tensor<2xf32>
  %1 = tops.multiply %0, %g : tensor<2xf32>
  cat.return %1 : tensor<2xf32>
}
cat.arrow @wrong(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @half} {
  %y = tops.square %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @half(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %0 = tops.multiply %x, %g : tensor<2xf32>
  cat.return %0 : tensor<2xf32>
}
cat.arrow @squared(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @nonlinear} {
  %y = tops.square %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @nonlinear(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %0 = tops.multiply %g, %g : tensor<2xf32>
  %1 = tops.multiply %x, %0 : tensor<2xf32>
  cat.return %1 : tensor<2xf32>
}
cat.arrow @straight(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @through, surrogate} {
  %y = tops.sign %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @through(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %g : tensor<2xf32>
}
// CUSTOM:      @right     ok         ok         ok         ok         ok         ok         ok         ok         ok
// CUSTOM-NEXT: @wrong     WRONG      ok         ok         ok         ok         ok         ok         ok         ok
// CUSTOM-NEXT: @squared   WRONG      ok         WRONG      ok         ok         ok         WRONG      ok         ok
// CUSTOM-NEXT: @straight  -          -          ok         -          -          -          -          -          -
// CUSTOM-NEXT: @wrong, order 1: the cotangent of input 0 at [0] is -0.1242196377, expected -0.2484392754
// CUSTOM-NEXT:   input 0: float64[2] [-1.1841706{{[0-9]+}}, 0.632778{{[0-9]+}}]
// CUSTOM-NEXT:   cotangent 0: float64[2] [0.104900{{[0-9]+}}, -0.535669{{[0-9]+}}]
// CUSTOM:      @squared, additive: the cotangent of input 0 at [0] in R[f](x, g + k), where R[f](x, g) + R[f](x, k) is expected, is -1.310479234, expected -1.075187126
// CUSTOM:      @squared, linear: the derivative in the cotangent is -1.961540994, expected -2.28612459
// CUSTOM:      catgrad: error: 2 of 4 rules are wrong
