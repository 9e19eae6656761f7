// RUN: catgrad-opt %s --split-input-file | filecheck %s
// RUN: catgrad-opt %s --split-input-file --print-op-generic | filecheck %s --check-prefix=GENERIC
// RUN: catgrad-opt %s --split-input-file -p cat-make-monoidal -o - | filecheck %s --check-prefix=PASS

// Chunks are separate modules; one with comments alone is empty.

cat.arrow @f(%x: tensor<2xf32>) {
  cat.return
}

// -----

// Nothing.

// -----

cat.arrow @f() {
  cat.return
}

// CHECK:      builtin.module {
// CHECK-NEXT:   cat.arrow @f(%x: tensor<2xf32>) {
// CHECK:      // {{-+}}
// CHECK-NEXT: builtin.module {
// CHECK-NEXT: }
// CHECK:      // {{-+}}
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   cat.arrow @f() {

// GENERIC: "builtin.module"() ({
// GENERIC-NEXT: "cat.arrow"() <{sym_name = "f", function_type = (tensor<2xf32>) -> ()}> ({

// PASS: cat.discard %x : tensor<2xf32>
