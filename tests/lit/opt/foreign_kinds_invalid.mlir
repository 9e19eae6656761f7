// RUN: catgrad-opt %s --load %S/Inputs/quant.py -p cat-differentiate --split-input-file --verify-diagnostics | filecheck %s

// Without a rule it is an error, never a silent zero.

cat.arrow private @round(%x: tensor<2xf32>) -> tensor<2xf32> {
  %q = quant.floor %x : (tensor<2xf32>) -> tensor<2xi32>
  %y = quant.dequantise %q : (tensor<2xi32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @derivative(%x: tensor<2xf32>, %s: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @round(%x)(%s) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK: pass 'cat-differentiate' failed: no reverse rule for 'quant.floor' (tensor<2xf32>) in @round
