// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s
// RUN: not catgrad-opt %s --split-input-file 2>&1 | filecheck %s --check-prefix=FIRST

// With the two flags errors are printed among the output, and the rest of the file is done.

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @g(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK:      'cat.call' refers to @g, which is not defined
// CHECK-NEXT: "builtin.module"() ({
// CHECK:      | 'cat.call' refers to @g, which is not defined

// FIRST:      error: {{.*}}diagnostics.mlir:7:3: 'cat.call' refers to @g, which is not defined
// FIRST-NEXT:   in @f:
// FIRST-NEXT:   %y = "cat.call"(%x) <{callee = @g}> : (tensor<2xf32>) -> tensor<2xf32>
// FIRST-NOT:  builtin.module

// -----

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sine %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK:      // {{-+}}
// CHECK-NEXT: {{.*}}diagnostics.mlir:22:8
// CHECK:      Operation tops.sine is not registered; did you mean 'tops.sin'?

// -----

cat.arrow @last() {
  cat.return
}
// CHECK:      // {{-+}}
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   cat.arrow @last() {
