// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// The comonoid and the monoid, in Cartesian form.
cat.arrow @cartesian(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %a, %b, %c = cat.copy %x, 3 : tensor<2xf32>
  %d = cat.copy %y, 1 : tensor<2xf32>
  cat.discard %c : tensor<2xf32>
  %0 = cat.zero : tensor<2xf32>
  %e = cat.add %a, %b, %d : tensor<2xf32>
  %f = cat.add %e : tensor<2xf32>
  cat.return %f : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @cartesian(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   %a, %b, %c = cat.copy %x, 3 : tensor<2xf32>
// CHECK-NEXT:   %d = cat.copy %y, 1 : tensor<2xf32>
// CHECK-NEXT:   cat.discard %c : tensor<2xf32>
// CHECK-NEXT:   %0 = cat.zero : tensor<2xf32>
// CHECK-NEXT:   %e = cat.add %a, %b, %d : tensor<2xf32>
// CHECK-NEXT:   %f = cat.add %e : tensor<2xf32>
// CHECK-NEXT:   cat.return %f : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "cartesian", function_type = (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %y: tensor<2xf32>):
// GENERIC-NEXT: %a, %b, %c = "cat.copy"(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// GENERIC-NEXT: %d = "cat.copy"(%y) : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.discard"(%c) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: %0 = "cat.zero"() : () -> tensor<2xf32>
// GENERIC-NEXT: %e = "cat.add"(%a, %b, %d) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: %f = "cat.add"(%e) : (tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%f) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// In monoidal form each wire has one end.
cat.arrow @monoidal(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
  %a, %b, %c = cat.copy %x, 3 : tensor<2xf32>
  cat.discard %a : tensor<2xf32>
  %0 = cat.zero : tensor<2xf32>
  %s = cat.add %b, %0 : tensor<2xf32>
  cat.return %s, %c : tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @monoidal(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {monoidal} {
// CHECK-NEXT:   %a, %b, %c = cat.copy %x, 3 : tensor<2xf32>
// CHECK-NEXT:   cat.discard %a : tensor<2xf32>
// CHECK-NEXT:   %0 = cat.zero : tensor<2xf32>
// CHECK-NEXT:   %s = cat.add %b, %0 : tensor<2xf32>
// CHECK-NEXT:   cat.return %s, %c : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "monoidal", function_type = (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>), monoidal}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: %a, %b, %c = "cat.copy"(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// GENERIC-NEXT: "cat.discard"(%a) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: %0 = "cat.zero"() : () -> tensor<2xf32>
// GENERIC-NEXT: %s = "cat.add"(%b, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%s, %c) : (tensor<2xf32>, tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Attributes are kept.
cat.arrow @attributes(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a, %b = cat.copy %x, 2 {note} : tensor<2xf32>
  cat.discard %b {note} : tensor<2xf32>
  %0 = cat.zero {note} : tensor<2xf32>
  %s = cat.add %a, %0 {note} : tensor<2xf32>
  cat.return {note} %s : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @attributes(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   %a, %b = cat.copy %x, 2 {note} : tensor<2xf32>
// CHECK-NEXT:   cat.discard %b {note} : tensor<2xf32>
// CHECK-NEXT:   %0 = cat.zero {note} : tensor<2xf32>
// CHECK-NEXT:   %s = cat.add %a, %0 {note} : tensor<2xf32>
// CHECK-NEXT:   cat.return {note} %s : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "attributes", function_type = (tensor<2xf32>) -> tensor<2xf32>}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>):
// GENERIC-NEXT: %a, %b = "cat.copy"(%x) {note} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// GENERIC-NEXT: "cat.discard"(%b) {note} : (tensor<2xf32>) -> ()
// GENERIC-NEXT: %0 = "cat.zero"() {note} : () -> tensor<2xf32>
// GENERIC-NEXT: %s = "cat.add"(%a, %0) {note} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// GENERIC-NEXT: "cat.return"(%s) {note} : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()
