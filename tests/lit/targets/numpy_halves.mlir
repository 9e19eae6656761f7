// RUN: catgrad-opt %s -p 'tops-fuse,tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// A section: a product and a region of which each half does its rows, a sum of columns that one
// half does alone before. The sum of all rows of y waits for both halves.
func.func @layer(%x: tensor<512x256xf32>, %w: tensor<256x256xf32>, %b: tensor<256xf32>) -> (tensor<512x256xf32>, tensor<256xf32>, tensor<256xf32>) {
  %c = tops.sum %w, axes = [0] : (tensor<256x256xf32>) -> tensor<256xf32>
  %p = tops.matmul %x, %w : (tensor<512x256xf32>, tensor<256x256xf32>) -> tensor<512x256xf32>
  %bias = tops.broadcast %b, axes = [0] : (tensor<256xf32>) -> tensor<512x256xf32>
  %s = tops.add %p, %bias : tensor<512x256xf32>
  %m = tops.max %s, axes = [1] : (tensor<512x256xf32>) -> tensor<512xf32>
  %r = tops.broadcast %m, axes = [1] : (tensor<512xf32>) -> tensor<512x256xf32>
  %y = tops.subtract %s, %r : tensor<512x256xf32>
  %n = tops.sum %y, axes = [0] : (tensor<512x256xf32>) -> tensor<256xf32>
  func.return %y, %c, %n : tensor<512x256xf32>, tensor<256xf32>, tensor<256xf32>
}

// CHECK: def _compiled_layer(persistent, scratch, constant, in_halves):
// CHECK:     work = scratch[
// CHECK-EMPTY:
// CHECK-NEXT:     def section(half):
// CHECK-NEXT:         x_half = half(x)
// CHECK-NEXT:         p_half = half(p)
// CHECK-NEXT:         x_half_blocks, w_blocks, p_half_blocks = in_blocks(x_half, w, p_half)
// CHECK-NEXT:         bias_half = half(bias)
// CHECK-NEXT:         s_half = half(s)
// CHECK-NEXT:         m_half = half.scratch(0, np.float32, (512,))
// CHECK-NEXT:         r_half = half.broadcast(m_half, (1,), (512, 256))
// CHECK-NEXT:         y_half = half(y)
// CHECK-NEXT:         first = half.first
// CHECK-EMPTY:
// CHECK-NEXT:         def run():
// CHECK-NEXT:             if first:
// CHECK-NEXT:                 np.matmul(ones, w, out=c)
// CHECK-NEXT:             np.matmul(x_half_blocks, w_blocks, out=p_half_blocks)
// CHECK-NEXT:             np.add(p_half, bias_half, out=s_half)
// CHECK-NEXT:             np.max(s_half, axis=(1,), out=m_half)
// CHECK-NEXT:             np.subtract(s_half, r_half, out=y_half)
// CHECK-EMPTY:
// CHECK-NEXT:         return run
// CHECK-EMPTY:
// CHECK-NEXT:     section = halves(section, work)
// CHECK-EMPTY:
// CHECK-NEXT:     def layer(given_x, given_x_2, given_x_3):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(w, given_x_2)
// CHECK-NEXT:         np.copyto(b, given_x_3)
// CHECK-NEXT:         in_halves(*section)
// CHECK-NEXT:         np.matmul(ones_2, y, out=n)
// CHECK-NEXT:         return (y, c, n,)
// CHECK-EMPTY:
// CHECK-NEXT:     return layer

// The gradient of a weight: its rows are columns of an operand.
func.func @weight(%x: tensor<512x256xf32>, %g: tensor<512x256xf32>) -> tensor<256x256xf32> {
  %d = tops.matmul %x, %g, transpose_a : (tensor<512x256xf32>, tensor<512x256xf32>) -> tensor<256x256xf32>
  func.return %d : tensor<256x256xf32>
}

// CHECK: def _compiled_weight(persistent, scratch, constant, in_halves):
// CHECK:     def section(half):
// CHECK-NEXT:         x_half = half(x, 1)
// CHECK-NEXT:         d_half = half(d)
// CHECK-NEXT:         x_half_blocks, g_blocks, d_half_blocks = in_blocks(x_half.T, g, d_half)
// CHECK-EMPTY:
// CHECK-NEXT:         def run():
// CHECK-NEXT:             np.matmul(x_half_blocks, g_blocks, out=d_half_blocks)

// What is small is not worth a hand-over.
func.func @small(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %y = tops.tanh %x : tensor<64x64xf32>
  func.return %y : tensor<64x64xf32>
}

// CHECK: def _compiled_small(persistent, scratch, constant):

// CHECK:     def _build(self, persistent, scratch, constant):
// CHECK-NEXT:         threads = Threads(self._threads)
// CHECK-NEXT:         self._functions = {
// CHECK-NEXT:             'layer': threads.around(_compiled_layer(persistent, scratch, constant, threads.in_halves)),
// CHECK-NEXT:             'weight': threads.around(_compiled_weight(persistent, scratch, constant, threads.in_halves)),
// CHECK-NEXT:             'small': _compiled_small(persistent, scratch, constant),
