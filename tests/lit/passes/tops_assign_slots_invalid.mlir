// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' --split-input-file --verify-diagnostics | filecheck %s

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}

// CHECK: pass 'tops-assign-slots' failed: expects only func.func with a body, got 'cat.arrow'; run cat-to-tops first

// -----
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.add %x, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}

// CHECK: pass 'tops-assign-slots' failed: expects tops ops in @f, got 'cat.add'
