// RUN: catgrad-opt %s -p 'tops-assign-slots{target="numpy"}' -t numpy | filecheck %s

// The class: tables of what the program holds and takes, views of the stored tensors, the methods.
builtin.module attributes {tops.program = "tiny net"} {
  func.func @init(%seed: tensor<i32>) -> (tensor<2x2xf32> {tops.updates = "dense1.weight", tops.role = "parameter"}, tensor<i32> {tops.updates = "count", tops.role = "state"}) {
    %w = tops.random_uniform %seed, %seed, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<2x2xf32>
    %n = tops.full value = 0 : i32 : tensor<i32>
    func.return %w, %n : tensor<2x2xf32>, tensor<i32>
  }
  func.func @predict(%w: tensor<2x2xf32> {tops.name = "dense1.weight", tops.role = "parameter"}, %x: tensor<3x2xf32> {tops.batch = 0 : i64}) -> tensor<3x2xf32> {
    %y = tops.matmul %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
    func.return %y : tensor<3x2xf32>
  }
  func.func @rate(%n: tensor<i32> {tops.name = "count", tops.role = "state"}, %i: tensor<3xi32> {tops.name = "label", tops.batch = 0 : i64, tops.range = array<i64: 0, 2>}) -> (tensor<f32> {tops.role = "metric"}) {
    %s = tops.sum %i, axes = [0] : (tensor<3xi32>) -> tensor<i32>
    %t = tops.add %s, %n : tensor<i32>
    %y = tops.astype %t : (tensor<i32>) -> tensor<f32>
    func.return %y : tensor<f32>
  }
}

// CHECK: def _compiled_init(persistent, scratch, constant):
// CHECK-NEXT:     seed = scratch[0:4].view(np.int32).reshape(())
// CHECK-NEXT:     w = persistent[0:16].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     new_count = persistent[64:68].view(np.int32).reshape(())
// CHECK-EMPTY:
// CHECK-NEXT:     def init(given_x):
// CHECK-NEXT:         np.copyto(seed, given_x)
// CHECK-NEXT:         np.copyto(w, (random_words(seed, seed, 0, w.size).view(np.uint32) >> 9).reshape((2, 2)), casting='unsafe')
// CHECK-NEXT:         np.multiply(w, 2.0**-23, out=w)
// CHECK-NEXT:         np.add(w, 2.0**-24, out=w)
// CHECK-NEXT:         np.copyto(new_count, 0)
// CHECK-NEXT:         return ()
// CHECK-EMPTY:
// CHECK-NEXT:     return init

// CHECK: def _compiled_predict(persistent, scratch, constant):
// CHECK-NEXT:     w = persistent[0:16].view(np.float32).reshape(2, 2)
// CHECK-NEXT:     x = scratch[0:24].view(np.float32).reshape(3, 2)
// CHECK-NEXT:     y = scratch[64:88].view(np.float32).reshape(3, 2)
// CHECK-EMPTY:
// CHECK-NEXT:     def predict(given_x):
// CHECK-NEXT:         np.copyto(x, given_x)
// CHECK-NEXT:         np.matmul(x, w, out=y)
// CHECK-NEXT:         return (y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return predict

// CHECK: def _compiled_rate(persistent, scratch, constant):
// CHECK-NEXT:     n = persistent[64:68].view(np.int32).reshape(())
// CHECK-NEXT:     i = scratch[0:12].view(np.int32).reshape(3)
// CHECK-NEXT:     s = scratch[64:68].view(np.int32).reshape(())
// CHECK-NEXT:     t = scratch[64:68].view(np.int32).reshape(())
// CHECK-NEXT:     y = scratch[0:4].view(np.float32).reshape(())
// CHECK-EMPTY:
// CHECK-NEXT:     def rate(given_label):
// CHECK-NEXT:         np.copyto(i, given_label)
// CHECK-NEXT:         np.sum(i, axis=(0,), dtype=np.int32, out=s)
// CHECK-NEXT:         np.add(s, n, out=t)
// CHECK-NEXT:         np.copyto(y, t, casting='unsafe')
// CHECK-NEXT:         return (y,)
// CHECK-EMPTY:
// CHECK-NEXT:     return rate

