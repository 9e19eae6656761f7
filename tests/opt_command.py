"""Running catgrad-opt in process, and the programs it is run on."""

import io
from contextlib import redirect_stderr, redirect_stdout

from catgrad.opt import main

SQUARE = """\
cat.arrow @square(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %x, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
"""
LAYER = """\
cat.arrow private @layer(%w: tensor<4x3xf32>, %x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %0 = tops.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = tops.tanh %0 : tensor<2x3xf32>
  cat.return %1 : tensor<2x3xf32>
}
cat.arrow @step(%w: tensor<4x3xf32> {tops.name = "w", tops.role = "parameter"}, \
%x: tensor<2x4xf32>) -> (tensor<4x3xf32> {tops.updates = "w"}) {
  %dy = tops.full value = 1.0 : f32 : tensor<2x3xf32>
  %y, %dw, %dx = cat.reverse @layer(%w, %x)(%dy) : (tensor<4x3xf32>, tensor<2x4xf32>) \
-> tensor<2x3xf32>
  %c = tops.subtract %w, %dw : tensor<4x3xf32>
  cat.return %c : tensor<4x3xf32>
}
"""
FUNCTION = """\
func.func @rows(%x: tensor<2x3xf32>, %k: tensor<i32>) -> (tensor<2xf32>, tensor<2x3xi1>) {
  %one = tops.full value = 1.0 : f32 : tensor<2x3xf32>
  %s = tops.add %x, %one : tensor<2x3xf32>
  %r = tops.sum %s, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  %m = tops.less %x, %one : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  func.return %r, %m : tensor<2xf32>, tensor<2x3xi1>
}
"""


def run(*args: str) -> tuple[int, str, str]:
    """Exit code, output and messages."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(args)
    return code, out.getvalue(), err.getvalue()


def opt(*args: str) -> str:
    """What the command prints; it must not fail."""
    code, out, err = run(*args)
    assert (code, err) == (0, "")
    return out


def error(*args: str) -> str:
    """The command's message; it must fail and print nothing else."""
    code, out, err = run(*args)
    assert (code, out) == (1, "")
    return err
