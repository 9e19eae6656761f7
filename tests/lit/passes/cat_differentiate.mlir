// RUN: catgrad-opt %s --split-input-file -p cat-differentiate | filecheck %s
// RUN: catgrad-opt %s --split-input-file -p cat-differentiate --check-semantics | filecheck %s

// A layer. Wanted are the cotangents of both inputs; the residual is what the rules use: the inputs
// of the product and the output of tanh.
cat.arrow @dense(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %y = tops.tanh %0 : tensor<2x3xf32>
  cat.return %y : tensor<2x3xf32>
}
cat.arrow @grad(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>, %g: tensor<2x3xf32>) -> (tensor<4x3xf32>, tensor<2x4xf32>) {
  %y, %dw, %dx = cat.reverse @dense(%w, %x)(%g) : (tensor<4x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  cat.return %dw, %dx : tensor<4x3xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: cat.arrow @dense(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:    %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    %y = tops.tanh %0 : tensor<2x3xf32>
// CHECK-NEXT:    cat.return %y : tensor<2x3xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @dense.forward(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>) {
// CHECK-NEXT:    %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    %y = tops.tanh %0 : tensor<2x3xf32>
// CHECK-NEXT:    cat.return %y, %y, %w, %x : tensor<2x3xf32>, tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @dense.reverse(%y: tensor<2x3xf32>, %w: tensor<4x3xf32>, %x: tensor<2x4xf32>, %d_y: tensor<2x3xf32>) -> (tensor<4x3xf32>, tensor<2x4xf32>) {
// CHECK-NEXT:    %0 = tops.square %y : tensor<2x3xf32>
// CHECK-NEXT:    %1 = tops.full value = 1.000000e+00 : f32 : tensor<2x3xf32>
// CHECK-NEXT:    %2 = tops.subtract %1, %0 : tensor<2x3xf32>
// CHECK-NEXT:    %3 = tops.multiply %d_y, %2 : tensor<2x3xf32>
// CHECK-NEXT:    %d_x = tops.matmul %3, %w, transpose_b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
// CHECK-NEXT:    %d_w = tops.matmul %x, %3, transpose_a : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT:    cat.return %d_w, %d_x : tensor<4x3xf32>, tensor<2x4xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>, %g: tensor<2x3xf32>) -> (tensor<4x3xf32>, tensor<2x4xf32>) {
// CHECK-NEXT:    %y, %0, %1, %2 = cat.call @dense.forward(%w, %x) : (tensor<4x3xf32>, tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>)
// CHECK-NEXT:    %dw, %dx = cat.call @dense.reverse(%0, %1, %2, %g) : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>, tensor<2x3xf32>) -> (tensor<4x3xf32>, tensor<2x4xf32>)
// CHECK-NEXT:    cat.return %dw, %dx : tensor<4x3xf32>, tensor<2x4xf32>
// CHECK-NEXT:  }

// -----

// Only what is wanted is computed: no product for dx, and %w is not kept.
cat.arrow @dense(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %y = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  cat.return %y : tensor<2x3xf32>
}
cat.arrow @grad(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>, %g: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %y, %dw, %dx = cat.reverse @dense(%w, %x)(%g) : (tensor<4x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  cat.return %dw : tensor<4x3xf32>
}

// CHECK-LABEL: cat.arrow @dense(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:    %y = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    cat.return %y : tensor<2x3xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @dense.forward(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x4xf32>) {
// CHECK-NEXT:    %y = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    cat.return %y, %x : tensor<2x3xf32>, tensor<2x4xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @dense.reverse(%x: tensor<2x4xf32>, %d_y: tensor<2x3xf32>) -> tensor<4x3xf32> {
// CHECK-NEXT:    %d_w = tops.matmul %x, %d_y, transpose_a : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT:    cat.return %d_w : tensor<4x3xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>, %g: tensor<2x3xf32>) -> tensor<4x3xf32> {
// CHECK-NEXT:    %y, %0 = cat.call @dense.forward(%w, %x) : (tensor<4x3xf32>, tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x4xf32>)
// CHECK-NEXT:    %dw = cat.call @dense.reverse(%0, %g) : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT:    cat.return %dw : tensor<4x3xf32>
// CHECK-NEXT:  }

// -----

// Cotangents are summed where the value is copied, and nowhere else.
cat.arrow @fan_out(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a = tops.sin %x : tensor<2xf32>
  %b = tops.multiply %x, %a : tensor<2xf32>
  cat.return %b, %x : tensor<2xf32>, tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>, %h: tensor<2xf32>) -> tensor<2xf32> {
  %a, %b, %dx = cat.reverse @fan_out(%x)(%g, %h) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %dx : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @fan_out(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a = tops.sin %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.multiply %x, %a : tensor<2xf32>
// CHECK-NEXT:    cat.return %b, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @fan_out.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a = tops.sin %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.multiply %x, %a : tensor<2xf32>
// CHECK-NEXT:    cat.return %b, %x, %a, %x : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @fan_out.reverse(%a: tensor<2xf32>, %x: tensor<2xf32>, %d_b: tensor<2xf32>, %d_x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_x_1 = tops.multiply %d_b, %a : tensor<2xf32>
// CHECK-NEXT:    %d_a = tops.multiply %d_b, %x : tensor<2xf32>
// CHECK-NEXT:    %0 = tops.cos %x : tensor<2xf32>
// CHECK-NEXT:    %d_x_2 = tops.multiply %d_a, %0 : tensor<2xf32>
// CHECK-NEXT:    %d_x_3 = cat.add %d_x_2, %d_x_1, %d_x : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x_3 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>, %h: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %a, %b, %0, %1 = cat.call @fan_out.forward(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx = cat.call @fan_out.reverse(%0, %1, %g, %h) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// A seed that is zero takes no part: only the first output is differentiated. Unused inputs get zero.
cat.arrow @two(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a = tops.exp %x : tensor<2xf32>
  %b = tops.log %w : tensor<2xf32>
  cat.return %a, %b : tensor<2xf32>, tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %w: tensor<2xf32>, %g: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = cat.zero : tensor<2xf32>
  %a, %b, %dx, %dw = cat.reverse @two(%x, %w)(%g, %0) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %dx, %dw : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @two(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a = tops.exp %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.log %w : tensor<2xf32>
// CHECK-NEXT:    cat.return %a, %b : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @two.forward(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a = tops.exp %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.log %w : tensor<2xf32>
// CHECK-NEXT:    cat.return %a, %b, %a : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @two.reverse(%a: tensor<2xf32>, %d_a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %d_x = tops.multiply %d_a, %a : tensor<2xf32>
// CHECK-NEXT:    %0 = cat.zero : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x, %0 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xf32>, %w: tensor<2xf32>, %g: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a, %b, %0 = cat.call @two.forward(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx, %dw = cat.call @two.reverse(%0, %g) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %dx, %dw : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// -----

// Calls: the halves of a callee are made once and called by the halves of its callers, which pass
// the residual on. `scope` and `site` stay with both calls.
cat.arrow private @layer(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.tanh %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @model(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = cat.call @layer(%x) {scope = "h.0", site = 1 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  %b = cat.call @layer(%a) {scope = "h.1", site = 2 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %b : tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @model(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow private @layer(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y = tops.tanh %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @layer.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = tops.tanh %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %y : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @layer.reverse(%y: tensor<2xf32>, %d_y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %0 = tops.square %y : tensor<2xf32>
// CHECK-NEXT:    %1 = tops.full value = 1.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %2 = tops.subtract %1, %0 : tensor<2xf32>
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %2 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @model(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %a = cat.call @layer(%x) {scope = "h.0", site = 1 : i64} : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    %b = cat.call @layer(%a) {scope = "h.1", site = 2 : i64} : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %b : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @model.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %a, %0 = cat.call @layer.forward(%x) {scope = "h.0", site = 1 : i64} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %b, %1 = cat.call @layer.forward(%a) {scope = "h.1", site = 2 : i64} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %b, %1, %0 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @model.reverse(%0: tensor<2xf32>, %1: tensor<2xf32>, %d_b: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_a = cat.call @layer.reverse(%0, %d_b) {scope = "h.1", site = 2 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    %d_x = cat.call @layer.reverse(%1, %d_a) {scope = "h.0", site = 1 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y, %0, %1 = cat.call @model.forward(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx = cat.call @model.reverse(%0, %1, %g) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// The forward derivative of @f is the transpose, in its seed, of the reverse derivative.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @tangent(%x: tensor<2xf32>, %dx: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %y, %dy = cat.forward @f(%x)(%dx) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %y, %dy : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y = tops.sin %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = tops.sin %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%x: tensor<2xf32>, %d_y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %0 = tops.cos %x : tensor<2xf32>
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %0 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse.forward(%x: tensor<2xf32>, %d_y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %0 = tops.cos %x : tensor<2xf32>
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %0 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x, %0 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse.reverse(%0: tensor<2xf32>, %d_d_x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_d_y = tops.multiply %d_d_x, %0 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_d_y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.transpose(%0: tensor<2xf32>, %1: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %2, %3 = cat.call @f.forward(%0) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %4 = cat.call @f.reverse(%3, %1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %4 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.transpose.forward(%0: tensor<2xf32>, %1: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %2, %3 = cat.call @f.forward(%0) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %4, %5 = cat.call @f.reverse.forward(%3, %1) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %4, %5 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.transpose.reverse(%0: tensor<2xf32>, %1: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %2 = cat.call @f.reverse.reverse(%0, %1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %2 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @tangent(%x: tensor<2xf32>, %dx: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    %0 = cat.zero : tensor<2xf32>
// CHECK-NEXT:    %1, %2 = cat.call @f.transpose.forward(%x, %0) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dy = cat.call @f.transpose.reverse(%2, %dx) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %dy : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// -----

// A second derivative: the pass works on what it generated.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @first(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
cat.arrow @second(%x: tensor<2xf32>, %g: tensor<2xf32>, %h: tensor<2xf32>) -> tensor<2xf32> {
  %dx, %ddx, %dg = cat.reverse @first(%x, %g)(%h) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  cat.return %ddx : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y = tops.multiply %x, %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = tops.multiply %x, %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = tops.multiply %x, %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward.reverse(%d_x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%x: tensor<2xf32>, %d_y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_x_1 = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_x_2 = cat.add %d_x, %d_x_1 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x_2 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse.forward(%x: tensor<2xf32>, %d_y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_x_1 = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_x_2 = cat.add %d_x, %d_x_1 : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x_2, %d_y : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse.reverse(%d_y: tensor<2xf32>, %d_d_x: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_x = tops.multiply %d_d_x, %d_y : tensor<2xf32>
// CHECK-NEXT:    %d_x_1 = tops.multiply %d_d_x, %d_y : tensor<2xf32>
// CHECK-NEXT:    %d_x_2 = cat.add %d_x_1, %d_x : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x_2 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @first(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y, %0 = cat.call @f.forward(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx = cat.call @f.reverse(%0, %g) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @first.forward(%x: tensor<2xf32>, %g: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y, %0 = cat.call @f.forward.forward(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx, %1 = cat.call @f.reverse.forward(%0, %g) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %dx, %1 : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @first.reverse(%0: tensor<2xf32>, %d_dx: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %1 = cat.call @f.reverse.reverse(%0, %d_dx) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    %d_x = cat.call @f.forward.reverse(%1) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @second(%x: tensor<2xf32>, %g: tensor<2xf32>, %h: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %dx, %0 = cat.call @first.forward(%x, %g) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %ddx = cat.call @first.reverse(%0, %h) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %ddx : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// A custom derivative: the residual is A, the arrow @g gets all of B' and gives all of A'.
cat.arrow private @round(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {reverse = @g, surrogate} {
  %y = tops.sign %x : tensor<2xf32>
  cat.return %y, %w : tensor<2xf32>, tensor<2xf32>
}
cat.arrow private @g(%x: tensor<2xf32>, %w: tensor<2xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  cat.return %a, %b : tensor<2xf32>, tensor<2xf32>
}
cat.arrow @f(%x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
  %y, %z = cat.call @round(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  cat.return %y : tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %w: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx, %dw = cat.reverse @f(%x, %w)(%g) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow private @round(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {reverse = @g, surrogate} {
// CHECK-NEXT:    %y = tops.sign %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %w : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @round.forward(%0: tensor<2xf32>, %1: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %2, %3 = cat.call @round(%0, %1) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %2, %3, %0, %1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @round.reverse(%0: tensor<2xf32>, %1: tensor<2xf32>, %2: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %3 = cat.zero : tensor<2xf32>
// CHECK-NEXT:    %4, %5 = cat.call @g(%0, %1, %2, %3) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %4 : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @g(%x: tensor<2xf32>, %w: tensor<2xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    cat.return %a, %b : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @f(%x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y, %z = cat.call @round(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y, %z, %0, %1 = cat.call @round.forward(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    cat.return %y, %0, %1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%0: tensor<2xf32>, %1: tensor<2xf32>, %d_y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_x = cat.call @round.reverse(%0, %1, %d_y) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xf32>, %w: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %y, %0, %1 = cat.call @f.forward(%x, %w) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx = cat.call @f.reverse(%0, %1, %g) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// Monoidal arrows stay monoidal.
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  %y = tops.multiply %a, %b : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
  %y, %dx = cat.reverse @f(%x)(%g) : (tensor<2xf32>) -> tensor<2xf32>
  cat.discard %y : tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}

// CHECK-LABEL: cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    %a, %b = cat.copy %x, 2 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.multiply %a, %b : tensor<2xf32>
// CHECK-NEXT:    cat.return %y : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
// CHECK-NEXT:    %y = tops.multiply %x, %x : tensor<2xf32>
// CHECK-NEXT:    cat.return %y, %x : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%x: tensor<2xf32>, %d_y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:    %d_a = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_b = tops.multiply %d_y, %x : tensor<2xf32>
// CHECK-NEXT:    %d_x = cat.add %d_a, %d_b : tensor<2xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<2xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xf32>, %g: tensor<2xf32>) -> tensor<2xf32> attributes {monoidal} {
// CHECK-NEXT:    %y, %0 = cat.call @f.forward(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
// CHECK-NEXT:    %dx = cat.call @f.reverse(%0, %g) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    cat.discard %y : tensor<2xf32>
// CHECK-NEXT:    cat.return %dx : tensor<2xf32>
// CHECK-NEXT:  }

// -----

// On i1, the ring Z/2, the same rules.
cat.arrow @f(%x: tensor<2xi1>, %y: tensor<2xi1>) -> tensor<2xi1> {
  %z = tops.logical_and %x, %y : tensor<2xi1>
  %s = tops.logical_xor %z, %x : tensor<2xi1>
  cat.return %s : tensor<2xi1>
}
cat.arrow @grad(%x: tensor<2xi1>, %y: tensor<2xi1>, %g: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  %z, %dx, %dy = cat.reverse @f(%x, %y)(%g) : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>
  cat.return %dx, %dy : tensor<2xi1>, tensor<2xi1>
}

// CHECK-LABEL: cat.arrow @f(%x: tensor<2xi1>, %y: tensor<2xi1>) -> tensor<2xi1> {
// CHECK-NEXT:    %z = tops.logical_and %x, %y : tensor<2xi1>
// CHECK-NEXT:    %s = tops.logical_xor %z, %x : tensor<2xi1>
// CHECK-NEXT:    cat.return %s : tensor<2xi1>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.forward(%x: tensor<2xi1>, %y: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>) {
// CHECK-NEXT:    %z = tops.logical_and %x, %y : tensor<2xi1>
// CHECK-NEXT:    %s = tops.logical_xor %z, %x : tensor<2xi1>
// CHECK-NEXT:    cat.return %s, %y, %x : tensor<2xi1>, tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%y: tensor<2xi1>, %x: tensor<2xi1>, %d_s: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
// CHECK-NEXT:    %d_x = tops.logical_and %d_s, %y : tensor<2xi1>
// CHECK-NEXT:    %d_y = tops.logical_and %d_s, %x : tensor<2xi1>
// CHECK-NEXT:    %d_x_1 = cat.add %d_x, %d_s : tensor<2xi1>
// CHECK-NEXT:    cat.return %d_x_1, %d_y : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow @grad(%x: tensor<2xi1>, %y: tensor<2xi1>, %g: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
// CHECK-NEXT:    %z, %0, %1 = cat.call @f.forward(%x, %y) : (tensor<2xi1>, tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>)
// CHECK-NEXT:    %dx, %dy = cat.call @f.reverse(%0, %1, %g) : (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>)
// CHECK-NEXT:    cat.return %dx, %dy : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }

// -----
// Integers that no wanted input flows into need no rule, neither behind a call nor in the called
// arrow: `maximum` of integers has none.
cat.arrow private @part(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %n = tops.arange : tensor<4xi32>
  %c = tops.astype %x : (tensor<4xf32>) -> tensor<4xi32>
  %m = tops.maximum %c, %n : tensor<4xi32>
  %y = tops.sin %x : tensor<4xf32>
  cat.return %y, %m : tensor<4xf32>, tensor<4xi32>
}
cat.arrow private @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %y, %n = cat.call @part(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>)
  %m = tops.maximum %n, %n : tensor<4xi32>
  cat.return %y, %m : tensor<4xf32>, tensor<4xi32>
}
cat.arrow @grad(%x: tensor<4xf32>, %g: tensor<4xf32>, %h: tensor<4xi32>) -> tensor<4xf32> {
  %y, %m, %dx = cat.reverse @f(%x)(%g, %h) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>)
  cat.return %dx : tensor<4xf32>
}

// CHECK-LABEL: cat.arrow private @part.reverse(%x: tensor<4xf32>, %d_y: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT:    %0 = tops.cos %x : tensor<4xf32>
// CHECK-NEXT:    %d_x = tops.multiply %d_y, %0 : tensor<4xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<4xf32>
// CHECK-NEXT:  }
// CHECK-LABEL: cat.arrow private @f.reverse(%0: tensor<4xf32>, %d_y: tensor<4xf32>, %d_m: tensor<4xi32>) -> tensor<4xf32> {
// CHECK-NEXT:    %d_x = cat.call @part.reverse(%0, %d_y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    cat.return %d_x : tensor<4xf32>
