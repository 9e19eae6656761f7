// RUN: catgrad-opt %s -p 'tops-verify-slots{target="numpy"}' --split-input-file | filecheck %s

// Accepted, and nothing is changed.
builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 64 : i64, tops.constant = 0 : i64} {
  func.func @step(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}, %x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<4xf32> {tops.updates = "w"}) {
    %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
    %y = tops.add %w, %s {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}

// CHECK: builtin.module attributes {tops.persistent = 64 : i64, tops.scratch = 64 : i64, tops.constant = 0 : i64} {
// CHECK-NEXT:   func.func @step(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter", tops.slot = #tops.slot<persistent, 0, 16>}, %x: tensor<4xf32> {tops.slot = #tops.slot<scratch, 0, 16>}) -> (tensor<4xf32> {tops.updates = "w"}) {
// CHECK-NEXT:     %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     %y = tops.add %w, %s {tops.slots = [#tops.slot<persistent, 0, 16>]} : tensor<4xf32>
// CHECK-NEXT:     func.return %y : tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// -----
// What is empty overlaps nothing: not another empty one, not what is alive around it.
builtin.module attributes {tops.persistent = 0 : i64, tops.scratch = 128 : i64, tops.constant = 0 : i64} {
  func.func @empty(%x: tensor<32xf32> {tops.slot = #tops.slot<scratch, 0, 128>}, %e: tensor<0x4xf32> {tops.slot = #tops.slot<scratch, 64, 0>}) -> (tensor<32xf32>, tensor<0x4xf32>, tensor<0x4xf32>) {
    %s = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 128>]} : tensor<32xf32>
    %f = tops.sin %e {tops.slots = [#tops.slot<scratch, 64, 0>]} : tensor<0x4xf32>
    %g = tops.add %f, %e {tops.slots = [#tops.slot<scratch, 64, 0>]} : tensor<0x4xf32>
    func.return %s, %f, %g : tensor<32xf32>, tensor<0x4xf32>, tensor<0x4xf32>
  }
}

// CHECK-LABEL: func.func @empty
// CHECK:         func.return %s, %f, %g
