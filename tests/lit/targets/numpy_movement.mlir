// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// Constants and views are made once, when the program is; ops run in order on each call.
func.func @creation(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<2xi1>) {
  %c = tops.constant value = dense<[1.5, -2.0, 0.1]> : tensor<3xf32> : tensor<3xf32>
  %k = tops.constant value = dense<[true, false]> : tensor<2xi1> : tensor<2xi1>
  %n = tops.arange : tensor<3xf32>
  %y = tops.add %x, %c : tensor<3xf32>
  %z = tops.multiply %y, %n : tensor<3xf32>
  %b = tops.logical_not %k : tensor<2xi1>
  func.return %z, %b : tensor<3xf32>, tensor<2xi1>
}

// CHECK: def _compiled_creation(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:12].view(np.float32).reshape(3)
// CHECK-NEXT:     c = constant[0:12].view(np.float32).reshape(3)
// CHECK-NEXT:     c.flat[:] = [1.5, -2.0, 0.10000000149011612]
// CHECK-NEXT:     k = constant[64:66].view(np.bool).reshape(2)
// CHECK-NEXT:     k.flat[:] = [True, False]
// CHECK-NEXT:     n = scratch[64:76].view(np.float32).reshape(3)
// CHECK-NEXT:     y = scratch[0:12].view(np.float32).reshape(3)
// CHECK-NEXT:     z = scratch[0:12].view(np.float32).reshape(3)
// CHECK-NEXT:     b = scratch[64:66].view(np.bool).reshape(2)
// CHECK-EMPTY:
// CHECK-NEXT:     def creation(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(n, np.arange(n.size), casting='unsafe')
// CHECK-NEXT:         np.add(x, c, out=y)
// CHECK-NEXT:         np.multiply(y, n, out=z)
// CHECK-NEXT:         np.logical_not(k, out=b)
// CHECK-NEXT:         return (z, b,)
// CHECK-EMPTY:
// CHECK-NEXT:     return creation

// Broadcast, reshape, permute_dims and slice look at their operand: expressions in front of the function.
func.func @views(%x: tensor<2x3xf32>, %v: tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3x2xf32>, tensor<3xf32>) {
  %rows = tops.broadcast %v, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %flat = tops.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  %turned = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %part = tops.slice %flat, start = [1], step = [2], stop = [6] : (tensor<6xf32>) -> tensor<3xf32>
  %a = tops.add %x, %rows : tensor<2x3xf32>
  %b = tops.exp %turned : tensor<3x2xf32>
  %c = tops.exp %part : tensor<3xf32>
  func.return %a, %b, %c : tensor<2x3xf32>, tensor<3x2xf32>, tensor<3xf32>
}

// CHECK: def _compiled_views(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     v = scratch[128:140].view(np.float32).reshape(3)
// CHECK-NEXT:     rows = np.broadcast_to(np.expand_dims(v, (0,)), (2, 3))
// CHECK-NEXT:     flat = x.reshape((6,))
// CHECK-NEXT:     turned = x.transpose((1, 0))
// CHECK-NEXT:     part = flat[1:6:2]
// CHECK-NEXT:     a = scratch[64:88].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     b = scratch[128:152].view(np.float32).reshape(3, 2)
// CHECK-NEXT:     c = scratch[192:204].view(np.float32).reshape(3)
// CHECK-EMPTY:
// CHECK-NEXT:     def views(given_x, given_x_2):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(v, given_x_2)
// CHECK-NEXT:         np.add(x, rows, out=a)
// CHECK-NEXT:         np.exp(turned, out=b)
// CHECK-NEXT:         np.exp(part, out=c)
// CHECK-NEXT:         return (a, b, c,)
// CHECK-EMPTY:
// CHECK-NEXT:     return views

// What is not contiguous is copied by a reshape.
func.func @reshape_of_a_view(%x: tensor<2x3xf32>) -> (tensor<6xf32>) {
  %turned = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %flat = tops.reshape %turned : (tensor<3x2xf32>) -> tensor<6xf32>
  %y = tops.exp %flat : tensor<6xf32>
  func.return %y : tensor<6xf32>
}

// CHECK: def _compiled_reshape_of_a_view(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     turned = x.transpose((1, 0))
// CHECK-NEXT:     flat = scratch[64:88].view(np.float32).reshape(6)
// CHECK-NEXT:     flat_2 = flat.reshape((3, 2))
// CHECK-NEXT:     y = scratch[64:88].view(np.float32).reshape(6)
// CHECK-EMPTY:
// CHECK-NEXT:     def reshape_of_a_view(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(flat_2, turned)
// CHECK-NEXT:         np.exp(flat, out=y)
// CHECK-NEXT:         return (y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return reshape_of_a_view

func.func @movement(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<4x5xf32>, tensor<2x6xf32>) {
  %copied = tops.copy %x : tensor<2x3xf32>
  %padded = tops.pad %x, high = [0, 2], interior = [1, 0], low = [1, 0] : (tensor<2x3xf32>) -> tensor<4x5xf32>
  %joined = tops.concat %x, %copied, axis = 1 : i64 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  func.return %copied, %padded, %joined : tensor<2x3xf32>, tensor<4x5xf32>, tensor<2x6xf32>
}

// CHECK: def _compiled_movement(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[192:216].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     copied = scratch[256:280].view(np.float32).reshape(2, 3)
// CHECK-NEXT:     padded = scratch[0:80].view(np.float32).reshape(4, 5)
// CHECK-NEXT:     joined = scratch[128:176].view(np.float32).reshape(2, 6)
// CHECK-EMPTY:
// CHECK-NEXT:     def movement(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(copied, x)
// CHECK-NEXT:         padded.fill(0)
// CHECK-NEXT:         np.copyto(padded[1:4:2, 0:3], x)
// CHECK-NEXT:         np.concatenate((x, copied,), axis=1, out=joined)
// CHECK-NEXT:         return (copied, padded, joined,)
// CHECK-EMPTY:
// CHECK-NEXT:     return movement
