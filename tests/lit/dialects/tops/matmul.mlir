// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// The matrix product: flags, batches, element types.

func.func @matmul(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x3xf32>, %d: tensor<3x2xf32>, %e: tensor<5x2x3xi32>, %f: tensor<5x3x2xi32>, %p: tensor<2x2xi1>) {
// CHECK-LABEL: func.func @matmul(
// GENERIC: sym_name = "matmul"
// GENERIC-NEXT: ^bb0(%a:

  %matmul = tops.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %matmul = tops.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  // GENERIC-NEXT: %matmul = "tops.matmul"(%a, %b) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>

  %transpose_a = tops.matmul %d, %b, transpose_a : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %transpose_a = tops.matmul %d, %b, transpose_a : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  // GENERIC-NEXT: %transpose_a = "tops.matmul"(%d, %b) <{transpose_a}> : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>

  %transpose_b = tops.matmul %a, %c, transpose_b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %transpose_b = tops.matmul %a, %c, transpose_b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  // GENERIC-NEXT: %transpose_b = "tops.matmul"(%a, %c) <{transpose_b}> : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>

  %both = tops.matmul %d, %c, transpose_a, transpose_b : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  // CHECK-NEXT: %both = tops.matmul %d, %c, transpose_a, transpose_b : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  // GENERIC-NEXT: %both = "tops.matmul"(%d, %c) <{transpose_a, transpose_b}> : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>

  %batch = tops.matmul %e, %f : (tensor<5x2x3xi32>, tensor<5x3x2xi32>) -> tensor<5x2x2xi32>
  // CHECK-NEXT: %batch = tops.matmul %e, %f : (tensor<5x2x3xi32>, tensor<5x3x2xi32>) -> tensor<5x2x2xi32>
  // GENERIC-NEXT: %batch = "tops.matmul"(%e, %f) : (tensor<5x2x3xi32>, tensor<5x3x2xi32>) -> tensor<5x2x2xi32>

  %matmul_i1 = tops.matmul %p, %p : tensor<2x2xi1>
  // CHECK-NEXT: %matmul_i1 = tops.matmul %p, %p : tensor<2x2xi1>
  // GENERIC-NEXT: %matmul_i1 = "tops.matmul"(%p, %p) : (tensor<2x2xi1>, tensor<2x2xi1>) -> tensor<2x2xi1>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
