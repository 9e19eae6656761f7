// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// An arrow ends in `cat.return`.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  tops.yield %x : tensor<2xf32>
}
// CHECK: Operation does not verify: arrow @f must end in 'cat.return'

// -----

// It returns what its signature says.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x, %x : tensor<2xf32>, tensor<2xf32>
}
// CHECK: Operation does not verify: arrow @f returns (tensor<2xf32>, tensor<2xf32>), its signature says (tensor<2xf32>)

// -----

// Its block has the arguments of its signature.
"cat.arrow"() <{sym_name = "f", function_type = (tensor<2xf32>) -> tensor<2xf32>}> ({
^bb0(%x: tensor<3xf32>):
  %y = tops.full value = 1.0 : f32 : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}) : () -> ()
// CHECK: Operation does not verify: arrow @f: block arguments differ from the signature

// -----

// It has a body.
cat.arrow @f(tensor<2xf32>) -> tensor<2xf32>
// CHECK: arrow @f needs a body

// -----

// As many attributes as arguments.
"cat.arrow"() <{sym_name = "f", function_type = (tensor<2xf32>) -> tensor<2xf32>, arg_attrs = []}> ({
^bb0(%x: tensor<2xf32>):
  cat.return %x : tensor<2xf32>
}) : () -> ()
// CHECK: Operation does not verify: arrow @f has 1 arguments and 0 attributes

// -----

// As many attributes as results.
"cat.arrow"() <{sym_name = "f", function_type = (tensor<2xf32>) -> tensor<2xf32>, res_attrs = [{}, {}]}> ({
^bb0(%x: tensor<2xf32>):
  cat.return %x : tensor<2xf32>
}) : () -> ()
// CHECK: Operation does not verify: arrow @f has 1 results and 2 attributes

// -----

// Monoidal form: no value is used twice.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %y = tops.add %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: Operation does not verify: monoidal arrow @f uses %x 2 times, expected once: use cat.copy or cat.discard (cat-make-monoidal does)

// -----

// Monoidal form: no value is dropped.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %0 = tops.exp %x : tensor<2xf32>
  %y = tops.full value = 1.0 : f32 : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: Operation does not verify: monoidal arrow @f uses a value 0 times, expected once: use cat.copy or cat.discard (cat-make-monoidal does)

// -----

// Names are unique.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK: Operation does not verify: Redefinition of symbol "f"

// -----

// A call refers to an arrow.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @identty(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @identity(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK: 'cat.call' refers to @identty, which is not defined; did you mean 'identity'?

// -----

// A call has the type of its arrow.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %z = cat.call @g(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK: 'cat.call' uses @g as (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>), it is (tensor<2xf32>) -> tensor<2xf32>

// -----

// A call has as many operands as types.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @f(%x, %x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: expected 1 operand types but had 2

// -----

// Arrows do not call themselves.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @g(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: recursion between arrows: @f -> @g -> @f

// -----

// Values are defined before their use.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.exp %z : tensor<2xf32>
  %z = tops.exp %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK: operand 0 of 'tops.exp' is used before its definition

// -----

// A custom derivative takes A and B' and gives A'.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @f_reverse} {
  cat.return %x : tensor<2xf32>
}
cat.arrow @f_reverse(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK: 'cat.arrow' uses @f_reverse as (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>, it is (tensor<2xf32>) -> tensor<2xf32>

// -----

// It exists.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @f_revers} {
  cat.return %x : tensor<2xf32>
}
cat.arrow @f_reverse(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK: 'cat.arrow' refers to @f_revers, which is not defined; did you mean 'f_reverse'?

// -----

// It does not differentiate its own arrow.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @g} {
  cat.return %x : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
// CHECK: recursion between arrows: @g -> @f -> @g

// -----

// Only a custom derivative can be a surrogate.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {surrogate} {
  cat.return %x : tensor<2xf32>
}
// CHECK: arrow @f is surrogate but has no 'reverse = @g'

// -----

// A stored tensor has one type.
cat.arrow @f(%x: tensor<2xf32> {tops.name = "w", tops.role = "parameter"}) {
  cat.return
}
cat.arrow @g(%x: tensor<3xf32> {tops.name = "w", tops.role = "parameter"}) {
  cat.return
}
// CHECK: stored tensor 'w' is tensor<2xf32> elsewhere and tensor<3xf32> here

// -----

// An update has the type of what it updates.
cat.arrow @f(%x: tensor<2xf32> {tops.name = "w", tops.role = "parameter"}) -> (tensor<3xf32> {tops.updates = "w"}) {
  %y = tops.full value = 1.0 : f32 : tensor<3xf32>
  cat.return %y : tensor<3xf32>
}
// CHECK: stored tensor 'w' is tensor<2xf32> elsewhere and tensor<3xf32> here

// -----

// Names of stored tensors are strings.
cat.arrow @f(%x: tensor<2xf32> {tops.name = 1 : i32, tops.role = "parameter"}) {
  cat.return
}
// CHECK: tops.name and tops.updates take strings, got 1 : i32
