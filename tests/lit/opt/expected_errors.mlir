// RUN: catgrad-opt %s --split-input-file --verify-diagnostics -p cat-differentiate | filecheck %s
// RUN: sed 's/not registered/unheard of/' %s | not catgrad-opt --split-input-file --verify-diagnostics 2>&1 | filecheck %s --check-prefix=FAIL

// Errors are compared by line and text; what has none is printed.

cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{'cat.call' refers to @g, which is not defined}}
  %y = cat.call @g(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// -----

cat.arrow @several(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : (tensor<2xf32>) -> tensor<3xf32>
  // expected-error@-1 {{'tops.sin' gives tensor<2xf32>, its type says tensor<3xf32>}}
  %z = tops.cos %x : (tensor<2xf32>) -> tensor<3xf32>
  // expected-error-re@above {{'tops.cos' gives tensor<.xf32>}}
  cat.return %x : tensor<2xf32>
}

// -----

cat.arrow @text(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sine %x : tensor<2xf32> // expected-error {{Operation tops.sine is not registered}}
}

// -----

// expected-error@unknown {{pass 'cat-differentiate' failed: no reverse rule for 'arith.negf'}}
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = arith.negf %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// -----

cat.arrow @right() {
  cat.return
}
// CHECK-NOT: error
// CHECK: cat.arrow @right() {

// FAIL:      error: <stdin>:25:8: unexpected error: Operation tops.sine is not registered; did you mean 'tops.sin'?
// FAIL-NEXT: <stdin>:25: expected error in line 25 did not come: Operation tops.sine is unheard of
