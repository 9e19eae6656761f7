// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s
// RUN: catgrad-opt %s -p 'tops-fuse,tops-assign-slots{target="numpy"}' -t numpy | filecheck %s --check-prefix FUSED

// A loss is checked before the first stored tensor is written; an update is computed in place.
func.func @learn(%w: tensor<4xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<4xf32>)
    -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "w"}) {
  %d = tops.subtract %w, %x : tensor<4xf32>
  %loss = tops.sum %d, axes = [0] : (tensor<4xf32>) -> tensor<f32>
  %new = tops.subtract %w, %d : tensor<4xf32>
  func.return %loss, %new : tensor<f32>, tensor<4xf32>
}

// CHECK: def _compiled_learn(persistent, scratch, constant):
// CHECK-NEXT:     w = persistent[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     x = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     d = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     loss = scratch[64:68].view(np.float32).reshape(())
// CHECK-NEXT:     new = persistent[0:16].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def learn(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.subtract(w, x, out=d)
// CHECK-NEXT:         np.sum(d, axis=(0,), dtype=np.float32, out=loss)
// CHECK-NEXT:         if not np.isfinite(loss):
// CHECK-NEXT:             raise _NonFinite(loss)
// CHECK-NEXT:         np.subtract(w, d, out=new)
// CHECK-NEXT:         return (loss,)
// CHECK-EMPTY:
// CHECK-NEXT:     return learn

// A loss that is an integer or a boolean is always finite.
func.func @count(%n: tensor<i32> {tops.name = "n", tops.role = "state"}, %x: tensor<4xi1>)
    -> (tensor<i1> {tops.role = "loss"}, tensor<i32> {tops.updates = "n"}) {
  %loss = tops.sum %x, axes = [0] : (tensor<4xi1>) -> tensor<i1>
  %one = tops.full value = 1 : i32 : tensor<i32>
  %more = tops.add %n, %one : tensor<i32>
  func.return %loss, %more : tensor<i1>, tensor<i32>
}

// CHECK: def _compiled_count(persistent, scratch, constant):
// CHECK-NEXT:     n = persistent[64:68].view(np.int32).reshape(())
// CHECK-NEXT:     x = scratch[0:4].view(np.bool).reshape(4)
// CHECK-NEXT:     loss = scratch[64:65].view(np.bool).reshape(())
// CHECK-NEXT:     more = persistent[64:68].view(np.int32).reshape(())
// CHECK-EMPTY:
// CHECK-NEXT:     def count(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.logical_xor.reduce(x, axis=(0,), out=loss)
// CHECK-NEXT:         np.add(n, 1, out=more)
// CHECK-NEXT:         return (loss,)
// CHECK-EMPTY:
// CHECK-NEXT:     return count

// Two tensors change places.
func.func @exchange(%a: tensor<4xf32> {tops.name = "a", tops.role = "state"}, %b: tensor<4xf32> {tops.name = "b", tops.role = "state"})
    -> (tensor<4xf32> {tops.updates = "a"}, tensor<4xf32> {tops.updates = "b"}) {
  func.return %b, %a : tensor<4xf32>, tensor<4xf32>
}

// CHECK: def _compiled_exchange(persistent, scratch, constant):
// CHECK-NEXT:     a = persistent[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     b = persistent[192:208].view(np.float32).reshape(4)
// CHECK-NEXT:     new_a = scratch[0:16].view(np.float32).reshape(4)
// CHECK-NEXT:     new_b = scratch[64:80].view(np.float32).reshape(4)
// CHECK-NEXT:     new_a_2 = persistent[128:144].view(np.float32).reshape(4)
// CHECK-NEXT:     new_b_2 = persistent[192:208].view(np.float32).reshape(4)
// CHECK-EMPTY:
// CHECK-NEXT:     def exchange():
// CHECK-NEXT:         np.copyto(new_a, b)
// CHECK-NEXT:         np.copyto(new_b, a)
// CHECK-NEXT:         np.copyto(new_a_2, new_a)
// CHECK-NEXT:         np.copyto(new_b_2, new_b)
// CHECK-NEXT:         return ()
// CHECK-EMPTY:
// CHECK-NEXT:     return exchange

// A state decays where it lies; what is not computed in place of anything takes turns in one buffer.
func.func @decay(%m: tensor<4xf32> {tops.name = "m", tops.role = "state"}, %p: tensor<4xf32> {tops.name = "p", tops.role = "parameter"}, %g: tensor<4xf32>)
    -> (tensor<4xf32> {tops.updates = "m"}, tensor<4xf32> {tops.updates = "p"}) {
  %c = tops.full value = 0.5 : f32 : tensor<4xf32>
  %old = tops.multiply %m, %c : tensor<4xf32>
  %scaled = tops.multiply %g, %c : tensor<4xf32>
  %mean = tops.add %old, %scaled : tensor<4xf32>
  %root = tops.sqrt %mean : tensor<4xf32>
  %step = tops.multiply %root, %g : tensor<4xf32>
  %new = tops.subtract %p, %step : tensor<4xf32>
  func.return %mean, %new : tensor<4xf32>, tensor<4xf32>
}

// FUSED: def _compiled_decay(persistent, scratch, constant):
// FUSED-NEXT:     m = persistent[256:272].view(np.float32).reshape(4)
// FUSED-NEXT:     p = persistent[320:336].view(np.float32).reshape(4)
// FUSED-NEXT:     g = scratch[0:16].view(np.float32).reshape(4)
// FUSED-NEXT:     mean = persistent[256:272].view(np.float32).reshape(4)
// FUSED-NEXT:     new = persistent[320:336].view(np.float32).reshape(4)
// FUSED-NEXT:     old = persistent[256:272].view(np.float32).reshape(4)
// FUSED-NEXT:     scaled = scratch[64:80].view(np.float32).reshape(4)
// FUSED-NEXT:     root = scratch[64:80].view(np.float32).reshape(4)
// FUSED-NEXT:     step = scratch[64:80].view(np.float32).reshape(4)
// FUSED-EMPTY:
// FUSED-NEXT:     def decay(given_x):
// FUSED-NEXT:         np.copyto(g, given_x)
// FUSED-NEXT:         np.multiply(m, 0.5, out=old)
// FUSED-NEXT:         np.multiply(g, 0.5, out=scaled)
// FUSED-NEXT:         np.add(old, scaled, out=mean)
// FUSED-NEXT:         np.sqrt(mean, out=root)
// FUSED-NEXT:         np.multiply(root, g, out=step)
// FUSED-NEXT:         np.subtract(p, step, out=new)
// FUSED-NEXT:         return ()
