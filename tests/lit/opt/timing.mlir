// RUN: catgrad-opt %s -p canonicalize,cse --timing --verify-each 2>&1 >%t | filecheck %s
// RUN: catgrad-opt %s -p canonicalize,cat-to-tops,dce --statistics 2>&1 >%t | filecheck %s --check-prefix=OPS
// RUN: catgrad-opt %s -p lower-to-ggml --dump-pass-pipeline 2>&1 >%t | filecheck %s --check-prefix=PIPELINE
// RUN: catgrad-opt %s --pass-pipeline='builtin.module(cse, cat-to-tops)' | filecheck %s --check-prefix=TEXT

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  %z = tops.exp %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK:      seconds   share  phase, ops before -> after
// CHECK-NEXT: {{[0-9.]+}} 100.0 %  total
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %    parse
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %    verify
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %    passes, 4 -> 3
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %      canonicalize, 4 -> 3
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %      verify
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %      cse, 3 -> 3
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %      verify
// CHECK-NEXT: {{[0-9.]+}} {{[ 0-9.]+}} %    print

// OPS:      input: 4 ops: 1 cat.arrow, 1 cat.return, 1 tops.exp, 1 tops.sin
// OPS-NEXT: canonicalize: 4 -> 3 ops: -1 tops.exp
// OPS-NEXT: cat-to-tops: 3 -> 3 ops: +1 func.func, +1 func.return, -1 cat.arrow, -1 cat.return
// OPS-NEXT: dce: 3 -> 3 ops: same numbers of each op

// PIPELINE: {{^}}builtin.module(canonicalize,cse,cat-differentiate,{{.*}},tops-assign-slots{target="ggml"},tops-verify-slots{target="ggml"})

// TEXT: func.func @f(
