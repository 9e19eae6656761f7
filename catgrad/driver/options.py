"""What catgrad-opt knows and what it was asked for."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import IO, Any, ClassVar, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.target import Target
from xdsl.xdsl_opt_main import xDSLOptMain

from catgrad._errors import UsageError, suggest
from catgrad.driver.arguments import Arguments, add_options
from catgrad.pipelines import flatten, parse_passes, parse_specs, with_options
from catgrad.targets._outside import installed
from catgrad.universe import CATGRAD_UNIVERSE, available_passes


class Options(xDSLOptMain):
    """Dialects, passes and targets, and the options; UsageError for what is wrong with them."""

    version_format: ClassVar[str] = "catgrad-opt built on xdsl {xdsl_version}"

    def __init__(self, args: Sequence[str] | None = None):
        # Not xDSL's own constructor, which exits on a mistake: this one raises UsageError.
        self.available_frontends = {}
        self.available_passes = {}
        self.available_targets = {}
        self.ctx = Context()
        installed()  # whose errors say which package is broken
        self.register_all_dialects()
        self.register_all_frontends()
        self.register_all_passes()
        self.register_all_targets()
        parser = Arguments()
        self.register_all_arguments(parser)
        self.args = parser.parse_args(args)
        self.loaded: list[str] = []
        if self.args.load:
            self._load(self.args.load)
        if self.args.input_file == "-":
            self.args.input_file = None
        if self.args.output_file == "-":
            self.args.output_file = None
        self.ctx.allow_unregistered = self.args.allow_unregistered_dialect
        self.emit = self._read_target()
        self.passes = self.read_passes()
        self.inputs = self._read_inputs()

    # Registration: what is absent, so that an installed entry point is not registered twice.

    def register_all_dialects(self) -> None:
        super().register_all_dialects()
        for name, factory in CATGRAD_UNIVERSE.all_dialects.items():
            if name not in self.ctx.registered_dialect_names:
                self.ctx.register_dialect(name, factory)

    def register_all_passes(self) -> None:
        super().register_all_passes()
        for name, factory in available_passes().items():
            self.available_passes.setdefault(name, factory)

    def register_all_targets(self) -> None:
        super().register_all_targets()
        for name, factory in CATGRAD_UNIVERSE.all_targets.items():
            self.available_targets.setdefault(name, factory)

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        add_options(arg_parser)

    def _load(self, paths: Sequence[str]) -> None:
        """Register what Python files define; UsageError for a name that is taken."""
        from catgrad.driver.plugins import load

        universe = load(*paths)
        for name, factory in universe.all_dialects.items():
            self.ctx.register_dialect(name, factory)
        self.loaded += universe.all_dialects
        self.available_passes.update(universe.all_passes)
        self.available_targets.update(universe.all_targets)

    def read_passes(self, resources: dict[str, str] | None = None) -> list[ModulePass]:
        """The passes of -p, of --pass-pipeline or of a reproducer, which is not known at first."""
        given = [self.args.passes, self.args.pass_pipeline, self.args.run_reproducer]
        if sum(map(bool, given)) > 1:
            raise UsageError("give one of -p, --pass-pipeline and --run-reproducer")
        text = self.args.passes
        if resources is not None:
            from catgrad.driver.reproducer import pipeline_in

            text = pipeline_in(resources, self.get_input_name())
        elif self.args.pass_pipeline is not None:
            from catgrad.driver.reproducer import passes_of

            text = passes_of(self.args.pass_pipeline)
        return flatten(parse_passes(text, self.available_passes))

    def _read_target(self) -> Callable[[ModuleOp, IO[str]], None]:
        specs = parse_specs(self.args.target, "target")
        if len(specs) != 1:
            raise UsageError(f"-t takes one target, got '{self.args.target}'")
        (spec,) = specs
        self.target_name = spec.name
        self.emitter: object = None
        if (entry := self.available_targets.get(spec.name)) is None:
            close = suggest(spec.name, self.available_targets)
            known = ", ".join(self.available_targets)
            raise UsageError(f"unknown target '{spec.name}'{close}\nAvailable: {known}")
        if inspect.signature(entry).parameters:
            return cast("Callable[[ModuleOp, IO[str]], None]", entry)
        target = with_options("target", cast("Callable[[], type[Target]]", entry)(), spec)
        if spec.name == "mlir" and not self.args.syntax_highlight:
            return self._print
        if spec.name == "mlir":
            flags: dict[str, Any] = {
                "print_generic_format": self.args.print_op_generic,
                "print_properties_as_attributes": self.args.print_no_properties,
                "print_debuginfo": self.args.print_debuginfo,
                "syntax_highlight": True,
            }
            target = dataclasses.replace(target, **flags)
        self.emitter = type(target)
        return lambda module, stream: target.emit(self.ctx, module, stream)

    def _print(self, module: ModuleOp, stream: IO[str]) -> None:
        """What xDSL's target prints, with aliases for types."""
        from catgrad.driver.printing import text_of

        stream.write(f"{text_of(module, self.args, self.ctx.loaded_dialects)}\n\n")

    def _read_inputs(self) -> list[Any]:
        if self.args.run is None:
            if self.args.input or self.args.output:
                raise UsageError("--input and --output belong to --run @function")
            return []
        if self.args.target != "mlir":
            raise UsageError("--run prints results, not code: leave out -t")
        if self.args.output and (self.args.split_input_file or self.args.output_file):
            raise UsageError("--output saves the results: leave out -o and --split-input-file")
        from catgrad.driver.execute import load

        return [load(path) for path in self.args.input]
