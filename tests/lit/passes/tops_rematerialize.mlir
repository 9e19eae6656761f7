// RUN: catgrad-opt %s -p 'tops-rematerialize{per-op=0}' --split-input-file | filecheck %s
// RUN: catgrad-opt %s -p tops-rematerialize --split-input-file | filecheck %s --check-prefix OPS
// RUN: catgrad-opt %s -p 'tops-rematerialize{per-op=0 gain=60}' --split-input-file | filecheck %s --check-prefix GAIN

// Two layers of x * logistic(x). What the first keeps for the backward pass is %h0, not %s0 and %y0; the
// copies come before what reads them first. The last layer's values are wanted at the peak itself.
func.func @layers(%x: tensor<32x8xf32>, %w: tensor<8x8xf32> {tops.name = "w", tops.role = "parameter"}) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %h0 = tops.matmul %x, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %s0 = tops.logistic %h0 : tensor<32x8xf32>
  %y0 = tops.multiply %h0, %s0 : tensor<32x8xf32>
  %h1 = tops.matmul %y0, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %s1 = tops.logistic %h1 : tensor<32x8xf32>
  %y1 = tops.multiply %h1, %s1 : tensor<32x8xf32>
  %d1 = tops.matmul %y1, %w, transpose_b : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %e1 = tops.multiply %d1, %s1 : tensor<32x8xf32>
  %g1 = tops.matmul %y0, %e1, transpose_a : (tensor<32x8xf32>, tensor<32x8xf32>) -> tensor<8x8xf32>
  %d0 = tops.matmul %e1, %w, transpose_b : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %e0 = tops.multiply %d0, %s0 : tensor<32x8xf32>
  %f0 = tops.multiply %e0, %h0 : tensor<32x8xf32>
  %g0 = tops.matmul %x, %f0, transpose_a : (tensor<32x8xf32>, tensor<32x8xf32>) -> tensor<8x8xf32>
  func.return %g0, %g1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// CHECK:      func.func @layers
// CHECK:        %d1 = tops.matmul %y1, %w
// CHECK-NEXT:   %e1 = tops.multiply %d1, %s1
// CHECK-NEXT:   %s0_1 = tops.logistic %h0
// CHECK-NEXT:   %y0_1 = tops.multiply %h0, %s0_1
// CHECK-NEXT:   %g1 = tops.matmul %y0_1, %e1
// CHECK-NEXT:   %d0 = tops.matmul %e1, %w
// CHECK-NEXT:   %e0 = tops.multiply %d0, %s0_1
// CHECK-NEXT:   %f0 = tops.multiply %e0, %h0
// CHECK-NEXT:   %g0 = tops.matmul %x, %f0
// CHECK-NEXT:   func.return %g0, %g1
// OPS:        func.func @layers
// OPS:          %e1 = tops.multiply
// OPS-NEXT:     %g1 = tops.matmul %y0, %e1
// GAIN:       func.func @layers
// GAIN:         %e1 = tops.multiply
// GAIN-NEXT:    %g1 = tops.matmul %y0, %e1

// -----
// Only %q is computed again, and the fold of a row before it. Never a product, random numbers, a sum over columns,
// a result of the function (%k); not %t, as that would keep both %a and %b.
func.func @kept(%x: tensor<32x8xf32>, %w: tensor<8x8xf32> {tops.name = "w", tops.role = "parameter"}, %seed: tensor<i32>) -> (tensor<32x8xf32>, tensor<32x8xf32>, tensor<8x8xf32>, tensor<32x8xf32>) {
  %h = tops.matmul %x, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %r = tops.random_uniform %seed, %seed, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<32x8xf32>
  %a = tops.matmul %h, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %b = tops.matmul %a, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %t = tops.add %a, %b : tensor<32x8xf32>
  %k = tops.sin %h : tensor<32x8xf32>
  %n = tops.max %h, axes = [1] : (tensor<32x8xf32>) -> tensor<32xf32>
  %m = tops.broadcast %n, axes = [1] : (tensor<32xf32>) -> tensor<32x8xf32>
  %q = tops.subtract %h, %m : tensor<32x8xf32>
  %v = tops.matmul %q, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %z = tops.matmul %v, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  %c = tops.sum %z, axes = [0] : (tensor<32x8xf32>) -> tensor<8xf32>
  %d = tops.broadcast %c, axes = [0] : (tensor<8xf32>) -> tensor<8x8xf32>
  %e = tops.multiply %q, %r : tensor<32x8xf32>
  %f = tops.add %e, %t : tensor<32x8xf32>
  %g = tops.multiply %f, %h : tensor<32x8xf32>
  %o = tops.matmul %g, %w : (tensor<32x8xf32>, tensor<8x8xf32>) -> tensor<32x8xf32>
  func.return %o, %k, %d, %v : tensor<32x8xf32>, tensor<32x8xf32>, tensor<8x8xf32>, tensor<32x8xf32>
}

// CHECK:      func.func @kept
// CHECK:        %d = tops.broadcast %c
// CHECK-NEXT:   %n_1 = tops.max %h, axes = [1]
// CHECK-NEXT:   %m_1 = tops.broadcast %n_1
// CHECK-NEXT:   %q_1 = tops.subtract %h, %m_1
// CHECK-NEXT:   %e = tops.multiply %q_1, %r
// CHECK-NEXT:   %f = tops.add %e, %t
// CHECK-NEXT:   %g = tops.multiply %f, %h
// CHECK-NEXT:   %o = tops.matmul %g, %w
// CHECK-NEXT:   func.return %o, %k, %d, %v

// -----
// Updates count as done when their gradient is there: the peak is at %d1, not at the end, where all gradients are.
func.func @updates(%x: tensor<64x8xf32>, %v: tensor<8x8xf32> {tops.name = "v", tops.role = "parameter"}, %w: tensor<8x8xf32> {tops.name = "w", tops.role = "parameter"}) -> (tensor<8x8xf32> {tops.updates = "v"}, tensor<8x8xf32> {tops.updates = "w"}) {
  %h0 = tops.matmul %x, %v : (tensor<64x8xf32>, tensor<8x8xf32>) -> tensor<64x8xf32>
  %s0 = tops.square %h0 : tensor<64x8xf32>
  %h1 = tops.matmul %s0, %w : (tensor<64x8xf32>, tensor<8x8xf32>) -> tensor<64x8xf32>
  %d1 = tops.matmul %h1, %w, transpose_b : (tensor<64x8xf32>, tensor<8x8xf32>) -> tensor<64x8xf32>
  %g1 = tops.matmul %h1, %d1, transpose_a : (tensor<64x8xf32>, tensor<64x8xf32>) -> tensor<8x8xf32>
  %e0 = tops.multiply %h0, %s0 : tensor<64x8xf32>
  %g0 = tops.matmul %x, %e0, transpose_a : (tensor<64x8xf32>, tensor<64x8xf32>) -> tensor<8x8xf32>
  %v1 = tops.subtract %v, %g0 : tensor<8x8xf32>
  %w1 = tops.subtract %w, %g1 : tensor<8x8xf32>
  func.return %v1, %w1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// CHECK:      func.func @updates
// CHECK:        %g1 = tops.matmul
// CHECK-NEXT:   %s0_1 = tops.square %h0
// CHECK-NEXT:   %e0 = tops.multiply %h0, %s0_1
// CHECK-NEXT:   %g0 = tops.matmul %x, %e0
// CHECK-NEXT:   %v1 = tops.subtract %v, %g0
