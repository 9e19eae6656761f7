// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Ops that fold axes away, or along them.

func.func @reduction(%x: tensor<2x3xf32>, %b: tensor<2x3xi1>) {
// CHECK-LABEL: func.func @reduction(
// GENERIC: sym_name = "reduction"
// GENERIC-NEXT: ^bb0(%x:

  %sum = tops.sum %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // CHECK-NEXT: %sum = tops.sum %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // GENERIC-NEXT: %sum = "tops.sum"(%x) <{axes = array<i64: 1>}> : (tensor<2x3xf32>) -> tensor<2xf32>

  %total = tops.sum %x, axes = [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
  // CHECK-NEXT: %total = tops.sum %x, axes = [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
  // GENERIC-NEXT: %total = "tops.sum"(%x) <{axes = array<i64: 0, 1>}> : (tensor<2x3xf32>) -> tensor<f32>

  %parity = tops.sum %b, axes = [0] : (tensor<2x3xi1>) -> tensor<3xi1>
  // CHECK-NEXT: %parity = tops.sum %b, axes = [0] : (tensor<2x3xi1>) -> tensor<3xi1>
  // GENERIC-NEXT: %parity = "tops.sum"(%b) <{axes = array<i64: 0>}> : (tensor<2x3xi1>) -> tensor<3xi1>

  %max = tops.max %x, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  // CHECK-NEXT: %max = tops.max %x, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  // GENERIC-NEXT: %max = "tops.max"(%x) <{axes = array<i64: 0>}> : (tensor<2x3xf32>) -> tensor<3xf32>

  %argmax = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>
  // CHECK-NEXT: %argmax = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>
  // GENERIC-NEXT: %argmax = "tops.argmax"(%x) <{axis = 1 : i64}> : (tensor<2x3xf32>) -> tensor<2xi32>

  %min = tops.min %x, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  // CHECK-NEXT: %min = tops.min %x, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  // GENERIC-NEXT: %min = "tops.min"(%x) <{axes = array<i64: 0>}> : (tensor<2x3xf32>) -> tensor<3xf32>

  %prod = tops.prod %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // CHECK-NEXT: %prod = tops.prod %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // GENERIC-NEXT: %prod = "tops.prod"(%x) <{axes = array<i64: 1>}> : (tensor<2x3xf32>) -> tensor<2xf32>

  %all = tops.prod %b, axes = [0, 1] : (tensor<2x3xi1>) -> tensor<i1>
  // CHECK-NEXT: %all = tops.prod %b, axes = [0, 1] : (tensor<2x3xi1>) -> tensor<i1>
  // GENERIC-NEXT: %all = "tops.prod"(%b) <{axes = array<i64: 0, 1>}> : (tensor<2x3xi1>) -> tensor<i1>

  %argmin = tops.argmin %x, axis = 0 : i64 : (tensor<2x3xf32>) -> tensor<3xi32>
  // CHECK-NEXT: %argmin = tops.argmin %x, axis = 0 : i64 : (tensor<2x3xf32>) -> tensor<3xi32>
  // GENERIC-NEXT: %argmin = "tops.argmin"(%x) <{axis = 0 : i64}> : (tensor<2x3xf32>) -> tensor<3xi32>

  %running = tops.cumulative_sum %x, axis = 0 : i64 : tensor<2x3xf32>
  // CHECK-NEXT: %running = tops.cumulative_sum %x, axis = 0 : i64 : tensor<2x3xf32>
  // GENERIC-NEXT: %running = "tops.cumulative_sum"(%x) <{axis = 0 : i64}> : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %backward = tops.cumulative_sum %b, axis = 1 : i64, reverse : tensor<2x3xi1>
  // CHECK-NEXT: %backward = tops.cumulative_sum %b, axis = 1 : i64, reverse : tensor<2x3xi1>
  // GENERIC-NEXT: %backward = "tops.cumulative_sum"(%b) <{axis = 1 : i64, reverse}> : (tensor<2x3xi1>) -> tensor<2x3xi1>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
