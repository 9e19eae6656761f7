// RUN: catgrad-opt %s --load %S/Inputs/soft.py -p 'tops-decompose{target="ggml"}' --split-input-file --verify-diagnostics | filecheck %s

// CHECK: pass 'tops-decompose' failed: target 'ggml' has no ops for math.sin on f32, which has no decomposition: write one with catgrad.rules.decomposition (@lacks); soft.twin on f32, whose decomposition needs itself (@lacks)
func.func @lacks(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = math.sin %x : tensor<2xf32>
  %z = soft.twin %y : tensor<2xf32>
  func.return %z : tensor<2xf32>
}

// -----

// CHECK: pass 'tops-decompose' failed: {{.*}}soft.py:77: the decomposition of 'math.tan' gave tensor<2xi32>; expected tensor<2xf32>
func.func @wrong(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = math.tan %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}

// -----

// CHECK: pass 'tops-decompose' failed: expects tops ops in @scalar, got 'math.sin'
func.func @scalar(%x: f32) -> f32 {
  %y = math.sin %x : f32
  func.return %y : f32
}

// -----

// One for another target does not count.

// CHECK: func.func @other
// CHECK: tops.cos %x
func.func @other(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = math.cos %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
