// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Sliding windows over the last axes, and their dagger.

func.func @windows(%x: tensor<4x5x6xf32>, %v: tensor<7xi1>, %w: tensor<4x3x5x3x2xf32>, %n: tensor<3x2xi64>) {
// CHECK-LABEL: func.func @windows(
// GENERIC: sym_name = "windows"
// GENERIC-NEXT: ^bb0(%x:

  %patches = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>
  // CHECK-NEXT: %patches = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>
  // GENERIC-NEXT: %patches = "tops.patches"(%x) <{dilation = array<i64: 1, 1>, kernel = array<i64: 3, 2>, padding_high = array<i64: 1, 0>, padding_low = array<i64: 1, 0>, stride = array<i64: 2, 1>}> : (tensor<4x5x6xf32>) -> tensor<4x3x5x3x2xf32>

  %dilated = tops.patches %v, dilation = [3], kernel = [2], padding_high = [0], padding_low = [2], stride = [1] : (tensor<7xi1>) -> tensor<6x2xi1>
  // CHECK-NEXT: %dilated = tops.patches %v, dilation = [3], kernel = [2], padding_high = [0], padding_low = [2], stride = [1] : (tensor<7xi1>) -> tensor<6x2xi1>
  // GENERIC-NEXT: %dilated = "tops.patches"(%v) <{dilation = array<i64: 3>, kernel = array<i64: 2>, padding_high = array<i64: 0>, padding_low = array<i64: 2>, stride = array<i64: 1>}> : (tensor<7xi1>) -> tensor<6x2xi1>

  %unpatches = tops.unpatches %w, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>
  // CHECK-NEXT: %unpatches = tops.unpatches %w, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0], padding_low = [1, 0], stride = [2, 1] : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>
  // GENERIC-NEXT: %unpatches = "tops.unpatches"(%w) <{dilation = array<i64: 1, 1>, kernel = array<i64: 3, 2>, padding_high = array<i64: 1, 0>, padding_low = array<i64: 1, 0>, stride = array<i64: 2, 1>}> : (tensor<4x3x5x3x2xf32>) -> tensor<4x5x6xf32>

  %integers = tops.unpatches %n, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [2] : (tensor<3x2xi64>) -> tensor<7xi64>
  // CHECK-NEXT: %integers = tops.unpatches %n, dilation = [1], kernel = [2], padding_high = [0], padding_low = [0], stride = [2] : (tensor<3x2xi64>) -> tensor<7xi64>
  // GENERIC-NEXT: %integers = "tops.unpatches"(%n) <{dilation = array<i64: 1>, kernel = array<i64: 2>, padding_high = array<i64: 0>, padding_low = array<i64: 0>, stride = array<i64: 2>}> : (tensor<3x2xi64>) -> tensor<7xi64>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
