// RUN: catgrad-opt %s --reduce 'grep -q tops.erf' | filecheck %s
// RUN: catgrad-opt %s --reduce 'grep -q "cat.call @helper" {} && true' | filecheck %s --check-prefix=CALL
// RUN: not catgrad-opt %s --reduce 'grep -q tops.nothing' 2>&1 | filecheck %s --check-prefix=NOTHING

builtin.module attributes {tops.program = "large"} {
  cat.arrow private @helper(%x: tensor<2xf32>) -> tensor<2xf32> {
    %y = tops.exp %x : tensor<2xf32>
    cat.return %y : tensor<2xf32>
  }
  cat.arrow @other(%x: tensor<2xf32>) -> tensor<2xf32> {
    %y = cat.call @helper(%x) : (tensor<2xf32>) -> tensor<2xf32>
    cat.return %y : tensor<2xf32>
  }
  cat.arrow @main(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<f32>, tensor<2xf32>) {
    %0 = tops.sin %x : tensor<2xf32>
    %1 = cat.call @helper(%0) : (tensor<2xf32>) -> tensor<2xf32>
    %2 = tops.sum %1, axes = [0] : (tensor<2xf32>) -> tensor<f32>
    %3 = tops.erf %2 : tensor<f32>
    %4 = tops.multiply %1, %w : tensor<2xf32>
    cat.return %3, %4 : tensor<f32>, tensor<2xf32>
  }
}
// CHECK:      builtin.module {
// CHECK-NEXT:   cat.arrow @main(%0: tensor<f32>) {
// CHECK-NEXT:     %1 = tops.erf %0 : tensor<f32>
// CHECK-NEXT:     cat.return
// CHECK-NEXT:   }
// CHECK-NEXT: }

// CALL:      builtin.module {
// CALL-NEXT:   cat.arrow @{{main|other}}(
// CALL-NEXT:     cat.call @helper(
// CALL-NEXT:     cat.return
// CALL-NEXT:   }
// CALL-NEXT: }

// NOTHING: error: --reduce: 'grep -q tops.nothing' does not exit with 0 on the whole input: nothing to shrink; it gets the file as its last argument, or where it says {}
