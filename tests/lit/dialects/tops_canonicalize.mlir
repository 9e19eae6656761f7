// RUN: catgrad-opt %s -p canonicalize | filecheck %s

// One function per pattern, named after it; `not_` in front marks what must stay as it is.

func.func @fold_elementwise() -> tensor<2xf32> {
  %a = tops.full value = 3.0 : f32 : tensor<2xf32>
  %b = tops.full value = -0.5 : f32 : tensor<2xf32>
  %y = tops.divide %a, %b : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @fold_elementwise(
// CHECK-NEXT:    %y = tops.full value = -6.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @fold_elementwise_rounds() -> tensor<2xf32> {
  %a = tops.full value = 0.1 : f64 : tensor<2xf64>
  %y = tops.astype %a : (tensor<2xf64>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @fold_elementwise_rounds(
// CHECK-NEXT:    %y = tops.full value = 1.000000e-01 : f32 : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @fold_elementwise_wraps() -> tensor<2xi32> {
  %a = tops.full value = 2147483647 : i32 : tensor<2xi32>
  %b = tops.full value = 1 : i32 : tensor<2xi32>
  %y = tops.add %a, %b : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @fold_elementwise_wraps(
// CHECK-NEXT:    %y = tops.full value = -2147483648 : i32 : tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

func.func @fold_elementwise_nan() -> tensor<2xi1> {
  %a = tops.full value = -1.0 : f32 : tensor<2xf32>
  %s = tops.sqrt %a : tensor<2xf32>
  %y = tops.equal %s, %s : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  func.return %y : tensor<2xi1>
}
// CHECK-LABEL: func.func @fold_elementwise_nan(
// CHECK-NEXT:    %y = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:    func.return %y : tensor<2xi1>
// CHECK-NEXT:  }

// No i32 holds 3e9.
func.func @not_fold_undefined() -> tensor<2xi32> {
  %a = tops.full value = 3.0e9 : f32 : tensor<2xf32>
  %y = tops.astype %a : (tensor<2xf32>) -> tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @not_fold_undefined(
// CHECK-NEXT:    %a = tops.full value = 3.000000e+09 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.astype %a : (tensor<2xf32>) -> tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

func.func @fold_movement() -> tensor<2xf32> {
  %a = tops.full value = 2.0 : f32 : tensor<3xf32>
  %b = tops.broadcast %a, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %p = tops.permute_dims %b, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = tops.reshape %p : (tensor<3x2xf32>) -> tensor<6xf32>
  %s = tops.slice %r, start = [0], step = [3], stop = [6] : (tensor<6xf32>) -> tensor<2xf32>
  %y = tops.copy %s : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @fold_movement(
// CHECK-NEXT:    %y = tops.full value = 2.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @fold_movement_pad() -> tensor<2xf32> {
  %a = tops.full value = 0.0 : f32 : tensor<1xf32>
  %y = tops.pad %a, high = [1], interior = [0], low = [0] : (tensor<1xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @fold_movement_pad(
// CHECK-NEXT:    %y = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

// The zero that pad inserts is 0.0.
func.func @not_fold_pad() -> tensor<2xf32> {
  %a = tops.full value = -0.0 : f32 : tensor<1xf32>
  %y = tops.pad %a, high = [1], interior = [0], low = [0] : (tensor<1xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_fold_pad(
// CHECK-NEXT:    %a = tops.full value = -0.000000e+00 : f32 : tensor<1xf32>
// CHECK-NEXT:    %y = tops.pad %a, high = [1], interior = [0], low = [0] : (tensor<1xf32>) -> tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @constant_right(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = tops.full value = 2.0 : f32 : tensor<2xf32>
  %y = tops.multiply %c, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @constant_right(
// CHECK-NEXT:    %c = tops.full value = 2.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.multiply %x, %c : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @constant_right_maximum(%x: tensor<2xi32>) -> tensor<2xi32> {
  %c = tops.full value = 0 : i32 : tensor<2xi32>
  %y = tops.maximum %c, %x : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @constant_right_maximum(
// CHECK-NEXT:    %c = tops.full value = 0 : i32 : tensor<2xi32>
// CHECK-NEXT:    %y = tops.maximum %x, %c : tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

// At x = -0.0 the order decides the sign.
func.func @not_constant_right(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = tops.full value = 0.0 : f32 : tensor<2xf32>
  %y = tops.maximum %c, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_constant_right(
// CHECK-NEXT:    %c = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.maximum %c, %x : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @neutral(%x: tensor<2xf32>) -> tensor<2xf32> {
  %n = tops.full value = -0.0 : f32 : tensor<2xf32>
  %z = tops.full value = 0.0 : f32 : tensor<2xf32>
  %o = tops.full value = 1.0 : f32 : tensor<2xf32>
  %a = tops.add %x, %n : tensor<2xf32>
  %s = tops.subtract %a, %z : tensor<2xf32>
  %m = tops.multiply %s, %o : tensor<2xf32>
  %d = tops.divide %m, %o : tensor<2xf32>
  %y = tops.pow %d, %o : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @neutral(
// CHECK-NEXT:    func.return %x : tensor<2xf32>
// CHECK-NEXT:  }

func.func @neutral_i32(%x: tensor<2xi32>) -> tensor<2xi32> {
  %z = tops.full value = 0 : i32 : tensor<2xi32>
  %o = tops.full value = 1 : i32 : tensor<2xi32>
  %a = tops.add %z, %x : tensor<2xi32>
  %y = tops.multiply %a, %o : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @neutral_i32(
// CHECK-NEXT:    func.return %x : tensor<2xi32>
// CHECK-NEXT:  }

func.func @neutral_i1(%x: tensor<2xi1>) -> tensor<2xi1> {
  %z = tops.full value = false : tensor<2xi1>
  %o = tops.full value = true : tensor<2xi1>
  %a = tops.logical_and %x, %o : tensor<2xi1>
  %b = tops.logical_or %a, %z : tensor<2xi1>
  %y = tops.logical_xor %b, %z : tensor<2xi1>
  func.return %y : tensor<2xi1>
}
// CHECK-LABEL: func.func @neutral_i1(
// CHECK-NEXT:    func.return %x : tensor<2xi1>
// CHECK-NEXT:  }

// At x = -0.0 this is 0.0.
func.func @not_neutral(%x: tensor<2xf32>) -> tensor<2xf32> {
  %z = tops.full value = 0.0 : f32 : tensor<2xf32>
  %y = tops.add %x, %z : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_neutral(
// CHECK-NEXT:    %z = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.add %x, %z : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @absorbing(%x: tensor<2xi32>) -> tensor<2xi32> {
  %z = tops.full value = 0 : i32 : tensor<2xi32>
  %y = tops.multiply %x, %z : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @absorbing(
// CHECK-NEXT:    %z = tops.full value = 0 : i32 : tensor<2xi32>
// CHECK-NEXT:    func.return %z : tensor<2xi32>
// CHECK-NEXT:  }

func.func @absorbing_i1(%x: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  %z = tops.full value = false : tensor<2xi1>
  %o = tops.full value = true : tensor<2xi1>
  %a = tops.logical_and %x, %z : tensor<2xi1>
  %b = tops.logical_or %x, %o : tensor<2xi1>
  func.return %a, %b : tensor<2xi1>, tensor<2xi1>
}
// CHECK-LABEL: func.func @absorbing_i1(
// CHECK-NEXT:    %z = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:    %o = tops.full value = true : tensor<2xi1>
// CHECK-NEXT:    func.return %z, %o : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }

// At x = inf this is nan.
func.func @not_absorbing(%x: tensor<2xf32>) -> tensor<2xf32> {
  %z = tops.full value = 0.0 : f32 : tensor<2xf32>
  %y = tops.multiply %x, %z : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_absorbing(
// CHECK-NEXT:    %z = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.multiply %x, %z : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @cancel(%x: tensor<2xi32>) -> tensor<2xi32> {
  %y = tops.subtract %x, %x : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @cancel(
// CHECK-NEXT:    %y = tops.full value = 0 : i32 : tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

func.func @cancel_i1(%x: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  %a = tops.add %x, %x : tensor<2xi1>
  %b = tops.logical_xor %x, %x : tensor<2xi1>
  func.return %a, %b : tensor<2xi1>, tensor<2xi1>
}
// CHECK-LABEL: func.func @cancel_i1(
// CHECK-NEXT:    %a = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:    %b = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:    func.return %a, %b : tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }

// At x = inf this is nan.
func.func @not_cancel(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.subtract %x, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_cancel(
// CHECK-NEXT:    %y = tops.subtract %x, %x : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

// The values are x, the derivatives over Z/2 are zero.
func.func @not_idempotent(%x: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>, tensor<2xi1>) {
  %a = tops.logical_and %x, %x : tensor<2xi1>
  %b = tops.logical_or %x, %x : tensor<2xi1>
  %c = tops.multiply %x, %x : tensor<2xi1>
  %d = tops.square %x : tensor<2xi1>
  func.return %a, %b, %c, %d : tensor<2xi1>, tensor<2xi1>, tensor<2xi1>, tensor<2xi1>
}
// CHECK-LABEL: func.func @not_idempotent(
// CHECK-NEXT:    %a = tops.logical_and %x, %x : tensor<2xi1>
// CHECK-NEXT:    %b = tops.logical_or %x, %x : tensor<2xi1>
// CHECK-NEXT:    %c = tops.multiply %x, %x : tensor<2xi1>
// CHECK-NEXT:    %d = tops.square %x : tensor<2xi1>
// CHECK-NEXT:    func.return %a, %b, %c, %d : tensor<2xi1>, tensor<2xi1>, tensor<2xi1>, tensor<2xi1>
// CHECK-NEXT:  }

// At x = nan the derivative is 0.
func.func @not_tie(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.maximum %x, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_tie(
// CHECK-NEXT:    %y = tops.maximum %x, %x : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @involution(%x: tensor<2xf32>, %b: tensor<2xi1>) -> (tensor<2xf32>, tensor<2xi1>) {
  %n = tops.negative %x : tensor<2xf32>
  %y = tops.negative %n : tensor<2xf32>
  %m = tops.logical_not %b : tensor<2xi1>
  %c = tops.logical_not %m : tensor<2xi1>
  func.return %y, %c : tensor<2xf32>, tensor<2xi1>
}
// CHECK-LABEL: func.func @involution(
// CHECK-NEXT:    func.return %x, %b : tensor<2xf32>, tensor<2xi1>
// CHECK-NEXT:  }

func.func @involution_i1(%x: tensor<2xi1>) -> tensor<2xi1> {
  %y = tops.negative %x : tensor<2xi1>
  func.return %y : tensor<2xi1>
}
// CHECK-LABEL: func.func @involution_i1(
// CHECK-NEXT:    func.return %x : tensor<2xi1>
// CHECK-NEXT:  }

func.func @negate_by_constant(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %m = tops.full value = -1.0 : f32 : tensor<2xf32>
  %z = tops.full value = -0.0 : f32 : tensor<2xf32>
  %a = tops.multiply %x, %m : tensor<2xf32>
  %b = tops.divide %x, %m : tensor<2xf32>
  %c = tops.subtract %z, %x : tensor<2xf32>
  func.return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: func.func @negate_by_constant(
// CHECK-NEXT:    %a = tops.negative %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.negative %x : tensor<2xf32>
// CHECK-NEXT:    %c = tops.negative %x : tensor<2xf32>
// CHECK-NEXT:    func.return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// At x = 0.0 this is 0.0, not -0.0.
func.func @not_negate(%x: tensor<2xf32>) -> tensor<2xf32> {
  %z = tops.full value = 0.0 : f32 : tensor<2xf32>
  %y = tops.subtract %z, %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_negate(
// CHECK-NEXT:    %z = tops.full value = 0.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.subtract %z, %x : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @negated_term(%x: tensor<2xf32>, %w: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %n = tops.negative %w : tensor<2xf32>
  %a = tops.add %x, %n : tensor<2xf32>
  %b = tops.add %n, %x : tensor<2xf32>
  %c = tops.subtract %x, %n : tensor<2xf32>
  func.return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: func.func @negated_term(
// CHECK-NEXT:    %a = tops.subtract %x, %w : tensor<2xf32>
// CHECK-NEXT:    %b = tops.subtract %x, %w : tensor<2xf32>
// CHECK-NEXT:    %c = tops.add %x, %w : tensor<2xf32>
// CHECK-NEXT:    func.return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

func.func @constant_exponent(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %two = tops.full value = 2.0 : f32 : tensor<2xf32>
  %z = tops.full value = 0.0 : f32 : tensor<2xf32>
  %a = tops.pow %x, %two : tensor<2xf32>
  %b = tops.pow %x, %z : tensor<2xf32>
  func.return %a, %b : tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: func.func @constant_exponent(
// CHECK-NEXT:    %a = tops.square %x : tensor<2xf32>
// CHECK-NEXT:    %b = tops.full value = 1.000000e+00 : f32 : tensor<2xf32>
// CHECK-NEXT:    func.return %a, %b : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT:  }

// At x = -inf the square root is nan, the power inf.
func.func @not_exponent(%x: tensor<2xf32>) -> tensor<2xf32> {
  %h = tops.full value = 0.5 : f32 : tensor<2xf32>
  %y = tops.pow %x, %h : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_exponent(
// CHECK-NEXT:    %h = tops.full value = 5.000000e-01 : f32 : tensor<2xf32>
// CHECK-NEXT:    %y = tops.pow %x, %h : tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @same_branches(%c: tensor<2xi1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.where %c, %x, %x : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @same_branches(
// CHECK-NEXT:    func.return %x : tensor<2xf32>
// CHECK-NEXT:  }

func.func @constant_condition(%x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
  %c = tops.full value = false : tensor<2xi1>
  %y = tops.where %c, %x, %w : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @constant_condition(
// CHECK-NEXT:    func.return %w : tensor<2xf32>
// CHECK-NEXT:  }

func.func @negated_condition(%c: tensor<2xi1>, %x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
  %n = tops.logical_not %c : tensor<2xi1>
  %y = tops.where %n, %x, %w : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @negated_condition(
// CHECK-NEXT:    %y = tops.where %c, %w, %x : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

// The value is c, but the derivative of a condition is declared zero.
func.func @not_condition(%c: tensor<2xi1>) -> tensor<2xi1> {
  %o = tops.full value = true : tensor<2xi1>
  %z = tops.full value = false : tensor<2xi1>
  %y = tops.where %c, %o, %z : tensor<2xi1>
  func.return %y : tensor<2xi1>
}
// CHECK-LABEL: func.func @not_condition(
// CHECK-NEXT:    %o = tops.full value = true : tensor<2xi1>
// CHECK-NEXT:    %z = tops.full value = false : tensor<2xi1>
// CHECK-NEXT:    %y = tops.where %c, %o, %z : tensor<2xi1>
// CHECK-NEXT:    func.return %y : tensor<2xi1>
// CHECK-NEXT:  }

func.func @astype_back(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = tops.astype %x : (tensor<2xf32>) -> tensor<2xf64>
  %n = tops.astype %w : (tensor<2xf64>) -> tensor<2xf32>
  %y = tops.astype %n : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @astype_back(
// CHECK-NEXT:    func.return %x : tensor<2xf32>
// CHECK-NEXT:  }

// The derivative of astype on integers is declared zero.
func.func @not_astype_i32(%x: tensor<2xi32>) -> tensor<2xi32> {
  %y = tops.astype %x : tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @not_astype_i32(
// CHECK-NEXT:    %y = tops.astype %x : tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

// This rounds.
func.func @not_astype_narrow(%x: tensor<2xf64>) -> tensor<2xf64> {
  %n = tops.astype %x : (tensor<2xf64>) -> tensor<2xf32>
  %y = tops.astype %n : (tensor<2xf32>) -> tensor<2xf64>
  func.return %y : tensor<2xf64>
}
// CHECK-LABEL: func.func @not_astype_narrow(
// CHECK-NEXT:    %n = tops.astype %x : (tensor<2xf64>) -> tensor<2xf32>
// CHECK-NEXT:    %y = tops.astype %n : (tensor<2xf32>) -> tensor<2xf64>
// CHECK-NEXT:    func.return %y : tensor<2xf64>
// CHECK-NEXT:  }

func.func @whole(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %s = tops.slice %x, start = [0, 0], step = [1, 1], stop = [2, 3] : tensor<2x3xf32>
  %p = tops.pad %s, high = [0, 0], interior = [0, 0], low = [0, 0] : tensor<2x3xf32>
  %b = tops.broadcast %p, axes = [] : tensor<2x3xf32>
  %y = tops.reshape %b : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @whole(
// CHECK-NEXT:    func.return %x : tensor<2x3xf32>
// CHECK-NEXT:  }

// A copy is there for its storage.
func.func @not_whole(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = tops.copy %x : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @not_whole(
// CHECK-NEXT:    %y = tops.copy %x : tensor<2x3xf32>
// CHECK-NEXT:    func.return %y : tensor<2x3xf32>
// CHECK-NEXT:  }

func.func @concat_of_one(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = tops.concat %x, axis = 0 : i64 : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @concat_of_one(
// CHECK-NEXT:    func.return %x : tensor<2x3xf32>
// CHECK-NEXT:  }

func.func @broadcast_of_broadcast(%x: tensor<3xf32>) -> tensor<2x4x3xf32> {
  %b = tops.broadcast %x, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %y = tops.broadcast %b, axes = [1] : (tensor<2x3xf32>) -> tensor<2x4x3xf32>
  func.return %y : tensor<2x4x3xf32>
}
// CHECK-LABEL: func.func @broadcast_of_broadcast(
// CHECK-NEXT:    %y = tops.broadcast %x, axes = [0, 1] : (tensor<3xf32>) -> tensor<2x4x3xf32>
// CHECK-NEXT:    func.return %y : tensor<2x4x3xf32>
// CHECK-NEXT:  }

func.func @broadcast_unit_axes(%x: tensor<2x3xf32>) -> tensor<1x2x3x1xf32> {
  %y = tops.broadcast %x, axes = [0, 3] : (tensor<2x3xf32>) -> tensor<1x2x3x1xf32>
  func.return %y : tensor<1x2x3x1xf32>
}
// CHECK-LABEL: func.func @broadcast_unit_axes(
// CHECK-NEXT:    %y = tops.reshape %x : (tensor<2x3xf32>) -> tensor<1x2x3x1xf32>
// CHECK-NEXT:    func.return %y : tensor<1x2x3x1xf32>
// CHECK-NEXT:  }

func.func @reshape_of_reshape(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %r = tops.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  %y = tops.reshape %r : (tensor<6xf32>) -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}
// CHECK-LABEL: func.func @reshape_of_reshape(
// CHECK-NEXT:    %y = tops.reshape %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT:    func.return %y : tensor<3x2xf32>
// CHECK-NEXT:  }

func.func @permute_of_permute(%x: tensor<2x3x4xf32>) -> tensor<3x4x2xf32> {
  %p = tops.permute_dims %x, axes = [1, 0, 2] : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %y = tops.permute_dims %p, axes = [0, 2, 1] : (tensor<3x2x4xf32>) -> tensor<3x4x2xf32>
  func.return %y : tensor<3x4x2xf32>
}
// CHECK-LABEL: func.func @permute_of_permute(
// CHECK-NEXT:    %y = tops.permute_dims %x, axes = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
// CHECK-NEXT:    func.return %y : tensor<3x4x2xf32>
// CHECK-NEXT:  }

func.func @permute_of_permute_identity(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %y = tops.permute_dims %p, axes = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @permute_of_permute_identity(
// CHECK-NEXT:    func.return %x : tensor<2x3xf32>
// CHECK-NEXT:  }

func.func @permute_unit_axes(%x: tensor<2x1x3xf32>) -> tensor<1x2x3xf32> {
  %y = tops.permute_dims %x, axes = [1, 0, 2] : (tensor<2x1x3xf32>) -> tensor<1x2x3xf32>
  func.return %y : tensor<1x2x3xf32>
}
// CHECK-LABEL: func.func @permute_unit_axes(
// CHECK-NEXT:    %y = tops.reshape %x : (tensor<2x1x3xf32>) -> tensor<1x2x3xf32>
// CHECK-NEXT:    func.return %y : tensor<1x2x3xf32>
// CHECK-NEXT:  }

func.func @slice_of_slice(%x: tensor<20xf32>) -> tensor<3xf32> {
  %s = tops.slice %x, start = [3], step = [2], stop = [20] : (tensor<20xf32>) -> tensor<9xf32>
  %y = tops.slice %s, start = [1], step = [3], stop = [9] : (tensor<9xf32>) -> tensor<3xf32>
  func.return %y : tensor<3xf32>
}
// CHECK-LABEL: func.func @slice_of_slice(
// CHECK-NEXT:    %y = tops.slice %x, start = [5], step = [6], stop = [18] : (tensor<20xf32>) -> tensor<3xf32>
// CHECK-NEXT:    func.return %y : tensor<3xf32>
// CHECK-NEXT:  }

func.func @reduce_unit_axes(%x: tensor<2x1x3xf32>) -> tensor<2x3xf32> {
  %s = tops.sum %x, axes = [1] : (tensor<2x1x3xf32>) -> tensor<2x3xf32>
  %y = tops.max %s, axes = [] : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @reduce_unit_axes(
// CHECK-NEXT:    %s = tops.reshape %x : (tensor<2x1x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    func.return %s : tensor<2x3xf32>
// CHECK-NEXT:  }

func.func @sum_of_sum(%x: tensor<2x3x4xi32>) -> tensor<2xi32> {
  %s = tops.sum %x, axes = [1] : (tensor<2x3x4xi32>) -> tensor<2x4xi32>
  %y = tops.sum %s, axes = [1] : (tensor<2x4xi32>) -> tensor<2xi32>
  func.return %y : tensor<2xi32>
}
// CHECK-LABEL: func.func @sum_of_sum(
// CHECK-NEXT:    %y = tops.sum %x, axes = [1, 2] : (tensor<2x3x4xi32>) -> tensor<2xi32>
// CHECK-NEXT:    func.return %y : tensor<2xi32>
// CHECK-NEXT:  }

// The order of a sum of floats is kept.
func.func @not_sum_of_sum(%x: tensor<2x3x4xf32>) -> tensor<2xf32> {
  %s = tops.sum %x, axes = [1] : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  %y = tops.sum %s, axes = [1] : (tensor<2x4xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: func.func @not_sum_of_sum(
// CHECK-NEXT:    %s = tops.sum %x, axes = [1] : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT:    %y = tops.sum %s, axes = [1] : (tensor<2x4xf32>) -> tensor<2xf32>
// CHECK-NEXT:    func.return %y : tensor<2xf32>
// CHECK-NEXT:  }

func.func @matmul_of_transpose(%a: tensor<2x3xf32>, %b: tensor<4x2xf32>) -> (tensor<3x4xf32>, tensor<4x3xf32>) {
  %p = tops.permute_dims %a, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %q = tops.permute_dims %b, axes = [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
  %y = tops.matmul %p, %q : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
  %z = tops.matmul %q, %p, transpose_a, transpose_b : (tensor<2x4xf32>, tensor<3x2xf32>) -> tensor<4x3xf32>
  func.return %y, %z : tensor<3x4xf32>, tensor<4x3xf32>
}
// CHECK-LABEL: func.func @matmul_of_transpose(
// CHECK-NEXT:    %y = tops.matmul %a, %b, transpose_a, transpose_b : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<3x4xf32>
// CHECK-NEXT:    %z = tops.matmul %b, %a : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT:    func.return %y, %z : tensor<3x4xf32>, tensor<4x3xf32>
// CHECK-NEXT:  }

// The batch axis moves.
func.func @not_matmul_of_permute(%a: tensor<2x3x4xf32>, %b: tensor<3x4x5xf32>) -> tensor<3x2x5xf32> {
  %p = tops.permute_dims %a, axes = [1, 0, 2] : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %y = tops.matmul %p, %b : (tensor<3x2x4xf32>, tensor<3x4x5xf32>) -> tensor<3x2x5xf32>
  func.return %y : tensor<3x2x5xf32>
}
// CHECK-LABEL: func.func @not_matmul_of_permute(
// CHECK-NEXT:    %p = tops.permute_dims %a, axes = [1, 0, 2] : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
// CHECK-NEXT:    %y = tops.matmul %p, %b : (tensor<3x2x4xf32>, tensor<3x4x5xf32>) -> tensor<3x2x5xf32>
// CHECK-NEXT:    func.return %y : tensor<3x2x5xf32>
// CHECK-NEXT:  }

// A fused region holds no reshape.
func.func @not_in_fused(%x: tensor<2xf32>) -> tensor<1x2xf32> {
  %y = tops.fused (%x) : (tensor<2xf32>) -> tensor<1x2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %o = tops.full value = 1.0 : f32 : tensor<1x2xf32>
    %b = tops.broadcast %a, axes = [0] : (tensor<2xf32>) -> tensor<1x2xf32>
    %m = tops.multiply %b, %o : tensor<1x2xf32>
    %e = tops.exp %m : tensor<1x2xf32>
    tops.yield %e : tensor<1x2xf32>
  }
  func.return %y : tensor<1x2xf32>
}
// CHECK-LABEL: func.func @not_in_fused(
// CHECK:           %b = tops.broadcast %a, axes = [0] : (tensor<2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT:      %e = tops.exp %b : tensor<1x2xf32>
// CHECK-NEXT:      tops.yield %e : tensor<1x2xf32>

// In monoidal form %x and %f would have to be discarded.
cat.arrow @not_monoidal(%x: tensor<2xi1>) -> tensor<2xi1> attributes {monoidal} {
  %f = tops.full value = false : tensor<2xi1>
  %y = tops.logical_and %x, %f : tensor<2xi1>
  cat.return %y : tensor<2xi1>
}
// CHECK-LABEL: cat.arrow @not_monoidal(
// CHECK:         %y = tops.logical_and %x, %f : tensor<2xi1>
