"""The parts of a generated Python file around its functions: imports, runtime, the class."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from catgrad.targets._describe import Signature, Stored, memory, program_name, stored_tensors
from catgrad.targets._python_names import RESERVED, TAKEN, Names, identifier


@cache
def _import_statements(source: str) -> list[ast.Import | ast.ImportFrom]:
    """The import statements of a runtime file: there are few such files, and they do not change."""
    return [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]


def imports(*sources: str) -> str:
    """The import statements of the runtime files, merged; those of catgrad are files pasted in."""
    plain: set[str] = set()
    members: dict[str, set[str]] = {}
    for source in sources:
        for node in _import_statements(source):
            if isinstance(node, ast.Import):
                plain.update(
                    f"import {a.name} as {a.asname}" if a.asname else f"import {a.name}"
                    for a in node.names
                )
            elif node.module and not node.module.startswith("catgrad"):
                members.setdefault(node.module, set()).update(a.name for a in node.names)
    lines = sorted(plain) + [
        f"from {m} import {', '.join(sorted(names))}" for m, names in sorted(members.items())
    ]
    foreign = [line for line in lines if "numpy" in line]
    return "\n".join([*(line for line in lines if line not in foreign), "", *foreign])


def without_imports(source: str) -> str:
    """A runtime file from behind its imports."""
    end = max(n.end_lineno or 0 for n in _import_statements(source))
    return "\n".join(source.splitlines()[end:]).strip("\n")


def _literal(value: object, indent: int, before: int = 0) -> str:
    """A Python literal behind `before` characters; if too long for a line, one entry a line."""
    plain, inner = ascii(value), indent + 4
    if indent + before + len(plain) < 96 or not isinstance(value, dict | list):
        return plain
    if isinstance(value, dict):
        entries = [(f"{key!a}: ", item) for key, item in cast("dict[str, object]", value).items()]
    else:
        entries = [("", item) for item in cast("list[object]", value)]
    lines = "".join(
        f"{' ' * inner}{key}{_literal(item, inner, len(key))},\n" for key, item in entries
    )
    return f"{plain[0]}\n{lines}{' ' * indent}{plain[-1]}"


def class_name(title: str) -> str:
    """The name of the class for a program."""
    name = "".join(word[:1].upper() + word[1:] for word in title.split("_"))
    return f"{name}Program" if name in TAKEN else name


def methods_of(functions: Sequence[func.FuncOp]) -> dict[str, str]:
    """A method name for each function: its own, unless that has another meaning in the class."""
    from catgrad.targets.support.numpy_runtime import Program

    taken = {
        *RESERVED,
        *dir(Program),
        "seed",
        "steps",
        "NAME",
        "PARAMETERS",
        "STATE",
        "MEMORY",
        "FUNCTIONS",
    }
    plain = {
        f.sym_name.data for f in functions if identifier(f.sym_name.data) == f.sym_name.data
    } - taken
    names = Names(taken | plain)
    return {
        n: n if n in plain else names.fresh(f"{n}_function")
        for n in (f.sym_name.data for f in functions)
    }


def program_class(
    module: ModuleOp,
    functions: Sequence[func.FuncOp],
    methods: dict[str, str],
    title: str,
    in_halves: Collection[str] = (),
) -> list[str]:
    """The class: tables, storage, one method per function; some run in halves."""
    stored = stored_tensors(list(functions))
    tables: dict[str, Any] = {
        f.sym_name.data: Signature(f).table(methods[f.sym_name.data]) for f in functions
    }
    parameters = {n: s.table() for n, s in stored.items() if s.role == "parameter"}
    states = {n: s.table() for n, s in stored.items() if s.role != "parameter"}
    lines = [
        f"class {class_name(title)}(Program):",
        f'    """{", ".join(methods.values())}; memory and checkpoints as in `Program`."""',
        "",
        f"    NAME = {_literal(program_name(module), 4)}",
        f"    PARAMETERS = {_literal(parameters, 4)}",
        f"    STATE = {_literal(states, 4)}",
        f"    MEMORY = {_literal(memory(module), 4)}",
        f"    FUNCTIONS = {_literal(tables, 4)}",
        "",
        "    def _build(self, persistent, scratch, constant):",
        *["        threads = Threads(self._threads)"] * bool(in_halves),
        "        self._functions = {",
        *(f"            {n!a}: {_compiled(m, n in in_halves)}," for n, m in methods.items()),
        "        }",
        "        self._stored = {",
    ]
    lines += [f"            {name!a}: {_view(entry)}," for name, entry in stored.items()]
    lines.append("        }")
    for name, method in methods.items():
        lines += ["", *_method(name, method, tables[name])]
    return lines


def _view(entry: Stored) -> str:
    """The array of a stored tensor."""
    start, dims = entry.slot.start, ", ".join(map(str, entry.shape)) or "()"
    return f"persistent[{start}:{start + entry.slot.size}].view(np.{entry.dtype}).reshape({dims})"


def _compiled(method: str, in_halves: bool) -> str:
    """What makes the function of a method."""
    if in_halves:
        made = f"_compiled_{method}(persistent, scratch, constant, threads.in_halves)"
        return f"threads.around({made})"
    return f"_compiled_{method}(persistent, scratch, constant)"


def _method(name: str, method: str, table: dict[str, Any]) -> list[str]:
    """A method that checks its inputs and calls the compiled function."""
    names = Names(RESERVED | {"self"})
    inputs = [names.fresh(entry["name"]) for entry in table["inputs"]]
    given = ", ".join(["self", *inputs])
    shapes = ", ".join(
        f"{n}: {e['dtype']}{e['shape']}" for n, e in zip(inputs, table["inputs"], strict=True)
    )
    roles = [e["role"] if e["role"] in ("loss", "metric") else "array" for e in table["outputs"]]
    results = ", ".join(
        f"{r} {e['dtype']}{e['shape']}" for r, e in zip(roles, table["outputs"], strict=True)
    )
    return [
        f"    def {method}({given}):",
        f'        """({shapes}) -> {results or "nothing"}"""',
        f"        return self._call({', '.join([ascii(name), *inputs])})",
    ]
