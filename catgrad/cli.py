"""catgrad: compiles a Python file that defines `parts`, or prints its IR."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, cast

from xdsl.utils.exceptions import DiagnosticException

from catgrad._errors import CompileError, report
from catgrad.compiler import LEVELS, Program, trace
from catgrad.dialects._checks import suggestion
from catgrad.targets._placement import target_files
from catgrad.tracing import Traced

COMMANDS = ("compile", "emit")


class _Parser(argparse.ArgumentParser):
    """Errors are one line, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise CompileError(f"{message}; see {self.prog} --help")

    def check_options(self, words: Sequence[str]) -> None:
        """Refuse unknown options before argparse does, with a suggestion."""
        known = [option for action in self._actions for option in action.option_strings]
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            if option not in known:
                raise CompileError(f"no option {option}{suggestion(option, known)}")


def _program_of(path: Path, arguments: argparse.Namespace) -> Program:
    """Run the file and trace its `parts`; the file's stem is the program's name."""
    try:
        parts = _parts_of(path)
        return trace(parts, arguments.target, name=path.stem, kernels=arguments.kernels)
    except (Exception, SystemExit) as error:
        if (found := _located(error, path)) is None:
            raise
        raise found from error


def _parts_of(path: Path) -> dict[str, Traced]:
    """Run the file; what it defines as `parts`."""
    if not path.is_file():
        raise CompileError(f"no file {str(path)!r}; give a Python file that defines `parts`")
    spec = importlib.util.spec_from_file_location(f"_catgrad_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CompileError(f"{path} is no Python file; give one that defines `parts`")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    parts = getattr(module, "parts", None)
    if not isinstance(parts, dict):
        found = "no `parts`" if parts is None else f"`parts` of type {type(parts).__name__}"
        raise CompileError(
            f"{path} defines {found}; expected a dict of traced arrows, as cg.training(...) returns"
        )
    return cast("dict[str, Traced]", parts)


def _located(error: BaseException, path: Path) -> CompileError | None:
    """The error with the line of the file in front; None if the file has no part in it."""
    if isinstance(error, SyntaxError):
        own = error.filename is None or Path(error.filename).resolve() == path.resolve()
        where = f"{path if own else error.filename}:{error.lineno or 1}"
        return CompileError(f"{where}: SyntaxError: {error.msg}")
    line, cause = None, error
    while isinstance(cause, BaseException):
        for frame in traceback.extract_tb(cause.__traceback__):
            if Path(frame.filename).resolve() == path.resolve():
                line = frame.lineno
        cause = cause.__cause__
    if line is None:
        return None
    kind = "" if isinstance(error, DiagnosticException) else f"{type(error).__name__}: "
    return CompileError(f"{path}:{line}: {kind}{error}")


def _compile(arguments: argparse.Namespace) -> None:
    _program_of(Path(arguments.file), arguments).write(arguments.output)


def _emit(arguments: argparse.Namespace) -> None:
    sys.stdout.write(_program_of(Path(arguments.file), arguments).ir(arguments.level))


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
    for command in (compile_, emit):
        command.add_argument(
            "--kernels", help="ggml: fused (generated loops, the default) or native (its own ops)"
        )
    words = list(sys.argv[1:] if argv is None else argv)
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise CompileError(
            f"no command {words[0]!r}; commands are {', '.join(COMMANDS)}"
            + suggestion(words[0], COMMANDS)
        )
    if words and (command := commands.choices.get(words[0])) is not None:
        command.check_options(words[1:])
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
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads: leave without a message
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return report(error, "catgrad: ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
