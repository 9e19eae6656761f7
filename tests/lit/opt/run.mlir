// RUN: catgrad-opt %s --run @affine | filecheck %s
// RUN: catgrad-opt %s --run step -p cat-inline,cat-to-tops | filecheck %s --check-prefix=STEP

// The result does not depend on the passes before it; a name and every value are printed.

cat.arrow @affine() -> (tensor<2x2xf32>, tensor<i1>) {
  %x = tops.constant value = dense<[[1.0, 2.0], [3.0, -0.5]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %one = tops.full value = 1.0 : f32 : tensor<2x2xf32>
  %y = tops.add %x, %one : tensor<2x2xf32>
  %t = tops.full value = true : tensor<i1>
  cat.return %y, %t : tensor<2x2xf32>, tensor<i1>
}
// CHECK:      result 0: float32 [2, 2]
// CHECK-NEXT: {{\[\[}}2. , 3. ],
// CHECK-NEXT:  [4. , 0.5]]
// CHECK-NEXT: result 1: bool []
// CHECK-NEXT: True

cat.arrow @step() -> (tensor<2xi32> {tops.updates = "w"}, tensor<i1> {tops.role = "loss"}) {
  %w = tops.full value = 7 : i32 : tensor<2xi32>
  %y, %t = cat.call @affine() : () -> (tensor<2x2xf32>, tensor<i1>)
  cat.return %w, %t : tensor<2xi32>, tensor<i1>
}
// STEP:      result 0 w: int32 [2]
// STEP-NEXT: [7, 7]
// STEP-NEXT: result 1 loss: bool []
// STEP-NEXT: True
