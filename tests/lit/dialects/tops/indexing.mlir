// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Gather and scatter.

func.func @indexing(%x: tensor<5x2xf32>, %y: tensor<3x2xf32>, %i: tensor<3xi32>, %j: tensor<2x2xi64>, %k: tensor<i32>) {
// CHECK-LABEL: func.func @indexing(
// GENERIC: sym_name = "indexing"
// GENERIC-NEXT: ^bb0(%x:

  %take = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  // CHECK-NEXT: %take = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  // GENERIC-NEXT: %take = "tops.take"(%x, %i) <{axis = 0 : i64}> : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>

  %square = tops.take %x, %j, axis = 1 : i64 : (tensor<5x2xf32>, tensor<2x2xi64>) -> tensor<5x2x2xf32>
  // CHECK-NEXT: %square = tops.take %x, %j, axis = 1 : i64 : (tensor<5x2xf32>, tensor<2x2xi64>) -> tensor<5x2x2xf32>
  // GENERIC-NEXT: %square = "tops.take"(%x, %j) <{axis = 1 : i64}> : (tensor<5x2xf32>, tensor<2x2xi64>) -> tensor<5x2x2xf32>

  %row = tops.take %x, %k, axis = 0 : i64 : (tensor<5x2xf32>, tensor<i32>) -> tensor<2xf32>
  // CHECK-NEXT: %row = tops.take %x, %k, axis = 0 : i64 : (tensor<5x2xf32>, tensor<i32>) -> tensor<2xf32>
  // GENERIC-NEXT: %row = "tops.take"(%x, %k) <{axis = 0 : i64}> : (tensor<5x2xf32>, tensor<i32>) -> tensor<2xf32>

  %scatter_add = tops.scatter_add %y, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  // CHECK-NEXT: %scatter_add = tops.scatter_add %y, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  // GENERIC-NEXT: %scatter_add = "tops.scatter_add"(%y, %i) <{axis = 0 : i64}> : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>

  %into = tops.scatter_add %y, %i, %x, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  // CHECK-NEXT: %into = tops.scatter_add %y, %i, %x, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  // GENERIC-NEXT: %into = "tops.scatter_add"(%y, %i, %x) <{axis = 0 : i64}> : (tensor<3x2xf32>, tensor<3xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
