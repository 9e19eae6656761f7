// RUN: catgrad-opt %s -p 'tops-decompose{target="ggml-native"},dce,tops-assign-slots{target="ggml-native"},tops-verify-slots{target="ggml-native"}' -t 'ggml{kernels=native}' | filecheck %s
// RUN: not catgrad-opt %s -p 'tops-assign-slots{target="ggml-native"}' -t 'ggml{kernels=native}' 2>&1 | filecheck %s --check-prefix=LACKS

// LACKS: target 'ggml' with kernels=native takes f32, i32 and not: tops.matmul in @dense; i1 (tops.greater in @choice); i1 (tops.where in @choice)

// The sizes of a tensor are those of GGML, the fastest first. A bias is added as it is, not repeated.

func.func @dense(%w: tensor<4x3xf32>, %b: tensor<3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
  %2 = tops.add %0, %1 : tensor<2x3xf32>
  %y = tops.tanh %2 : tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
// CHECK-LABEL: void dense_graph(Graph &g) {
// CHECK-NEXT:      ggml_context *c = g.context();
// CHECK-NEXT:      ggml_tensor *w = g.leaf(GGML_TYPE_F32, {3, 4}, {scratch, {{[0-9]+}}});  // 4x3
// CHECK-NEXT:      ggml_tensor *permute_dims = g.put(ggml_cont(c, g.view(ggml_permute(c, w, 1, 0, 2, 3))), {scratch, {{[0-9]+}}});  // 3x4
// CHECK-NEXT:      ggml_tensor *x = g.leaf(GGML_TYPE_F32, {4, 2}, {scratch, {{[0-9]+}}});  // 2x4
// CHECK-NEXT:      ggml_tensor *matmul = g.put(ggml_mul_mat(c, permute_dims, x), {scratch, [[AT:[0-9]+]]});  // 2x3
// CHECK-NEXT:      ggml_tensor *b = g.leaf(GGML_TYPE_F32, {3}, {scratch, {{[0-9]+}}});  // 3
// CHECK-NEXT:      ggml_tensor *add = g.put(ggml_add(c, matmul, b), {scratch, [[AT]]});  // 2x3
// CHECK-NEXT:      g.put(ggml_tanh(c, add), {scratch, [[AT]]});  // 2x3
// CHECK-NEXT: }

// A choice takes one of two rows by its number: infinities stay where they are.

func.func @choice(%x: tensor<5xf32>, %y: tensor<5xf32>) -> tensor<5xf32> {
  %0 = tops.greater %x, %y : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xi1>
  %z = tops.where %0, %x, %y : (tensor<5xi1>, tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  func.return %z : tensor<5xf32>
}
// CHECK-LABEL: void choice_graph(Graph &g) {
// CHECK:           ggml_tensor *subtract = g.put(ggml_sub(c, x, y), {{.*}}
// CHECK-NEXT:      ggml_tensor *[[MASK:.*]] = g.put(ggml_step(c, subtract), {{.*}}
// CHECK-NEXT:      ggml_tensor *[[ROWS:.*]] = g.put(ggml_concat(c, g.reshape(y, {1, 5, 1, 1}), g.reshape(x, {1, 5, 1, 1}), 0), {{.*}}
// CHECK-NEXT:      ggml_tensor *[[INDEX:.*]] = g.put(ggml_cast(c, [[MASK]], GGML_TYPE_I32), {{.*}}
// CHECK-NEXT:      g.put(ggml_get_rows(c, g.reshape([[ROWS]], {1, 2, 5}), g.reshape([[INDEX]], {1, 5})), {{.*}}
// CHECK-NEXT: }

// Random numbers, scalar integers and the check of the loss are kernels of the host; stored tensors
// are written behind the check.

func.func @step(%p: tensor<4xf32> {tops.name = "p", tops.role = "parameter"}, %s: tensor<i32> {tops.name = "s", tops.role = "state"}) -> (tensor<f32> {tops.role = "loss"}, tensor<4xf32> {tops.updates = "p"}, tensor<i32> {tops.updates = "s"}) {
  %u = tops.random_uniform %s, %s, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>
  %new = tops.multiply %p, %u : tensor<4xf32>
  %loss = tops.sum %new, axes = [0] : (tensor<4xf32>) -> tensor<f32>
  %one = tops.full value = 1 : i32 : tensor<i32>
  %next = tops.add %s, %one : tensor<i32>
  func.return %loss, %new, %next : tensor<f32>, tensor<4xf32>, tensor<i32>
}
// CHECK-LABEL: void step_u(const Memory &m, Share share) {
// CHECK:           catgrad::random(
// CHECK-LABEL: void step_graph(Graph &g) {
// CHECK-NEXT:      ggml_context *c = g.context();
// CHECK-NEXT:      g.host(step_u, step_places + 0);
// CHECK:           ggml_sum_rows
// CHECK-NEXT:      g.host(step_check, step_places + 2);
// CHECK-NEXT:      g.host(step_s, step_places + 3);
// CHECK-NEXT:      g.put(ggml_cont(c, {{.*}}), {persistent, 0});  // 4
// CHECK-NEXT: }
