// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// What meets is found once: along each axis all windows at a time, or all elements of a window.
func.func @windows(%x: tensor<4x5x6xf32>) -> (tensor<4x3x5x3x2xf32>, tensor<4x5x6xf32>) {
  %taken = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>
  %added = tops.unpatches %taken, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>
  func.return %taken, %added : tensor<4x3x5x3x2xf32>, tensor<4x5x6xf32>
}

// CHECK: def _compiled_windows(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[1472:1952].view(np.float32).reshape(4, 5, 6)
// CHECK-NEXT:     taken = scratch[0:1440].view(np.float32).reshape(4, 3, 5, 3, 2)
// CHECK-NEXT:     taken_meetings = window_meetings(x, taken, (2, 1), (1, 0), (1, 1))
// CHECK-NEXT:     added = scratch[1472:1952].view(np.float32).reshape(4, 5, 6)
// CHECK-NEXT:     added_meetings = window_meetings(added, taken, (2, 1), (1, 0), (1, 1))
// CHECK-EMPTY:
// CHECK-NEXT:     def windows(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         taken.fill(0)
// CHECK-NEXT:         for there, here in taken_meetings:
// CHECK-NEXT:             np.copyto(here, there)
// CHECK-NEXT:         added.fill(0)
// CHECK-NEXT:         for there, here in added_meetings:
// CHECK-NEXT:             np.add(there, here, out=there)
// CHECK-NEXT:         return (taken, added,)
// CHECK-EMPTY:
// CHECK-NEXT:     return windows

// Windows without padding are a view. Those that do not lie in rows are stored by the reshape.
func.func @viewed(%x: tensor<2x4x3xf32>, %w: tensor<6x5xf32>) -> tensor<6x5xf32> {
  %taken = tops.patches %x, dilation = [1, 1], kernel = [2, 3], padding_high = [0, 0], padding_low = [0, 0], stride = [1, 3] : (tensor<2x4x3xf32>) -> tensor<2x3x1x2x3xf32>
  %rows = tops.reshape %taken : (tensor<2x3x1x2x3xf32>) -> tensor<6x6xf32>
  %y = tops.matmul %rows, %w : (tensor<6x6xf32>, tensor<6x5xf32>) -> tensor<6x5xf32>
  func.return %y : tensor<6x5xf32>
}

// CHECK: def _compiled_viewed(persistent, scratch, constant):
// CHECK:          taken = window_view(x, (2, 3, 1, 2, 3), (1, 3), (1, 1))
// CHECK-NEXT:     rows = scratch[{{.*}}].view(np.float32).reshape(6, 6)
// CHECK-NEXT:     rows_2 = rows.reshape((2, 3, 1, 2, 3))
// CHECK:              np.copyto(rows_2, taken)
// CHECK-NEXT:         np.matmul(rows, w, out=y)

// Windows of one channel have longer runs from window to window: their matrix is stored transposed.
func.func @turned(%x: tensor<2x9x12x1xf32>, %w: tensor<6x5xf32>) -> tensor<160x5xf32> {
  %taken = tops.patches %x, dilation = [1, 1, 1], kernel = [2, 3, 1], padding_high = [0, 0, 0], padding_low = [0, 0, 0], stride = [1, 1, 1] : (tensor<2x9x12x1xf32>) -> tensor<2x8x10x1x2x3x1xf32>
  %rows = tops.reshape %taken : (tensor<2x8x10x1x2x3x1xf32>) -> tensor<160x6xf32>
  %y = tops.matmul %rows, %w : (tensor<160x6xf32>, tensor<6x5xf32>) -> tensor<160x5xf32>
  func.return %y : tensor<160x5xf32>
}

// CHECK: def _compiled_turned(persistent, scratch, constant):
// CHECK:          rows = scratch[{{.*}}].view(np.float32).reshape(6, 160).T
// CHECK-NEXT:     rows_2 = rows.T.reshape((1, 2, 3, 1, 2, 8, 10)).transpose((4, 5, 6, 0, 1, 2, 3))
// CHECK:              np.copyto(rows_2, taken)
// CHECK-NEXT:         np.matmul(rows, w, out=y)

// The functions are held by programs that have windows.
// CHECK: def window_view(
// CHECK: def window_meetings(
