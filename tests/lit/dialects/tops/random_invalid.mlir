// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// The seed is a scalar.
func.func @f(%s: tensor<1xi32>, %t: tensor<i32>) {
  %y = tops.random_bits %s, %t, site = 0 : i64 : (tensor<1xi32>, tensor<i32>) -> tensor<4xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.random_bits' takes seed and step of tensor<i32>, got tensor<1xi32> and tensor<i32>

// -----

// The step is an i32.
func.func @f(%s: tensor<i32>, %t: tensor<i64>) {
  %y = tops.random_uniform %s, %t, site = 0 : i64 : (tensor<i32>, tensor<i64>) -> tensor<4xf32>
  func.return
}
// CHECK: Operation does not verify: 'tops.random_uniform' takes seed and step of tensor<i32>, got tensor<i32> and tensor<i64>

// -----

// Bits are i32.
func.func @f(%s: tensor<i32>) {
  %y = tops.random_bits %s, %s, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi64>
  func.return
}
// CHECK: Operation does not verify: 'tops.random_bits' gives i32, asked for tensor<4xi64>

// -----

// Uniform numbers are floats.
func.func @f(%s: tensor<i32>) {
  %y = tops.random_uniform %s, %s, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.random_uniform' gives f32 or f64, asked for tensor<4xi32>

// -----

// The site is a small number.
func.func @f(%s: tensor<i32>) {
  %y = tops.random_bits %s, %s, site = -1 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi32>
  func.return
}
// CHECK: Operation does not verify: 'tops.random_bits': site -1 must lie in [0, 2^31)

// -----

// There is a site.
func.func @f(%s: tensor<i32>) {
  %y = tops.random_bits %s, %s : (tensor<i32>, tensor<i32>) -> tensor<4xi32>
  func.return
}
// CHECK: Operation does not verify: property 'site' expected in operation 'tops.random_bits'
