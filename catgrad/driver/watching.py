"""Which instruments the options ask for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from xdsl.passes import ModulePass

from catgrad.driver.instruments import (
    Between,
    Changes,
    Dumps,
    Instrument,
    IRPrinter,
    PassTimes,
    Render,
    Statistics,
    check_names,
)


def chosen(
    args: argparse.Namespace, passes: Sequence[ModulePass], render: Render, chunk: int
) -> list[Instrument]:
    """The instruments that the options ask for, those that measure first."""
    found: list[Instrument] = [PassTimes()] if args.time_passes else []
    if args.check_semantics:
        from catgrad.driver.semantics import SemanticsCheck

        found.append(SemanticsCheck(args.seed))
    if args.dump_dir is not None:
        folder = Path(args.dump_dir)
        found.append(Dumps(render, folder / f"chunk-{chunk}" if args.split_input_file else folder))
    if args.print_ir_before or args.print_ir_after:
        check_names("--print-ir-before", args.print_ir_before, passes)
        check_names("--print-ir-after", args.print_ir_after, passes)
        found.append(IRPrinter(render, args.print_ir_before, args.print_ir_after))
    if args.print_ir_after_change or args.print_ir_diff:
        found.append(Changes(render, args.print_ir_after_change, args.print_ir_diff))
    if args.statistics:
        found.append(Statistics())
    if args.print_between_passes:
        found.append(Between(render, len(passes)))
    return found
