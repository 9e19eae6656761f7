"""catgrad: compiles a Python file that defines `parts`, or prints its IR."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from xdsl.utils.exceptions import DiagnosticException

from catgrad.compiler import LEVELS, CompileError, Program, compile
from catgrad.dialects._checks import suggestion
from catgrad.targets._placement import target_files

COMMANDS = ("compile", "emit")


class _Parser(argparse.ArgumentParser):
    """Errors are one line, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise CompileError(f"{message}; see {self.prog} --help")


def _program_of(path: Path, target: str) -> Program:
    """Run the file and compile its `parts`; the file's stem is the program's name."""
    if not path.is_file():
        raise CompileError(f"no file {str(path)!r}; give a Python file that defines `parts`")
    spec = importlib.util.spec_from_file_location(f"_catgrad_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CompileError(f"{path} is no Python file; give one that defines `parts`")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except DiagnosticException:
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        raise CompileError(f"{where.filename}:{where.lineno}: {kind}: {error}") from error
    finally:
        sys.path.pop(0)
    parts = getattr(module, "parts", None)
    if not isinstance(parts, dict):
        found = "no `parts`" if parts is None else f"`parts` of type {type(parts).__name__}"
        raise CompileError(
            f"{path} defines {found}; expected a dict of traced arrows, as cg.training(...) returns"
        )
    return compile(parts, target=target, name=path.stem)  # pyright: ignore[reportUnknownArgumentType]


def _compile(arguments: argparse.Namespace) -> None:
    _program_of(Path(arguments.file), arguments.target).write(arguments.output)


def _emit(arguments: argparse.Namespace) -> None:
    sys.stdout.write(_program_of(Path(arguments.file), arguments.target).ir(arguments.level))


def _arguments(
    argv: Sequence[str] | None,
) -> tuple[Callable[[argparse.Namespace], None], argparse.Namespace]:
    parser = _Parser(prog="catgrad", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    compile_ = commands.add_parser(
        "compile", help="print the program of a model file to source files"
    )
    compile_.set_defaults(run=_compile)
    compile_.add_argument("file", metavar="FILE.py", help="defines `parts`")
    compile_.add_argument(
        "--target", default="numpy", help=f"one of {', '.join(sorted(target_files()))}"
    )
    compile_.add_argument(
        "-o", "--output", required=True, help="file (numpy) or folder (ggml) to write"
    )
    emit = commands.add_parser("emit", help="print the IR of a model file")
    emit.set_defaults(run=_emit)
    emit.add_argument("file", metavar="FILE.py", help="defines `parts`")
    emit.add_argument("--level", default="cat", help=f"one of {', '.join(LEVELS)}")
    emit.add_argument("--target", default="numpy", help="the target that `placed` is for")
    words = list(sys.argv[1:] if argv is None else argv)
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise CompileError(
            f"no command {words[0]!r}; commands are {', '.join(COMMANDS)}{suggestion(words[0], COMMANDS)}"
        )
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "run"):
        raise CompileError(
            f"no command given; commands are {', '.join(COMMANDS)}; see catgrad --help"
        )
    return arguments.run, arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 with one message on stderr."""
    try:
        run, arguments = _arguments(argv)
        run(arguments)
        sys.stdout.flush()
    except DiagnosticException as error:
        print(f"catgrad: error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
