// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// A copy has results.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  "cat.copy"(%x) : (tensor<2xf32>) -> ()
  cat.return %x : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.copy' gives one or more values of its operand's type

// -----

// They are all of one type.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = "cat.copy"(%x) : (tensor<2xf32>) -> tensor<3xf32>
  cat.return %x : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.copy' gives one or more values of its operand's type

// -----

// Wires that are added have one type.
cat.arrow @f(%x: tensor<2xf32>, %z: tensor<f32>) -> tensor<2xf32> {
  %a = "cat.add"(%x, %z) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  cat.return %x : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.add' takes one or more values of its result's type

// -----

// A sum of no wires is `cat.zero`.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = "cat.add"() : () -> tensor<2xf32>
  cat.return %x : tensor<2xf32>
}
// CHECK: Operation does not verify: 'cat.add' takes one or more values of its result's type

// -----

// A copy says how often.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a, %b = cat.copy %x : tensor<2xf32>
  cat.return %x : tensor<2xf32>
}
// CHECK: Expected ','

// -----

// Wires carry tensors.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = cat.zero : f32
  cat.return %x : tensor<2xf32>
}
// CHECK: f32 should be of base attribute tensor
