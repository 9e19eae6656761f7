// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Two inputs, two outputs.
cat.arrow @f(%x: tensor<2xf32>, %w: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
  cat.return %x, %w : tensor<2xf32>, tensor<f32>
}
// CHECK-LABEL: cat.arrow @f(%x: tensor<2xf32>, %w: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
// CHECK-NEXT:   cat.return %x, %w : tensor<2xf32>, tensor<f32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "f", function_type = (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %w: tensor<f32>):
// GENERIC-NEXT: "cat.return"(%x, %w) : (tensor<2xf32>, tensor<f32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// The values of @f, then the cotangents of its inputs. The type is that of @f.
cat.arrow @reverse(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
  %y, %z, %dx, %dw = cat.reverse @f(%x, %w)(%g, %h) : (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
  cat.return %dx, %dw : tensor<2xf32>, tensor<f32>
}
// CHECK-LABEL: cat.arrow @reverse(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
// CHECK-NEXT:   %y, %z, %dx, %dw = cat.reverse @f(%x, %w)(%g, %h) : (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
// CHECK-NEXT:   cat.return %dx, %dw : tensor<2xf32>, tensor<f32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "reverse", function_type = (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>):
// GENERIC-NEXT: %y, %z, %dx, %dw = "cat.reverse"(%x, %w, %g, %h) <{callee = @f, operandSegmentSizes = array<i32: 2, 2>}> : (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>)
// GENERIC-NEXT: "cat.return"(%dx, %dw) : (tensor<2xf32>, tensor<f32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// The values of @f, then the tangents of its outputs.
cat.arrow @forward(%x: tensor<2xf32>, %w: tensor<f32>, %dx: tensor<2xf32>, %dw: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
  %y, %z, %dy, %dz = cat.forward @f(%x, %w)(%dx, %dw) : (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
  cat.return %dy, %dz : tensor<2xf32>, tensor<f32>
}
// CHECK-LABEL: cat.arrow @forward(%x: tensor<2xf32>, %w: tensor<f32>, %dx: tensor<2xf32>, %dw: tensor<f32>) -> (tensor<2xf32>, tensor<f32>) {
// CHECK-NEXT:   %y, %z, %dy, %dz = cat.forward @f(%x, %w)(%dx, %dw) : (tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
// CHECK-NEXT:   cat.return %dy, %dz : tensor<2xf32>, tensor<f32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "forward", function_type = (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %w: tensor<f32>, %dx: tensor<2xf32>, %dw: tensor<f32>):
// GENERIC-NEXT: %y, %z, %dy, %dz = "cat.forward"(%x, %w, %dx, %dw) <{callee = @f, operandSegmentSizes = array<i32: 2, 2>}> : (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>)
// GENERIC-NEXT: "cat.return"(%dy, %dz) : (tensor<2xf32>, tensor<f32>) -> ()
// GENERIC-NEXT: }) : () -> ()

// Derivatives of derivatives; scope and site as in calls.
cat.arrow @second(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>) -> tensor<2xf32> {
  %a, %b, %dx, %dw, %dg, %dh = cat.reverse @reverse(%x, %w, %g, %h)(%x, %w) {scope = "h.1", site = 3 : i64} : (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
  cat.return %dx : tensor<2xf32>
}
// CHECK-LABEL: cat.arrow @second(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>) -> tensor<2xf32> {
// CHECK-NEXT:   %a, %b, %dx, %dw, %dg, %dh = cat.reverse @reverse(%x, %w, %g, %h)(%x, %w) {scope = "h.1", site = 3 : i64} : (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>)
// CHECK-NEXT:   cat.return %dx : tensor<2xf32>
// CHECK-NEXT: }
// GENERIC: "cat.arrow"() <{sym_name = "second", function_type = (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>}> ({
// GENERIC-NEXT: ^bb0(%x: tensor<2xf32>, %w: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>):
// GENERIC-NEXT: %a, %b, %dx, %dw, %dg, %dh = "cat.reverse"(%x, %w, %g, %h, %x, %w) <{callee = @reverse, operandSegmentSizes = array<i32: 4, 2>, scope = "h.1", site = 3 : i64}> : (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>) -> (tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>, tensor<2xf32>, tensor<f32>)
// GENERIC-NEXT: "cat.return"(%dx) : (tensor<2xf32>) -> ()
// GENERIC-NEXT: }) : () -> ()
