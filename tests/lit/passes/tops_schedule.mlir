// RUN: catgrad-opt %s -p tops-schedule --split-input-file | filecheck %s
// RUN: catgrad-opt %s -p tops-schedule,tops-assign-slots,tops-verify-slots --split-input-file | filecheck %s --check-prefix PLACED

// One large value is used up before the next is made; views and literals go with what needs them.
func.func @sums(%x: tensor<64xf32>) -> (tensor<f32>, tensor<1xf32>) {
  %one = tops.full value = 1.0 : f32 : tensor<f32>
  %a = tops.concat %x, %x, axis = 0 : i64 : (tensor<64xf32>, tensor<64xf32>) -> tensor<128xf32>
  %b = tops.concat %a, %x, axis = 0 : i64 : (tensor<128xf32>, tensor<64xf32>) -> tensor<192xf32>
  %c = tops.concat %x, %x, %x, axis = 0 : i64 : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<192xf32>
  %p = tops.sum %b, axes = [0] : (tensor<192xf32>) -> tensor<f32>
  %q = tops.sum %c, axes = [0] : (tensor<192xf32>) -> tensor<f32>
  %r = tops.reshape %q : (tensor<f32>) -> tensor<1xf32>
  %s = tops.exp %r : tensor<1xf32>
  %t = tops.add %p, %one : tensor<f32>
  func.return %t, %s : tensor<f32>, tensor<1xf32>
}

// CHECK:      func.func @sums
// CHECK-NEXT:   %a = tops.concat
// CHECK-NEXT:   %b = tops.concat %a, %x
// CHECK-NEXT:   %p = tops.sum %b
// CHECK-NEXT:   %c = tops.concat %x, %x, %x
// CHECK-NEXT:   %q = tops.sum %c
// CHECK-NEXT:   %r = tops.reshape %q
// CHECK-NEXT:   %s = tops.exp %r
// CHECK-NEXT:   %one = tops.full
// CHECK-NEXT:   %t = tops.add %p, %one
// CHECK-NEXT:   func.return %t, %s
// PLACED:     func.func @sums
// PLACED-SAME: tops.bound = 1536

// -----
// An update comes after the loss, where it needs no memory of its own, and at once.
func.func @step(%w: tensor<64xf32> {tops.name = "w", tops.role = "parameter"}, %v: tensor<64xf32> {tops.name = "v", tops.role = "parameter"}, %x: tensor<64xf32>) -> (tensor<f32> {tops.role = "loss"}, tensor<64xf32> {tops.updates = "w"}, tensor<64xf32> {tops.updates = "v"}) {
  %m = tops.multiply %w, %x : tensor<64xf32>
  %dv = tops.cos %v : tensor<64xf32>
  %v1 = tops.subtract %v, %dv : tensor<64xf32>
  %dw = tops.sin %x : tensor<64xf32>
  %loss = tops.sum %m, axes = [0] : (tensor<64xf32>) -> tensor<f32>
  %w1 = tops.subtract %w, %dw : tensor<64xf32>
  func.return %loss, %w1, %v1 : tensor<f32>, tensor<64xf32>, tensor<64xf32>
}

// CHECK:      func.func @step
// CHECK-NEXT:   %m = tops.multiply %w, %x
// CHECK-NEXT:   %loss = tops.sum %m
// CHECK-NEXT:   %dv = tops.cos %v
// CHECK-NEXT:   %v1 = tops.subtract %v, %dv
// CHECK-NEXT:   %dw = tops.sin %x
// CHECK-NEXT:   %w1 = tops.subtract %w, %dw
// CHECK-NEXT:   func.return %loss, %w1, %v1
// PLACED:     func.func @step
// PLACED-SAME: tops.bound = 576
// PLACED:       %v1 = {{.*}}#tops.slot<persistent
// PLACED:       %w1 = {{.*}}#tops.slot<persistent
