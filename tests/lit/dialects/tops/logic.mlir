// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Comparisons, whose result is i1, and the boolean functions.

func.func @logic(%a: tensor<2xf32>, %b: tensor<2xf32>, %p: tensor<2xi1>, %q: tensor<2xi1>) {
// CHECK-LABEL: func.func @logic(
// GENERIC: sym_name = "logic"
// GENERIC-NEXT: ^bb0(%a:

  %equal = tops.equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %equal = tops.equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %equal = "tops.equal"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %not_equal = tops.not_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %not_equal = tops.not_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %not_equal = "tops.not_equal"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %less = tops.less %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %less = tops.less %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %less = "tops.less"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %less_equal = tops.less_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %less_equal = tops.less_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %less_equal = "tops.less_equal"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %greater = tops.greater %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %greater = tops.greater %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %greater = "tops.greater"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %greater_equal = tops.greater_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // CHECK-NEXT: %greater_equal = tops.greater_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  // GENERIC-NEXT: %greater_equal = "tops.greater_equal"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>

  %equal_i1 = tops.equal %p, %q : tensor<2xi1>
  // CHECK-NEXT: %equal_i1 = tops.equal %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %equal_i1 = "tops.equal"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %not_equal_i1 = tops.not_equal %p, %q : tensor<2xi1>
  // CHECK-NEXT: %not_equal_i1 = tops.not_equal %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %not_equal_i1 = "tops.not_equal"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %logical_and = tops.logical_and %p, %q : tensor<2xi1>
  // CHECK-NEXT: %logical_and = tops.logical_and %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %logical_and = "tops.logical_and"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %logical_or = tops.logical_or %p, %q : tensor<2xi1>
  // CHECK-NEXT: %logical_or = tops.logical_or %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %logical_or = "tops.logical_or"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %logical_xor = tops.logical_xor %p, %q : tensor<2xi1>
  // CHECK-NEXT: %logical_xor = tops.logical_xor %p, %q : tensor<2xi1>
  // GENERIC-NEXT: %logical_xor = "tops.logical_xor"(%p, %q) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>

  %logical_not = tops.logical_not %p : tensor<2xi1>
  // CHECK-NEXT: %logical_not = tops.logical_not %p : tensor<2xi1>
  // GENERIC-NEXT: %logical_not = "tops.logical_not"(%p) : (tensor<2xi1>) -> tensor<2xi1>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
