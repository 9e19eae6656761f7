// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Counter-based random numbers.

func.func @random(%seed: tensor<i32>, %step: tensor<i32>) {
// CHECK-LABEL: func.func @random(
// GENERIC: sym_name = "random"
// GENERIC-NEXT: ^bb0(%seed:

  %random_bits = tops.random_bits %seed, %step, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi32>
  // CHECK-NEXT: %random_bits = tops.random_bits %seed, %step, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi32>
  // GENERIC-NEXT: %random_bits = "tops.random_bits"(%seed, %step) <{site = 0 : i64}> : (tensor<i32>, tensor<i32>) -> tensor<4xi32>

  %random_uniform = tops.random_uniform %seed, %step, site = 7 : i64 : (tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %random_uniform = tops.random_uniform %seed, %step, site = 7 : i64 : (tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %random_uniform = "tops.random_uniform"(%seed, %step) <{site = 7 : i64}> : (tensor<i32>, tensor<i32>) -> tensor<2x3xf32>

  %wide = tops.random_uniform %seed, %step, site = 1 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf64>
  // CHECK-NEXT: %wide = tops.random_uniform %seed, %step, site = 1 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf64>
  // GENERIC-NEXT: %wide = "tops.random_uniform"(%seed, %step) <{site = 1 : i64}> : (tensor<i32>, tensor<i32>) -> tensor<4xf64>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
