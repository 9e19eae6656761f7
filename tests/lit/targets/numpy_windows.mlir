// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// Windows are taken and added by two functions that only such programs hold.
func.func @windows(%x: tensor<4x5x6xf32>) -> (tensor<4x3x5x3x2xf32>, tensor<4x5x6xf32>) {
  %taken = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>
  %added = tops.unpatches %taken, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>
  func.return %taken, %added : tensor<4x3x5x3x2xf32>, tensor<4x5x6xf32>
}

// CHECK: def _compiled_windows(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[1472:1952].view(np.float32).reshape(4, 5, 6)
// CHECK-NEXT:     taken = scratch[0:1440].view(np.float32).reshape(4, 3, 5, 3, 2)
// CHECK-NEXT:     added = scratch[1472:1952].view(np.float32).reshape(4, 5, 6)
// CHECK-EMPTY:
// CHECK-NEXT:     def windows(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         take_windows(x, taken, (2, 1), (1, 0), (1, 1))
// CHECK-NEXT:         add_windows(taken, added, (2, 1), (1, 0), (1, 1))
// CHECK-NEXT:         return (taken, added,)
// CHECK-EMPTY:
// CHECK-NEXT:     return windows

// CHECK: def take_windows(
// CHECK: def add_windows(
