"""Names of the IR that are not C++ names never reach the code of the ggml target unescaped."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from xdsl.utils.exceptions import PassFailedException

from catgrad import native
from catgrad.targets._ggml_names import Names, comment, identifier, scalar, string
from tests.ggml_programs import PLACE, emit
from tests.programs import parse

NAMES = [
    'quo"te',
    "back\\slash\\",
    "new\nline",
    "*/ int x; /*",
    "// comment",
    "??/ trigraph",
    "%s %n",
    "class",
    "__class__",
    "int",
    "EOF",
    "errno",
    "st_atime",
    "catgrad",
    "m",
    "share",
    "begin",
    "é ü 漢",
    "",
    "9",
    "a.b",
    "a_b",
    "a b",
    "x" * 200,
    "#include <none>",
    ");}",
]
FUNCTIONS = ["create", "int", "a b", "a_b", "*/", 'f"g', "seed", "main", "stored", "catgrad", "9"]


def quoted(text: str) -> str:
    """An MLIR string."""
    plain = "".join(c if c.isalnum() or c == " " else f"\\{ord(c):02X}" for c in text)
    return f'"{plain}"'


def program() -> str:
    """Functions and parameters with all the names: each function adds 1 to its parameter."""
    lines: list[str] = []
    for index, name in enumerate(NAMES):
        function = FUNCTIONS[index] if index < len(FUNCTIONS) else f"f{index}"
        t = "tensor<2xf32>"
        lines.append(
            f"func.func @{quoted(function)}(%p: {t} {{tops.name = {quoted(name)}, "
            f'tops.role = "parameter"}}, %x: {t} {{tops.name = {quoted(name)}}}) -> '
            f'({t}, {t} {{tops.updates = {quoted(name)}, tops.role = "parameter"}}) {{'
        )
        lines += [
            f"  %y = tops.add %p, %x : {t}",
            f"  %z = tops.exp %p : {t}",
            f"  func.return %z, %y : {t}, {t}",
            "}",
        ]
    return "\n".join(lines)


def titled(title: str, text: str) -> str:
    """A module with a program name."""
    return f"builtin.module attributes {{tops.program = {quoted(title)}}} {{\n{text}\n}}"


def test_artefact_with_hostile_names_works(tmp_path: Path) -> None:
    files = emit(parse(titled('quo"te\n*/ ??/ #error', program())), f"tops-fuse,{PLACE}")
    built = native.build(files, tmp_path, only=native.LIBRARY)
    net = native.open_library(built / "libquo_te_error.so")()
    assert list(net.PARAMETERS) == NAMES
    assert net.NAME == 'quo"te\n*/ ??/ #error'
    net.set_state({name: [index, 0.5] for index, name in enumerate(NAMES)})
    for index, function in enumerate(net.FUNCTIONS):
        np.testing.assert_allclose(net[function]([1, 2]), np.exp([index, 0.5]), rtol=1e-6)
    for index, name in enumerate(NAMES):
        assert net.parameters[name].tolist() == [index + 1, 2.5]
    net.save(tmp_path / "a.gguf")
    before = net.parameters
    net.set_state({name: [0, 0] for name in NAMES})
    net.load(tmp_path / "a.gguf")
    assert all(np.array_equal(net.parameters[name], before[name]) for name in NAMES)


def test_nothing_of_a_name_is_outside_of_strings() -> None:
    files = emit(parse(titled("x", program())), f"tops-fuse,{PLACE}")
    for text in (files["x.cpp"], files["x.h"]):
        assert text.isascii()
        code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text)
        for part in ("*/", 'quo"', "??/", "%s", "#include <none>", ");}", "__class__", "slash\\"):
            assert part not in code


@pytest.mark.parametrize(
    "title", ["main", "runtime", "ggml", "class", "3d", "../up", "test", "é", "", "program"]
)
def test_program_names(title: str) -> None:
    text = "func.func @f(%x: tensor<f32>) -> tensor<f32> { func.return %x : tensor<f32> }"
    files = emit(parse(titled(title, text)), PLACE)
    (header,) = [file for file in files if file.endswith(".h")]
    assert re.fullmatch(r"[A-Za-z]\w*\.h", header)
    assert len({file.rpartition(".")[0] for file in files} - {"CMakeLists"}) == len(files) - 2
    assert header.removesuffix(".h") not in ("main", "runtime", "ggml", "gguf", "tables")


def test_null_characters_are_refused() -> None:
    text = """
    func.func @f(%p: tensor<f32> {tops.name = "a\\00b", tops.role = "parameter"}) -> tensor<f32> {
      func.return %p : tensor<f32>
    }"""
    with pytest.raises(PassFailedException, match="null character"):
        emit(parse(text), PLACE)


def test_identifiers_are_unique_and_not_reserved() -> None:
    names = Names()
    found = [names.fresh(name) for name in [*NAMES, *NAMES]]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in found)
    assert identifier("int") == "int_"
    assert identifier("EOF") == "eof"


def test_strings_and_comments() -> None:
    assert string('a"b\\c\n??/é\0') == r'"a\"b\\c\n\?\?/\303\251\000"'
    assert comment("a\\\n??/é*/") == "a____/_*/"


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, "f32", "0.1f"),
        (1, "f32", "1.0f"),
        (-2.5, "f32", "(-2.5f)"),
        (1e-8, "f32", "1e-08f"),
        (3.4028234663852886e38, "f32", "3.4028235e+38f"),
        (float("-inf"), "f32", "(-std::numeric_limits<float>::infinity())"),
        (float("nan"), "f32", "std::numeric_limits<float>::quiet_NaN()"),
        (-0.0, "f32", "(-0.0f)"),
        (-(2**31), "i32", "(-2147483647 - 1)"),
        (7, "i32", "7"),
        (True, "i1", "true"),
    ],
)
def test_literals(value: float, dtype: str, text: str) -> None:
    assert scalar(value, dtype) == text
