// RUN: catgrad-opt %s -p cat-simplify --split-input-file | filecheck %s

// Cartesian form: a copy is its operand, a discard is nothing, sums are flat, a sum of one is that one.
cat.arrow @structure(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  cat.discard %y : tensor<2xf32>
  %s = cat.add %a, %b : tensor<2xf32>
  %t = cat.add %s, %y, %s : tensor<2xf32>
  %u = cat.add %t : tensor<2xf32>
  %v = cat.add %y, %x : tensor<2xf32>
  %w = cat.add %v, %y : tensor<2xf32>
  cat.return %u, %w : tensor<2xf32>, tensor<2xf32>
}

// CHECK:   cat.arrow @structure(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:     %s = cat.add %x, %x : tensor<2xf32>
// CHECK-NEXT:     %u = cat.add %s, %y, %s : tensor<2xf32>
// CHECK-NEXT:     %w = cat.add %y, %x, %y : tensor<2xf32>
// CHECK-NEXT:     cat.return %u, %w : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// a + 0 = a, also where all terms are zero; a linear op of zero is zero, another op is left alone.
cat.arrow @zeros(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<2xf32>) {
  %z = cat.zero : tensor<2xf32>
  %a = cat.add %z, %x, %z : tensor<2xf32>
  %b = cat.add %z, %z : tensor<2xf32>
  %n = tops.negative %z : tensor<2xf32>
  %m = tops.broadcast %n, axes = [0] : (tensor<2xf32>) -> tensor<3x2xf32>
  %e = tops.exp %b : tensor<2xf32>
  cat.return %a, %b, %m, %e : tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<2xf32>
}

// CHECK:   cat.arrow @zeros(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<2xf32>) {
// CHECK-NEXT:     %b = cat.zero : tensor<2xf32>
// CHECK-NEXT:     %m = cat.zero : tensor<3x2xf32>
// CHECK-NEXT:     %e = tops.exp %b : tensor<2xf32>
// CHECK-NEXT:     cat.return %x, %b, %m, %e : tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Monoidal form, the comonoid: copies join, a copy whose other wires are discarded is the wire.
cat.arrow @comonoid(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
  %a, %b, %c = cat.copy %x, 3 : tensor<2xf32>
  %d, %e = cat.copy %a, 2 : tensor<2xf32>
  cat.discard %b : tensor<2xf32>
  %f, %g = cat.copy %c, 2 : tensor<2xf32>
  cat.discard %g : tensor<2xf32>
  cat.return %d, %e, %f : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK:   cat.arrow @comonoid(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:     %d, %e, %f = cat.copy %x, 3 : tensor<2xf32>
// CHECK-NEXT:     cat.return %d, %e, %f : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Monoidal form, naturality of discard: what is only discarded is not computed.
cat.arrow @discard(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  %m = tops.multiply %a, %y : tensor<2xf32>
  %e = tops.exp %m : tensor<2xf32>
  cat.discard %e : tensor<2xf32>
  cat.return %b : tensor<2xf32>
}

// CHECK:   cat.arrow @discard(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:     cat.discard %y : tensor<2xf32>
// CHECK-NEXT:     cat.return %x : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Monoidal form, the monoid: sums join, zeros vanish, a copy of zero is zeros.
cat.arrow @monoid(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
  %z = cat.zero : tensor<2xf32>
  %p, %q = cat.copy %z, 2 : tensor<2xf32>
  %s = cat.add %x, %p : tensor<2xf32>
  %t = cat.add %s, %y : tensor<2xf32>
  cat.return %t, %q : tensor<2xf32>, tensor<2xf32>
}

// CHECK:   cat.arrow @monoid(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:     %q = cat.zero : tensor<2xf32>
// CHECK-NEXT:     %t = cat.add %x, %y : tensor<2xf32>
// CHECK-NEXT:     cat.return %t, %q : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Until nothing is left to do, also where two ops made room for two.
cat.arrow @constant(%x: tensor<2xf32>) -> () attributes {monoidal} {
  %c = tops.full value = 2.0 : f32 : tensor<2xf32>
  %y = tops.subtract %x, %c : tensor<2xf32>
  cat.discard %y : tensor<2xf32>
  cat.return
}

// CHECK:   cat.arrow @constant(%x: tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:     cat.discard %x : tensor<2xf32>
// CHECK-NEXT:     cat.return
// CHECK-NEXT:   }
// CHECK-NEXT: }
