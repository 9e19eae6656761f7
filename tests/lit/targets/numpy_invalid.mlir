// RUN: catgrad-opt %s -t numpy --split-input-file --verify-diagnostics | filecheck %s

func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  func.return %x : tensor<2xf32>
}

// CHECK: target 'numpy' prints placed tops functions, values have no slots yet; run lower-to-numpy first

// -----
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}

// CHECK: target 'numpy' prints placed tops functions, got 'cat.arrow'; run lower-to-numpy first
