"""Names, strings and numbers of the IR as C++ text. Nothing from the IR reaches C++ another way."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Container

_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
constinit continue decltype default delete do double dynamic_cast else enum explicit export
extern false final float for friend goto if import inline int long module mutable namespace new
noexcept not not_eq nullptr operator or or_eq override private protected public register
reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast
struct switch template this thread_local throw true try typedef typeid typename union unsigned
using virtual void volatile wchar_t while xor xor_eq
""".split()
_MACROS = "assert errno linux major makedev minor offsetof stderr stdin stdout unix".split()
_OURS = """
Memory Share Tensor Node Function Constant Description Program begin catgrad constant
description end f32 functions i i1 i32 int16_t int32_t int64_t int8_t j keys m main persistent
program row scratch share size_t std stored total uint8_t uint32_t uint64_t
""".split()
RESERVED = frozenset([*_KEYWORDS, *_MACROS, *_OURS])
"""What a printed name must not be: keywords, macros of the headers, names in the printed code."""

MAX_NAME = 48


def identifier(text: str, reserved: Container[str] = RESERVED) -> str:
    """A C identifier that reads like `text`: `dense1.weight` gives `dense1_weight`."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text)[:MAX_NAME].strip("_") or "value"
    if name[0].isdigit():
        name = f"v{name}"
    if len(name) > 1 and name.isupper():
        name = name.lower()  # upper case is for macros
    return f"{name}_" if name in reserved or re.fullmatch(r"s[ati]_\w+", name) else name


class Names:
    """Identifiers that are unique within one scope."""

    def __init__(self, *taken: str, reserved: Container[str] = RESERVED):
        self.taken = set(taken)
        self.reserved = reserved
        self.given: list[str] = []
        """What was handed out, in order."""

    def fresh(self, text: str) -> str:
        """`identifier(text)`, with a number if that is taken."""
        base = name = identifier(text, self.reserved)
        count = 1
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        self.given.append(name)
        return name


def string(text: str) -> str:
    """A C string literal: what is not plain ASCII becomes octal escapes of its UTF-8 bytes."""
    escapes = {b: chr(b) for b in range(32, 127)}
    escapes |= {b: f"\\{chr(b)}" for b in b'"\\?'}  # `?`: no trigraphs
    escapes[10] = "\\n"
    data = text.encode("utf-8", "surrogatepass")
    return '"' + "".join(escapes.get(b, f"\\{b:03o}") for b in data) + '"'


def comment(text: str) -> str:
    """Text that is safe behind `//`: printable ASCII, no backslash at the end, no trigraphs."""
    return re.sub(r"[^ -~]|[\\?]", "_", text)


def scalar(value: float, dtype: str) -> str:
    """A literal of the dtype; negative ones are in parentheses."""
    if dtype == "i1":
        return "true" if value else "false"
    if dtype == "i32":
        if value == -(2**31):
            return "(-2147483647 - 1)"
        return f"({int(value)})" if value < 0 else str(int(value))
    text = _float(abs(value))
    return f"(-{text})" if math.copysign(1.0, value) < 0 and not math.isnan(value) else text


def _float(value: float) -> str:
    if math.isnan(value):
        return "std::numeric_limits<float>::quiet_NaN()"
    if math.isinf(value):
        return "std::numeric_limits<float>::infinity()"
    texts = (f"{value:.{digits}g}" for digits in range(1, 18))
    text = next(t for t in texts if ctypes.c_float(float(t)).value == ctypes.c_float(value).value)
    return f"{text}f" if re.search(r"[.e]", text) else f"{text}.0f"
