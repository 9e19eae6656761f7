// RUN: catgrad-opt %s -p 'tops-fuse,tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// The ops of a region follow each other on few buffers; broadcasts are views, constants are numbers.
// The slot of the result is that of an operand, which is read until shortly before the end.
func.func @chain(%x: tensor<2x16xf32>, %bias: tensor<16xf32>) -> tensor<2x16xf32> {
  %c = tops.broadcast %bias, axes = [0] : (tensor<16xf32>) -> tensor<2x16xf32>
  %half = tops.full value = 0.5 : f32 : tensor<2x16xf32>
  %s = tops.add %x, %c : tensor<2x16xf32>
  %m = tops.multiply %s, %half : tensor<2x16xf32>
  %t = tops.tanh %m : tensor<2x16xf32>
  %l = tops.less %t, %x : (tensor<2x16xf32>, tensor<2x16xf32>) -> tensor<2x16xi1>
  %w = tops.where %l, %t, %s : (tensor<2x16xi1>, tensor<2x16xf32>, tensor<2x16xf32>) -> tensor<2x16xf32>
  func.return %w : tensor<2x16xf32>
}

// CHECK: def _compiled_chain(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:128].view(np.float32).reshape(2, 16)
// CHECK-NEXT:     bias = scratch[128:192].view(np.float32).reshape(16)
// CHECK-NEXT:     w = scratch[0:128].view(np.float32).reshape(2, 16)
// CHECK-NEXT:     c = np.broadcast_to(np.expand_dims(bias, (0,)), (2, 16))
// CHECK-NEXT:     s = scratch[192:320].view(np.float32).reshape(2, 16)
// CHECK-NEXT:     m = scratch[320:448].view(np.float32).reshape(2, 16)
// CHECK-NEXT:     t = scratch[320:448].view(np.float32).reshape(2, 16)
// CHECK-NEXT:     l = scratch[448:480].view(np.bool).reshape(2, 16)
// CHECK-EMPTY:
// CHECK-NEXT:     def chain(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(bias, given_x_2)
// CHECK-NEXT:         np.add(x, c, out=s)
// CHECK-NEXT:         np.multiply(s, 0.5, out=m)
// CHECK-NEXT:         np.tanh(m, out=t)
// CHECK-NEXT:         np.less(t, x, out=l)
// CHECK-NEXT:         np.copyto(w, s)
// CHECK-NEXT:         np.copyto(w, t, where=l)
// CHECK-NEXT:         return (w,)
// CHECK-EMPTY:
// CHECK-NEXT:     return chain

// A row's values are views along the rows. What does not leave a region lies where a result will.
func.func @softmax(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8xf32>) {
  %m = tops.max %x, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
  %b = tops.broadcast %m, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
  %d = tops.subtract %x, %b : tensor<8x4xf32>
  %e = tops.exp %d : tensor<8x4xf32>
  %s = tops.sum %e, axes = [1] : (tensor<8x4xf32>) -> tensor<8xf32>
  %c = tops.broadcast %s, axes = [1] : (tensor<8xf32>) -> tensor<8x4xf32>
  %y = tops.divide %e, %c : tensor<8x4xf32>
  func.return %y, %s : tensor<8x4xf32>, tensor<8xf32>
}

// CHECK: def _compiled_softmax(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:128].view(np.float32).reshape(8, 4)
// CHECK-NEXT:     s = scratch[128:160].view(np.float32).reshape(8)
// CHECK-NEXT:     y = scratch[0:128].view(np.float32).reshape(8, 4)
// CHECK-NEXT:     m = scratch[128:160].view(np.float32).reshape(8)
// CHECK-NEXT:     b = np.broadcast_to(np.expand_dims(m, (1,)), (8, 4))
// CHECK-NEXT:     d = scratch[0:128].view(np.float32).reshape(8, 4)
// CHECK-NEXT:     e = scratch[0:128].view(np.float32).reshape(8, 4)
// CHECK-NEXT:     c = np.broadcast_to(np.expand_dims(s, (1,)), (8, 4))
// CHECK-EMPTY:
// CHECK-NEXT:     def softmax(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.max(x, axis=(1,), out=m)
// CHECK-NEXT:         np.subtract(x, b, out=d)
// CHECK-NEXT:         np.exp(d, out=e)
// CHECK-NEXT:         np.sum(e, axis=(1,), dtype=np.float32, out=s)
// CHECK-NEXT:         np.divide(e, c, out=y)
// CHECK-NEXT:         return (y, s,)
// CHECK-EMPTY:
// CHECK-NEXT:     return softmax

// Several results leave a region; the value behind the last one needs no storage of its own.
func.func @results(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %e = tops.exp %x : tensor<16xf32>
  %n = tops.negative %e : tensor<16xf32>
  %l = tops.logistic %n : tensor<16xf32>
  func.return %n, %l : tensor<16xf32>, tensor<16xf32>
}

// CHECK: def _compiled_results(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:64].view(np.float32).reshape(16)
// CHECK-NEXT:     n = scratch[0:64].view(np.float32).reshape(16)
// CHECK-NEXT:     l = scratch[64:128].view(np.float32).reshape(16)
// CHECK-NEXT:     e = scratch[0:64].view(np.float32).reshape(16)
// CHECK-EMPTY:
// CHECK-NEXT:     def results(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.exp(x, out=e)
// CHECK-NEXT:         np.negative(e, out=n)
// CHECK-NEXT:         np.negative(n, out=l)
// CHECK-NEXT:         np.exp(l, out=l)
// CHECK-NEXT:         np.add(l, 1, out=l)
// CHECK-NEXT:         np.reciprocal(l, out=l)
// CHECK-NEXT:         return (n, l,)
// CHECK-EMPTY:
// CHECK-NEXT:     return results
