// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"},tops-verify-slots{target="numpy"}' --split-input-file | filecheck %s

// Elementwise ops run in place, views have no slot, a value takes the place of one that died.
func.func @reuse(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<64xf32> {
  %a = tops.exp %x : tensor<8x8xf32>
  %p = tops.matmul %a, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = tops.permute_dims %p, axes = [1, 0] : tensor<8x8xf32>
  %q = tops.matmul %t, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = tops.reshape %q : (tensor<8x8xf32>) -> tensor<64xf32>
  %y = tops.tanh %r : tensor<64xf32>
  func.return %y : tensor<64xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 768 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @reuse(%x: tensor<8x8xf32> {tops.slot = #tops.slot<scratch, 0, 256>}, %w: tensor<8x8xf32> {tops.slot = #tops.slot<scratch, 256, 256>}) -> tensor<64xf32> attributes {tops.scratch = 768 : i64, tops.bound = 768 : i64} {
// CHECK-NEXT:     %a = tops.exp %x {tops.slots = [#tops.slot<scratch, 0, 256>]} : tensor<8x8xf32>
// CHECK-NEXT:     %p = tops.matmul %a, %w {tops.slots = [#tops.slot<scratch, 512, 256>]} : tensor<8x8xf32>
// CHECK-NEXT:     %t = tops.permute_dims %p, axes = [1, 0] : tensor<8x8xf32>
// CHECK-NEXT:     %q = tops.matmul %t, %w {tops.slots = [#tops.slot<scratch, 0, 256>]} : tensor<8x8xf32>
// CHECK-NEXT:     %r = tops.reshape %q : (tensor<8x8xf32>) -> tensor<64xf32>
// CHECK-NEXT:     %y = tops.tanh %r {tops.slots = [#tops.slot<scratch, 256, 256>]} : tensor<64xf32>
// CHECK-NEXT:     func.return %y : tensor<64xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Stored tensors keep one slot in all functions. The update is written in place after the loss.
func.func @init(%seed: tensor<i32>) -> (tensor<4xf32> {tops.updates = "w", tops.role = "parameter"}) {
  %w = tops.random_uniform %seed, %seed, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
  func.return %w : tensor<4xf32>
}
func.func @step(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<4xf32>)
    -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) {
  %d = tops.subtract %w, %x : tensor<4xf32>
  %loss = tops.sum %d, axes = [0] : (tensor<4xf32>) -> tensor<f32>
  %new = tops.subtract %w, %d : tensor<4xf32>
  func.return %loss, %new : tensor<f32>, tensor<4xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @init(%seed: tensor<i32> {tops.slot = #tops.slot<scratch, 0, 4>}) -> (tensor<4xf32> {tops.updates = "w", tops.role = "parameter"}) attributes {tops.scratch = 64 : i64, tops.bound = 64 : i64} {
// CHECK-NEXT:     %w = tops.random_uniform %seed, %seed, site = 0 : i64 {tops.slots = [#tops.slot<persistent, 0, 16>]} : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
// CHECK-NEXT:     func.return %w : tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func @step(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}, %x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) attributes {tops.scratch = 128 : i64, tops.bound = 128 : i64} {
// CHECK-NEXT:     %d = tops.subtract %w, %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %loss = tops.sum %d, axes = [0] {tops.slots = [#tops.slot<scratch, 64, 4>]} : (tensor<4xf32>) -> tensor<f32>
// CHECK-NEXT:     %new = tops.subtract %w, %d {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     func.return %loss, %new : tensor<f32>, tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// An update that is computed before the loss is copied into place behind it.
func.func @early(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<4xf32>)
    -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) {
  %new = tops.subtract %w, %x : tensor<4xf32>
  %loss = tops.sum %new, axes = [0] : (tensor<4xf32>) -> tensor<f32>
  func.return %loss, %new : tensor<f32>, tensor<4xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @early(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}, %x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) attributes {tops.scratch = 128 : i64, tops.bound = 128 : i64} {
// CHECK-NEXT:     %new = tops.subtract %w, %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %loss = tops.sum %new, axes = [0] {tops.slots = [#tops.slot<scratch, 64, 4>]} : (tensor<4xf32>) -> tensor<f32>
// CHECK-NEXT:     %new_w = tops.copy %new {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     func.return %loss, %new_w : tensor<f32>, tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Two tensors are exchanged through copies; an argument that is returned is copied as well.
func.func @exchange(%a: tensor<4xf32> {tops.name = "a", tops.role = "state"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "state"})
    -> (tensor<4xf32>, tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) {
  func.return %a, %b, %a : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 128 : i64, tops.scratch = 192 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @exchange(%a: tensor<4xf32> {tops.name = "a", tops.role = "state", tops.slot = #tops.slot<persistent, 0, 16>}, %b: tensor<4xf32> {tops.name = "b", tops.role = "state", tops.slot = #tops.slot<persistent, 64, 16>}) -> (tensor<4xf32>, tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) attributes {tops.scratch = 192 : i64, tops.bound = 192 : i64} {
// CHECK-NEXT:     %a_1 = tops.copy %a {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %new_a = tops.copy %b {tops.slots = [#tops.slot<scratch, 64, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %new_b = tops.copy %a {tops.slots = [#tops.slot<scratch, 128, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %new_a_1 = tops.copy %new_a {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %new_b_1 = tops.copy %new_b {tops.slots = [#tops.slot<persistent, 64, 16>]} : tensor<4xf32>
// CHECK-NEXT:     func.return %a_1, %new_a_1, %new_b_1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Every result has storage of its own: a repeat, a literal, a constant and a view are copied.
func.func @results(%x: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>) {
  %y = tops.exp %x : tensor<4xf32>
  %k = tops.full value = 2.0 : f32 : tensor<4xf32>
  %c = tops.constant value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
  %v = tops.reshape %y : (tensor<4xf32>) -> tensor<2x2xf32>
  func.return %y, %y, %k, %c, %v : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 320 : i64, tops.constant = 64 : i64} {
// CHECK-NEXT:   func.func @results(%x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>) attributes {tops.scratch = 320 : i64, tops.bound = 320 : i64} {
// CHECK-NEXT:     %y = tops.exp %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %k = tops.full value = 2.000000e+00 : f32 : tensor<4xf32>
// CHECK-NEXT:     %c = tops.constant value = dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32> {tops.slots = [#tops.slot<constant, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %v = tops.reshape %y : (tensor<4xf32>) -> tensor<2x2xf32>
// CHECK-NEXT:     %y_1 = tops.copy %y {tops.slots = [#tops.slot<scratch, 64, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %k_1 = tops.copy %k {tops.slots = [#tops.slot<scratch, 128, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %c_1 = tops.copy %c {tops.slots = [#tops.slot<scratch, 192, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %v_1 = tops.copy %v {tops.slots = [#tops.slot<scratch, 256, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     func.return %y, %y_1, %k_1, %c_1, %v_1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// An op that reads memory gets a constant in memory; elementwise ops take it as a number.
func.func @scalar(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %k = tops.full value = 2.0 : f32 : tensor<2x2xf32>
  %m = tops.multiply %x, %k : tensor<2x2xf32>
  %y = tops.matmul %m, %k : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 192 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @scalar(%x: tensor<2x2xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> tensor<2x2xf32> attributes {tops.scratch = 192 : i64, tops.bound = 192 : i64} {
// CHECK-NEXT:     %k = tops.full value = 2.000000e+00 : f32 : tensor<2x2xf32>
// CHECK-NEXT:     %m = tops.multiply %x, %k {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     %k_1 = tops.copy %k {tops.slots = [#tops.slot<scratch, 64, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     %y = tops.matmul %m, %k_1 {tops.slots = [#tops.slot<scratch, 128, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     func.return %y : tensor<2x2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Not in place where the operand is still read through a view.
func.func @transpose(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %e = tops.exp %x : tensor<2x2xf32>
  %t = tops.permute_dims %e, axes = [1, 0] : tensor<2x2xf32>
  %y = tops.add %e, %t : tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @transpose(%x: tensor<2x2xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> tensor<2x2xf32> attributes {tops.scratch = 128 : i64, tops.bound = 128 : i64} {
// CHECK-NEXT:     %e = tops.exp %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     %t = tops.permute_dims %e, axes = [1, 0] : tensor<2x2xf32>
// CHECK-NEXT:     %y = tops.add %e, %t {tops.slots = [#tops.slot<scratch, 64, 16>]} : tensor<2x2xf32>
// CHECK-NEXT:     func.return %y : tensor<2x2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// The values inside a fused region live in the workspace, which is one for all regions on this target.
func.func @fused(%x: tensor<16xf32>, %z: tensor<16xf32>) -> tensor<16xf32> {
  %y = tops.fused (%x, %z) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %c = tops.sin %a : tensor<16xf32>
    %d = tops.cos %b : tensor<16xf32>
    %e = tops.multiply %c, %d : tensor<16xf32>
    %f = tops.add %e, %a : tensor<16xf32>
    tops.yield %f : tensor<16xf32>
  }
  func.return %y : tensor<16xf32>
}

// CHECK: builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 256 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @fused(%x: tensor<16xf32> {tops.slot = #tops.slot<scratch, 64, 64>}, %z: tensor<16xf32> {tops.slot = #tops.slot<scratch, 0, 64>}) -> tensor<16xf32> attributes {tops.scratch = 256 : i64, tops.bound = 256 : i64} {
// CHECK-NEXT:     %y = tops.fused (%x, %z) {tops.slots = [#tops.slot<scratch, 64, 64>], tops.workspace = #tops.slot<scratch, 128, 128>} : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
// CHECK-NEXT:     ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
// CHECK-NEXT:       %c = tops.sin %a : tensor<16xf32>
// CHECK-NEXT:       %d = tops.cos %b : tensor<16xf32>
// CHECK-NEXT:       %e = tops.multiply %c, %d : tensor<16xf32>
// CHECK-NEXT:       %f = tops.add %e, %a : tensor<16xf32>
// CHECK-NEXT:       tops.yield %f : tensor<16xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     func.return %y : tensor<16xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// Indices that are inputs were checked on entry: an update need not wait for their use.
func.func @known(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter"}, %t: tensor<5x4xf32>, %i: tensor<2xi32> {tops.name = "i", tops.range = array<i64: 0, 5>}) -> (tensor<4xf32> {tops.updates = "w"}, tensor<2x4xf32>) {
  %n = tops.exp %w : tensor<4xf32>
  %j = tops.reshape %i : (tensor<2xi32>) -> tensor<2x1xi32>
  %l = tops.reshape %j : (tensor<2x1xi32>) -> tensor<2xi32>
  %y = tops.take %t, %l, axis = 0 : i64 : (tensor<5x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  func.return %n, %y : tensor<4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func.func @known
// CHECK-NEXT:     %n = tops.exp %w {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK:          func.return %n, %y : tensor<4xf32>, tensor<2x4xf32>

// -----
// Others may be wrong; then nothing has been updated.
func.func @unknown(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter"}, %t: tensor<5x4xf32>, %i: tensor<2xi32> {tops.name = "i", tops.range = array<i64: 0, 6>}) -> (tensor<4xf32> {tops.updates = "w"}, tensor<2x4xf32>) {
  %n = tops.exp %w : tensor<4xf32>
  %y = tops.take %t, %i, axis = 0 : i64 : (tensor<5x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  func.return %n, %y : tensor<4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func.func @unknown
// CHECK-NEXT:     %n = tops.exp %w {tops.slots = [#tops.slot<scratch, {{[0-9]+}}, 16>]} : tensor<4xf32>
// CHECK:          %new_w = tops.copy %n {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     func.return %new_w, %y : tensor<4xf32>, tensor<2x4xf32>

// -----
// What is added to dies: the sums are formed there.
func.func @accumulate(%a: tensor<5x4xf32>, %x: tensor<3x4xf32>, %i: tensor<3xi32>) -> tensor<5x4xf32> {
  %p = tops.exp %a : tensor<5x4xf32>
  %y = tops.scatter_add %x, %i, %p, axis = 0 : i64 : (tensor<3x4xf32>, tensor<3xi32>, tensor<5x4xf32>) -> tensor<5x4xf32>
  func.return %y : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @accumulate
// CHECK-NEXT:     %p = tops.exp %a {tops.slots = [#tops.slot<scratch, [[AT:[0-9]+]], 80>]} : tensor<5x4xf32>
// CHECK-NEXT:     %y = tops.scatter_add %x, %i, %p, axis = 0 : i64 {tops.slots = [#tops.slot<scratch, [[AT]], 80>]}
