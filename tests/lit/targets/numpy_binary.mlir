// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

func.func @arithmetic(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %add_y = tops.add %a, %b : tensor<4xf32>
  %subtract_y = tops.subtract %a, %b : tensor<4xf32>
  %multiply_y = tops.multiply %a, %b : tensor<4xf32>
  %divide_y = tops.divide %a, %b : tensor<4xf32>
  %pow_y = tops.pow %a, %b : tensor<4xf32>
  %maximum_y = tops.maximum %a, %b : tensor<4xf32>
  %minimum_y = tops.minimum %a, %b : tensor<4xf32>
  func.return %add_y, %subtract_y, %multiply_y, %divide_y, %pow_y, %maximum_y, %minimum_y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK: def _compiled_arithmetic(persistent, scratch, constant):
// CHECK-NEXT:     a = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     b = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     add_y = scratch[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     subtract_y = scratch[192:208].view(np.float32).reshape(4)
// CHECK-NEXT:     multiply_y = scratch[256:272].view(np.float32).reshape(4)
// CHECK-NEXT:     divide_y = scratch[320:336].view(np.float32).reshape(4)
// CHECK-NEXT:     pow_y = scratch[384:400].view(np.float32).reshape(4)
// CHECK-NEXT:     maximum_y = scratch[448:464].view(np.float32).reshape(4)
// CHECK-NEXT:     minimum_y = scratch[64:80].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def arithmetic(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(a, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.add(a, b, out=add_y)
// CHECK-NEXT:         np.subtract(a, b, out=subtract_y)
// CHECK-NEXT:         np.multiply(a, b, out=multiply_y)
// CHECK-NEXT:         np.divide(a, b, out=divide_y)
// CHECK-NEXT:         np.power(a, b, out=pow_y)
// CHECK-NEXT:         np.maximum(a, b, out=maximum_y)
// CHECK-NEXT:         np.minimum(a, b, out=minimum_y)
// CHECK-NEXT:         return (add_y, subtract_y, multiply_y, divide_y, pow_y, maximum_y, minimum_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return arithmetic

// On i1 the ring Z/2: sums and differences are xor, products and.
func.func @boolean(%a: tensor<4xi1>, %b: tensor<4xi1>) -> (tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>) {
  %add_y = tops.add %a, %b : tensor<4xi1>
  %subtract_y = tops.subtract %a, %b : tensor<4xi1>
  %multiply_y = tops.multiply %a, %b : tensor<4xi1>
  %logical_and_y = tops.logical_and %a, %b : tensor<4xi1>
  %logical_or_y = tops.logical_or %a, %b : tensor<4xi1>
  %logical_xor_y = tops.logical_xor %a, %b : tensor<4xi1>
  func.return %add_y, %subtract_y, %multiply_y, %logical_and_y, %logical_or_y, %logical_xor_y : tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>
}

// CHECK: def _compiled_boolean(persistent, scratch, constant):
// CHECK-NEXT:     a = scratch[64:68].view(np.bool).reshape(4)
// CHECK-NEXT:     b = scratch[0:4].view(np.bool).reshape(4)
// CHECK-NEXT:     add_y = scratch[128:132].view(np.bool).reshape(4)
// CHECK-NEXT:     subtract_y = scratch[192:196].view(np.bool).reshape(4)
// CHECK-NEXT:     multiply_y = scratch[256:260].view(np.bool).reshape(4)
// CHECK-NEXT:     logical_and_y = scratch[320:324].view(np.bool).reshape(4)
// CHECK-NEXT:     logical_or_y = scratch[384:388].view(np.bool).reshape(4)
// CHECK-NEXT:     logical_xor_y = scratch[64:68].view(np.bool).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def boolean(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(a, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.logical_xor(a, b, out=add_y)
// CHECK-NEXT:         np.logical_xor(a, b, out=subtract_y)
// CHECK-NEXT:         np.multiply(a, b, out=multiply_y)
// CHECK-NEXT:         np.logical_and(a, b, out=logical_and_y)
// CHECK-NEXT:         np.logical_or(a, b, out=logical_or_y)
// CHECK-NEXT:         np.logical_xor(a, b, out=logical_xor_y)
// CHECK-NEXT:         return (add_y, subtract_y, multiply_y, logical_and_y, logical_or_y, logical_xor_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return boolean

func.func @comparison(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>) {
  %equal_y = tops.equal %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %not_equal_y = tops.not_equal %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %less_y = tops.less %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %less_equal_y = tops.less_equal %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %greater_y = tops.greater %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %greater_equal_y = tops.greater_equal %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  func.return %equal_y, %not_equal_y, %less_y, %less_equal_y, %greater_y, %greater_equal_y : tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>
}

// CHECK: def _compiled_comparison(persistent, scratch, constant):
// CHECK-NEXT:     a = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     b = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     equal_y = scratch[128:132].view(np.bool).reshape(4)
// CHECK-NEXT:     not_equal_y = scratch[192:196].view(np.bool).reshape(4)
// CHECK-NEXT:     less_y = scratch[256:260].view(np.bool).reshape(4)
// CHECK-NEXT:     less_equal_y = scratch[320:324].view(np.bool).reshape(4)
// CHECK-NEXT:     greater_y = scratch[384:388].view(np.bool).reshape(4)
// CHECK-NEXT:     greater_equal_y = scratch[448:452].view(np.bool).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def comparison(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(a, given_x)
// CHECK-NEXT:         np.copyto(b, given_x_2)
// CHECK-NEXT:         np.equal(a, b, out=equal_y)
// CHECK-NEXT:         np.not_equal(a, b, out=not_equal_y)
// CHECK-NEXT:         np.less(a, b, out=less_y)
// CHECK-NEXT:         np.less_equal(a, b, out=less_equal_y)
// CHECK-NEXT:         np.greater(a, b, out=greater_y)
// CHECK-NEXT:         np.greater_equal(a, b, out=greater_equal_y)
// CHECK-NEXT:         return (equal_y, not_equal_y, less_y, less_equal_y, greater_y, greater_equal_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return comparison

func.func @choice(%c: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>) {
  %y = tops.where %c, %a, %b : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK: def _compiled_choice(persistent, scratch, constant):
// CHECK-NEXT:     c = scratch[128:132].view(np.bool).reshape(4)
// CHECK-NEXT:     a = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     b = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     y = scratch[64:80].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def choice(given_x, given_x_2, given_x_3):
// CHECK-NEXT:         np.copyto(c, given_x)
// CHECK-NEXT:         np.copyto(a, given_x_2)
// CHECK-NEXT:         np.copyto(b, given_x_3)
// CHECK-NEXT:         np.copyto(y, b)
// CHECK-NEXT:         np.copyto(y, a, where=c)
// CHECK-NEXT:         return (y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return choice

// Floats become integers toward zero; anything that is not 0 is true.
func.func @convert(%x: tensor<4xf32>) -> (tensor<4xf64>, tensor<4xi32>, tensor<4xi64>, tensor<4xi1>) {
  %as_f64 = tops.astype %x : (tensor<4xf32>) -> tensor<4xf64>
  %as_i32 = tops.astype %x : (tensor<4xf32>) -> tensor<4xi32>
  %as_i64 = tops.astype %x : (tensor<4xf32>) -> tensor<4xi64>
  %as_i1 = tops.astype %x : (tensor<4xf32>) -> tensor<4xi1>
  func.return %as_f64, %as_i32, %as_i64, %as_i1 : tensor<4xf64>, tensor<4xi32>, tensor<4xi64>, tensor<4xi1>
}

// CHECK: def _compiled_convert(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     as_f64 = scratch[0:32].view(np.float64).reshape(4)
// CHECK-NEXT:     as_i32 = scratch[192:208].view(np.int32).reshape(4)
// CHECK-NEXT:     as_i64 = scratch[64:96].view(np.int64).reshape(4)
// CHECK-NEXT:     as_i1 = scratch[256:260].view(np.bool).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def convert(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(as_f64, x, casting='unsafe')
// CHECK-NEXT:         np.copyto(as_i32, x, casting='unsafe')
// CHECK-NEXT:         np.copyto(as_i64, x, casting='unsafe')
// CHECK-NEXT:         np.copyto(as_i1, x, casting='unsafe')
// CHECK-NEXT:         return (as_f64, as_i32, as_i64, as_i1,)
// CHECK-EMPTY:
// CHECK-NEXT:     return convert

// A full is a number where it is used, inf and nan included; where memory is read it is filled in.
func.func @scalars(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %two = tops.full value = 2.0 : f32 : tensor<4xf32>
  %inf = tops.full value = 0x7F800000 : f32 : tensor<4xf32>
  %nan = tops.full value = 0x7FC00000 : f32 : tensor<4xf32>
  %third = tops.full value = 0.333333343 : f32 : tensor<4xf32>
  %a = tops.multiply %x, %two : tensor<4xf32>
  %b = tops.minimum %a, %inf : tensor<4xf32>
  %c = tops.maximum %b, %nan : tensor<4xf32>
  %d = tops.add %c, %third : tensor<4xf32>
  %s = tops.sum %two, axes = [0] : (tensor<4xf32>) -> tensor<f32>
  func.return %d, %s : tensor<4xf32>, tensor<f32>
}

// CHECK: def _compiled_scalars(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     a = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     b = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     c = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     d = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     two = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     s = scratch[128:132].view(np.float32).reshape(())
// CHECK-EMPTY:
// CHECK-NEXT:     def scalars(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.multiply(x, 2.0, out=a)
// CHECK-NEXT:         np.minimum(a, float('inf'), out=b)
// CHECK-NEXT:         np.maximum(b, float('nan'), out=c)
// CHECK-NEXT:         np.add(c, 0.3333333432674408, out=d)
// CHECK-NEXT:         np.copyto(two, 2.0)
// CHECK-NEXT:         np.sum(two, axis=(0,), dtype=np.float32, out=s)
// CHECK-NEXT:         return (d, s,)
// CHECK-EMPTY:
// CHECK-NEXT:     return scalars
