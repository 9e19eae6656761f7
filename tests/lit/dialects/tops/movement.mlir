// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Ops that move elements.

func.func @movement(%x: tensor<2x3xf32>, %v: tensor<8xf32>, %s: tensor<f32>, %w: tensor<1x3xf32>) {
// CHECK-LABEL: func.func @movement(
// GENERIC: sym_name = "movement"
// GENERIC-NEXT: ^bb0(%x:

  %copy = tops.copy %x : tensor<2x3xf32>
  // CHECK-NEXT: %copy = tops.copy %x : tensor<2x3xf32>
  // GENERIC-NEXT: %copy = "tops.copy"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %broadcast = tops.broadcast %x, axes = [0, 2] : (tensor<2x3xf32>) -> tensor<4x2x5x3xf32>
  // CHECK-NEXT: %broadcast = tops.broadcast %x, axes = [0, 2] : (tensor<2x3xf32>) -> tensor<4x2x5x3xf32>
  // GENERIC-NEXT: %broadcast = "tops.broadcast"(%x) <{axes = array<i64: 0, 2>}> : (tensor<2x3xf32>) -> tensor<4x2x5x3xf32>

  %scalar = tops.broadcast %s, axes = [0] : (tensor<f32>) -> tensor<2xf32>
  // CHECK-NEXT: %scalar = tops.broadcast %s, axes = [0] : (tensor<f32>) -> tensor<2xf32>
  // GENERIC-NEXT: %scalar = "tops.broadcast"(%s) <{axes = array<i64: 0>}> : (tensor<f32>) -> tensor<2xf32>

  %same = tops.broadcast %x, axes = [] : tensor<2x3xf32>
  // CHECK-NEXT: %same = tops.broadcast %x, axes = [] : tensor<2x3xf32>
  // GENERIC-NEXT: %same = "tops.broadcast"(%x) <{axes = array<i64>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %reshape = tops.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  // CHECK-NEXT: %reshape = tops.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  // GENERIC-NEXT: %reshape = "tops.reshape"(%x) : (tensor<2x3xf32>) -> tensor<6xf32>

  %permute_dims = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // CHECK-NEXT: %permute_dims = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // GENERIC-NEXT: %permute_dims = "tops.permute_dims"(%x) <{axes = array<i64: 1, 0>}> : (tensor<2x3xf32>) -> tensor<3x2xf32>

  %slice = tops.slice %v, start = [1], step = [2], stop = [6] : (tensor<8xf32>) -> tensor<3xf32>
  // CHECK-NEXT: %slice = tops.slice %v, start = [1], step = [2], stop = [6] : (tensor<8xf32>) -> tensor<3xf32>
  // GENERIC-NEXT: %slice = "tops.slice"(%v) <{start = array<i64: 1>, step = array<i64: 2>, stop = array<i64: 6>}> : (tensor<8xf32>) -> tensor<3xf32>

  %none = tops.slice %v, start = [3], step = [1], stop = [3] : (tensor<8xf32>) -> tensor<0xf32>
  // CHECK-NEXT: %none = tops.slice %v, start = [3], step = [1], stop = [3] : (tensor<8xf32>) -> tensor<0xf32>
  // GENERIC-NEXT: %none = "tops.slice"(%v) <{start = array<i64: 3>, step = array<i64: 1>, stop = array<i64: 3>}> : (tensor<8xf32>) -> tensor<0xf32>

  %pad = tops.pad %x, high = [0, 1], interior = [1, 0], low = [2, 0] : (tensor<2x3xf32>) -> tensor<5x4xf32>
  // CHECK-NEXT: %pad = tops.pad %x, high = [0, 1], interior = [1, 0], low = [2, 0] : (tensor<2x3xf32>) -> tensor<5x4xf32>
  // GENERIC-NEXT: %pad = "tops.pad"(%x) <{high = array<i64: 0, 1>, interior = array<i64: 1, 0>, low = array<i64: 2, 0>}> : (tensor<2x3xf32>) -> tensor<5x4xf32>

  %concat = tops.concat %x, %w, %x, axis = 0 : i64 : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  // CHECK-NEXT: %concat = tops.concat %x, %w, %x, axis = 0 : i64 : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  // GENERIC-NEXT: %concat = "tops.concat"(%x, %w, %x) <{axis = 0 : i64}> : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
