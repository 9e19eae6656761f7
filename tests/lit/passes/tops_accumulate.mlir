// RUN: catgrad-opt %s -p tops-accumulate --split-input-file | filecheck %s

// The gradient of a tied embedding, its terms in either order.
func.func @tied(%a: tensor<4x5xf32>, %b: tensor<4x2xf32>, %x: tensor<3x2xf32>, %i: tensor<3xi32>) -> tensor<5x2xf32> {
  %s = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  %p = tops.matmul %a, %b, transpose_a : (tensor<4x5xf32>, tensor<4x2xf32>) -> tensor<5x2xf32>
  %y = tops.add %s, %p : tensor<5x2xf32>
  func.return %y : tensor<5x2xf32>
}

// CHECK:      func.func @tied
// CHECK-NEXT:   %p = tops.matmul %a, %b, transpose_a : (tensor<4x5xf32>, tensor<4x2xf32>) -> tensor<5x2xf32>
// CHECK-NEXT:   %y = tops.scatter_add %x, %i, %p, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>
// CHECK-NEXT:   func.return %y : tensor<5x2xf32>

// -----

// A product that is wanted elsewhere too, or what is no product, would be copied.
func.func @others(%a: tensor<5x4xf32>, %b: tensor<4x2xf32>, %c: tensor<5x2xf32>, %x: tensor<3x2xf32>, %i: tensor<3xi32>) -> (tensor<5x2xf32>, tensor<5x2xf32>, tensor<5x2xf32>) {
  %s = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  %t = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<5x2xf32>
  %p = tops.matmul %a, %b : (tensor<5x4xf32>, tensor<4x2xf32>) -> tensor<5x2xf32>
  %y = tops.add %p, %s : tensor<5x2xf32>
  %z = tops.add %t, %c : tensor<5x2xf32>
  func.return %y, %z, %p : tensor<5x2xf32>, tensor<5x2xf32>, tensor<5x2xf32>
}

// CHECK:      func.func @others
// CHECK:        %y = tops.add %p, %s : tensor<5x2xf32>
// CHECK-NEXT:   %z = tops.add %t, %c : tensor<5x2xf32>
