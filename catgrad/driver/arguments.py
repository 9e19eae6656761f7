"""The options of catgrad-opt, in groups."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from catgrad._errors import UsageError, suggest

GROUPS: dict[str, tuple[str, ...]] = {
    "input": (
        *("input_file", "-f", "--split-input-file", "--no-implicit-module"),
        *("--allow-unregistered-dialect", "--load"),
    ),
    "passes": ("-p", "--pass-pipeline", "--dump-pass-pipeline"),
    "output": (
        *("-t", "-o", "--print-op-generic", "--print-no-properties", "--print-debuginfo"),
        *("--no-type-aliases", "--syntax-highlight", "--run", "--input", "--output"),
    ),
    "seeing inside, on stderr": (
        *("--print-ir-before", "--print-ir-after", "--print-ir-after-change", "--print-ir-diff"),
        *("--print-between-passes", "--dump-dir", "--timing", "--time-passes", "--statistics"),
    ),
    "checking": (
        *("--verify-each", "--disable-verify", "--check-semantics", "--seed"),
        *("--verify-diagnostics", "--parsing-diagnostics"),
    ),
    "debugging": ("--crash-reproducer", "--run-reproducer", "--reduce", "--shrink"),
    "what there is": (
        *("--list-passes", "--list-ops", "--list-dialects", "--list-targets", "-h", "-v"),
    ),
}
"""The headings of --help, and what stands below each."""

TEXTS = {
    "-h": "Print this text and exit",
    "-p": "Passes to apply, as in cse,cat-inline or tops-assign-slots{target=numpy}",
    "-t": "What to print: mlir, or a target of --list-targets (default: mlir)",
    "-o": "Where to write what is printed",
    "-f": "How to read the input; by default its extension says so",
    "--disable-verify": "Check nothing",
    "--print-between-passes": "Print the IR after each pass but the last",
    "--time-passes": "Print one line of wall time for each pass",
    "--print-debuginfo": "Print the location of every op",
    "--verify-diagnostics": "Compare errors with `// expected-error@+1 {{text}}` comments; in a "
    "file without any, print errors among the output, exit code 0",
    "-v": "Print the version and exit",
}
"""Help in place of xDSL's, which lists every pass there is."""


class Arguments(argparse.ArgumentParser):
    """An argument parser that sorts its options into `GROUPS` and raises its errors."""

    def __init__(self) -> None:
        self.groups: dict[str, Any] = {}
        super().__init__(
            prog="catgrad-opt",
            description="Reads, transforms, checks and prints IR.",
            usage="catgrad-opt [options] [FILE.mlir]",
        )

    def add_argument(self, *flags: Any, **options: Any) -> Any:
        """Add an option below its heading."""
        heading = next(h for h, members in GROUPS.items() if flags[0] in members)
        if not self.groups:
            self.groups = {title: self.add_argument_group(title) for title in GROUPS}
        if flags[0] in TEXTS:
            options["help"] = TEXTS[flags[0]]
        return self.groups[heading].add_argument(*flags, **options)

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and unknown.startswith("-"):
            options = [option for action in self._actions for option in action.option_strings]
            message += suggest(unknown.split()[0].partition("=")[0], options)
        raise UsageError(message)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that xDSL's driver does not have."""

    def flag(name: str, text: str) -> None:
        parser.add_argument(name, action="store_true", help=text)

    def value(name: str, metavar: str, text: str, **options: Any) -> None:
        parser.add_argument(name, metavar=metavar, help=text, **options)

    many: dict[str, Any] = {"default": [], "action": "append"}
    value("--load", "FILE.py", "Use the dialects, passes, targets and rules of a file", **many)
    value("--pass-pipeline", "TEXT", "Passes in mlir-opt's form: builtin.module(cse,dce)")
    flag("--dump-pass-pipeline", "Print the passes that will run on stderr")
    value("--print-ir-before", "PASS", "Print the IR before a pass, or before all", **many)
    value("--print-ir-after", "PASS", "Print the IR after a pass, or after all", **many)
    flag("--print-ir-after-change", "Print the IR after each pass that changed it")
    flag("--print-ir-diff", "Print what each pass changed, as a unified diff")
    value("--dump-dir", "FOLDER", "Write 00-input.mlir, 01-PASS.mlir, ... into a folder")
    flag("--timing", "Print wall time and numbers of ops as a tree")
    flag("--statistics", "Print which ops each pass added and removed")
    flag("--verify-each", "Check the module after each pass")
    flag(
        "--check-semantics",
        "Run the functions before and after each pass on random inputs and compare",
    )
    value("--seed", "N", "The seed of --check-semantics (default: 0)", type=int, default=0)
    value("--crash-reproducer", "FILE", "Where to write input and passes if a pass fails")
    flag("--run-reproducer", "Apply the passes that the input file names")
    value("--reduce", "COMMAND", "Shrink the input while COMMAND FILE exits with 0")
    for what in ("passes", "dialects", "targets"):
        flag(f"--list-{what}", f"Print the {what} and exit")
    text = "Print the ops of dialects and exit (default: catgrad's and those loaded)"
    value("--list-ops", "DIALECT", text, nargs="*")
    value("--run", "@FUNCTION", "Run a function with the interpreter, print results")
    flag("--no-type-aliases", "Print types in full in functions with long signatures too")
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}
    value("--input", "NPY", "The arguments of --run, in order", **several)
    value("--output", "NPY", "Where --run saves its results, in order", **several)
