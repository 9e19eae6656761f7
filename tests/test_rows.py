"""Row independence: each verdict on a small program, and every `true` checked by permuting rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from catgrad.dialects.tops import Tops
from catgrad.interpreter import Interpreter, dtype_and_shape
from catgrad.targets._rows import rows_independent

BATCH = "{tops.batch = 0 : i64}"
X = f"%x: tensor<4x3xf32> {BATCH}"
T = f"%x: tensor<4x2x3xf32> {BATCH}"
ONE = f"%x: tensor<1x3xf32> {BATCH}"
INDEX = f"%i: tensor<4xi32> {BATCH}"

INDEPENDENT = {
    "an argument": f"({X}) -> tensor<4x3xf32> {{ return %x : tensor<4x3xf32> }}",
    "elementwise, with a constant": f"""({X}) -> tensor<4x3xf32> {{
        %c = tops.full value = 2.0 : f32 : tensor<4x3xf32>
        %y = tops.multiply %x, %c : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "two inputs": f"""({X}, %w: tensor<4x3xf32> {BATCH}) -> tensor<4x3xf32> {{
        %y = tops.add %x, %w : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "dense": f"""(%w: tensor<3x5xf32>, %b: tensor<5xf32>, {X}) -> tensor<4x5xf32> {{
        %m = tops.matmul %x, %w : (tensor<4x3xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
        %c = tops.broadcast %b, axes = [0] : (tensor<5xf32>) -> tensor<4x5xf32>
        %y = tops.add %m, %c : tensor<4x5xf32>
        return %y : tensor<4x5xf32> }}""",
    "matmul, rows on the right": f"""({X}, %w: tensor<5x3xf32>) -> tensor<4x5xf32> {{
        %m = tops.matmul %w, %x, transpose_b : (tensor<5x3xf32>, tensor<4x3xf32>) -> tensor<5x4xf32>
        %y = tops.permute_dims %m, axes = [1, 0] : (tensor<5x4xf32>) -> tensor<4x5xf32>
        return %y : tensor<4x5xf32> }}""",
    "matmul, rows in the batch": f"""({T}) -> tensor<4x2x2xf32> {{
        %y = tops.matmul %x, %x, transpose_b
            : (tensor<4x2x3xf32>, tensor<4x2x3xf32>) -> tensor<4x2x2xf32>
        return %y : tensor<4x2x2xf32> }}""",
    "matmul, a broadcast weight": f"""({T}, %w: tensor<3x5xf32>) -> tensor<4x2x5xf32> {{
        %b = tops.broadcast %w, axes = [0] : (tensor<3x5xf32>) -> tensor<4x3x5xf32>
        %y = tops.matmul %x, %b : (tensor<4x2x3xf32>, tensor<4x3x5xf32>) -> tensor<4x2x5xf32>
        return %y : tensor<4x2x5xf32> }}""",
    "softmax's pieces": f"""({X}) -> tensor<4x3xf32> {{
        %m = tops.max %x, axes = [1] : (tensor<4x3xf32>) -> tensor<4xf32>
        %b = tops.broadcast %m, axes = [1] : (tensor<4xf32>) -> tensor<4x3xf32>
        %d = tops.subtract %x, %b : tensor<4x3xf32>
        %s = tops.sum %d, axes = [1] : (tensor<4x3xf32>) -> tensor<4xf32>
        %c = tops.broadcast %s, axes = [1] : (tensor<4xf32>) -> tensor<4x3xf32>
        return %c : tensor<4x3xf32> }}""",
    "equal slices, split": f"""(%w: tensor<5x3xf32>, {T}) -> tensor<4x2x3xf32> {{
        %c = tops.full value = 1.0 : f32 : tensor<8x5xf32>
        %m = tops.matmul %c, %w : (tensor<8x5xf32>, tensor<5x3xf32>) -> tensor<8x3xf32>
        %d = tops.reshape %m : (tensor<8x3xf32>) -> tensor<4x2x3xf32>
        %y = tops.add %x, %d : tensor<4x2x3xf32>
        return %y : tensor<4x2x3xf32> }}""",
    "argmax": f"""({X}) -> tensor<4xi32> {{
        %y = tops.argmax %x, axis = 1 : i64 : (tensor<4x3xf32>) -> tensor<4xi32>
        return %y : tensor<4xi32> }}""",
    "argmin, min, product and running sums": f"""({X})
        -> (tensor<4xi32>, tensor<4xf32>, tensor<4xf32>, tensor<4x3xf32>) {{
        %a = tops.argmin %x, axis = 1 : i64 : (tensor<4x3xf32>) -> tensor<4xi32>
        %m = tops.min %x, axes = [1] : (tensor<4x3xf32>) -> tensor<4xf32>
        %p = tops.prod %x, axes = [1] : (tensor<4x3xf32>) -> tensor<4xf32>
        %c = tops.cumulative_sum %x, axis = 1 : i64 : tensor<4x3xf32>
        return %a, %m, %p, %c : tensor<4xi32>, tensor<4xf32>, tensor<4xf32>, tensor<4x3xf32> }}""",
    "movement": f"""({T})
        -> (tensor<4x6xf32>, tensor<4x3x2xf32>, tensor<4x2x5xf32>, tensor<4x1x3xf32>) {{
        %r = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<4x6xf32>
        %p = tops.permute_dims %x, axes = [2, 0, 1] : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32>
        %q = tops.permute_dims %p, axes = [1, 0, 2] : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
        %c = tops.pad %x, high = [0, 0, 1], interior = [0, 0, 0], low = [0, 0, 1]
            : (tensor<4x2x3xf32>) -> tensor<4x2x5xf32>
        %s = tops.slice %x, start = [0, 1, 0], step = [1, 1, 1], stop = [4, 2, 3]
            : (tensor<4x2x3xf32>) -> tensor<4x1x3xf32>
        return %r, %q, %c, %s
            : tensor<4x6xf32>, tensor<4x3x2xf32>, tensor<4x2x5xf32>, tensor<4x1x3xf32> }}""",
    "rows joined with another axis": f"""({T}, %w: tensor<3x5xf32>, %b: tensor<5xf32>)
        -> tensor<4x2x5xf32> {{
        %r = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<8x3xf32>
        %m = tops.matmul %r, %w : (tensor<8x3xf32>, tensor<3x5xf32>) -> tensor<8x5xf32>
        %c = tops.broadcast %b, axes = [0] : (tensor<5xf32>) -> tensor<8x5xf32>
        %s = tops.add %m, %c : tensor<8x5xf32>
        %y = tops.reshape %s : (tensor<8x5xf32>) -> tensor<4x2x5xf32>
        return %y : tensor<4x2x5xf32> }}""",
    "rows joined behind another axis": f"""({T}) -> tensor<4x3x2xf32> {{
        %p = tops.permute_dims %x, axes = [1, 0, 2] : (tensor<4x2x3xf32>) -> tensor<2x4x3xf32>
        %r = tops.reshape %p : (tensor<2x4x3xf32>) -> tensor<2x12xf32>
        %e = tops.exp %r : tensor<2x12xf32>
        %s = tops.reshape %e : (tensor<2x12xf32>) -> tensor<2x4x3xf32>
        %y = tops.permute_dims %s, axes = [1, 2, 0] : (tensor<2x4x3xf32>) -> tensor<4x3x2xf32>
        return %y : tensor<4x3x2xf32> }}""",
    "reshape around the rows": f"""({X}) -> tensor<4x3xf32> {{
        %a = tops.reshape %x : (tensor<4x3xf32>) -> tensor<1x4x1x3xf32>
        %b = tops.reshape %a : (tensor<1x4x1x3xf32>) -> tensor<4x3xf32>
        return %b : tensor<4x3xf32> }}""",
    "concat with a constant": f"""({X}) -> tensor<4x5xf32> {{
        %c = tops.full value = 1.0 : f32 : tensor<4x2xf32>
        %y = tops.concat %x, %c, axis = 1 : i64
            : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<4x5xf32>
        return %y : tensor<4x5xf32> }}""",
    "embedding": f"""({INDEX}, %w: tensor<7x3xf32>) -> tensor<4x3xf32> {{
        %y = tops.take %w, %i, axis = 0 : i64 : (tensor<7x3xf32>, tensor<4xi32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "scatter along another axis": f"""({X}, %i: tensor<3xi32>) -> tensor<4x5xf32> {{
        %y = tops.scatter_add %x, %i, axis = 1 : i64
            : (tensor<4x3xf32>, tensor<3xi32>) -> tensor<4x5xf32>
        return %y : tensor<4x5xf32> }}""",
    "windows": f"""({T}) -> (tensor<4x2x3x2xf32>, tensor<4x2x3xf32>) {{
        %y = tops.patches %x, dilation = [1], kernel = [2], padding_high = [1], padding_low = [0],
            stride = [1] : (tensor<4x2x3xf32>) -> tensor<4x2x3x2xf32>
        %z = tops.unpatches %y, dilation = [1], kernel = [2], padding_high = [1],
            padding_low = [0], stride = [1] : (tensor<4x2x3x2xf32>) -> tensor<4x2x3xf32>
        return %y, %z : tensor<4x2x3x2xf32>, tensor<4x2x3xf32> }}""",
    "one hot": f"""({INDEX}) -> tensor<4x5xi1> {{
        %a = tops.arange : tensor<5xi32>
        %b = tops.broadcast %a, axes = [0] : (tensor<5xi32>) -> tensor<4x5xi32>
        %c = tops.broadcast %i, axes = [1] : (tensor<4xi32>) -> tensor<4x5xi32>
        %y = tops.equal %b, %c : (tensor<4x5xi32>, tensor<4x5xi32>) -> tensor<4x5xi1>
        return %y : tensor<4x5xi1> }}""",
    "fused": f"""({X}, %b: tensor<3xf32>) -> tensor<4x3xf32> {{
        %y = tops.fused (%x, %b) : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32> {{
        ^bb0(%p: tensor<4x3xf32>, %q: tensor<3xf32>):
          %c = tops.broadcast %q, axes = [0] : (tensor<3xf32>) -> tensor<4x3xf32>
          %d = tops.add %p, %c : tensor<4x3xf32>
          tops.yield %d : tensor<4x3xf32>
        }}
        return %y : tensor<4x3xf32> }}""",
    "a batch of one": f"""({ONE}, %w: tensor<1x3xf32>) -> tensor<1x3xf32> {{
        %y = tops.add %x, %w : tensor<1x3xf32>
        return %y : tensor<1x3xf32> }}""",
    "the mixed value is not returned": f"""({X}) -> tensor<4x3xf32> {{
        %s = tops.sum %x, axes = [0, 1] : (tensor<4x3xf32>) -> tensor<f32>
        return %x : tensor<4x3xf32> }}""",
}

DEPENDENT = {
    "no rows": "(%x: tensor<4x3xf32>) -> tensor<4x3xf32> { return %x : tensor<4x3xf32> }",
    "no results": f"({X}) {{ return }}",
    "unequal numbers of rows": f"""({X}, %w: tensor<2xf32> {BATCH}) -> tensor<4x3xf32> {{
        return %x : tensor<4x3xf32> }}""",
    "a result without rows": f"""({X}, %w: tensor<4xf32>) -> tensor<4xf32> {{
        return %w : tensor<4xf32> }}""",
    "a loss": f"""({X}) -> tensor<f32> {{
        %s = tops.sum %x, axes = [0, 1] : (tensor<4x3xf32>) -> tensor<f32>
        return %s : tensor<f32> }}""",
    "a statistic of the batch": f"""({X}) -> tensor<4x3xf32> {{
        %m = tops.max %x, axes = [0] : (tensor<4x3xf32>) -> tensor<3xf32>
        %b = tops.broadcast %m, axes = [0] : (tensor<3xf32>) -> tensor<4x3xf32>
        %y = tops.subtract %x, %b : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "rows moved to another axis": f"""({X}) -> tensor<3x4xf32> {{
        %y = tops.permute_dims %x, axes = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
        return %y : tensor<3x4xf32> }}""",
    "running sums over the rows": f"""({X}) -> tensor<4x3xf32> {{
        %y = tops.cumulative_sum %x, axis = 0 : i64 : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "running sums of a constant, along the rows": f"""({X}) -> tensor<4x3xf32> {{
        %o = tops.full value = 1.0 : f32 : tensor<4x3xf32>
        %c = tops.cumulative_sum %o, axis = 0 : i64 : tensor<4x3xf32>
        %y = tops.add %x, %c : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "a weight per row": f"""({X}, %w: tensor<4x3xf32>) -> tensor<4x3xf32> {{
        %y = tops.add %x, %w : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "the number of the row": f"""({INDEX}) -> tensor<4xi32> {{
        %a = tops.arange : tensor<4xi32>
        %y = tops.add %i, %a : tensor<4xi32>
        return %y : tensor<4xi32> }}""",
    "dropout": f"""({X}, %s: tensor<i32>) -> tensor<4x3xf32> {{
        %u = tops.random_uniform %s, %s, site = 0 : i64
            : (tensor<i32>, tensor<i32>) -> tensor<4x3xf32>
        %y = tops.multiply %x, %u : tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "a Gram matrix": f"""({X}) -> tensor<4x4xf32> {{
        %y = tops.matmul %x, %x, transpose_b : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32>
        return %y : tensor<4x4xf32> }}""",
    "matmul over the rows": f"""({X}, %w: tensor<4x4xf32>) -> tensor<4x3xf32> {{
        %y = tops.matmul %w, %x : (tensor<4x4xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "every two rows": f"""({INDEX}) -> tensor<4x4xi32> {{
        %a = tops.broadcast %i, axes = [0] : (tensor<4xi32>) -> tensor<4x4xi32>
        %b = tops.broadcast %i, axes = [1] : (tensor<4xi32>) -> tensor<4x4xi32>
        %y = tops.add %a, %b : tensor<4x4xi32>
        return %y : tensor<4x4xi32> }}""",
    "rows split": f"""({X}) -> tensor<2x6xf32> {{
        %y = tops.reshape %x : (tensor<4x3xf32>) -> tensor<2x6xf32>
        return %y : tensor<2x6xf32> }}""",
    "rows joined with another axis": f"""({T}) -> tensor<8x3xf32> {{
        %y = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<8x3xf32>
        return %y : tensor<8x3xf32> }}""",
    "rows joined, with a weight per slice": f"""({T}, %w: tensor<8x3xf32>) -> tensor<4x2x3xf32> {{
        %r = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<8x3xf32>
        %s = tops.add %r, %w : tensor<8x3xf32>
        %y = tops.reshape %s : (tensor<8x3xf32>) -> tensor<4x2x3xf32>
        return %y : tensor<4x2x3xf32> }}""",
    "rows joined, then split otherwise": f"""({T}) -> tensor<2x4x3xf32> {{
        %r = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<8x3xf32>
        %y = tops.reshape %r : (tensor<8x3xf32>) -> tensor<2x4x3xf32>
        return %y : tensor<2x4x3xf32> }}""",
    "rows joined in two ways": f"""({T}) -> tensor<4x2x3xf32> {{
        %r = tops.reshape %x : (tensor<4x2x3xf32>) -> tensor<24xf32>
        %p = tops.permute_dims %x, axes = [0, 2, 1] : (tensor<4x2x3xf32>) -> tensor<4x3x2xf32>
        %q = tops.permute_dims %p, axes = [1, 0, 2] : (tensor<4x3x2xf32>) -> tensor<3x4x2xf32>
        %t = tops.reshape %q : (tensor<3x4x2xf32>) -> tensor<24xf32>
        %s = tops.add %r, %t : tensor<24xf32>
        %y = tops.reshape %s : (tensor<24xf32>) -> tensor<4x2x3xf32>
        return %y : tensor<4x2x3xf32> }}""",
    "rows in another order": f"""({X}) -> tensor<4x3xf32> {{
        %p = tops.permute_dims %x, axes = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
        %y = tops.reshape %p : (tensor<3x4xf32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "some rows": f"""({X}) -> tensor<2x3xf32> {{
        %y = tops.slice %x, start = [0, 0], step = [2, 1], stop = [4, 3]
            : (tensor<4x3xf32>) -> tensor<2x3xf32>
        return %y : tensor<2x3xf32> }}""",
    "rows shifted": f"""({X}) -> tensor<4x3xf32> {{
        %p = tops.pad %x, high = [0, 0], interior = [0, 0], low = [1, 0]
            : (tensor<4x3xf32>) -> tensor<5x3xf32>
        %y = tops.slice %p, start = [0, 0], step = [1, 1], stop = [4, 3]
            : (tensor<5x3xf32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "more rows": f"""({X}) -> tensor<8x3xf32> {{
        %y = tops.concat %x, %x, axis = 0 : i64
            : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
        return %y : tensor<8x3xf32> }}""",
    "rows chosen": f"""({X}, %i: tensor<4xi32>) -> tensor<4x3xf32> {{
        %y = tops.take %x, %i, axis = 0 : i64 : (tensor<4x3xf32>, tensor<4xi32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "unequal slices, split": f"""(%w: tensor<8x3xf32>, {T}) -> tensor<4x2x3xf32> {{
        %d = tops.reshape %w : (tensor<8x3xf32>) -> tensor<4x2x3xf32>
        %y = tops.add %x, %d : tensor<4x2x3xf32>
        return %y : tensor<4x2x3xf32> }}""",
    "half equal slices, split": f"""(%b: tensor<2x3xf32>, {T}) -> tensor<4x2x3xf32> {{
        %w = tops.broadcast %b, axes = [1] : (tensor<2x3xf32>) -> tensor<2x4x3xf32>
        %d = tops.reshape %w : (tensor<2x4x3xf32>) -> tensor<4x2x3xf32>
        %y = tops.add %x, %d : tensor<4x2x3xf32>
        return %y : tensor<4x2x3xf32> }}""",
    "windows of rows": f"""(%x: tensor<5xf32> {BATCH}) -> tensor<5x1xf32> {{
        %y = tops.patches %x, dilation = [1], kernel = [1], padding_high = [0], padding_low = [0],
            stride = [1] : (tensor<5xf32>) -> tensor<5x1xf32>
        return %y : tensor<5x1xf32> }}""",
    "windows added to rows": """(%x: tensor<5x1xf32> {tops.batch = 0 : i64}) -> tensor<5xf32> {
        %y = tops.unpatches %x, dilation = [1], kernel = [1], padding_high = [0],
            padding_low = [0], stride = [1] : (tensor<5x1xf32>) -> tensor<5xf32>
        return %y : tensor<5xf32> }""",
    "counts": f"""({INDEX}, %x: tensor<4x3xf32>) -> tensor<4x3xf32> {{
        %y = tops.scatter_add %x, %i, axis = 0 : i64
            : (tensor<4x3xf32>, tensor<4xi32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
    "fused with a value per row": f"""({X}, %w: tensor<4xf32>) -> tensor<4x3xf32> {{
        %y = tops.fused (%x, %w) : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4x3xf32> {{
        ^bb0(%p: tensor<4x3xf32>, %q: tensor<4xf32>):
          %c = tops.broadcast %q, axes = [1] : (tensor<4xf32>) -> tensor<4x3xf32>
          %d = tops.add %p, %c : tensor<4x3xf32>
          tops.yield %d : tensor<4x3xf32>
        }}
        return %y : tensor<4x3xf32> }}""",
    "an unknown op": f"""({X}) -> tensor<4x3xf32> {{
        %y = "some.op"(%x) : (tensor<4x3xf32>) -> tensor<4x3xf32>
        return %y : tensor<4x3xf32> }}""",
}


def parse(text: str) -> tuple[ModuleOp, func.FuncOp]:
    """The function of which `text` is the signature and the body."""
    context = Context(allow_unregistered=True)
    for dialect in (Builtin, func.Func, Tops):
        context.load_dialect(dialect)
    module = Parser(context, "func.func @f" + text.replace("return", "func.return")).parse_module()
    module.verify()
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    return module, function


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent(name: str) -> None:
    assert rows_independent(parse(INDEPENDENT[name])[1])


@pytest.mark.parametrize("name", DEPENDENT)
def test_dependent(name: str) -> None:
    assert not rows_independent(parse(DEPENDENT[name])[1])


@pytest.mark.parametrize("name", INDEPENDENT)
def test_permuted_rows_give_permuted_results(name: str) -> None:
    module, function = parse(INDEPENDENT[name])
    interpreter, rng = Interpreter(module), np.random.default_rng(0)
    given: list[NDArray[Any]] = []
    for type_ in function.function_type.inputs:
        dtype, shape = dtype_and_shape(type_)
        given.append(rng.integers(0, 3, shape).astype(dtype))
    assert function.arg_attrs is not None
    batched = ["tops.batch" in attributes.data for attributes in function.arg_attrs]
    rows = next(len(a) for a, is_batch in zip(given, batched, strict=True) if is_batch)
    order = rng.permutation(rows)
    moved = [a[order] if is_batch else a for a, is_batch in zip(given, batched, strict=True)]
    pairs = zip(interpreter.run("f", *given), interpreter.run("f", *moved), strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(a[order], b)
