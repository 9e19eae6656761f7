// RUN: catgrad-opt %s --split-input-file -p 'tops-decompose{target="ggml-native"}' | filecheck %s
// RUN: catgrad-opt %s --split-input-file -p 'tops-decompose{target="ggml-native"}' | catgrad-opt --split-input-file -p 'tops-decompose{target="ggml-native"}' | filecheck %s
// RUN: catgrad-opt %s --split-input-file -p tops-decompose | filecheck %s --check-prefix=ALL

// What the target has is left alone; NumPy has everything.

func.func @rsqrt(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tops.rsqrt %x : tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: @rsqrt
// CHECK-NEXT:    [[ONE:%.*]] = tops.full value = 1.000000e+00 : f32 : tensor<4xf32>
// CHECK-NEXT:    [[ROOT:%.*]] = tops.sqrt %x : tensor<4xf32>
// CHECK-NEXT:    %y = tops.divide [[ONE]], [[ROOT]] : tensor<4xf32>
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// ALL:         @rsqrt
// ALL-NEXT:      tops.rsqrt

// -----

// A comparison is a step, a choice moves elements untouched: nothing is multiplied by 0.

func.func @relu(%x: tensor<4xf32>, %g: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tops.full value = 0.0 : f32 : tensor<4xf32>
  %m = tops.greater %x, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %y = tops.where %m, %g, %0 : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: @relu
// CHECK-NEXT:    [[ZERO:%.*]] = tops.full value = 0.000000e+00 : f32 : tensor<4xf32>
// CHECK-NEXT:    %m = tops.fused (%x) : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    ^bb0([[A:%.*]]: tensor<4xf32>):
// CHECK-NEXT:      [[B:%.*]] = tops.full value = 0.000000e+00 : f32 : tensor<4xf32>
// CHECK-NEXT:      [[C:%.*]] = tops.greater [[A]], [[B]] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
// CHECK-NEXT:      [[D:%.*]] = tops.astype [[C]] : (tensor<4xi1>) -> tensor<4xf32>
// CHECK-NEXT:      tops.yield [[D]] : tensor<4xf32>
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = tops.fused (%m, %g, [[ZERO]]) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    ^bb0({{.*}}):
// CHECK-NEXT:      {{.*}} = tops.astype {{.*}} : (tensor<4xf32>) -> tensor<4xi1>
// CHECK-NEXT:      {{.*}} = tops.where
// CHECK-NEXT:      tops.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<4xf32>
// ALL:         @relu
// ALL:           tops.where

// -----

// Rows lie dense: a product is one of rows with rows. Labels count as floats, their range being known.

func.func @labels(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %t: tensor<2xi32> {tops.name = "t", tops.range = array<i64: 0, 4>}) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %y = tops.matmul %x, %w : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %i = tops.arange : tensor<4xi32>
  %a = tops.broadcast %t, axes = [1] : (tensor<2xi32>) -> tensor<2x4xi32>
  %b = tops.broadcast %i, axes = [0] : (tensor<4xi32>) -> tensor<2x4xi32>
  %e = tops.less %a, %b : (tensor<2x4xi32>, tensor<2x4xi32>) -> tensor<2x4xi1>
  %z = tops.astype %e : (tensor<2x4xi1>) -> tensor<2x4xf32>
  func.return %y, %z : tensor<2x4xf32>, tensor<2x4xf32>
}
// CHECK-LABEL: @labels
// CHECK:         [[W:%.*]] = tops.permute_dims %w, axes = [1, 0]
// CHECK-NEXT:    %y = tops.matmul %x, [[W]], transpose_b
// CHECK:         [[T:%.*]] = tops.astype %t : (tensor<2xi32>) -> tensor<2xf32>
// CHECK-NEXT:    {{.*}} = tops.broadcast [[T]], axes = [1]
// CHECK-NEXT:    [[I:%.*]] = tops.arange : tensor<4xf32>
// CHECK:         tops.greater
// ALL:         @labels
