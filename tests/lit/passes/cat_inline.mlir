// RUN: catgrad-opt %s -p cat-inline --split-input-file | filecheck %s

// Calls expand through each other; names and random sites follow the calls; private arrows vanish.
cat.arrow private @noise(%x: tensor<4xf32>, %seed: tensor<i32>) -> tensor<4xf32> {
  %u = tops.random_uniform %seed, %seed, site = 1 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
  %y = tops.multiply %x, %u : tensor<4xf32>
  cat.return %y : tensor<4xf32>
}
cat.arrow private @layer(%x: tensor<4xf32>, %seed: tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %h = cat.call @noise(%x, %seed) {scope = "noise", site = 10 : i64} : (tensor<4xf32>, tensor<i32>) -> tensor<4xf32>
  %t = tops.tanh %h : tensor<4xf32>
  cat.return %t, %x : tensor<4xf32>, tensor<4xf32>
}
cat.arrow @main(%x: tensor<4xf32>, %seed: tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a, %same = cat.call @layer(%x, %seed) {scope = "first"} : (tensor<4xf32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>)
  %b, %c = cat.call @layer(%a, %seed) {scope = "second", site = 100 : i64} : (tensor<4xf32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>)
  cat.return %b, %same : tensor<4xf32>, tensor<4xf32>
}

// CHECK:   cat.arrow @main(%x: tensor<4xf32>, %seed: tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT:     %first.noise.u = tops.random_uniform %seed, %seed, site = 11 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
// CHECK-NEXT:     %first.h = tops.multiply %x, %first.noise.u : tensor<4xf32>
// CHECK-NEXT:     %a = tops.tanh %first.h : tensor<4xf32>
// CHECK-NEXT:     %second.noise.u = tops.random_uniform %seed, %seed, site = 111 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
// CHECK-NEXT:     %second.h = tops.multiply %a, %second.noise.u : tensor<4xf32>
// CHECK-NEXT:     %b = tops.tanh %second.h : tensor<4xf32>
// CHECK-NEXT:     cat.return %b, %x : tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// While a derivative is left, the call of an arrow with a rule of its own stays; others go.
cat.arrow private @round(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @round_reverse, surrogate} {
  %y = tops.sign %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow private @round_reverse(%x: tensor<2xf32>, %dy: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %dy : tensor<2xf32>
}
cat.arrow private @through(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @round(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow private @twice(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.add %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow private @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %t = cat.call @twice(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %y = cat.call @through(%t) {scope = "rounding"} : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @df(%x: tensor<2xf32>, %dy: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%dy) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK:   cat.arrow private @round(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @round_reverse, surrogate} {
// CHECK-NEXT:     %y = tops.sign %x : tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   cat.arrow private @round_reverse(%x: tensor<2xf32>, %dy: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     cat.return %dy : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   cat.arrow private @through(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y = cat.call @round(%x) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   cat.arrow private @f(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %t = tops.add %x, %x : tensor<2xf32>
// CHECK-NEXT:     %y = cat.call @through(%t) {scope = "rounding"} : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   cat.arrow @df(%x: tensor<2xf32>, %dy: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y, %dx = cat.reverse @f(%x)(%dy) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:     cat.return %dx : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Without a derivative the rule is forgotten and the call expands.
cat.arrow @round(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @round_reverse, surrogate} {
  %y = tops.sign %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow private @round_reverse(%x: tensor<2xf32>, %dy: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %dy : tensor<2xf32>
}
cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @round(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// CHECK:   cat.arrow @round(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y = tops.sign %x : tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y = tops.sign %x : tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// A monoidal arrow that took in a call is monoidal no more: bodies are Cartesian once they are joined.
cat.arrow private @square(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %y = cat.call @square(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}

// CHECK:   cat.arrow @main(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y = tops.multiply %x, %x : tensor<2xf32>
// CHECK-NEXT:     cat.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Of equal constants the first is kept, under its own name; not if they differ in a sign, a type, a mark.
cat.arrow private @step(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %rate = tops.full value = 1.0e-02 : f32 : tensor<2xf32>
  %y = tops.multiply %x, %rate : tensor<2xf32>
  %c = tops.full value = 0.0 : f32 : tensor<f32>
  cat.return %y, %c : tensor<2xf32>, tensor<f32>
}
cat.arrow @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<2xf32>) {
  %a, %zero = cat.call @step(%x) {scope = "first"} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>)
  %b, %other = cat.call @step(%a) {scope = "second"} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>)
  %minus = tops.full value = -0.0 : f32 : tensor<f32>
  %marked = tops.full value = 0.0 : f32 {mark} : tensor<f32>
  %wide = tops.full value = 0.0 : f32 : tensor<2xf32>
  cat.return %b, %zero, %other, %minus, %marked, %wide : tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<2xf32>
}

// CHECK:   cat.arrow @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<2xf32>) {
// CHECK-NEXT:     %first.rate = tops.full value = 1.000000e-02 : f32 : tensor<2xf32>
// CHECK-NEXT:     %a = tops.multiply %x, %first.rate : tensor<2xf32>
// CHECK-NEXT:     %first.c = tops.full value = 0.000000e+00 : f32 : tensor<f32>
// CHECK-NEXT:     %b = tops.multiply %a, %first.rate : tensor<2xf32>
// CHECK-NEXT:     %minus = tops.full value = -0.000000e+00 : f32 : tensor<f32>
// CHECK-NEXT:     %marked = tops.full value = 0.000000e+00 : f32 {mark} : tensor<f32>
// CHECK-NEXT:     %wide = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:     cat.return %b, %first.c, %first.c, %minus, %marked, %wide : tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
