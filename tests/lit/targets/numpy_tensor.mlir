// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

func.func @reductions(%x: tensor<2x3xf32>) -> (tensor<f32>, tensor<2xf32>, tensor<2xi32>) {
  %total = tops.sum %x, axes = [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
  %largest = tops.max %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  %where_largest = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>
  func.return %total, %largest, %where_largest : tensor<f32>, tensor<2xf32>, tensor<2xi32>
}

// CHECK: def _compiled_reductions(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     total = scratch[192:196].view(np.float32).reshape(())
// CHECK-NEXT:     largest = scratch[64:72].view(np.float32).reshape(2)
// CHECK-NEXT:     where_largest = scratch[128:136].view(np.int32).reshape(2)
// CHECK-EMPTY:
// CHECK-NEXT:     def reductions(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.sum(x, axis=(0, 1), dtype=np.float32, out=total)
// CHECK-NEXT:         np.max(x, axis=(1,), out=largest)
// CHECK-NEXT:         np.copyto(where_largest, np.argmax(x, axis=1), casting='unsafe')
// CHECK-NEXT:         return (total, largest, where_largest,)
// CHECK-EMPTY:
// CHECK-NEXT:     return reductions

// Transposes are views of NumPy.
func.func @products(%a: tensor<2x2xf32>, %b: tensor<3x2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x2x2xf32>) {
  %plain = tops.matmul %a, %a : tensor<2x2xf32>
  %left = tops.matmul %a, %a, transpose_a : tensor<2x2xf32>
  %both = tops.matmul %a, %a, transpose_a, transpose_b : tensor<2x2xf32>
  %batched = tops.matmul %b, %b, transpose_b : tensor<3x2x2xf32>
  func.return %plain, %left, %both, %batched : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x2x2xf32>
}

// CHECK: def _compiled_products(persistent, scratch, constant):
// CHECK-NEXT:     a = scratch[64:80].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     b = scratch[0:48].view(np.float32).reshape(3, 2, 2)
// CHECK-NEXT:     plain = scratch[128:144].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     left = scratch[192:208].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     both = scratch[256:272].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     batched = scratch[64:112].view(np.float32).reshape(3, 2, 2)
// CHECK-EMPTY:
// CHECK-NEXT:     def products(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(a, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.matmul(a, a, out=plain)
// CHECK-NEXT:         np.matmul(a.T, a, out=left)
// CHECK-NEXT:         np.matmul(a.T, a.T, out=both)
// CHECK-NEXT:         np.matmul(b, b.swapaxes(-1, -2), out=batched)
// CHECK-NEXT:         return (plain, left, both, batched,)
// CHECK-EMPTY:
// CHECK-NEXT:     return products

// On i1 the ring Z/2.
func.func @boolean(%a: tensor<2x2xi1>) -> (tensor<2xi1>, tensor<2x2xi1>) {
  %parity = tops.sum %a, axes = [0] : (tensor<2x2xi1>) -> tensor<2xi1>
  %product = tops.matmul %a, %a : tensor<2x2xi1>
  func.return %parity, %product : tensor<2xi1>, tensor<2x2xi1>
}

// CHECK: def _compiled_boolean(persistent, scratch, constant):
// CHECK-NEXT:     a = scratch[0:4].view(np.bool).reshape(2, 2)
// CHECK-NEXT:     parity = scratch[128:130].view(np.bool).reshape(2)
// CHECK-NEXT:     product = scratch[64:68].view(np.bool).reshape(2, 2)
// CHECK-EMPTY:
// CHECK-NEXT:     def boolean(given_x):
// CHECK-NEXT:         np.copyto(a, given_x)
// CHECK-NEXT:         np.logical_xor.reduce(a, axis=(0,), out=parity)
// CHECK-NEXT:         np.copyto(product, np.matmul(a, a, dtype=np.int64) % 2 == 1)
// CHECK-NEXT:         return (parity, product,)
// CHECK-EMPTY:
// CHECK-NEXT:     return boolean

func.func @indices(%x: tensor<2x3xf32>, %i: tensor<2xi32>) -> (tensor<2x2xf32>, tensor<2x4xf32>, tensor<3xi1>) {
  %taken = tops.take %x, %i, axis = 1 : i64 : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  %scattered = tops.scatter_add %taken, %i, axis = 1 : i64 : (tensor<2x2xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %c = tops.full value = true : tensor<2xi1>
  %flags = tops.scatter_add %c, %i, axis = 0 : i64 : (tensor<2xi1>, tensor<2xi32>) -> tensor<3xi1>
  func.return %taken, %scattered, %flags : tensor<2x2xf32>, tensor<2x4xf32>, tensor<3xi1>
}

// CHECK: def _compiled_indices(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     i = scratch[128:136].view(np.int32).reshape(2)
// CHECK-NEXT:     taken = scratch[64:80].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     scattered = scratch[0:32].view(np.float32).reshape(2, 4)
// CHECK-NEXT:     c = scratch[256:258].view(np.bool).reshape(2)
// CHECK-NEXT:     flags = scratch[192:195].view(np.bool).reshape(3)
// CHECK-EMPTY:
// CHECK-NEXT:     def indices(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(i, given_x_2)
// CHECK-NEXT:         check_indices(i, 3)
// CHECK-NEXT:         np.take(x, i, axis=1, out=taken, mode='clip')
// CHECK-NEXT:         scattered[...] = 0
// CHECK-NEXT:         np.add.at(scattered, (slice(None), i,), taken)
// CHECK-NEXT:         np.copyto(c, True)
// CHECK-NEXT:         flags[...] = 0
// CHECK-NEXT:         np.logical_xor.at(flags, (i,), c)
// CHECK-NEXT:         return (taken, scattered, flags,)
// CHECK-EMPTY:
// CHECK-NEXT:     return indices

func.func @random(%seed: tensor<i32>, %step: tensor<i32>) -> (tensor<2x3xi32>, tensor<5xf32>) {
  %bits = tops.random_bits %seed, %step, site = 3 : i64 : (tensor<i32>, tensor<i32>) -> tensor<2x3xi32>
  %uniform = tops.random_uniform %seed, %step, site = 4 : i64 : (tensor<i32>, tensor<i32>) -> tensor<5xf32>
  func.return %bits, %uniform : tensor<2x3xi32>, tensor<5xf32>
}

// CHECK: def _compiled_random(persistent, scratch, constant):
// CHECK-NEXT:     seed = scratch[128:132].view(np.int32).reshape(())
// CHECK-NEXT:     step = scratch[192:196].view(np.int32).reshape(())
// CHECK-NEXT:     bits = scratch[0:24].view(np.int32).reshape(2, 3)
// CHECK-NEXT:     uniform = scratch[64:84].view(np.float32).reshape(5)
// CHECK-EMPTY:
// CHECK-NEXT:     def random(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(seed, given_x)
// CHECK-NEXT:         np.copyto(step, given_x_2)
// CHECK-NEXT:         np.copyto(bits, random_words(seed, step, 3, bits.size).reshape((2, 3)))
// CHECK-NEXT:         np.copyto(uniform, (random_words(seed, step, 4, uniform.size).view(np.uint32) >> 9).reshape((5,)), casting='unsafe')
// CHECK-NEXT:         np.multiply(uniform, 2.0**-23, out=uniform)
// CHECK-NEXT:         np.add(uniform, 2.0**-24, out=uniform)
// CHECK-NEXT:         return (bits, uniform,)
// CHECK-EMPTY:
// CHECK-NEXT:     return random

func.func @more_reductions(%x: tensor<2x3xf32>, %b: tensor<2x3xi1>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xi32>, tensor<2xi1>) {
  %least = tops.min %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  %product = tops.prod %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  %where_least = tops.argmin %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>
  %every = tops.prod %b, axes = [1] : (tensor<2x3xi1>) -> tensor<2xi1>
  func.return %least, %product, %where_least, %every : tensor<2xf32>, tensor<2xf32>, tensor<2xi32>, tensor<2xi1>
}

// CHECK: def _compiled_more_reductions(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     b = scratch[256:262].view(np.bool).reshape(2, 3)
// CHECK-NEXT:     least = scratch[64:72].view(np.float32).reshape(2)
// CHECK-NEXT:     product = scratch[128:136].view(np.float32).reshape(2)
// CHECK-NEXT:     where_least = scratch[192:200].view(np.int32).reshape(2)
// CHECK-NEXT:     every = scratch[0:2].view(np.bool).reshape(2)
// CHECK-EMPTY:
// CHECK-NEXT:     def more_reductions(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.min(x, axis=(1,), out=least)
// CHECK-NEXT:         np.prod(x, axis=(1,), dtype=np.float32, out=product)
// CHECK-NEXT:         np.copyto(where_least, np.argmin(x, axis=1), casting='unsafe')
// CHECK-NEXT:         np.logical_and.reduce(b, axis=(1,), out=every)
// CHECK-NEXT:         return (least, product, where_least, every,)
// CHECK-EMPTY:
// CHECK-NEXT:     return more_reductions

// From the end, along views that run backwards.
func.func @running(%x: tensor<2x3xf32>, %b: tensor<2x3xi1>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xi1>) {
  %sums = tops.cumulative_sum %x, axis = 0 : i64 : tensor<2x3xf32>
  %back = tops.cumulative_sum %x, axis = 1 : i64, reverse : tensor<2x3xf32>
  %flags = tops.cumulative_sum %b, axis = 1 : i64, reverse : tensor<2x3xi1>
  func.return %sums, %back, %flags : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xi1>
}

// CHECK: def _compiled_running(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     b = scratch[192:198].view(np.bool).reshape(2, 3)
// CHECK-NEXT:     sums = scratch[64:88].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     back = scratch[128:152].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     flags = scratch[0:6].view(np.bool).reshape(2, 3)
// CHECK-EMPTY:
// CHECK-NEXT:     def running(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.cumsum(x, axis=0, dtype=np.float32, out=sums)
// CHECK-NEXT:         np.cumsum(x[:, ::-1], axis=1, dtype=np.float32, out=back[:, ::-1])
// CHECK-NEXT:         np.logical_xor.accumulate(b[:, ::-1], axis=1, out=flags[:, ::-1])
// CHECK-NEXT:         return (sums, back, flags,)
// CHECK-EMPTY:
// CHECK-NEXT:     return running
