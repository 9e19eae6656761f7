// RUN: not catgrad-opt %s -p 'cse,tops-verify-slots{target="ggml"}' --crash-reproducer %t.mlir 2>&1 | filecheck %s --check-prefix=ERROR
// RUN: head -40 %t.mlir | filecheck %s --check-prefix=FILE
// RUN: not catgrad-opt %t.mlir --run-reproducer 2>&1 | filecheck %s --check-prefix=REPLAY
// RUN: not catgrad-opt %s --run-reproducer 2>&1 | filecheck %s --check-prefix=NONE

cat.arrow @f() {
  cat.return
}

// ERROR:      error: pass 'tops-verify-slots' failed: the module has no tops.persistent
// ERROR-NEXT: note: {{.*}} replays this: catgrad-opt --run-reproducer {{.*}}.mlir
// FILE:       {-#
// FILE-NEXT:    external_resources: {
// FILE-NEXT:      mlir_reproducer: {
// FILE-NEXT:        pipeline: "builtin.module(cse,tops-verify-slots{target=\22ggml\22})",
// FILE-NEXT:        verify_each: false
// REPLAY:     error: pass 'tops-verify-slots' failed: the module has no tops.persistent
// NONE:       error: {{.*}}reproducer.mlir is no reproducer: it has no mlir_reproducer with a pipeline; --crash-reproducer writes one
