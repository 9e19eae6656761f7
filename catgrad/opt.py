"""
catgrad-opt: reads IR, applies passes, prints it for a target or runs it.

xDSL's driver, with the dialects, passes and targets of this package and with errors meant to be
read: one message on stderr, exit code 1. `CATGRAD_TRACEBACK=1` shows where an error was raised.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.utils.diagnostic import Diagnostic
from xdsl.utils.exceptions import (
    DiagnosticException,
    ParseError,
    ShrinkException,
    VerifyException,
)

from catgrad._attached import attaching
from catgrad._errors import (
    InternalError,
    InvalidInput,
    PassFailure,
    UsageError,
    failure,
    guarded,
    report,
)
from catgrad._files import write_files
from catgrad.dialects._places import place_of_error
from catgrad.driver.checking import check
from catgrad.driver.options import Options
from catgrad.driver.parse import parse
from catgrad.pipelines import apply_pass
from catgrad.universe import CATGRAD_UNIVERSE

if TYPE_CHECKING:
    from catgrad.driver.instruments import Instrument
    from catgrad.driver.timing import Clock


LISTS = ("passes", "ops", "dialects", "targets")
"""What --list-... lists."""


class CatgradOptMain(Options):
    """The driver. It raises its errors; `main` prints them."""

    def __init__(self, args: Sequence[str] | None = None):
        super().__init__(args)
        self.files: dict[Path, bytes] = {}
        self.line_offset = 0
        self.chunk = 0
        self.clock: Clock | None = None
        self.note = ""
        """What `main` prints after an error."""

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["mlir"] = self._parse_mlir

    # Reading

    def get_input_name(self) -> str:
        return self.args.input_file or "<stdin>"

    def _parse_mlir(self, io: IO[bytes]) -> ModuleOp:
        implicit = not self.args.no_implicit_module
        module, resources = parse(
            self.ctx, io.read(), self.get_input_name(), self.line_offset, implicit
        )
        if self.args.run_reproducer:
            self.passes = self.read_passes(resources)
        return module

    # Checking and transforming

    def check(self, module: ModuleOp) -> None:
        """Check the module, unless that is switched off."""
        if not self.args.disable_verify:
            with self.phase("verify"):
                check(module)

    def phase(self, name: str, module: ModuleOp | None = None) -> AbstractContextManager[None]:
        """Measure what happens inside, with --timing."""
        return nullcontext() if self.clock is None else self.clock.phase(name, module)

    def instruments(self) -> Sequence[Instrument]:
        """What watches the passes."""
        wanted = ("print_ir_before", "print_ir_after", "print_ir_after_change", "print_ir_diff")
        more = ("print_between_passes", "time_passes", "statistics", "dump_dir", "check_semantics")
        if not any(getattr(self.args, name) for name in (*wanted, *more)):
            return ()
        from catgrad.driver.watching import chosen

        return chosen(self.args, self.passes, self.render, self.chunk)

    def render(self, module: ModuleOp) -> str:
        """The IR as text, in the form asked for."""
        from catgrad.driver.printing import text_of

        return text_of(module, self.args)

    def apply_passes(
        self, prog: ModuleOp, instruments: Sequence[Instrument] = (), check_each: bool = False
    ) -> None:
        """Apply the passes in order, each between its instruments."""
        for instrument in instruments:
            instrument.start(prog)
        for i, pass_ in enumerate(self.passes, start=1):
            for instrument in instruments:
                instrument.step = i
                instrument.before(pass_, prog)
            with self.phase(pass_.name, prog):
                apply_pass(pass_, self.ctx, prog)
            if check_each or self.args.verify_each:
                try:
                    self.check(prog)
                except VerifyException as error:
                    what = f"pass '{pass_.name}' broke the module: {error}"
                    raise failure(what, error) from error
            for instrument in instruments:
                instrument.after(pass_, prog)

    def transform(self, data: bytes, extension: str) -> ModuleOp | None:
        """Parse, check, apply the passes, check."""
        with self.phase("parse"):
            module = self.parse_chunk(BytesIO(data), extension, self.line_offset)
        if module is None:
            return None
        try:
            self.check(module)
        except VerifyException as error:
            where = f" (from line {self.line_offset + 1})" if self.line_offset else ""
            place = place_of_error(error) or f"{self.get_input_name()}{where}"
            raise InvalidInput(str(place), error) from error
        if self.args.dump_pass_pipeline:
            from catgrad.driver.reproducer import pipeline_text

            print(pipeline_text(self.passes), file=sys.stderr)
        try:
            with self.phase("passes", module):
                self.apply_passes(module, self.instruments())
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
        where = f"target '{self.target_name}'"
        try:
            with guarded(where, self.emitter):
                self.emit(prog, stream)
        except DiagnosticException as error:
            message = str(error) if str(error).startswith(where) else f"{where} failed: {error}"
            raise failure(message, error) from error
        return stream.getvalue()

    def _execute(self, module: ModuleOp) -> str:
        from catgrad.driver.execute import as_files, as_text, execute, labels

        name = self.args.run.removeprefix("@")
        results = execute(module, name, self.inputs)
        if self.args.output:
            self.files.update(as_files(self.args.output, results))
            return ""
        return as_text(labels(module, name, len(results)), results)

    def run(self) -> None:
        """Process every chunk; write only once all are done."""
        if any(getattr(self.args, f"list_{what}") not in (None, False) for what in LISTS):
            self._write(self._listing())
            return
        if self.args.reduce is not None:
            self._reduce()
            return
        chunks, extension = self._chunks()
        text = StringIO()
        expecting = self.args.verify_diagnostics and self._expects(chunks)
        for i, (chunk, self.line_offset) in enumerate(chunks):
            self.chunk = i + 1
            with chunk:
                data = chunk.read()
            text.write("// -----\n" if i else "")
            if expecting:
                self._compare(data, extension, text)
            else:
                self._survive(data, extension, text)
        self._write(text.getvalue())

    def _chunks(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        try:
            return self.prepare_input()
        except ValueError as error:
            raise UsageError(f"{error}; say what it holds with -f mlir") from error
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error

    def _listing(self) -> str:
        """What an option --list-... prints."""
        from catgrad.driver import lists

        if self.args.list_passes:
            return lists.list_passes(self.available_passes)
        if self.args.list_ops is not None:
            names = self.args.list_ops or [*CATGRAD_UNIVERSE.all_dialects, *self.loaded]
            return lists.list_ops(self.ctx, names)
        if self.args.list_dialects:
            return lists.list_names(self.ctx.registered_dialect_names)
        return lists.list_names(self.available_targets)

    def _reduce(self) -> None:
        """Shrink the input while the command of --reduce finds it interesting."""
        from catgrad.driver.reduce import Reduction

        if self.args.split_input_file or self.passes:
            raise UsageError("--reduce shrinks one module as it is: leave out passes and splitting")
        ((chunk, _),), extension = self._chunks()
        with chunk:
            module = self.parse_chunk(chunk, extension)
        if module is not None:
            smaller = Reduction(self.args.reduce, self.render).run(module)
            self._write(f"{self.render(smaller)}\n")

    def _expects(self, chunks: Sequence[tuple[IO[bytes], int]]) -> bool:
        """Whether the file says which errors it gives."""
        from catgrad.driver.expected import holds_expectations

        texts: list[str] = []
        for chunk, _ in chunks:
            texts.append(chunk.read().decode(errors="replace"))
            chunk.seek(0)
        return any(map(holds_expectations, texts))

    def _compare(self, data: bytes, extension: str, text: StringIO) -> None:
        """Process a chunk and compare its errors with those it says it gives."""
        from catgrad.driver.checking import all_errors
        from catgrad.driver.expected import compare, expectations

        name = self.get_input_name()
        expected = expectations(data.decode(errors="replace"), name, self.line_offset)
        found: list[DiagnosticException | ParseError] = []
        try:
            self._process(data, extension, text)
        except (DiagnosticException, ParseError) as error:
            found += all_errors(error) if isinstance(error, InvalidInput) else [error]
        compare(expected, [(place_of_error(e), str(getattr(e, "msg", e))) for e in found], name)

    def _survive(self, data: bytes, extension: str, text: StringIO) -> None:
        """Process a chunk; with xDSL's flags errors are printed among the output."""
        diagnostics = text if self.args.output_file is None else sys.stdout
        try:
            self._process(data, extension, text)
        except ParseError as error:
            if not self.args.parsing_diagnostics:
                raise
            print(error, file=diagnostics)
        except DiagnosticException as error:
            if not self.args.verify_diagnostics:
                raise
            print(error, *getattr(error, "__notes__", []), sep="\n", file=diagnostics)

    def _process(self, data: bytes, extension: str, text: StringIO) -> None:
        if self.args.timing:
            from catgrad.driver.timing import Clock

            self.clock = Clock()
        try:
            module = self.transform(data, extension)
            with self.phase("print"):
                text.write("" if module is None else self.output_resulting_program(module))
        except (PassFailure, InternalError):
            if self.args.crash_reproducer is None:
                raise
            from catgrad.driver.reproducer import write

            path = Path(self.args.crash_reproducer)
            write(path, data, self.passes, self.args.verify_each)
            self.note = f"note: {path} replays this: catgrad-opt --run-reproducer {path}"
            raise
        finally:
            if self.clock is not None:
                print(self.clock.report(), file=sys.stderr)

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    with attaching():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    saved = Attribute.__post_init__, Diagnostic.colored
    driver = None
    try:
        driver = CatgradOptMain(argv)
        if driver.args.disable_verify:
            Attribute.__post_init__ = lambda self: None
        Diagnostic.colored = driver.args.syntax_highlight
        driver.run()
    except ShrinkException:
        print("Success, can shrink")
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads: leave without a message
        return 1
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and driver is None:  # --help, --version
            return error.code if isinstance(error.code, int) else 0
        code = report(error)
        if driver is not None and driver.note:
            print(driver.note, file=sys.stderr)
        return code
    finally:
        Attribute.__post_init__, Diagnostic.colored = saved
    return 0


if __name__ == "__main__":
    sys.exit(main())
