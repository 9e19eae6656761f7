// RUN: catgrad-opt %s -p tops-split-products --split-input-file | filecheck %s
// RUN: catgrad-opt %s -p 'tops-split-products{large=0 terms=8}' --split-input-file | filecheck %s --check-prefix=MORE
// RUN: catgrad-opt %s -p tops-split-products --split-input-file --check-semantics | filecheck %s

// The weights of a convolution: 8 parts of 800 terms.
func.func @weights(%x: tensor<6400x15xf32>, %g: tensor<6400x16xf32>) -> tensor<15x16xf32> {
  %y = tops.matmul %x, %g, transpose_a : (tensor<6400x15xf32>, tensor<6400x16xf32>) -> tensor<15x16xf32>
  func.return %y : tensor<15x16xf32>
}

// CHECK:      func.func @weights
// CHECK-NEXT:   %0 = tops.reshape %x : (tensor<6400x15xf32>) -> tensor<8x800x15xf32>
// CHECK-NEXT:   %1 = tops.reshape %g : (tensor<6400x16xf32>) -> tensor<8x800x16xf32>
// CHECK-NEXT:   %2 = tops.matmul %0, %1, transpose_a : (tensor<8x800x15xf32>, tensor<8x800x16xf32>) -> tensor<8x15x16xf32>
// CHECK-NEXT:   %y = tops.sum %2, axes = [0] : (tensor<8x15x16xf32>) -> tensor<15x16xf32>
// CHECK-NEXT:   func.return %y : tensor<15x16xf32>

// -----

// Few terms, many results, terms that do not lie in rows, numbers of which there is no even part.
func.func @others(%x: tensor<64x400xf32>, %g: tensor<64x120xf32>, %a: tensor<15x6400xf32>, %b: tensor<6400x16xf32>, %p: tensor<5003x16xf32>, %q: tensor<5003x16xf32>, %d: tensor<6400x16xf64>) -> (tensor<400x120xf32>, tensor<15x16xf32>, tensor<16x16xf32>, tensor<16x16xf64>) {
  %0 = tops.matmul %x, %g, transpose_a : (tensor<64x400xf32>, tensor<64x120xf32>) -> tensor<400x120xf32>
  %1 = tops.matmul %a, %b : (tensor<15x6400xf32>, tensor<6400x16xf32>) -> tensor<15x16xf32>
  %2 = tops.matmul %p, %q, transpose_a : (tensor<5003x16xf32>, tensor<5003x16xf32>) -> tensor<16x16xf32>
  %3 = tops.matmul %d, %d, transpose_a : (tensor<6400x16xf64>, tensor<6400x16xf64>) -> tensor<16x16xf64>
  func.return %0, %1, %2, %3 : tensor<400x120xf32>, tensor<15x16xf32>, tensor<16x16xf32>, tensor<16x16xf64>
}

// CHECK:      func.func @others
// CHECK-NOT:    tops.reshape
// CHECK:        func.return

// -----

func.func @small(%x: tensor<12x3xf32>, %g: tensor<12x2xf32>) -> tensor<3x2xf32> {
  %y = tops.matmul %x, %g, transpose_a : (tensor<12x3xf32>, tensor<12x2xf32>) -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}

// CHECK:      func.func @small
// CHECK-NEXT:   %y = tops.matmul %x, %g, transpose_a
// MORE:       func.func @small
// MORE:         tops.matmul %0, %1, transpose_a : (tensor<2x6x3xf32>, tensor<2x6x2xf32>) -> tensor<2x3x2xf32>
