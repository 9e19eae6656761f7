// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Ops of several element types: selection and conversion.

func.func @elementwise(%c: tensor<2xi1>, %d: tensor<2xi1>, %a: tensor<2xf32>, %b: tensor<2xf32>, %i: tensor<2xi32>) {
// CHECK-LABEL: func.func @elementwise(
// GENERIC: sym_name = "elementwise"
// GENERIC-NEXT: ^bb0(%c:

  %where = tops.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // CHECK-NEXT: %where = tops.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // GENERIC-NEXT: %where = "tops.where"(%c, %a, %b) : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>

  %where_i1 = tops.where %c, %d, %c : tensor<2xi1>
  // CHECK-NEXT: %where_i1 = tops.where %c, %d, %c : tensor<2xi1>
  // GENERIC-NEXT: %where_i1 = "tops.where"(%c, %d, %c) : (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %astype = tops.astype %i : (tensor<2xi32>) -> tensor<2xf32>
  // CHECK-NEXT: %astype = tops.astype %i : (tensor<2xi32>) -> tensor<2xf32>
  // GENERIC-NEXT: %astype = "tops.astype"(%i) : (tensor<2xi32>) -> tensor<2xf32>

  %to_i1 = tops.astype %a : (tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %to_i1 = tops.astype %a : (tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %to_i1 = "tops.astype"(%a) : (tensor<2xf32>) -> tensor<2xi1>

  %unchanged = tops.astype %a : tensor<2xf32>
  // CHECK-NEXT: %unchanged = tops.astype %a : tensor<2xf32>
  // GENERIC-NEXT: %unchanged = "tops.astype"(%a) : (tensor<2xf32>) -> tensor<2xf32>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
