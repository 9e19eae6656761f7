// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// One sweep over a space of 2x3, with a broadcast into it.
func.func @fused(%x: tensor<2x3xf32>, %bias: tensor<3xf32>) -> tensor<2x3xf32> {
  %y = tops.fused (%x, %bias) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3xf32>):
    %c = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
    %d = tops.add %a, %c : tensor<2x3xf32>
    tops.yield %d : tensor<2x3xf32>
  }
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @fused(%x: tensor<2x3xf32>, %bias: tensor<3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   %y = tops.fused (%x, %bias) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   ^bb0(%a: tensor<2x3xf32>, %b: tensor<3xf32>):
// CHECK-NEXT:     %c = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     %d = tops.add %a, %c : tensor<2x3xf32>
// CHECK-NEXT:     tops.yield %d : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %y : tensor<2x3xf32>
// CHECK-NEXT: }
// GENERIC: "func.func"() <{sym_name = "fused", function_type = (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2x3xf32>, %bias: tensor<3xf32>):
// GENERIC-NEXT: %y = "tops.fused"(%x, %bias) ({
// GENERIC-NEXT: ^bb0(%a: tensor<2x3xf32>, %b: tensor<3xf32>):
// GENERIC-NEXT: %c = "tops.broadcast"(%b) <{axes = array<i64: 0>}> : (tensor<3xf32>) -> tensor<2x3xf32>
// GENERIC-NEXT: %d = "tops.add"(%a, %c) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// GENERIC-NEXT: "tops.yield"(%d) : (tensor<2x3xf32>) -> ()
// GENERIC-NEXT: }) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// GENERIC-NEXT: "func.return"(%y) : (tensor<2x3xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Several results, of several element types, and constants.
func.func @several(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
  %y, %m = tops.fused (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
  ^bb0(%a: tensor<4xf32>):
    %0 = tops.full value = 0.000000e+00 : f32 : tensor<4xf32>
    %p = tops.greater %a, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %r = tops.where %p, %a, %0 : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    tops.yield %r, %p : tensor<4xf32>, tensor<4xi1>
  }
  func.return %y, %m : tensor<4xf32>, tensor<4xi1>
}
// CHECK-LABEL: func.func @several(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
// CHECK-NEXT:   %y, %m = tops.fused (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
// CHECK-NEXT:   ^bb0(%a: tensor<4xf32>):
// CHECK-NEXT:     %0 = tops.full value = 0.000000e+00 : f32 : tensor<4xf32>
// CHECK-NEXT:     %p = tops.greater %a, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
// CHECK-NEXT:     %r = tops.where %p, %a, %0 : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:     tops.yield %r, %p : tensor<4xf32>, tensor<4xi1>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %y, %m : tensor<4xf32>, tensor<4xi1>
// CHECK-NEXT: }
// GENERIC: "func.func"() <{sym_name = "several", function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>)}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<4xf32>):
// GENERIC-NEXT: %y, %m = "tops.fused"(%x) ({
// GENERIC-NEXT: ^bb0(%a: tensor<4xf32>):
// GENERIC-NEXT: %0 = "tops.full"() <{value = 0.000000e+00 : f32}> : () -> tensor<4xf32>
// GENERIC-NEXT: %p = "tops.greater"(%a, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
// GENERIC-NEXT: %r = "tops.where"(%p, %a, %0) : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// GENERIC-NEXT: "tops.yield"(%r, %p) : (tensor<4xf32>, tensor<4xi1>) -> ()
// GENERIC-NEXT: }) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>)
// GENERIC-NEXT: "func.return"(%y, %m) : (tensor<4xf32>, tensor<4xi1>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Where values live.
func.func @placed(%x: tensor<4xf32> {tops.slot = #tops.slot<persistent, 64, 16>}) -> tensor<4xf32> {
  %y = tops.exp %x {tops.slot = #tops.slot<scratch, 0, 16>} : tensor<4xf32>
  %z = tops.fused (%y) {tops.slot = #tops.slot<constant, 128, 16>} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %b = tops.negative %a : tensor<4xf32>
    tops.yield %b : tensor<4xf32>
  }
  func.return %z : tensor<4xf32>
}
// CHECK-LABEL: func.func @placed(%x: tensor<4xf32> {tops.slot = #tops.slot<persistent, 64, 16>}) -> tensor<4xf32> {
// CHECK-NEXT:   %y = tops.exp %x {tops.slot = #tops.slot<scratch, 0, 16>} : tensor<4xf32>
// CHECK-NEXT:   %z = tops.fused (%y) {tops.slot = #tops.slot<constant, 128, 16>} : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:   ^bb0(%a: tensor<4xf32>):
// CHECK-NEXT:     %b = tops.negative %a : tensor<4xf32>
// CHECK-NEXT:     tops.yield %b : tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %z : tensor<4xf32>
// CHECK-NEXT: }
// GENERIC: "func.func"() <{sym_name = "placed", function_type = (tensor<4xf32>) -> tensor<4xf32>, arg_attrs = [{tops.slot = #tops.slot<persistent, 64, 16>}]}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<4xf32>):
// GENERIC-NEXT: %y = "tops.exp"(%x) {tops.slot = #tops.slot<scratch, 0, 16>} : (tensor<4xf32>) -> tensor<4xf32>
// GENERIC-NEXT: %z = "tops.fused"(%y) ({
// GENERIC-NEXT: ^bb0(%a: tensor<4xf32>):
// GENERIC-NEXT: %b = "tops.negative"(%a) : (tensor<4xf32>) -> tensor<4xf32>
// GENERIC-NEXT: "tops.yield"(%b) : (tensor<4xf32>) -> ()
// GENERIC-NEXT: }) {tops.slot = #tops.slot<constant, 128, 16>} : (tensor<4xf32>) -> tensor<4xf32>
// GENERIC-NEXT: "func.return"(%z) : (tensor<4xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()
