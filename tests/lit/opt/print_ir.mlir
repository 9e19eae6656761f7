// RUN: catgrad-opt %s -p canonicalize,cse,dce --print-ir-before=cse --print-ir-after dce 2>&1 >%t | filecheck %s --check-prefix=NAMED
// RUN: catgrad-opt %s -p canonicalize,cse --print-ir-before all --print-ir-after all 2>&1 >%t | filecheck %s --check-prefix=ALL
// RUN: catgrad-opt %s -p cse,canonicalize,dce --print-ir-after-change 2>&1 >%t | filecheck %s --check-prefix=CHANGE
// RUN: catgrad-opt %s -p cse,canonicalize --print-ir-diff 2>&1 >%t | filecheck %s --check-prefix=DIFF
// RUN: catgrad-opt %s -p cse --print-ir-diff --print-ir-after all 2>/dev/null | filecheck %s --check-prefix=OUT
// RUN: rm -rf %t.d && catgrad-opt %s -p cse,dce --dump-dir %t.d >%t && head -3 %t.d/* | filecheck %s --check-prefix=DUMP
// RUN: not catgrad-opt %s -p cse --print-ir-after csee 2>&1 | filecheck %s --check-prefix=UNKNOWN

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  %z = tops.sin %x : tensor<2xf32>
  %s = tops.add %y, %z : tensor<2xf32>
  cat.return %s : tensor<2xf32>
}
// NAMED:      // IR before cse, pass 2
// NAMED-NEXT: builtin.module {
// NAMED:      // IR after dce, pass 3
// NAMED-NOT:  // IR

// ALL:        // IR before canonicalize, pass 1
// ALL:        // IR after canonicalize, pass 1
// ALL:        // IR before cse, pass 2
// ALL:        // IR after cse, pass 2

// CHANGE:      // IR after cse, pass 1
// CHANGE-NEXT: builtin.module {
// CHANGE:      // No change by canonicalize, pass 2
// CHANGE-NEXT: // No change by dce, pass 3

// DIFF:      // Changes by cse, pass 1
// DIFF-NEXT: --- before cse
// DIFF-NEXT: +++ after cse
// DIFF-NEXT: @@ -1,8 +1,7 @@
// DIFF-NEXT:  builtin.module {
// DIFF-NEXT:    cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
// DIFF-NEXT:      %y = tops.sin %x : tensor<2xf32>
// DIFF-NEXT: -    %z = tops.sin %x : tensor<2xf32>
// DIFF-NEXT: -    %s = tops.add %y, %z : tensor<2xf32>
// DIFF-NEXT: +    %s = tops.add %y, %y : tensor<2xf32>
// DIFF:      // No change by canonicalize, pass 2

// OUT-NOT: {{^//}}
// OUT:     builtin.module {

// DUMP:      00-input.mlir
// DUMP-NEXT: builtin.module {
// DUMP:      01-cse.mlir
// DUMP-NEXT: builtin.module {
// DUMP:      02-dce.mlir

// UNKNOWN: error: --print-ir-after: no pass 'csee' is about to run; did you mean 'cse'?
