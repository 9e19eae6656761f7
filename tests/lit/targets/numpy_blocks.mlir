// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// A large product may be many small ones, of views that are made once.
func.func @large(%a: tensor<64x128xf32>, %b: tensor<64x256xf32>) -> tensor<128x256xf32> {
  %c = tops.matmul %a, %b, transpose_a : (tensor<64x128xf32>, tensor<64x256xf32>) -> tensor<128x256xf32>
  func.return %c : tensor<128x256xf32>
}

// CHECK: def _compiled_large(persistent, scratch, constant):
// CHECK:          c = scratch[
// CHECK-NEXT:     a_blocks, b_blocks, c_blocks = in_blocks(a.T, b, c)
// CHECK:          np.matmul(a_blocks, b_blocks, out=c_blocks)
// CHECK-NEXT:     return (c,)

// A small one is not worth it.
func.func @small(%a: tensor<128x64xf32>, %b: tensor<256x32xf32>) -> tensor<64x256xf32> {
  %c = tops.slice %a, start = [0, 0], step = [1, 2], stop = [64, 64] : (tensor<128x64xf32>) -> tensor<64x32xf32>
  %d = tops.matmul %c, %b, transpose_b : (tensor<64x32xf32>, tensor<256x32xf32>) -> tensor<64x256xf32>
  func.return %d : tensor<64x256xf32>
}

// CHECK-LABEL: def _compiled_small(
// CHECK:         np.matmul(c, b.T, out=d)

// CHECK: def in_blocks(