// CHECK: class TinyNet(Program):
// CHECK-NEXT:     """init, predict, rate; memory and checkpoints as in `Program`."""
// CHECK-EMPTY:
// CHECK-NEXT:     NAME = 'tiny net'
// CHECK-NEXT:     PARAMETERS = {'dense1.weight': {'shape': [2, 2], 'dtype': 'float32'}}
// CHECK-NEXT:     STATE = {'count': {'shape': [], 'dtype': 'int32'}}
// CHECK-NEXT:     MEMORY = {'persistent': 128, 'scratch': 128, 'constant': 0}
// CHECK-NEXT:     FUNCTIONS = {
// CHECK-NEXT:         'init': {
// CHECK-NEXT:             'method': 'init',
// CHECK-NEXT:             'inputs': [
// CHECK-NEXT:                 {'name': 'x0', 'shape': [], 'dtype': 'int32', 'batch': None, 'range': None},
// CHECK-NEXT:             ],
// CHECK-NEXT:             'outputs': [],
// CHECK-NEXT:             'stored': [],
// CHECK-NEXT:             'updates': ['dense1.weight', 'count'],
// CHECK-NEXT:             'rows': False,
// CHECK-NEXT:         },
// CHECK-NEXT:         'predict': {
// CHECK-NEXT:             'method': 'predict',
// CHECK-NEXT:             'inputs': [
// CHECK-NEXT:                 {'name': 'x0', 'shape': [3, 2], 'dtype': 'float32', 'batch': 0, 'range': None},
// CHECK-NEXT:             ],
// CHECK-NEXT:             'outputs': [{'shape': [3, 2], 'dtype': 'float32', 'role': None}],
// CHECK-NEXT:             'stored': ['dense1.weight'],
// CHECK-NEXT:             'updates': [],
// CHECK-NEXT:             'rows': True,
// CHECK-NEXT:         },
// CHECK-NEXT:         'rate': {
// CHECK-NEXT:             'method': 'rate',
// CHECK-NEXT:             'inputs': [
// CHECK-NEXT:                 {'name': 'label', 'shape': [3], 'dtype': 'int32', 'batch': 0, 'range': [0, 2]},
// CHECK-NEXT:             ],
// CHECK-NEXT:             'outputs': [{'shape': [], 'dtype': 'float32', 'role': 'metric'}],
// CHECK-NEXT:             'stored': ['count'],
// CHECK-NEXT:             'updates': [],
// CHECK-NEXT:             'rows': False,
// CHECK-NEXT:         },
// CHECK-NEXT:     }
// CHECK-EMPTY:
// CHECK-NEXT:     def _build(self, persistent, scratch, constant):
// CHECK-NEXT:         self._functions = {
// CHECK-NEXT:             'init': _compiled_init(persistent, scratch, constant),
// CHECK-NEXT:             'predict': _compiled_predict(persistent, scratch, constant),
// CHECK-NEXT:             'rate': _compiled_rate(persistent, scratch, constant),
// CHECK-NEXT:         }
// CHECK-NEXT:         self._stored = {
// CHECK-NEXT:             'dense1.weight': persistent[0:16].view(np.float32).reshape(2, 2),
// CHECK-NEXT:             'count': persistent[64:68].view(np.int32).reshape(()),
// CHECK-NEXT:         }
// CHECK-EMPTY:
// CHECK-NEXT:     def init(self, x0):
// CHECK-NEXT:         """(x0: int32[]) -> nothing"""
// CHECK-NEXT:         return self._call('init', x0)
// CHECK-EMPTY:
// CHECK-NEXT:     def predict(self, x0):
// CHECK-NEXT:         """(x0: float32[3, 2]) -> array float32[3, 2]"""
// CHECK-NEXT:         return self._call('predict', x0)
// CHECK-EMPTY:
// CHECK-NEXT:     def rate(self, label):
// CHECK-NEXT:         """(label: int32[3]) -> metric float32[]"""
// CHECK-NEXT:         return self._call('rate', label)
