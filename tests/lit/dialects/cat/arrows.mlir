// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Signature, body and result.
cat.arrow @public(%x: tensor<2xf32>, %y: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
  cat.return %x, %y : tensor<2xf32>, tensor<i32>
}
// CHECK-LABEL: cat.arrow @public(%x: tensor<2xf32>, %y: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
// CHECK-NEXT:   cat.return %x, %y : tensor<2xf32>, tensor<i32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "public", function_type = (tensor<2xf32>, tensor<i32>) -> (tensor<2xf32>, tensor<i32>)}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %y: tensor<i32>):
// GENERIC-NEXT: "cat.return"(%x, %y) : (tensor<2xf32>, tensor<i32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Neither inputs nor outputs.
cat.arrow @nothing() {
  cat.return
}
// CHECK-LABEL: cat.arrow @nothing() {
// CHECK-NEXT:   cat.return
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "nothing", function_type = () -> ()}> ({
// GENERIC-NEXT: "cat.return"() : () -> ()
// GENERIC-NEXT: }) : () -> ()

// Private arrows vanish when inlined.
cat.arrow private @private(%x: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %x : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow private @private(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   cat.return %x : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "private", function_type = (tensor<2xf32>) -> tensor<2xf32>, sym_visibility = "private"}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: "cat.return"(%x) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Names and roles of arguments and results.
cat.arrow @named(%x: tensor<2xf32> {tops.batch = 0 : i64, tops.name = "x"}, %w: tensor<2xf32> {tops.name = "fc1.weight", tops.role = "parameter"}) -> (tensor<2xf32> {tops.updates = "fc1.weight"}) {
  %y = tops.add %w, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @named(%x: tensor<2xf32> {tops.batch = 0 : i64, tops.name = "x"}, %w: tensor<2xf32> {tops.name = "fc1.weight", tops.role = "parameter"}) -> (tensor<2xf32> {tops.updates = "fc1.weight"}) {
// CHECK-NEXT:   %y = tops.add %w, %x : tensor<2xf32>
// CHECK-NEXT:   cat.return %y : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "named", function_type = (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>, arg_attrs = [{tops.batch = 0 : i64, tops.name = "x"}, {tops.name = "fc1.weight", tops.role = "parameter"}], res_attrs = [{tops.updates = "fc1.weight"}]}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %w: tensor<2xf32>):
// GENERIC-NEXT: %y = "tops.add"(%w, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%y) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// A custom derivative, which need not be the derivative.
cat.arrow @custom(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @custom_reverse, surrogate} {
  %y = tops.sign %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @custom(%x: tensor<2xf32>) -> tensor<2xf32> attributes {reverse = @custom_reverse, surrogate} {
// CHECK-NEXT:   %y = tops.sign %x : tensor<2xf32>
// CHECK-NEXT:   cat.return %y : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "custom", function_type = (tensor<2xf32>) -> tensor<2xf32>, reverse = @custom_reverse, surrogate}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: %y = "tops.sign"(%x) : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%y) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Its inputs are A and B'.
cat.arrow private @custom_reverse(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  cat.return %g : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow private @custom_reverse(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   cat.return %g : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "custom_reverse", function_type = (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>, sym_visibility = "private"}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %g: tensor<2xf32>):
// GENERIC-NEXT: "cat.return"(%g) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Monoidal form; other attributes are kept.
cat.arrow @monoidal(%x: tensor<2xf32>) -> tensor<2xf32> attributes {note = "kept", monoidal} {
  %y = tops.exp %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @monoidal(%x: tensor<2xf32>) -> tensor<2xf32> attributes {note = "kept", monoidal} {
// CHECK-NEXT:   %y = tops.exp %x : tensor<2xf32>
// CHECK-NEXT:   cat.return %y : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "monoidal", function_type = (tensor<2xf32>) -> tensor<2xf32>, monoidal}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: %y = "tops.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%y) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) {note = "kept"} : () -> ()

// Calls, with the scope and the random site of what they inline.
cat.arrow @calls(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = cat.call @private(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %b = cat.call @private(%a) {scope = "h.0", site = 2 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %c, %d = cat.call @swap(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.call @nothing() : () -> ()
  cat.return %c : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @calls(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   %a = cat.call @private(%x) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %b = cat.call @private(%a) {scope = "h.0", site = 2 : i64} : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %c, %d = cat.call @swap(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:   cat.call @nothing() : () -> ()
// CHECK-NEXT:   cat.return %c : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "calls", function_type = (tensor<2xf32>) -> tensor<2xf32>}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: %a = "cat.call"(%x) <{callee = @private}> : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: %b = "cat.call"(%a) <{callee = @private, scope = "h.0", site = 2 : i64}> : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: %c, %d = "cat.call"(%a, %b) <{callee = @swap}> : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// GENERIC-NEXT: "cat.call"() <{callee = @nothing}> : () -> ()
// GENERIC-NEXT: "cat.return"(%c) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

cat.arrow private @swap(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: cat.arrow private @swap(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:   cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "swap", function_type = (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>), sym_visibility = "private"}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %y: tensor<2xf32>):
// GENERIC-NEXT: "cat.return"(%y, %x) : (tensor<2xf32>, tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()
