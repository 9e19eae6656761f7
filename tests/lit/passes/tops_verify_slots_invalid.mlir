// RUN: catgrad-opt %s -p 'tops-verify-slots{target="numpy"}' --split-input-file --verify-diagnostics | filecheck %s

func.func @unplaced(%x: tensor<4xf32>) -> tensor<4xf32> {
  func.return %x : tensor<4xf32>
}

// CHECK: pass 'tops-verify-slots' failed: the module has no tops.persistent; run tops-assign-slots first

// -----
// A value is read after its slot was overwritten.
builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
  func.func @overwritten(%x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> tensor<4xf32> {
    %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
    %y = tops.add %x, %s {tops.slots = [#tops.slot<scratch, 64, 16>]} : tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}

// CHECK: pass 'tops-verify-slots' failed: @overwritten: 'tops.add' reads %x after its slot #tops.slot<scratch, 0, 16> was overwritten

// -----
// Two results share their storage.
builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
  func.func @shared(%x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<4xf32>, tensor<4xf32>) {
    %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
    func.return %s, %s : tensor<4xf32>, tensor<4xf32>
  }
}

// CHECK: pass 'tops-verify-slots' failed: @shared: result 1 shares storage with another result

// -----
// The update is written before the loss is known.
builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
  func.func @early(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}, %x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) {
    %y = tops.add %w, %x {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
    %l = tops.sum %x, axes = [0] {tops.slots = [#tops.slot<scratch, 64, 4>]} : (tensor<4xf32>) -> tensor<f32>
    func.return %l, %y : tensor<f32>, tensor<4xf32>
  }
}

// CHECK: pass 'tops-verify-slots' failed: @early: 'tops.add' writes a stored tensor before the last check

// -----
// A value that is no update is written over a stored tensor.
builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 64 : i64, tops.constant = 0 : i64} {
  func.func @lost(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}) -> tensor<4xf32> {
    %s = tops.sin %w {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
    %y = tops.cos %s {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}

// CHECK: pass 'tops-verify-slots' failed: @lost: 'tops.sin' writes a stored tensor, but is no update

// -----
// An empty result does not hide that two others share their storage.
builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 64 : i64, tops.constant = 0 : i64} {
  func.func @hidden(%x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}, %e: tensor<0x4xf32> {tops.slot = #tops.slot<scratch, 0, 0>}) -> (tensor<4xf32>, tensor<0x4xf32>, tensor<4xf32>) {
    %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
    %f = tops.sin %e {tops.slots = [#tops.slot<scratch, 0, 0>]} : tensor<0x4xf32>
    func.return %s, %f, %s : tensor<4xf32>, tensor<0x4xf32>, tensor<4xf32>
  }
}

// CHECK: pass 'tops-verify-slots' failed: @hidden: result 2 shares storage with another result
