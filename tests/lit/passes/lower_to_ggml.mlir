// RUN: catgrad-opt %s -p lower-to-ggml | filecheck %s
// RUN: catgrad-opt %s -p lower-to-ggml | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s -p lower-to-ggml | catgrad-opt -p 'tops-verify-slots{target="ggml"}' | filecheck %s

// From arrows and derivatives to functions whose values all have their place.

cat.arrow private @dense(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = tops.tanh %0 : tensor<2x3xf32>
  cat.return %1 : tensor<2x3xf32>
}

cat.arrow @gradient(%w: tensor<4x3xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<2x4xf32>, %dy: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %y, %dw, %dx = cat.reverse @dense(%w, %x)(%dy) : (tensor<4x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  cat.return %dw : tensor<4x3xf32>
}

// CHECK:      func.func @gradient(%w: tensor<4x3xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 48>},
// CHECK-SAME: %x: tensor<2x4xf32> {tops.slot = #tops.slot<scratch, {{[0-9]+}}, 32>}, %dy: tensor<2x3xf32> {tops.slot = #tops.slot<scratch, {{[0-9]+}}, 24>}) -> tensor<4x3xf32>
// CHECK-NEXT:   %0 = tops.matmul %x, %w {tops.slots = [#tops.slot<scratch, {{[0-9]+}}, 24>]}
// CHECK-NEXT:   %1 = tops.fused (%0, %dy) {tops.slots = [#tops.slot<scratch, {{[0-9]+}}, 24>]}
// CHECK-NEXT:   ^bb0(%2: tensor<2x3xf32>, %dy_1: tensor<2x3xf32>):
// CHECK-NEXT:     %y = tops.tanh %2 : tensor<2x3xf32>
// CHECK-NEXT:     %3 = tops.square %y : tensor<2x3xf32>
// CHECK-NEXT:     %4 = tops.full value = 1.000000e+00 : f32 : tensor<2x3xf32>
// CHECK-NEXT:     %5 = tops.subtract %4, %3 : tensor<2x3xf32>
// CHECK-NEXT:     %6 = tops.multiply %dy_1, %5 : tensor<2x3xf32>
// CHECK-NEXT:     tops.yield %6 : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   %dw = tops.matmul %x, %1, transpose_a {tops.slots = [#tops.slot<scratch, {{[0-9]+}}, 48>]}
// CHECK-NEXT:   func.return %dw : tensor<4x3xf32>
// CHECK-NEXT: }
