// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Functions of two tensors of one type, element by element.

func.func @arithmetic(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>, %i: tensor<4xi64>, %j: tensor<4xi64>, %p: tensor<2xi1>, %q: tensor<2xi1>) {
// CHECK-LABEL: func.func @arithmetic(
// GENERIC: sym_name = "arithmetic"
// GENERIC-NEXT: ^bb0(%a:

  %add = tops.add %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %add = tops.add %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %add = "tops.add"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %subtract = tops.subtract %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %subtract = tops.subtract %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %subtract = "tops.subtract"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %multiply = tops.multiply %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %multiply = tops.multiply %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %multiply = "tops.multiply"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %divide = tops.divide %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %divide = tops.divide %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %divide = "tops.divide"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %pow = tops.pow %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %pow = tops.pow %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %pow = "tops.pow"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %maximum = tops.maximum %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %maximum = tops.maximum %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %maximum = "tops.maximum"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %minimum = tops.minimum %a, %b : tensor<2x3xf32>
  // CHECK-NEXT: %minimum = tops.minimum %a, %b : tensor<2x3xf32>
  // GENERIC-NEXT: %minimum = "tops.minimum"(%a, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>

  %add_i64 = tops.add %i, %j : tensor<4xi64>
  // CHECK-NEXT: %add_i64 = tops.add %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %add_i64 = "tops.add"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %subtract_i64 = tops.subtract %i, %j : tensor<4xi64>
  // CHECK-NEXT: %subtract_i64 = tops.subtract %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %subtract_i64 = "tops.subtract"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %multiply_i64 = tops.multiply %i, %j : tensor<4xi64>
  // CHECK-NEXT: %multiply_i64 = tops.multiply %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %multiply_i64 = "tops.multiply"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %pow_i64 = tops.pow %i, %j : tensor<4xi64>
  // CHECK-NEXT: %pow_i64 = tops.pow %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %pow_i64 = "tops.pow"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %maximum_i64 = tops.maximum %i, %j : tensor<4xi64>
  // CHECK-NEXT: %maximum_i64 = tops.maximum %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %maximum_i64 = "tops.maximum"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %minimum_i64 = tops.minimum %i, %j : tensor<4xi64>
  // CHECK-NEXT: %minimum_i64 = tops.minimum %i, %j : tensor<4xi64>
  // GENERIC-NEXT: %minimum_i64 = "tops.minimum"(%i, %j) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>

  %add_i1 = tops.add %p, %q : tensor<2xi1>
  // CHECK-NEXT: %add_i1 = tops.add %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %add_i1 = "tops.add"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %subtract_i1 = tops.subtract %p, %q : tensor<2xi1>
  // CHECK-NEXT: %subtract_i1 = tops.subtract %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %subtract_i1 = "tops.subtract"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %multiply_i1 = tops.multiply %p, %q : tensor<2xi1>
  // CHECK-NEXT: %multiply_i1 = tops.multiply %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %multiply_i1 = "tops.multiply"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
