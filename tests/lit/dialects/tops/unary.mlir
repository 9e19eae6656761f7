// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Functions of one tensor, element by element.

func.func @unary(%x: tensor<2x3xf32>, %i: tensor<4xi32>, %b: tensor<i1>) {
// CHECK-LABEL: func.func @unary(
// GENERIC: sym_name = "unary"
// GENERIC-NEXT: ^bb0(%x:

  %negative = tops.negative %x : tensor<2x3xf32>
  // CHECK-NEXT: %negative = tops.negative %x : tensor<2x3xf32>
  // GENERIC-NEXT: %negative = "tops.negative"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %abs = tops.abs %x : tensor<2x3xf32>
  // CHECK-NEXT: %abs = tops.abs %x : tensor<2x3xf32>
  // GENERIC-NEXT: %abs = "tops.abs"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %sign = tops.sign %x : tensor<2x3xf32>
  // CHECK-NEXT: %sign = tops.sign %x : tensor<2x3xf32>
  // GENERIC-NEXT: %sign = "tops.sign"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %floor = tops.floor %x : tensor<2x3xf32>
  // CHECK-NEXT: %floor = tops.floor %x : tensor<2x3xf32>
  // GENERIC-NEXT: %floor = "tops.floor"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %ceil = tops.ceil %x : tensor<2x3xf32>
  // CHECK-NEXT: %ceil = tops.ceil %x : tensor<2x3xf32>
  // GENERIC-NEXT: %ceil = "tops.ceil"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %round = tops.round %x : tensor<2x3xf32>
  // CHECK-NEXT: %round = tops.round %x : tensor<2x3xf32>
  // GENERIC-NEXT: %round = "tops.round"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %exp = tops.exp %x : tensor<2x3xf32>
  // CHECK-NEXT: %exp = tops.exp %x : tensor<2x3xf32>
  // GENERIC-NEXT: %exp = "tops.exp"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %expm1 = tops.expm1 %x : tensor<2x3xf32>
  // CHECK-NEXT: %expm1 = tops.expm1 %x : tensor<2x3xf32>
  // GENERIC-NEXT: %expm1 = "tops.expm1"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %log = tops.log %x : tensor<2x3xf32>
  // CHECK-NEXT: %log = tops.log %x : tensor<2x3xf32>
  // GENERIC-NEXT: %log = "tops.log"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %log1p = tops.log1p %x : tensor<2x3xf32>
  // CHECK-NEXT: %log1p = tops.log1p %x : tensor<2x3xf32>
  // GENERIC-NEXT: %log1p = "tops.log1p"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %sqrt = tops.sqrt %x : tensor<2x3xf32>
  // CHECK-NEXT: %sqrt = tops.sqrt %x : tensor<2x3xf32>
  // GENERIC-NEXT: %sqrt = "tops.sqrt"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %rsqrt = tops.rsqrt %x : tensor<2x3xf32>
  // CHECK-NEXT: %rsqrt = tops.rsqrt %x : tensor<2x3xf32>
  // GENERIC-NEXT: %rsqrt = "tops.rsqrt"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %square = tops.square %x : tensor<2x3xf32>
  // CHECK-NEXT: %square = tops.square %x : tensor<2x3xf32>
  // GENERIC-NEXT: %square = "tops.square"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %sin = tops.sin %x : tensor<2x3xf32>
  // CHECK-NEXT: %sin = tops.sin %x : tensor<2x3xf32>
  // GENERIC-NEXT: %sin = "tops.sin"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %cos = tops.cos %x : tensor<2x3xf32>
  // CHECK-NEXT: %cos = tops.cos %x : tensor<2x3xf32>
  // GENERIC-NEXT: %cos = "tops.cos"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %tanh = tops.tanh %x : tensor<2x3xf32>
  // CHECK-NEXT: %tanh = tops.tanh %x : tensor<2x3xf32>
  // GENERIC-NEXT: %tanh = "tops.tanh"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %logistic = tops.logistic %x : tensor<2x3xf32>
  // CHECK-NEXT: %logistic = tops.logistic %x : tensor<2x3xf32>
  // GENERIC-NEXT: %logistic = "tops.logistic"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %erf = tops.erf %x : tensor<2x3xf32>
  // CHECK-NEXT: %erf = tops.erf %x : tensor<2x3xf32>
  // GENERIC-NEXT: %erf = "tops.erf"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>

  %negative_i32 = tops.negative %i : tensor<4xi32>
  // CHECK-NEXT: %negative_i32 = tops.negative %i : tensor<4xi32>
  // GENERIC-NEXT: %negative_i32 = "tops.negative"(%i) : (tensor<4xi32>) -> tensor<4xi32>

  %abs_i32 = tops.abs %i : tensor<4xi32>
  // CHECK-NEXT: %abs_i32 = tops.abs %i : tensor<4xi32>
  // GENERIC-NEXT: %abs_i32 = "tops.abs"(%i) : (tensor<4xi32>) -> tensor<4xi32>

  %sign_i32 = tops.sign %i : tensor<4xi32>
  // CHECK-NEXT: %sign_i32 = tops.sign %i : tensor<4xi32>
  // GENERIC-NEXT: %sign_i32 = "tops.sign"(%i) : (tensor<4xi32>) -> tensor<4xi32>

  %square_i32 = tops.square %i : tensor<4xi32>
  // CHECK-NEXT: %square_i32 = tops.square %i : tensor<4xi32>
  // GENERIC-NEXT: %square_i32 = "tops.square"(%i) : (tensor<4xi32>) -> tensor<4xi32>

  %negative_i1 = tops.negative %b : tensor<i1>
  // CHECK-NEXT: %negative_i1 = tops.negative %b : tensor<i1>
  // GENERIC-NEXT: %negative_i1 = "tops.negative"(%b) : (tensor<i1>) -> tensor<i1>

  %square_i1 = tops.square %b : tensor<i1>
  // CHECK-NEXT: %square_i1 = tops.square %b : tensor<i1>
  // GENERIC-NEXT: %square_i1 = "tops.square"(%b) : (tensor<i1>) -> tensor<i1>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
