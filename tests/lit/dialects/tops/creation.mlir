// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Tensors made from attributes.

func.func @creation() {
// CHECK-LABEL: func.func @creation(
// GENERIC: sym_name = "creation"

  %full = tops.full value = 1.000000e+00 : f32 : tensor<2x3xf32>
  // CHECK-NEXT: %full = tops.full value = 1.000000e+00 : f32 : tensor<2x3xf32>
  // GENERIC-NEXT: %full = "tops.full"() <{value = 1.000000e+00 : f32}> : () -> tensor<2x3xf32>

  %minus = tops.full value = -2 : i32 : tensor<2xi32>
  // CHECK-NEXT: %minus = tops.full value = -2 : i32 : tensor<2xi32>
  // GENERIC-NEXT: %minus = "tops.full"() <{value = -2 : i32}> : () -> tensor<2xi32>

  %true = tops.full value = true : tensor<2xi1>
  // CHECK-NEXT: %true = tops.full value = true : tensor<2xi1>
  // GENERIC-NEXT: %true = "tops.full"() <{value = true}> : () -> tensor<2xi1>

  %scalar = tops.full value = 5.000000e-01 : f64 : tensor<f64>
  // CHECK-NEXT: %scalar = tops.full value = 5.000000e-01 : f64 : tensor<f64>
  // GENERIC-NEXT: %scalar = "tops.full"() <{value = 5.000000e-01 : f64}> : () -> tensor<f64>

  %inf = tops.full value = 0x7F800000 : f32 : tensor<2xf32>
  // CHECK-NEXT: %inf = tops.full value = 0x7f800000 : f32 : tensor<2xf32>
  // GENERIC-NEXT: %inf = "tops.full"() <{value = 0x7f800000 : f32}> : () -> tensor<2xf32>

  %constant = tops.constant value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32> : tensor<2xf32>
  // CHECK-NEXT: %constant = tops.constant value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32> : tensor<2xf32>
  // GENERIC-NEXT: %constant = "tops.constant"() <{value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}> : () -> tensor<2xf32>

  %bits = tops.constant value = dense<[true, false]> : tensor<2xi1> : tensor<2xi1>
  // CHECK-NEXT: %bits = tops.constant value = dense<[true, false]> : tensor<2xi1> : tensor<2xi1>
  // GENERIC-NEXT: %bits = "tops.constant"() <{value = dense<[true, false]> : tensor<2xi1>}> : () -> tensor<2xi1>

  %arange = tops.arange : tensor<4xi32>
  // CHECK-NEXT: %arange = tops.arange : tensor<4xi32>
  // GENERIC-NEXT: %arange = "tops.arange"() : () -> tensor<4xi32>

  %arange_f32 = tops.arange : tensor<3xf32>
  // CHECK-NEXT: %arange_f32 = tops.arange : tensor<3xf32>
  // GENERIC-NEXT: %arange_f32 = "tops.arange"() : () -> tensor<3xf32>

  func.return
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"()
}
