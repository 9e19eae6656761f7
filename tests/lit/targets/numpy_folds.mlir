// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// A fold of few terms, for many elements that do not lie in long rows, is one call for each term.
func.func @few(%x: tensor<128x2x2x4xf32>) -> (tensor<128x4xf32>, tensor<128x2x2xf32>) {
  %m = tops.max %x, axes = [1, 2] : (tensor<128x2x2x4xf32>) -> tensor<128x4xf32>
  %s = tops.min %x, axes = [3] : (tensor<128x2x2x4xf32>) -> tensor<128x2x2xf32>
  func.return %m, %s : tensor<128x4xf32>, tensor<128x2x2xf32>
}

// CHECK: def _compiled_few(persistent, scratch, constant):
// CHECK:          x_0_0 = x[:, 0, 0]
// CHECK-NEXT:     x_0_1 = x[:, 0, 1]
// CHECK-NEXT:     x_1_0 = x[:, 1, 0]
// CHECK-NEXT:     x_1_1 = x[:, 1, 1]
// CHECK:          x_0 = x[:, :, :, 0]
// CHECK:              np.copyto(x, given_x)
// CHECK-NEXT:         np.maximum(x_0_0, x_0_1, out=m)
// CHECK-NEXT:         np.maximum(m, x_1_0, out=m)
// CHECK-NEXT:         np.maximum(m, x_1_1, out=m)
// CHECK-NEXT:         np.minimum(x_0, x_1, out=s)
// CHECK-NEXT:         np.minimum(s, x_2, out=s)
// CHECK-NEXT:         np.minimum(s, x_3, out=s)
// CHECK-NEXT:         return (m, s,)

// NumPy folds long rows, many terms, or few elements in one call.
func.func @one_call(%x: tensor<4x8192xf32>, %y: tensor<256x17xf32>, %z: tensor<8x2xf32>) -> (tensor<8192xf32>, tensor<256xf32>, tensor<8xf32>) {
  %a = tops.max %x, axes = [0] : (tensor<4x8192xf32>) -> tensor<8192xf32>
  %b = tops.sum %y, axes = [1] : (tensor<256x17xf32>) -> tensor<256xf32>
  %c = tops.min %z, axes = [1] : (tensor<8x2xf32>) -> tensor<8xf32>
  func.return %a, %b, %c : tensor<8192xf32>, tensor<256xf32>, tensor<8xf32>
}

// CHECK:     def one_call(
// CHECK:         np.max(x, axis=(0,), out=a)
// CHECK-NEXT:    np.matmul(y, ones, out=b)
// CHECK-NEXT:    np.min(z, axis=(1,), out=c)

// A sum over leading axes of short rows sums long rows first, in its workspace.
func.func @short_rows(%x: tensor<20x30x8xi32>) -> tensor<8xi32> {
  %s = tops.sum %x, axes = [0, 1] : (tensor<20x30x8xi32>) -> tensor<8xi32>
  func.return %s : tensor<8xi32>
}

// CHECK: def _compiled_short_rows(persistent, scratch, constant):
// CHECK:          x_rows = x.reshape((-1, 960))
// CHECK-NEXT:     s_row = scratch[{{.*}}].view(np.int32)
// CHECK-NEXT:     s_parts = s_row.reshape((120, 8))
// CHECK-NEXT:     s_whole = s.reshape(8)
// CHECK:              np.copyto(x, given_x)
// CHECK-NEXT:         np.sum(x_rows, axis=0, dtype=np.int32, out=s_row)
// CHECK-NEXT:         np.sum(s_parts, axis=0, dtype=np.int32, out=s_whole)
