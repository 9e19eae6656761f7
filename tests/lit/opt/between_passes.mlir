// RUN: catgrad-opt %s -p lower-to-numpy --print-between-passes --verify-each 2>&1 >%t | filecheck %s
// RUN: catgrad-opt %s -p lower-to-numpy --print-between-passes 2>/dev/null | filecheck %s --check-prefix=OUT
// RUN: catgrad-opt %s -p canonicalize,cse --time-passes 2>&1 >%t | filecheck %s --check-prefix=TIME

// The dumps go to stderr; a named pipeline shows the passes it stands for.

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK:      IR after canonicalize:
// CHECK:      IR after cse:
// CHECK:      IR after cat-to-tops:
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK:      IR after tops-assign-slots:
// CHECK-NOT:  IR after tops-verify-slots:

// OUT-NOT: IR after
// OUT: func.func @f(

// TIME: Pass canonicalize took {{[0-9.e-]+}} seconds
// TIME-NEXT: Pass cse took {{[0-9.e-]+}} seconds
