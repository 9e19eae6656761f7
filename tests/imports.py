"""Which module of the package imports which, read from the files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent / "catgrad"


def module_name(path: Path) -> str:
    """`catgrad/passes/cse.py` -> `catgrad.passes.cse`; a package is its `__init__.py`."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """All modules of the package."""
    return {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


@dataclass(frozen=True)
class Edge:
    """One import: `lazy` if it stands in a function."""

    importer: str
    imported: str
    lazy: bool


def statements(node: ast.AST, lazy: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """The import statements below a node; those for type checkers only are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, lazy
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from statements(other, lazy)
        else:
            inside = lazy or isinstance(child, ast.FunctionDef)
            yield from statements(child, inside)


def imported(node: ast.stmt) -> Iterator[str]:
    """The modules that a statement names; `from package import module` names the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, ast.unparse(node)
        assert node.module is not None
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in modules() else node.module


@cache
def edges() -> list[Edge]:
    """All imports of the package, of other packages as well."""
    found: dict[Edge, None] = {}
    for name, path in modules().items():
        for node, lazy in statements(ast.parse(path.read_text())):
            for other in imported(node):
                found[Edge(name, other, lazy)] = None
    return list(found)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The circles of a graph, one for each way back that a walk in depth finds."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> None:
        if node in path:
            found.append([*path[path.index(node) :], node])
        elif node not in done:
            for other in sorted(graph.get(node, ())):
                visit(other, [*path, node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def reaching(target: str, graph: dict[str, set[str]]) -> set[str]:
    """The nodes from which `target` can be reached."""
    found = {target}
    while fresh := {n for n, others in graph.items() if others & found} - found:
        found |= fresh
    return found - {target}
