// RUN: catgrad-opt %s -p cat-to-tops --split-input-file | filecheck %s

// Copies are fan-out, sums are adds from the left, zeros are full; names, roles and attributes stay.
cat.arrow @main(%w: tensor<2xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<2xf32>)
    -> (tensor<2xf32> {tops.role = "metric"}, tensor<2xf32> {tops.updates = "w"}) attributes {note = "kept"} {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  cat.discard %w : tensor<2xf32>
  %z = cat.zero : tensor<2xf32>
  %s = cat.add %a, %w, %b : tensor<2xf32>
  %one = cat.add %s : tensor<2xf32>
  %m = tops.multiply %one, %z : tensor<2xf32>
  cat.return %m, %a : tensor<2xf32>, tensor<2xf32>
}

// CHECK:   func.func @main(%w: tensor<2xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<2xf32>) -> (tensor<2xf32> {tops.role = "metric"}, tensor<2xf32> {tops.updates = "w"}) attributes {note = "kept"} {
// CHECK-NEXT:     %z = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:     %0 = tops.add %x, %w : tensor<2xf32>
// CHECK-NEXT:     %s = tops.add %0, %x : tensor<2xf32>
// CHECK-NEXT:     %m = tops.multiply %s, %z : tensor<2xf32>
// CHECK-NEXT:     func.return %m, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// On i1 the sum is that of the ring Z/2.
cat.arrow @xor(%a: tensor<2xi1>, %b: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  %s = cat.add %a, %b : tensor<2xi1>
  %z = cat.zero : tensor<2xi1>
  cat.return %s, %z : tensor<2xi1>, tensor<2xi1>
}

// CHECK:   func.func @xor(%a: tensor<2xi1>, %b: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
// CHECK-NEXT:     %s = tops.add %a, %b : tensor<2xi1>
// CHECK-NEXT:     %z = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:     func.return %s, %z : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Monoidal arrows are lowered alike; no argument and no result are fine.
cat.arrow @monoidal(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  %y = tops.add %a, %b : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @nothing() {
  cat.return
}

// CHECK:   func.func @monoidal(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:     %y = tops.add %x, %x : tensor<2xf32>
// CHECK-NEXT:     func.return %y : tensor<2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @nothing() {
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT: }
