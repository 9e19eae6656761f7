// RUN: catgrad-opt %s -p cat-to-tops --split-input-file --verify-diagnostics | filecheck %s

// All that is left to do is named at once.
cat.arrow private @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %v, %dx = cat.reverse @f(%y)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK: pass 'cat-to-tops' failed: private arrow @f: run cat-inline first; 'cat.call' of @f in @main: run cat-inline first; 'cat.reverse' of @f in @main: run cat-differentiate first
