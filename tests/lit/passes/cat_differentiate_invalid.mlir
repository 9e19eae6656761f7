// RUN: catgrad-opt %s --split-input-file --verify-diagnostics -p cat-differentiate | filecheck %s

// Ops without a rule are reported all at once, each with its types and the arrows that hold it.
cat.arrow private @inner(%x: tensor<2xi32>) -> tensor<2xi32> {
  %y = tops.abs %x : tensor<2xi32>
  cat.return %y : tensor<2xi32>
}
cat.arrow @f(%x: tensor<2xi32>) -> tensor<2xi32> {
  %a = cat.call @inner(%x) : (tensor<2xi32>) -> tensor<2xi32>
  %b = tops.abs %a : tensor<2xi32>
  %y = tops.maximum %a, %b : tensor<2xi32>
  cat.return %y : tensor<2xi32>
}
cat.arrow @grad(%x: tensor<2xi32>, %g: tensor<2xi32>) -> tensor<2xi32> {
  %y, %dx = cat.reverse @f(%x)(%g) : (tensor<2xi32>) -> tensor<2xi32>
  cat.return %dx : tensor<2xi32>
}
// CHECK: pass 'cat-differentiate' failed: no reverse rule for 'tops.abs' (tensor<2xi32>) in @inner ({{.*}}:{{[0-9]+}}:3), @f ({{.*}}); 'tops.maximum' (tensor<2xi32>, tensor<2xi32>) in @f ({{.*}}). Give the op a rule, give an arrow around it a custom derivative (reverse = @g), or take it off the path

// -----

// An op of another dialect has a rule only if one is attached to it.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = arith.negf %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: pass 'cat-differentiate' failed: no reverse rule for 'arith.negf' (tensor<2xf32>) in @f ({{.*}}.mlir:{{[0-9]+}}:3). Give the op a rule, give an arrow around it a custom derivative (reverse = @g), or take it off the path

// -----

// The exponent of a power of integers is a constant.
cat.arrow @f(%x: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2xi32> {
  %y = tops.pow %x, %n : tensor<2xi32>
  cat.return %y : tensor<2xi32>
}
cat.arrow @tangent(%x: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2xi32> {
  %y, %dy = cat.forward @f(%x, %n)(%x, %n) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  cat.return %dy : tensor<2xi32>
}
// CHECK: pass 'cat-differentiate' failed: no reverse rule for 'tops.pow' (tensor<2xi32>, tensor<2xi32>) in @f ({{.*}}.mlir:{{[0-9]+}}:3). Give the op a rule, give an arrow around it a custom derivative (reverse = @g), or take it off the path

// -----

// An arrow that is differentiated in itself.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @g(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
cat.arrow private @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: recursion between arrows: @f -> @g -> @f
