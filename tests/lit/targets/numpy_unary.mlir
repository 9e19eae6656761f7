// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// One statement each, into storage made beforehand; rsqrt and logistic take several.
func.func @unary(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %negative_y = tops.negative %x : tensor<4xf32>
  %abs_y = tops.abs %x : tensor<4xf32>
  %sign_y = tops.sign %x : tensor<4xf32>
  %exp_y = tops.exp %x : tensor<4xf32>
  %expm1_y = tops.expm1 %x : tensor<4xf32>
  %log_y = tops.log %x : tensor<4xf32>
  %log1p_y = tops.log1p %x : tensor<4xf32>
  %sqrt_y = tops.sqrt %x : tensor<4xf32>
  %rsqrt_y = tops.rsqrt %x : tensor<4xf32>
  %square_y = tops.square %x : tensor<4xf32>
  %sin_y = tops.sin %x : tensor<4xf32>
  %cos_y = tops.cos %x : tensor<4xf32>
  %tanh_y = tops.tanh %x : tensor<4xf32>
  %logistic_y = tops.logistic %x : tensor<4xf32>
  func.return %negative_y, %abs_y, %sign_y, %exp_y, %expm1_y, %log_y, %log1p_y, %sqrt_y, %rsqrt_y, %square_y, %sin_y, %cos_y, %tanh_y, %logistic_y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK: def _compiled_unary(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     negative_y = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     abs_y = scratch[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     sign_y = scratch[192:208].view(np.float32).reshape(4)
// CHECK-NEXT:     exp_y = scratch[256:272].view(np.float32).reshape(4)
// CHECK-NEXT:     expm1_y = scratch[320:336].view(np.float32).reshape(4)
// CHECK-NEXT:     log_y = scratch[384:400].view(np.float32).reshape(4)
// CHECK-NEXT:     log1p_y = scratch[448:464].view(np.float32).reshape(4)
// CHECK-NEXT:     sqrt_y = scratch[512:528].view(np.float32).reshape(4)
// CHECK-NEXT:     rsqrt_y = scratch[576:592].view(np.float32).reshape(4)
// CHECK-NEXT:     square_y = scratch[640:656].view(np.float32).reshape(4)
// CHECK-NEXT:     sin_y = scratch[704:720].view(np.float32).reshape(4)
// CHECK-NEXT:     cos_y = scratch[768:784].view(np.float32).reshape(4)
// CHECK-NEXT:     tanh_y = scratch[832:848].view(np.float32).reshape(4)
// CHECK-NEXT:     logistic_y = scratch[0:16].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def unary(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.negative(x, out=negative_y)
// CHECK-NEXT:         np.abs(x, out=abs_y)
// CHECK-NEXT:         np.sign(x, out=sign_y)
// CHECK-NEXT:         np.exp(x, out=exp_y)
// CHECK-NEXT:         np.expm1(x, out=expm1_y)
// CHECK-NEXT:         np.log(x, out=log_y)
// CHECK-NEXT:         np.log1p(x, out=log1p_y)
// CHECK-NEXT:         np.sqrt(x, out=sqrt_y)
// CHECK-NEXT:         np.sqrt(x, out=rsqrt_y)
// CHECK-NEXT:         np.reciprocal(rsqrt_y, out=rsqrt_y)
// CHECK-NEXT:         np.square(x, out=square_y)
// CHECK-NEXT:         np.sin(x, out=sin_y)
// CHECK-NEXT:         np.cos(x, out=cos_y)
// CHECK-NEXT:         np.tanh(x, out=tanh_y)
// CHECK-NEXT:         np.negative(x, out=logistic_y)
// CHECK-NEXT:         np.exp(logistic_y, out=logistic_y)
// CHECK-NEXT:         np.add(logistic_y, 1, out=logistic_y)
// CHECK-NEXT:         np.reciprocal(logistic_y, out=logistic_y)
// CHECK-NEXT:         return (negative_y, abs_y, sign_y, exp_y, expm1_y, log_y, log1p_y, sqrt_y, rsqrt_y, square_y, sin_y, cos_y, tanh_y, logistic_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return unary

// On i1 the ring Z/2: negative and square are the identity.
func.func @unary_boolean(%x: tensor<4xi1>) -> (tensor<4xi1>, tensor<4xi1>, tensor<4xi1>) {
  %negative_y = tops.negative %x : tensor<4xi1>
  %square_y = tops.square %x : tensor<4xi1>
  %logical_not_y = tops.logical_not %x : tensor<4xi1>
  func.return %negative_y, %square_y, %logical_not_y : tensor<4xi1>, tensor<4xi1>, tensor<4xi1>
}

// CHECK: def _compiled_unary_boolean(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:4].view(np.bool).reshape(4)
// CHECK-NEXT:     negative_y = scratch[64:68].view(np.bool).reshape(4)
// CHECK-NEXT:     square_y = scratch[128:132].view(np.bool).reshape(4)
// CHECK-NEXT:     logical_not_y = scratch[0:4].view(np.bool).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def unary_boolean(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.copyto(negative_y, x)
// CHECK-NEXT:         np.copyto(square_y, x)
// CHECK-NEXT:         np.logical_not(x, out=logical_not_y)
// CHECK-NEXT:         return (negative_y, square_y, logical_not_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return unary_boolean

// erf is a function of the runtime, printed where it is called.
func.func @rounded(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %floor_y = tops.floor %x : tensor<4xf32>
  %ceil_y = tops.ceil %x : tensor<4xf32>
  %round_y = tops.round %x : tensor<4xf32>
  %erf_y = tops.erf %x : tensor<4xf32>
  func.return %floor_y, %ceil_y, %round_y, %erf_y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK: def _compiled_rounded(persistent, scratch, constant):
// CHECK-NEXT:     x = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     floor_y = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     ceil_y = scratch[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     round_y = scratch[192:208].view(np.float32).reshape(4)
// CHECK-NEXT:     erf_y = scratch[0:16].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def rounded(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.floor(x, out=floor_y)
// CHECK-NEXT:         np.ceil(x, out=ceil_y)
// CHECK-NEXT:         np.rint(x, out=round_y)
// CHECK-NEXT:         np.copyto(erf_y, error_function(x), casting='same_kind')
// CHECK-NEXT:         return (floor_y, ceil_y, round_y, erf_y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return rounded
