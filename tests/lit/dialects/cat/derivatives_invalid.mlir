// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// The seed of a reverse derivative has the type of the result.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @g(%x)(%x) : (tensor<2xf32>) -> tensor<f32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: operand is used with type tensor<f32>, but has been previously used or defined with type tensor<2xf32>

// -----

// One seed for each result.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @g(%x)() : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: expected 1 operand types but had 0

// -----

// Operands and results match, in generic form too.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = "cat.reverse"(%x, %x) <{callee = @g, operandSegmentSizes = array<i32: 1, 1>}> : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>)
  cat.return %y : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.reverse' of @g gives (tensor<2xf32>) as derivatives, its type says (tensor<f32>)

// -----

// The tangents have the types of the inputs.
cat.arrow @f(%x: tensor<2xf32>, %g: tensor<f32>) -> tensor<2xf32> {
  %y, %dy = "cat.forward"(%x, %g) <{callee = @h, operandSegmentSizes = array<i32: 1, 1>}> : (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %dy : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.forward' of @h needs (tensor<2xf32>) as its second operands, got (tensor<f32>)

// -----

// The arrow exists.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @g(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: 'cat.reverse' refers to @g, which is not defined

// -----

// The type is the arrow's own.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dy = cat.forward @g(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dy : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<f32> {
  %y = tops.sum %x, axes = [0] : (tensor<2xf32>) -> tensor<f32>
  cat.return %y : tensor<f32>
}
// CHECK: 'cat.forward' uses @g as (tensor<2xf32>) -> tensor<2xf32>, it is (tensor<2xf32>) -> tensor<f32>

// -----

// An arrow does not differentiate itself.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: recursion between arrows: @f -> @f

// -----

// Nor through its callees.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dy = cat.forward @g(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dy : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: recursion between arrows: @f -> @g -> @f
