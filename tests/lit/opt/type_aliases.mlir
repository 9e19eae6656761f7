// RUN: catgrad-opt %s | filecheck %s
// RUN: catgrad-opt %s | catgrad-opt | filecheck %s
// RUN: catgrad-opt %s --no-type-aliases | filecheck %s --check-prefix=FULL
// RUN: catgrad-opt %s -p cse --print-ir-after all 2>&1 >%t | filecheck %s
// RUN: catgrad-opt %s --no-type-aliases -p cse --print-ir-after all 2>&1 >%t | filecheck %s --check-prefix=FULL

// The types of a long signature have aliases, by shape and element type: the same in every module.

cat.arrow @short(%x: tensor<12x64xf32>) -> tensor<7xf32> {
  %z = cat.zero : tensor<7xf32>
  cat.return %z : tensor<7xf32>
}
cat.arrow @long(%a: tensor<12x64xf32>, %b: tensor<12x64xf32>, %c: tensor<12x64xf32>, %d: tensor<12x64xf32>, %e: tensor<12x64xf32>, %f: tensor<12x64xf32>, %g: tensor<12x64xf32>, %h: tensor<12x64xf32>, %i: tensor<12x64xf32>, %j: tensor<12x64xf32>, %k: tensor<12x64xf32>, %l: tensor<12x64xf32>, %m: tensor<12x64xf32>, %n: tensor<12x64xf32>, %o: tensor<12x64xf32>, %p: tensor<12x64xf32>, %q: tensor<12x64xf32>, %r: tensor<12x64xf32>, %s: tensor<12x64xf32>, %t: tensor<12x64xf32>, %u: tensor<12x64xf32>, %v: tensor<12x64xf32>, %w: tensor<f32>, %x: tensor<3xi32>) -> tensor<12x64xf32> {
  cat.return %a : tensor<12x64xf32>
}
// CHECK-NOT:  !f32_7
// CHECK:      {{^}}!f32_12x64 = tensor<12x64xf32>
// CHECK-NEXT: {{^}}!i32_3 = tensor<3xi32>
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   cat.arrow @short(%x: !f32_12x64) -> tensor<7xf32> {
// CHECK:        cat.arrow @long(%a: !f32_12x64, %b: !f32_12x64,
// CHECK-SAME:   %w: tensor<f32>, %x: !i32_3) -> !f32_12x64 {
// CHECK-NEXT:     cat.return %a : !f32_12x64

// FULL-NOT: {{^}}!
// FULL:     cat.arrow @long(%a: tensor<12x64xf32>,
