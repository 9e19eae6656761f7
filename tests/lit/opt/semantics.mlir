// RUN: catgrad-opt %s --load %S/Inputs/soft.py -p cat-differentiate,cat-inline,soft-lower,lower-to-numpy --check-semantics | filecheck %s
// RUN: not catgrad-opt %s --load %S/Inputs/soft.py -p cse,soft-lower{wrong=true},dce --check-semantics 2>&1 | filecheck %s --check-prefix=WRONG
// RUN: catgrad-opt %s --allow-unregistered-dialect -p cse --check-semantics 2>&1 | filecheck %s --check-prefix=NOTE

// A dialect, a rule for math.sin and a pass come from a file; every pass is held to the meaning.

cat.arrow private @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = "soft.softsign"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %z = math.sin %y : tensor<2xf32>
  cat.return %z : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>, %s: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %y, %dx = cat.reverse @f(%x)(%s) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y, %dx : tensor<2xf32>, tensor<2xf32>
}
// CHECK:     func.func @g(
// CHECK-NOT: math.sin
// CHECK:     soft.softsign
// CHECK-DAG: tops.sin
// CHECK-DAG: tops.cos

// WRONG:      error: pass 'soft-lower' changed the meaning of @g: result 0 at [0] was 0.111{{[0-9]+}}, is 0.993{{[0-9]+}} (allowed: 0.0001 of the largest magnitude)
// WRONG-NEXT:   first op with a new value: %z = tops.cos %y : tensor<2xf32>
// WRONG-NEXT:   input 0: float32[2] [0.12573022, -0.13210486]
// WRONG-NEXT:   input 1: float32[2] [0.64042264, 0.104900114]
// WRONG-NEXT:   seed: 0

// NOTE: note: @g is not checked: the interpreter has no meaning for 'builtin.unregistered'
