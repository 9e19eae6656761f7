"""catgrad: compiles a Python file that defines `parts`, or prints its IR."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from catgrad._attached import attaching
from catgrad._errors import CompileError, report
from catgrad._models import program_of
from catgrad.compiler import LEVELS
from catgrad.dialects._checks import suggestion
from catgrad.memory import bytes_of, check_limit
from catgrad.targets._placement import target_files
from catgrad.universe import known_context

COMMANDS = ("compile", "emit", "draw", "explore", "verify-rules")
LOAD_HELP = "use the dialects, passes, targets and rules of a file"


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


def _load(paths: Sequence[str]) -> None:
    if paths:
        from catgrad.driver.plugins import load

        load(*paths)


def _compile(arguments: argparse.Namespace) -> None:
    limit = None if arguments.max_memory is None else bytes_of(arguments.max_memory)
    program = program_of(Path(arguments.file), arguments.target, arguments.kernels)
    if limit is not None or arguments.memory_report:
        memory = program.memory
        if limit is not None:
            check_limit(memory, limit)
        if arguments.memory_report:
            print(memory, file=sys.stderr)
    program.write(arguments.output)


def _emit(arguments: argparse.Namespace) -> None:
    program = program_of(Path(arguments.file), arguments.target, arguments.kernels)
    sys.stdout.write(program.ir(arguments.level, arguments.locations))


def _draw(arguments: argparse.Namespace) -> None:
    from catgrad.pictures.commands import draw

    draw(arguments)


def _explore(arguments: argparse.Namespace) -> None:
    from catgrad.pictures.explore import explore

    explore(arguments)


def _verify_rules(arguments: argparse.Namespace) -> None:
    from catgrad.driver.subjects import subjects_of
    from catgrad.driver.verify_rules import verify_rules

    ctx = known_context()
    table, fault = verify_rules(subjects_of(ctx, arguments.what), arguments.seed)
    sys.stdout.write(table)
    if fault:
        sys.stdout.flush()
        raise CompileError(fault)


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
        "--target", default="numpy", help=f"{', '.join(sorted(target_files()))}, or one of --load"
    )
    compile_.add_argument(
        "-o", "--output", required=True, help="file (numpy) or folder (ggml) to write"
    )
    compile_.add_argument(
        "--memory-report", action="store_true", help="print what needs how much memory, on stderr"
    )
    compile_.add_argument(
        "--max-memory", metavar="BYTES", help="fail if tensors need more; also 64KiB, 1MiB, 2GiB"
    )
    emit = commands.add_parser("emit", help="print the IR of a model file")
    emit.set_defaults(run=_emit)
    emit.add_argument("file", metavar="FILE.py", help="defines `parts`")
    emit.add_argument("--level", default="cat", help=f"one of {', '.join(LEVELS)}")
    emit.add_argument("--locations", action="store_true", help="print where each op comes from")
    emit.add_argument("--target", default="numpy", help="the target that `placed` is for")
    for command in (compile_, emit):
        command.add_argument(
            "--kernels", help="ggml: fused (generated loops, the default) or native (its own ops)"
        )
    _add_draw(commands.add_parser("draw", help="draw a string diagram or a memory map"))
    _add_explore(commands.add_parser("explore", help="make a page that steps through the passes"))
    verify = commands.add_parser("verify-rules", help="check reverse rules, print a table")
    verify.set_defaults(run=_verify_rules)
    verify.add_argument("what", metavar="FILE.py|FILE.mlir|DIALECT", help="what has rules")
    verify.add_argument("--seed", type=int, default=0, help="of the random inputs")
    return _chosen(parser, commands.choices, list(sys.argv[1:] if argv is None else argv))


def _add_draw(draw: argparse.ArgumentParser) -> None:
    draw.set_defaults(run=_draw)
    draw.add_argument("file", metavar="FILE.py|FILE.mlir", help="defines `parts`, or is IR")
    draw.add_argument("-o", "--output", required=True, help="the picture: .svg or .png")
    draw.add_argument("--level", default="cat", help="cat: a diagram; placed: the memory map")
    draw.add_argument("--arrow", help="the arrow to draw, or the function; by default step")
    draw.add_argument(
        "--stage", help="cat: traced, or differentiated (the default where derivatives are taken)"
    )
    draw.add_argument(
        "--depth", type=int, help="cat: levels of named layers to open; by default what is readable"
    )
    draw.add_argument("--target", help="placed: the target it is for; by default numpy")
    draw.add_argument("--kernels", help="placed: fused or native, for the target ggml")


def _add_explore(explore: argparse.ArgumentParser) -> None:
    explore.set_defaults(run=_explore)
    explore.add_argument("file", metavar="FILE.py|FILE.mlir", help="defines `parts`, or is IR")
    explore.add_argument("-o", "--output", required=True, help="the page: .html")
    explore.add_argument("--arrow", help="the arrow in the pictures; by default step")
    explore.add_argument("--target", default="numpy", help="the target to compile for")
    explore.add_argument("--kernels", help="ggml: fused or native")


def _chosen(
    parser: _Parser, choices: Mapping[str, _Parser], words: list[str]
) -> tuple[Callable[[argparse.Namespace], None], argparse.Namespace]:
    """What to run, and with what."""
    for command in choices.values():
        command.add_argument(
            "--load", metavar="FILE.py", action="append", default=[], help=LOAD_HELP
        )
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise CompileError(
            f"no command {words[0]!r}; commands are {', '.join(COMMANDS)}"
            + suggestion(words[0], COMMANDS)
        )
    if words and (command := choices.get(words[0])) is not None:
        command.check_options(words[1:])
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "run"):
        raise CompileError(
            f"no command given; commands are {', '.join(COMMANDS)}; see catgrad --help"
        )
    return arguments.run, arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 with one message on stderr."""
    arguments = None
    try:
        run, arguments = _arguments(argv)
        with attaching():
            _load(arguments.load)
            run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads: leave without a message
        return 1
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and arguments is None:  # --help
            raise
        return report(error, "catgrad: ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
