// RUN: catgrad-opt %s -p cat-inline --split-input-file --verify-diagnostics --disable-verify | filecheck %s

cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @squares(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @square(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}

// CHECK: pass 'cat-inline' failed: 'cat.call' refers to @squares, which is not defined; did you mean 'square'?

// -----
cat.arrow @even(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @odd(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @odd(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @even(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// CHECK: pass 'cat-inline' failed: recursion between arrows: @even -> @odd -> @even
