// RUN: catgrad-opt %s -p tops-pack-updates --split-input-file | filecheck %s
// RUN: catgrad-opt %s -p 'tops-pack-updates{target="ggml"}' --split-input-file | filecheck %s --check-prefix=LOOPS

// The same rule, its ops and inputs in another order, on two shapes: one region over both.
func.func @small(%a: tensor<2x3xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<2x3xf32>, %db: tensor<4xf32>, %rate: tensor<f32>) -> (tensor<2x3xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32> {
  ^bb0(%p: tensor<2x3xf32>, %g: tensor<2x3xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0, 1] : (tensor<f32>) -> tensor<2x3xf32>
    %e = tops.exp %g : tensor<2x3xf32>
    %s = tops.sqrt %e : tensor<2x3xf32>
    %m = tops.multiply %s, %g : tensor<2x3xf32>
    %d = tops.divide %m, %e : tensor<2x3xf32>
    %t = tops.tanh %d : tensor<2x3xf32>
    %u = tops.multiply %rs, %t : tensor<2x3xf32>
    %new = tops.subtract %p, %u : tensor<2x3xf32>
    tops.yield %new : tensor<2x3xf32>
  }
  %b1 = tops.fused (%rate, %b, %db) : (tensor<f32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%r: tensor<f32>, %p: tensor<4xf32>, %g: tensor<4xf32>):
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  func.return %a1, %b1 : tensor<2x3xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @small
// CHECK-NEXT:     %0 = tops.reshape %a : (tensor<2x3xf32>) -> tensor<6xf32>
// CHECK-NEXT:     %packed = tops.concat %0, %b, axis = 0 : i64 : (tensor<6xf32>, tensor<4xf32>) -> tensor<10xf32>
// CHECK-NEXT:     %1 = tops.reshape %da : (tensor<2x3xf32>) -> tensor<6xf32>
// CHECK-NEXT:     %packed_1 = tops.concat %1, %db, axis = 0 : i64 : (tensor<6xf32>, tensor<4xf32>) -> tensor<10xf32>
// CHECK-NEXT:     %packed_2 = tops.fused (%packed, %rate, %packed_1) : (tensor<10xf32>, tensor<f32>, tensor<10xf32>) -> tensor<10xf32> {
// CHECK-NEXT:     ^bb0(%p: tensor<10xf32>, %r: tensor<f32>, %g: tensor<10xf32>):
// CHECK-NEXT:       %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<10xf32>
// CHECK-NEXT:       %e = tops.exp %g : tensor<10xf32>
// CHECK-NEXT:       %s = tops.sqrt %e : tensor<10xf32>
// CHECK-NEXT:       %m = tops.multiply %s, %g : tensor<10xf32>
// CHECK-NEXT:       %d = tops.divide %m, %e : tensor<10xf32>
// CHECK-NEXT:       %t = tops.tanh %d : tensor<10xf32>
// CHECK-NEXT:       %u = tops.multiply %rs, %t : tensor<10xf32>
// CHECK-NEXT:       %new = tops.subtract %p, %u : tensor<10xf32>
// CHECK-NEXT:       tops.yield %new : tensor<10xf32>
// CHECK-NEXT:     }
// CHECK-NEXT:     %2 = tops.slice %packed_2, start = [0], step = [1], stop = [6] : (tensor<10xf32>) -> tensor<6xf32>
// CHECK-NEXT:     %a1 = tops.reshape %2 : (tensor<6xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     %b1 = tops.slice %packed_2, start = [6], step = [1], stop = [10] : (tensor<10xf32>) -> tensor<4xf32>
// CHECK-NEXT:     func.return %a1, %b1 : tensor<2x3xf32>, tensor<4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }

// Where regions are compiled loops, a call costs nothing.
// LOOPS-LABEL: func.func @small
// LOOPS-NOT:     tops.concat
// LOOPS-COUNT-2: tops.fused

// -----
// A broadcast that adds no axis stays one.
func.func @no_axes(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<3xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<3xf32>, %rate: tensor<f32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<3xf32> {tops.updates = "b"}) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %h = tops.broadcast %g, axes = [] : (tensor<4xf32>) -> tensor<4xf32>
    %e = tops.exp %h : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %rate) : (tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> tensor<3xf32> {
  ^bb0(%p: tensor<3xf32>, %g: tensor<3xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<3xf32>
    %h = tops.broadcast %g, axes = [] : (tensor<3xf32>) -> tensor<3xf32>
    %e = tops.exp %h : tensor<3xf32>
    %s = tops.sqrt %e : tensor<3xf32>
    %m = tops.multiply %s, %g : tensor<3xf32>
    %d = tops.divide %m, %e : tensor<3xf32>
    %t = tops.tanh %d : tensor<3xf32>
    %u = tops.multiply %rs, %t : tensor<3xf32>
    %new = tops.subtract %p, %u : tensor<3xf32>
    tops.yield %new : tensor<3xf32>
  }
  func.return %a1, %b1 : tensor<4xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @no_axes
// CHECK:         %h = tops.broadcast %g, axes = [] : tensor<7xf32>

// -----
// Another op is another rule.
func.func @other_rules(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<4xf32>, %rate: tensor<f32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.sin %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  func.return %a1, %b1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @other_rules
// CHECK-NOT:     tops.concat
// CHECK-COUNT-2: tops.fused

// -----
// So is another scalar.
func.func @other_scalars(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<4xf32>, %rate: tensor<f32>, %slow: tensor<f32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %slow) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  func.return %a1, %b1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @other_scalars
// CHECK-NOT:     tops.concat
// CHECK-COUNT-2: tops.fused

// -----
// A large tensor is not worth the copies.
func.func @large(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<64x64xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<64x64xf32>, %rate: tensor<f32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<64x64xf32> {tops.updates = "b"}) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %rate) : (tensor<64x64xf32>, tensor<64x64xf32>, tensor<f32>) -> tensor<64x64xf32> {
  ^bb0(%p: tensor<64x64xf32>, %g: tensor<64x64xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0, 1] : (tensor<f32>) -> tensor<64x64xf32>
    %e = tops.exp %g : tensor<64x64xf32>
    %s = tops.sqrt %e : tensor<64x64xf32>
    %m = tops.multiply %s, %g : tensor<64x64xf32>
    %d = tops.divide %m, %e : tensor<64x64xf32>
    %t = tops.tanh %d : tensor<64x64xf32>
    %u = tops.multiply %rs, %t : tensor<64x64xf32>
    %new = tops.subtract %p, %u : tensor<64x64xf32>
    tops.yield %new : tensor<64x64xf32>
  }
  func.return %a1, %b1 : tensor<4xf32>, tensor<64x64xf32>
}

// CHECK-LABEL: func.func @large
// CHECK-NOT:     tops.concat
// CHECK-COUNT-2: tops.fused

// -----
// A result that is read before the end is no update alone.
func.func @read(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<4xf32>, %rate: tensor<f32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}, tensor<4xf32>) {
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %c = tops.negative %b1 : tensor<4xf32>
  func.return %a1, %b1, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @read
// CHECK-NOT:     tops.concat
// CHECK-COUNT-2: tops.fused

// -----
// Nor does it matter where a function does a lot besides.
func.func @busy(%a: tensor<4xf32> {tops.name = "a", tops.role = "parameter"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "parameter"}, %da: tensor<4xf32>, %db: tensor<4xf32>, %rate: tensor<f32>, %x: tensor<128x512xf32>, %w: tensor<512x512xf32>) -> (tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}, tensor<128x512xf32>) {
  %y = tops.matmul %x, %w : (tensor<128x512xf32>, tensor<512x512xf32>) -> tensor<128x512xf32>
  %a1 = tops.fused (%a, %da, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  %b1 = tops.fused (%b, %db, %rate) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>, %g: tensor<4xf32>, %r: tensor<f32>):
    %rs = tops.broadcast %r, axes = [0] : (tensor<f32>) -> tensor<4xf32>
    %e = tops.exp %g : tensor<4xf32>
    %s = tops.sqrt %e : tensor<4xf32>
    %m = tops.multiply %s, %g : tensor<4xf32>
    %d = tops.divide %m, %e : tensor<4xf32>
    %t = tops.tanh %d : tensor<4xf32>
    %u = tops.multiply %rs, %t : tensor<4xf32>
    %new = tops.subtract %p, %u : tensor<4xf32>
    tops.yield %new : tensor<4xf32>
  }
  func.return %a1, %b1, %y : tensor<4xf32>, tensor<4xf32>, tensor<128x512xf32>
}

// CHECK-LABEL: func.func @busy
// CHECK-NOT:     tops.concat
// CHECK-COUNT-2: tops.fused
