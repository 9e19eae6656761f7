// RUN: catgrad-opt %s -p lower-to-ggml -t ggml | filecheck %s
// RUN: catgrad-opt %s -p lower-to-ggml -t ggml | filecheck %s --check-prefix=HEADER
// RUN: catgrad-opt %s -p lower-to-ggml -t 'ggml{kernels=fused}' | filecheck %s --check-prefix=FILES

// A program: kernels in order, the check of the loss before anything stored is written, tables, the
// C interface.

builtin.module attributes {tops.program = "line"} {
  func.func @init(%seed: tensor<i32> {tops.name = "seed"})
      -> (tensor<3xf32> {tops.updates = "slope", tops.role = "parameter"}) {
    %zero = tops.full value = 0 : i32 : tensor<i32>
    %w = tops.random_uniform %seed, %zero, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<3xf32>
    func.return %w : tensor<3xf32>
  }
  func.func @predict(%w: tensor<3xf32> {tops.name = "slope", tops.role = "parameter"},
                     %x: tensor<4x3xf32> {tops.name = "x", tops.batch = 0 : i64}) -> tensor<4xf32> {
    %row = tops.reshape %w : (tensor<3xf32>) -> tensor<3x1xf32>
    %xw = tops.matmul %x, %row : (tensor<4x3xf32>, tensor<3x1xf32>) -> tensor<4x1xf32>
    %y = tops.reshape %xw : (tensor<4x1xf32>) -> tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
  func.func @step(%w: tensor<3xf32> {tops.name = "slope", tops.role = "parameter"},
                  %x: tensor<4x3xf32> {tops.name = "x", tops.batch = 0 : i64},
                  %t: tensor<4xi32> {tops.name = "t", tops.batch = 0 : i64, tops.range = array<i64: 0, 9>})
      -> (tensor<f32> {tops.role = "loss"}, tensor<3xf32> {tops.updates = "slope", tops.role = "parameter"}) {
    %goal = tops.astype %t : (tensor<4xi32>) -> tensor<4xf32>
    %loss = tops.sum %goal, axes = [0] : (tensor<4xf32>) -> tensor<f32>
    %g = tops.sum %x, axes = [0] : (tensor<4x3xf32>) -> tensor<3xf32>
    %new = tops.subtract %w, %g : tensor<3xf32>
    func.return %loss, %new : tensor<f32>, tensor<3xf32>
  }
}

// FILES:      //--- line.h
// FILES:      //--- line.cpp
// FILES:      //--- main.cpp
// FILES:      // The command line of line: train, predict, info.
// FILES:      //--- CMakeLists.txt
// FILES:      add_library(catgrad_objects OBJECT line.cpp)
// FILES:      //--- tables.hpp
// FILES:      //--- graph.hpp
// FILES:      //--- runtime.hpp
// FILES:      //--- kernels.hpp
// FILES:      //--- checkpoint.hpp
// FILES:      //--- matmul.hpp
// FILES:      //--- windows.hpp
// FILES:      //--- npy.hpp
// FILES:      //--- arguments.hpp

// HEADER:      #ifndef LINE_H
// HEADER:      LINE_API line_program *line_create(int threads);
// HEADER:      // seed scalar -> nothing
// HEADER-NEXT: LINE_API int line_init(line_program *program, const int32_t *seed);
// HEADER:      // x 4x3 -> y 4
// HEADER-NEXT: LINE_API int line_predict(line_program *program, const float *x, float *y);
// HEADER:      // x 4x3, t 4 -> loss scalar
// HEADER-NEXT: LINE_API int line_step(line_program *program, const float *x, const int32_t *t, float *loss);
// HEADER:      LINE_API int line_save(line_program *program, const char *path);

// CHECK-LABEL: void predict_xw(const Memory &m, Share share) {
// CHECK-NEXT:      const float *x = m.at<float>(0);  // 4x3
// CHECK-NEXT:      const float *slope = m.at<float>(1);  // 3x1
// CHECK-NEXT:      float *xw = m.at<float>(2);  // 4x1
// CHECK-NEXT:      catgrad::matmul({1, 1, 4, 1, 3, {0, 0, 3, 1}, {0, 0, 1, 1}}, x, slope, xw, share);
// CHECK-LABEL: void step_check(const Memory &m, Share share) {
// CHECK-NEXT:      const float *loss = m.at<float>(0);  // scalar
// CHECK-NEXT:      catgrad::check_finite(m, share, loss, 1);
// CHECK-LABEL: void step_slope(const Memory &m, Share share) {
// CHECK:           new_slope[i] = slope[i] - g[i];

// CHECK:      const Place step_places[] = {
// CHECK:          {scratch, [[LOSS:[0-9]+]]},  // check
// CHECK-NEXT:     {persistent, 0}, {scratch, [[G:[0-9]+]]}, {persistent, 0},  // slope
// CHECK-NEXT: };
// CHECK-NEXT: const Tensor step_inputs[] = {
// CHECK-NEXT:     {"x", f32, shape_4_3, {scratch, {{[0-9]+}}}, 0, 0, true},
// CHECK-NEXT:     {"t", i32, shape_4, {scratch, {{[0-9]+}}}, 0, 9, true},
// CHECK-NEXT: };
// CHECK-NEXT: const Tensor step_outputs[] = {
// CHECK-NEXT:     {"loss", f32, {}, {scratch, [[LOSS]]}, 0, 0, false},
// CHECK-NEXT: };
// CHECK-NEXT: const Node step_nodes[] = {
// CHECK:          {step_check, f32, 1, {scratch, [[LOSS]]}, step_places + [[AT:[0-9]+]]},
// CHECK-NEXT:     {step_slope, f32, 3, {persistent, 0}, step_places + {{[0-9]+}}},
// CHECK-NEXT: };
// CHECK:      const Tensor stored[] = {
// CHECK-NEXT:     {"slope", f32, shape_3, {persistent, 0}, 0, 0, false},
// CHECK-NEXT: };
// CHECK:          "parameter:slope",
// CHECK:      const Function functions[] = {
// CHECK-NEXT:     {"init", init_inputs, {}, init_nodes, false},
// CHECK-NEXT:     {"predict", predict_inputs, predict_outputs, predict_nodes, true},
// CHECK-NEXT:     {"step", step_inputs, step_outputs, step_nodes, false},
// CHECK-NEXT: };
// CHECK:      const Description line_description = {
// CHECK-NEXT:     "line",
// CHECK:      int line_step(line_program *program, const float *x, const int32_t *t, float *loss) {
// CHECK-NEXT:     const void *const inputs[] = {x, t};
// CHECK-NEXT:     void *const outputs[] = {loss};
// CHECK-NEXT:     return program->call(size_t{2}, inputs, outputs);
// CHECK-NEXT: }
