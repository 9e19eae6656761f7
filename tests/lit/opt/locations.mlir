// RUN: catgrad-opt %s --print-debuginfo | filecheck %s
// RUN: catgrad-opt %s --print-debuginfo | catgrad-opt --print-debuginfo | filecheck %s
// RUN: catgrad-opt %s -p cat-differentiate,cat-inline --print-debuginfo | filecheck %s --check-prefix=BACK
// RUN: catgrad-opt %s | filecheck %s --check-prefix=PLAIN

cat.arrow private @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %s = tops.sum %dx, axes = [0] : (tensor<2xf32>) -> tensor<f32> loc("model.py":3:7)
  cat.return %dx : tensor<2xf32>
}
// CHECK:      %y = tops.sin %x : tensor<2xf32> loc("{{.*}}locations.mlir":7:3)
// CHECK:      } loc("{{.*}}locations.mlir":6:1)
// CHECK:      tops.sum %dx, axes = [0] : (tensor<2xf32>) -> tensor<f32> loc("model.py":3:7)

// The backward ops come from where the forward op comes from.
// BACK: %0 = tops.cos %x : tensor<2xf32> loc("{{.*}}locations.mlir":7:3)
// BACK: %dx = tops.multiply %x, %0 : tensor<2xf32> loc("{{.*}}locations.mlir":7:3)

// PLAIN-NOT: loc(
// PLAIN: cat.arrow @g(
