// RUN: catgrad-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// A fused region computes something.
func.func @f(%x: tensor<2xf32>) {
  tops.fused (%x) : (tensor<2xf32>) -> () {
  ^bb0(%a: tensor<2xf32>):
    tops.yield
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' must yield at least one value

// -----

// It ends in `tops.yield`.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    cat.return %a : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' must yield at least one value

// -----

// Its arguments are its operands.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>):
    %b = tops.full value = 1.0 : f32 : tensor<2xf32>
    tops.yield %b : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused': region arguments and operands differ in type

// -----

// What it yields are its results.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    tops.yield %a, %a : tensor<2xf32>, tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused': yielded values and results differ in type

// -----

// It holds ops of one sweep only.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %b = tops.reshape %a : tensor<2xf32>
    tops.yield %b : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' holds elementwise ops, row reductions, broadcasts and full, got 'tops.reshape'

// -----

// Rows run along the last axis.
func.func @f(%x: tensor<2x3xf32>) {
  %y = tops.fused (%x) : (tensor<2x3xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<2x3xf32>):
    %b = tops.sum %a, axes = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
    tops.yield %b : tensor<3xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' over [2, 3] holds 'tops.sum' of tensor<3xf32>

// -----

func.func @f(%x: tensor<2x2xf32>) {
  %y = tops.fused (%x) : (tensor<2x2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2x2xf32>):
    %b = tops.sum %a, axes = [0] : (tensor<2x2xf32>) -> tensor<2xf32>
    tops.yield %b : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' over [2, 2]: 'tops.sum' must fold the last axis, got axes [0] of tensor<2x2xf32>

// -----

// A row's value is repeated along its row.
func.func @f(%x: tensor<2x2xf32>) {
  %y = tops.fused (%x) : (tensor<2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%a: tensor<2x2xf32>):
    %b = tops.sum %a, axes = [1] : (tensor<2x2xf32>) -> tensor<2xf32>
    %c = tops.broadcast %b, axes = [0] : (tensor<2xf32>) -> tensor<2x2xf32>
    tops.yield %c : tensor<2x2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' over [2, 2]: 'tops.broadcast' takes an argument, or repeats a row's value along the row, got axes [0]

// -----

// All in one iteration space.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %b = tops.full value = 1.0 : f32 : tensor<3xf32>
    tops.yield %a : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: 'tops.fused' over [2] holds 'tops.full' of tensor<3xf32>

// -----

// It sees its operands only.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.fused () : () -> tensor<2xf32> {
    %b = tops.exp %x : tensor<2xf32>
    tops.yield %b : tensor<2xf32>
  }
  func.return
}
// CHECK: Operation does not verify: Operation using value defined out of its IsolatedFromAbove parent: ExpOp(%b = tops.exp %x : tensor<2xf32>)

// -----

// A slot lies in a region of memory.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.exp %x {tops.slot = #tops.slot<stack, 0, 8>} : tensor<2xf32>
  func.return
}
// CHECK: slot region 'stack' is not one of persistent, scratch, constant

// -----

// Slots are aligned.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.exp %x {tops.slot = #tops.slot<scratch, 8, 8>} : tensor<2xf32>
  func.return
}
// CHECK: slot offset 8 must be >= 0 and a multiple of 64

// -----

// Slots start in the region.
func.func @f(%x: tensor<2xf32>) {
  %y = tops.exp %x {tops.slot = #tops.slot<scratch, -64, 8>} : tensor<2xf32>
  func.return
}
// CHECK: slot offset -64 must be >= 0 and a multiple of 64

// -----

// A region that computes nothing has no values of rows.
func.func @f(%x: tensor<2x3xf32>, %m: tensor<2xf32>) {
  %y, %z = tops.fused (%x, %m) : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<2xf32>):
    tops.yield %a, %b : tensor<2x3xf32>, tensor<2xf32>
  }
  func.return
}
// CHECK: 'tops.fused' over [2, 3] yields tensor<2xf32>
