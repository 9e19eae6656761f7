"""
catgrad-opt: reads IR, applies passes, prints it for a target or runs it.

xDSL's driver, with the dialects, passes and targets of this package and with errors meant to be
read: one message on stderr, exit code 1. `CATGRAD_TRACEBACK=1` shows where an error was raised.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, Any, ClassVar, NoReturn, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.printer import Printer
from xdsl.utils.diagnostic import Diagnostic
from xdsl.utils.exceptions import (
    DiagnosticException,
    ParseError,
    ShrinkException,
    VerifyException,
)
from xdsl.utils.target import Target
from xdsl.xdsl_opt_main import xDSLOptMain

from catgrad._errors import InternalError, InvalidInput, UsageError, failure, report, suggest
from catgrad._files import write_files
from catgrad._parse import parse
from catgrad.pipelines import apply_pass, flatten, parse_passes, parse_specs, with_options
from catgrad.universe import CATGRAD_UNIVERSE


class Arguments(argparse.ArgumentParser):
    """An argument parser that raises its errors, with suggestions."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and unknown.startswith("-"):
            options = [option for action in self._actions for option in action.option_strings]
            message += suggest(unknown.split()[0].partition("=")[0], options)
        raise UsageError(message)


class CatgradOptMain(xDSLOptMain):
    """The driver. It raises its errors; `main` prints them."""

    version_format: ClassVar[str] = "catgrad-opt built on xdsl {xdsl_version}"

    def __init__(self, args: Sequence[str] | None = None):
        # Not xDSL's own constructor, which exits on a mistake: this one raises UsageError.
        self.available_frontends = {}
        self.available_passes = {}
        self.available_targets = {}
        self.ctx = Context()
        self.register_all_dialects()
        self.register_all_frontends()
        self.register_all_passes()
        self.register_all_targets()
        parser = Arguments(prog="catgrad-opt", description="Reads, transforms and prints IR.")
        self.register_all_arguments(parser)
        self.args = parser.parse_args(args)
        if self.args.input_file == "-":
            self.args.input_file = None
        if self.args.output_file == "-":
            self.args.output_file = None
        self.ctx.allow_unregistered = self.args.allow_unregistered_dialect
        self.emit = self._read_target()
        self.passes = flatten(parse_passes(self.args.passes, self.available_passes))
        self.inputs = self._read_inputs()
        self.files: dict[Path, bytes] = {}
        self.line_offset = 0

    # Registration: what is absent, so that an installed entry point is not registered twice.

    def register_all_dialects(self) -> None:
        super().register_all_dialects()
        for name, factory in CATGRAD_UNIVERSE.all_dialects.items():
            if name not in self.ctx.registered_dialect_names:
                self.ctx.register_dialect(name, factory)

    def register_all_passes(self) -> None:
        super().register_all_passes()
        for name, factory in CATGRAD_UNIVERSE.all_passes.items():
            self.available_passes.setdefault(name, factory)

    def register_all_targets(self) -> None:
        super().register_all_targets()
        for name, factory in CATGRAD_UNIVERSE.all_targets.items():
            self.available_targets.setdefault(name, factory)

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["mlir"] = self._parse_mlir

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        add = arg_parser.add_argument
        add("--verify-each", action="store_true", help="Check the module after each pass")
        add("--run", metavar="@FUNCTION", help="Run a function with the interpreter, print results")
        several: dict[str, Any] = {"nargs": "+", "action": "extend", "metavar": "NPY"}
        add("--input", default=[], help="The arguments of --run, in order", **several)
        add("--output", default=[], help="Where --run saves its results, in order", **several)

    def _read_target(self) -> Callable[[ModuleOp, IO[str]], None]:
        specs = parse_specs(self.args.target, "target")
        if len(specs) != 1:
            raise UsageError(f"-t takes one target, got '{self.args.target}'")
        (spec,) = specs
        self.target_name = spec.name
        if (entry := self.available_targets.get(spec.name)) is None:
            close = suggest(spec.name, self.available_targets)
            known = ", ".join(self.available_targets)
            raise UsageError(f"unknown target '{spec.name}'{close}\nAvailable: {known}")
        if inspect.signature(entry).parameters:
            return cast("Callable[[ModuleOp, IO[str]], None]", entry)
        target = with_options("target", cast("Callable[[], type[Target]]", entry)(), spec)
        if spec.name == "mlir":
            flags: dict[str, Any] = {
                "print_generic_format": self.args.print_op_generic,
                "print_properties_as_attributes": self.args.print_no_properties,
                "print_debuginfo": self.args.print_debuginfo,
                "syntax_highlight": self.args.syntax_highlight,
            }
            target = dataclasses.replace(target, **flags)
        return lambda module, stream: target.emit(self.ctx, module, stream)

    def _read_inputs(self) -> list[Any]:
        if self.args.run is None:
            if self.args.input or self.args.output:
                raise UsageError("--input and --output belong to --run @function")
            return []
        if self.args.target != "mlir":
            raise UsageError("--run prints results, not code: leave out -t")
        if self.args.output and (self.args.split_input_file or self.args.output_file):
            raise UsageError("--output saves the results: leave out -o and --split-input-file")
        from catgrad._execute import load

        return [load(path) for path in self.args.input]

    # Reading

    def get_input_name(self) -> str:
        return self.args.input_file or "<stdin>"

    def _parse_mlir(self, io: IO[bytes]) -> ModuleOp:
        implicit = not self.args.no_implicit_module
        return parse(self.ctx, io.read(), self.get_input_name(), self.line_offset, implicit)

    # Checking and transforming

    def check(self, module: ModuleOp) -> None:
        """Verify every op and, where the functions are ours, symbols, signatures and order."""
        if self.args.disable_verify:
            return
        try:
            module.verify()
            if _is_checked(module):
                from catgrad.dialects._checks import check_module

                check_module(module)
        except (DiagnosticException, RecursionError, MemoryError, ShrinkException):
            raise
        except Exception as error:
            what = f" while verifying: {type(error).__name__}: {error}"
            raise InternalError(what) from error

    def apply_passes(self, prog: ModuleOp, check_each: bool | None = None) -> None:
        """Apply the passes in order; `check_each` overrides `--verify-each` and is quiet."""
        quiet = check_each is not None
        for i, pass_ in enumerate(self.passes, start=1):
            start = time.perf_counter()
            apply_pass(pass_, self.ctx, prog)
            if self.args.time_passes and not quiet:
                duration = time.perf_counter() - start
                print(f"Pass {pass_.name} took {duration} seconds", file=sys.stderr)
            if check_each or self.args.verify_each:
                try:
                    self.check(prog)
                except VerifyException as error:
                    what = f"pass '{pass_.name}' broke the module: {error}"
                    raise failure(what, error) from error
            if self.args.print_between_passes and not quiet and i < len(self.passes):
                print(f"IR after {pass_.name}:", file=sys.stderr)
                Printer(stream=sys.stderr).print_op(prog)
                print("\n", file=sys.stderr)

    def transform(self, data: bytes, extension: str) -> ModuleOp | None:
        """Parse, check, apply the passes, check."""
        module = self.parse_chunk(BytesIO(data), extension, self.line_offset)
        if module is None:
            return None
        try:
            self.check(module)
        except VerifyException as error:
            where = f" (from line {self.line_offset + 1})" if self.line_offset else ""
            raise InvalidInput(self.get_input_name() + where, error) from error
        try:
            self.apply_passes(module)
            if self.passes and not self.args.verify_each:
                self.check(module)
        except (DiagnosticException, InternalError):
            self._blame(data, extension)
            raise
        return module

    def _blame(self, data: bytes, extension: str) -> None:
        """Do it again with a check after each pass: an error then names the pass to blame."""
        if self.args.verify_each or self.args.disable_verify:
            return
        again = self.parse_chunk(BytesIO(data), extension, self.line_offset)
        if again is not None:
            self.apply_passes(again, check_each=True)

    # Writing

    def output_resulting_program(self, prog: ModuleOp) -> str:
        """The text for the target, or the results of `--run`."""
        if self.args.run is not None:
            return self._execute(prog)
        stream = StringIO()
        try:
            self.emit(prog, stream)
        except DiagnosticException as error:
            where = f"target '{self.target_name}'"
            message = str(error) if str(error).startswith(where) else f"{where} failed: {error}"
            raise failure(message, error) from error
        except (RecursionError, MemoryError, ShrinkException):
            raise
        except Exception as error:
            what = f" in target '{self.target_name}': {type(error).__name__}: {error}"
            raise InternalError(what) from error
        return stream.getvalue()

    def _execute(self, module: ModuleOp) -> str:
        from catgrad._execute import as_files, as_text, execute, labels

        name = self.args.run.removeprefix("@")
        results = execute(module, name, self.inputs)
        if self.args.output:
            self.files.update(as_files(self.args.output, results))
            return ""
        return as_text(labels(module, name, len(results)), results)

    def run(self) -> None:
        """Process every chunk; write only once all are done."""
        try:
            chunks, extension = self.prepare_input()
        except ValueError as error:
            raise UsageError(f"{error}; say what it holds with -f mlir") from error
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error
        text = StringIO()
        diagnostics = text if self.args.output_file is None else sys.stdout
        for i, (chunk, self.line_offset) in enumerate(chunks):
            with chunk:
                data = chunk.read()
            text.write("// -----\n" if i else "")
            try:
                self._process(data, extension, text)
            except ParseError as error:
                error.span = dataclasses.replace(error.span, line_offset=self.line_offset)
                if not self.args.parsing_diagnostics:
                    raise
                print(error, file=diagnostics)
            except DiagnosticException as error:
                if not self.args.verify_diagnostics:
                    raise
                print(error, *getattr(error, "__notes__", []), sep="\n", file=diagnostics)
        self._write(text.getvalue())

    def _process(self, data: bytes, extension: str, text: StringIO) -> None:
        module = self.transform(data, extension)
        if module is not None:
            text.write(self.output_resulting_program(module))

    def _write(self, text: str) -> None:
        if self.args.output_file is not None:
            self.files[Path(self.args.output_file)] = text.encode()
            text = ""
        try:
            write_files(self.files)
        except OSError as error:
            raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
        sys.stdout.write(text)
        sys.stdout.flush()


def _is_checked(module: ModuleOp) -> bool:
    """Whether it holds arrows or functions of straight-line code, which `check_module` is about."""
    names = {op.name for op in module.body.block.ops}
    if "cat.arrow" in names:
        return True
    if names != {"func.func"}:
        return False
    return all(len(region.blocks) <= 1 for op in module.walk() for region in op.regions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    saved = Attribute.__post_init__, Diagnostic.colored
    try:
        driver = CatgradOptMain(argv)
        if driver.args.disable_verify:
            Attribute.__post_init__ = lambda self: None
        Diagnostic.colored = driver.args.syntax_highlight
        driver.run()
    except SystemExit as stop:  # --help, --version
        return stop.code if isinstance(stop.code, int) else 0
    except ShrinkException:
        print("Success, can shrink")
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads: leave without a message
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return report(error)
    finally:
        Attribute.__post_init__, Diagnostic.colored = saved
    return 0


if __name__ == "__main__":
    sys.exit(main())
