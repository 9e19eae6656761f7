// RUN: catgrad-opt %s -p tops-fuse --split-input-file | filecheck %s

// A chain with the broadcast and the constant that it uses is one sweep.
func.func @chain(%x: tensor<2x3xf32>, %bias: tensor<3xf32>) -> tensor<2x3xf32> {
  %c = tops.broadcast %bias, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %s = tops.add %x, %c : tensor<2x3xf32>
  %k = tops.full value = 0.5 : f32 : tensor<2x3xf32>
  %m = tops.multiply %s, %k : tensor<2x3xf32>
  %y = tops.tanh %m : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}

// CHECK:   func.func @chain(%x: tensor<2x3xf32>, %bias: tensor<3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:     %y = tops.fused (%bias, %x) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:     ^bb0(%bias_1: tensor<3xf32>, %x_1: tensor<2x3xf32>):
// CHECK-NEXT:       %c = tops.broadcast %bias_1, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:       %s = tops.add %x_1, %c : tensor<2x3xf32>
// CHECK-NEXT:       %k = tops.full value = 5.000000e-01 : f32 : tensor<2x3xf32>
// CHECK-NEXT:       %m = tops.multiply %s, %k : tensor<2x3xf32>
// CHECK-NEXT:       %y_1 = tops.tanh %m : tensor<2x3xf32>
// CHECK-NEXT:       tops.yield %y_1 : tensor<2x3xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     func.return %y : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// A value that another op uses stays outside; one that is returned is one more result.
func.func @results(%x: tensor<2x2xf32>) -> (tensor<4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %a = tops.exp %x : tensor<2x2xf32>
  %p = tops.concat %a, %x, axis = 0 : i64 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %b = tops.sin %a : tensor<2x2xf32>
  %c = tops.cos %b : tensor<2x2xf32>
  %d = tops.tanh %c : tensor<2x2xf32>
  func.return %p, %b, %d : tensor<4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK:   func.func @results(%x: tensor<2x2xf32>) -> (tensor<4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
// CHECK-NEXT:     %a = tops.exp %x : tensor<2x2xf32>
// CHECK-NEXT:     %p = tops.concat %a, %x, axis = 0 : i64 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:     %b, %d = tops.fused (%a) : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
// CHECK-NEXT:     ^bb0(%a_1: tensor<2x2xf32>):
// CHECK-NEXT:       %b_1 = tops.sin %a_1 : tensor<2x2xf32>
// CHECK-NEXT:       %c = tops.cos %b_1 : tensor<2x2xf32>
// CHECK-NEXT:       %d_1 = tops.tanh %c : tensor<2x2xf32>
// CHECK-NEXT:       tops.yield %b_1, %d_1 : tensor<2x2xf32>, tensor<2x2xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     func.return %p, %b, %d : tensor<4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Products move behind the sweep: what they read comes out of it. %g and %k are read by the first of them alone,
// and join for the sake of %t, which both want.
func.func @siblings(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %t = tops.tanh %x : tensor<2x2xf32>
  %k = tops.square %t : tensor<2x2xf32>
  %g = tops.multiply %x, %k : tensor<2x2xf32>
  %p = tops.matmul %g, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %d = tops.cos %t : tensor<2x2xf32>
  func.return %p, %d : tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK:        func.func @siblings
// CHECK-NEXT:     %g, %d = tops.fused (%x) : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
// CHECK-NEXT:     ^bb0(%x_1: tensor<2x2xf32>):
// CHECK-NEXT:       %t = tops.tanh %x_1 : tensor<2x2xf32>
// CHECK-NEXT:       %k = tops.square %t : tensor<2x2xf32>
// CHECK-NEXT:       %g_1 = tops.multiply %x_1, %k : tensor<2x2xf32>
// CHECK-NEXT:       %d_1 = tops.cos %t : tensor<2x2xf32>
// CHECK-NEXT:       tops.yield %g_1, %d_1 : tensor<2x2xf32>, tensor<2x2xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     %p = tops.matmul %g, %w : tensor<2x2xf32>
// CHECK-NEXT:     func.return %p, %d : tensor<2x2xf32>, tensor<2x2xf32>

// -----
// A broadcast is copied into every group that uses it: it costs nothing there.
func.func @shared(%x: tensor<3xf32>, %w: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>) {
  %c = tops.broadcast %x, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %a = tops.add %w, %c : tensor<2x3xf32>
  %s = tops.sum %a, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  %b = tops.multiply %w, %c : tensor<2x3xf32>
  func.return %b, %s : tensor<2x3xf32>, tensor<3xf32>
}

// CHECK:   func.func @shared(%x: tensor<3xf32>, %w: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>) {
// CHECK-NEXT:     %a = tops.fused (%x, %w) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:     ^bb0(%x_1: tensor<3xf32>, %w_1: tensor<2x3xf32>):
// CHECK-NEXT:       %c = tops.broadcast %x_1, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:       %a_1 = tops.add %w_1, %c : tensor<2x3xf32>
// CHECK-NEXT:       tops.yield %a_1 : tensor<2x3xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     %s = tops.sum %a, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
// CHECK-NEXT:     %b = tops.fused (%x, %w) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:     ^bb0(%x_1: tensor<3xf32>, %w_1: tensor<2x3xf32>):
// CHECK-NEXT:       %c = tops.broadcast %x_1, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:       %b_1 = tops.multiply %w_1, %c : tensor<2x3xf32>
// CHECK-NEXT:       tops.yield %b_1 : tensor<2x3xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     func.return %b, %s : tensor<2x3xf32>, tensor<3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// One op without a broadcast gains nothing; other shapes end a group; a dead op is left to dce.
func.func @alone(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<2x3xf32>) {
  %a = tops.exp %x : tensor<2xf32>
  %b = tops.exp %y : tensor<3xf32>
  %dead = tops.sin %x : tensor<2xf32>
  %deader = tops.cos %dead : tensor<2xf32>
  %c = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  func.return %a, %b, %c : tensor<2xf32>, tensor<3xf32>, tensor<2x3xf32>
}

// CHECK:   func.func @alone(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<2x3xf32>) {
// CHECK-NEXT:     %a = tops.exp %x : tensor<2xf32>
// CHECK-NEXT:     %b = tops.exp %y : tensor<3xf32>
// CHECK-NEXT:     %dead = tops.sin %x : tensor<2xf32>
// CHECK-NEXT:     %deader = tops.cos %dead : tensor<2xf32>
// CHECK-NEXT:     %c = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     func.return %a, %b, %c : tensor<2xf32>, tensor<3xf32>, tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Row reductions join, and what else uses a result of the sweep later may: softmax and its rows' sums.
func.func @softmax(%x: tensor<8x4xf32>, %w: tensor<4x8xf32>) -> (tensor<4x4xf32>, tensor<8xf32>) {
  %m = tops.max %x, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
  %b = tops.broadcast %m, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
  %d = tops.subtract %x, %b : tensor<8x4xf32>
  %e = tops.exp %d : tensor<8x4xf32>
  %s = tops.sum %e, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
  %c = tops.broadcast %s, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
  %y = tops.divide %e, %c : tensor<8x4xf32>
  %p = tops.matmul %w, %y : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  func.return %p, %s : tensor<4x4xf32>, tensor<8xf32>
}

// CHECK:      func.func @softmax
// CHECK-NEXT:   %s, %y = tops.fused (%x) : (tensor<8x4xf32>) -> (tensor<8xf32>, tensor<8x4xf32>) {
// CHECK-NEXT:   ^bb0(%x_1: tensor<8x4xf32>):
// CHECK-NEXT:     %m = tops.max %x_1, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
// CHECK-NEXT:     %b = tops.broadcast %m, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:     %d = tops.subtract %x_1, %b : tensor<8x4xf32>
// CHECK-NEXT:     %e = tops.exp %d : tensor<8x4xf32>
// CHECK-NEXT:     %s_1 = tops.sum %e, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
// CHECK-NEXT:     %c = tops.broadcast %s_1, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:     %y_1 = tops.divide %e, %c : tensor<8x4xf32>
// CHECK-NEXT:     tops.yield %s_1, %y_1 : tensor<8xf32>, tensor<8x4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   %p = tops.matmul %w, %y : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT:   func.return %p, %s : tensor<4x4xf32>, tensor<8xf32>

// -----
// Too few rows to share out, and the other axis: these reductions stay alone.
func.func @few(%x: tensor<7x4xf32>, %z: tensor<8x4xf32>) -> (tensor<7xf32>, tensor<4xf32>) {
  %a = tops.exp %x : tensor<7x4xf32>
  %r = tops.sum %a, axes = [1] : (tensor<7x4xf32>) -> tensor<7xf32>
  %b = tops.exp %z : tensor<8x4xf32>
  %s = tops.sum %b, axes = [0] : (tensor<8x4xf32>) -> tensor<4xf32>
  func.return %r, %s : tensor<7xf32>, tensor<4xf32>
}

// CHECK:      func.func @few
// CHECK-NEXT:   %a = tops.exp %x : tensor<7x4xf32>
// CHECK-NEXT:   %r = tops.sum %a, axes = [1] : (tensor<7x4xf32>) -> tensor<7xf32>
// CHECK-NEXT:   %b = tops.exp %z : tensor<8x4xf32>
// CHECK-NEXT:   %s = tops.sum %b, axes = [0] : (tensor<8x4xf32>) -> tensor<4xf32>
// CHECK-NEXT:   func.return %r, %s : tensor<7xf32>, tensor<4xf32>

// -----
// Nobody needs %s before the root: it moves behind, and %d joins.
func.func @moved(%x: tensor<2x4xf32>, %g: tensor<2x4xf32>) -> (tensor<4xf32>, tensor<2x4xf32>) {
  %d = tops.multiply %x, %g : tensor<2x4xf32>
  %s = tops.sum %d, axes = [0] : (tensor<2x4xf32>) -> tensor<4xf32>
  %y = tops.sin %d : tensor<2x4xf32>
  func.return %s, %y : tensor<4xf32>, tensor<2x4xf32>
}

// CHECK:      func.func @moved
// CHECK-NEXT:   %d, %y = tops.fused (%x, %g) : (tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
// CHECK-NEXT:   ^bb0(%x_1: tensor<2x4xf32>, %g_1: tensor<2x4xf32>):
// CHECK-NEXT:     %d_1 = tops.multiply %x_1, %g_1 : tensor<2x4xf32>
// CHECK-NEXT:     %y_1 = tops.sin %d_1 : tensor<2x4xf32>
// CHECK-NEXT:     tops.yield %d_1, %y_1 : tensor<2x4xf32>, tensor<2x4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   %s = tops.sum %d, axes = [0] : (tensor<2x4xf32>) -> tensor<4xf32>
// CHECK-NEXT:   func.return %s, %y : tensor<4xf32>, tensor<2x4xf32>

// -----
// %c follows from %t, which is read anyway: it is computed again. %t, an exponential, is stored.
func.func @again(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %t = tops.exp %x : tensor<2x2xf32>
  %k = tops.full value = 2.0 : f32 : tensor<2x2xf32>
  %c = tops.multiply %t, %k : tensor<2x2xf32>
  %p = tops.matmul %c, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %q = tops.multiply %p, %c : tensor<2x2xf32>
  %y = tops.add %q, %t : tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}

// CHECK:      func.func @again
// CHECK-NEXT:   %t, %c = tops.fused (%x) : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
// CHECK:        %p = tops.matmul %c, %x
// CHECK-NEXT:   %y = tops.fused (%t, %p) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32> {
// CHECK-NEXT:   ^bb0(%t_1: tensor<2x2xf32>, %p_1: tensor<2x2xf32>):
// CHECK-NEXT:     %k = tops.full value = 2.000000e+00 : f32 : tensor<2x2xf32>
// CHECK-NEXT:     %c_1 = tops.multiply %t_1, %k : tensor<2x2xf32>
// CHECK-NEXT:     %q = tops.multiply %p_1, %c_1 : tensor<2x2xf32>
// CHECK-NEXT:     %y_1 = tops.add %q, %t_1 : tensor<2x2xf32>
// CHECK-NEXT:     tops.yield %y_1 : tensor<2x2xf32>
// CHECK-NEXT:   }

// -----
// Sums of columns, and of nothing, do not fold rows, whatever the shapes look like.
func.func @columns(%x: tensor<3x3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3x3xf32>) {
  %t = tops.exp %x : tensor<3x3x3xf32>
  %s = tops.sum %t, axes = [0] : (tensor<3x3x3xf32>) -> tensor<3x3xf32>
  %u = tops.sin %x : tensor<3x3x3xf32>
  %n = tops.sum %u, axes = [] : tensor<3x3x3xf32>
  func.return %s, %n : tensor<3x3xf32>, tensor<3x3x3xf32>
}

// CHECK:      func.func @columns
// CHECK-NEXT:   %t = tops.exp %x : tensor<3x3x3xf32>
// CHECK-NEXT:   %s = tops.sum %t, axes = [0] : (tensor<3x3x3xf32>) -> tensor<3x3xf32>
// CHECK-NEXT:   %u = tops.sin %x : tensor<3x3x3xf32>
// CHECK-NEXT:   %n = tops.sum %u, axes = [] : tensor<3x3x3xf32>
// CHECK-NEXT:   func.return %s, %n

// -----
// What is repeated from row to row comes from outside, though the region could compute it.
func.func @pairs(%r: tensor<16xf32>) -> tensor<16xf32> {
  %v = tops.add %r, %r : tensor<16xf32>
  %down = tops.broadcast %v, axes = [0] : (tensor<16xf32>) -> tensor<16x16xf32>
  %along = tops.broadcast %r, axes = [1] : (tensor<16xf32>) -> tensor<16x16xf32>
  %d = tops.subtract %down, %along : tensor<16x16xf32>
  %m = tops.max %d, axes = [1] : (tensor<16x16xf32>) -> tensor<16xf32>
  func.return %m : tensor<16xf32>
}

// CHECK:   func.func @pairs(%r: tensor<16xf32>) -> tensor<16xf32> {
// CHECK-NEXT:     %v = tops.add %r, %r : tensor<16xf32>
// CHECK-NEXT:     %m = tops.fused (%v, %r) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
// CHECK-NEXT:     ^bb0(%v_1: tensor<16xf32>, %r_1: tensor<16xf32>):
// CHECK-NEXT:       %down = tops.broadcast %v_1, axes = [0] : (tensor<16xf32>) -> tensor<16x16xf32>
// CHECK-NEXT:       %along = tops.broadcast %r_1, axes = [1] : (tensor<16xf32>) -> tensor<16x16xf32>
// CHECK-NEXT:       %d = tops.subtract %down, %along : tensor<16x16xf32>
// CHECK-NEXT:       %m_1 = tops.max %d, axes = [1] : (tensor<16x16xf32>) -> tensor<16xf32>
// CHECK-NEXT:       tops.yield %m_1 : tensor<16xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     func.return %m : tensor<16xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
