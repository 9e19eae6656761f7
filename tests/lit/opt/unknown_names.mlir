// RUN: not catgrad-opt %s -p cat-diferentiate 2>&1 | filecheck %s --check-prefix=PASS
// RUN: not catgrad-opt %s -p 'tops-assign-slots{traget="numpy"}' 2>&1 | filecheck %s --check-prefix=OPTION
// RUN: not catgrad-opt %s -t numpi 2>&1 | filecheck %s --check-prefix=TARGET
// RUN: not catgrad-opt %s --verify-eech 2>&1 | filecheck %s --check-prefix=FLAG
// RUN: not catgrad-opt %s --run @g 2>&1 | filecheck %s --check-prefix=FUNCTION
// RUN: not catgrad-opt %s.missing 2>&1 | filecheck %s --check-prefix=MISSING

cat.arrow @f() {
  cat.return
}

// PASS: error: unknown pass 'cat-diferentiate'; did you mean 'cat-differentiate'?
// OPTION: error: pass 'tops-assign-slots' has no option 'traget'; it takes target; did you mean 'target'?
// TARGET: error: unknown target 'numpi'; did you mean 'numpy'?
// FLAG: error: unrecognized arguments: --verify-eech; did you mean '--verify-each'?
// FUNCTION: error: cannot run @g: no function @g; the module has @f
// MISSING: error: cannot read {{.*}}unknown_names.mlir.missing: No such file or directory
