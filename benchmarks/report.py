"""From measurements to a Markdown page and a plot."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from benchmarks import compile_time
from benchmarks.systems import SYSTEMS

HEAD = """# How fast it trains

Written by `python -m benchmarks{options}` (`make bench`)
on {time}: {processor}, {cores} cores, Python {python}, NumPy {numpy};
load average {load} before, {load_at_end} after; waiting threads: {waiting}.
{versions}.

Every system computes the same step in float32: same first values, same random batches, same
optimiser. The losses of the first steps agree (largest relative deviation {deviation:.0e}); then
the systems take turns, each in a process of its own that stands still while others run.

- *median*, *least*: milliseconds for a step, the loss read back, its batch ready in memory.
- *of the best peer*: in each round the median of the system's turn over that of the peer's, which
  had the machine in the same state; of these ratios the median; of the peers the one that leaves
  the largest. *of the roofline*: the least time over max(work in matrix products / sgemm rate, 2 *
  stored bytes / copy bandwidth), both rates measured between the turns.
- *peak*: resident memory of the whole process, Python and libraries included. *ready*: seconds from
  nothing to the end of the first step, imports excluded, compilers included; in brackets catgrad's
  own part. *artefact*: what runs, in kB. *arena*: scratch memory of a step in kB, and the most that
  is alive at once.
{caution}
![Median step relative to the best peer](performance.svg)
"""

BUSY = """
**Others used this machine at the same time.** Take these figures for a trial: threads waited for
cores, more in some systems than in others, and the rates of the roofline came out too low.
"""

COLUMNS = (
    "system",
    "median",
    "least",
    "of the best peer",
    "of the roofline",
    "peak MB",
    "ready s",
    "artefact kB",
    "arena / bound kB",
)


def steps(facts: dict[str, Any]) -> list[float]:
    """The milliseconds of all steps of a system."""
    return list(itertools.chain.from_iterable(facts["turns"]))


def ratio(facts: dict[str, Any], other: dict[str, Any]) -> float:
    """The median, over the rounds, of the median step of a system over that of another."""
    pairs = zip(facts["turns"], other["turns"], strict=True)
    return statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs)


def relative(workload: dict[str, Any]) -> dict[str, float]:
    """The ratio of each system to the best of the peers, to the fastest where there are none."""
    systems: dict[str, Any] = workload["systems"]
    peers = [s for n, s in systems.items() if SYSTEMS[n].peer] or list(systems.values())
    return {n: max(ratio(s, peer) for peer in peers) for n, s in systems.items()}


def roofline(workload: dict[str, Any]) -> float:
    """Milliseconds that no program can go below: products at sgemm's rate, tensors moved once."""
    facts = workload["systems"]["catgrad-numpy"]
    products = facts["flops"] / workload["sgemm_flops"]
    return 1e3 * max(products, 2 * facts["persistent"] / workload["copy_bytes"])


def row(name: str, workload: dict[str, Any]) -> list[str]:
    """One line of a workload's table."""
    facts = workload["systems"][name]
    median, least = statistics.median(steps(facts)), min(steps(facts))
    own, peers = "catgrad_s" in facts, any(SYSTEMS[n].peer for n in workload["systems"])
    return [
        name,
        f"{median:.3g}",
        f"{least:.3g}",
        f"{relative(workload)[name]:.2f}" if peers else "",
        f"{least / roofline(workload):.1f}",
        f"{facts['peak_bytes'] / 1e6:.0f}",
        f"{facts['ready_s']:.1f}" + (f" ({facts['catgrad_s']:.1f})" if own else ""),
        f"{facts['artefact_bytes'] / 1e3:.0f}" if own else "",
        f"{facts['arena'] / 1e3:.0f} / {facts['bound'] / 1e3:.0f}" if own else "",
    ]


def table(name: str, workload: dict[str, Any]) -> str:
    """The section of a workload."""
    lines = [COLUMNS, ["---"] + ["---:"] * (len(COLUMNS) - 1)]
    lines += [row(system, workload) for system in workload["systems"]]
    rates = (
        f"{workload['sgemm_flops'] / 1e9:.0f} Gflop/s, {workload['copy_bytes'] / 1e9:.1f} GB/s; "
        f"roofline {roofline(workload):.3g} ms."
    )
    return f"\n## {name}\n\n{workload['title']}. {rates}\n\n{rows_of(lines)}\n{trainer(workload)}"


def rows_of(lines: Iterable[Iterable[str]]) -> str:
    """The rows of a table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def trainer(workload: dict[str, Any]) -> str:
    """How much memory a program of its own needs, if that was measured."""
    if "trainer" not in workload:
        return ""
    peers = [s["peak_bytes"] for n, s in workload["systems"].items() if SYSTEMS[n].peer]
    plain, clipped = (
        f"{peak / 1e6:.0f} MB" + (f" ({peak / min(peers):.2f} of the least peer)" if peers else "")
        for peak in workload["trainer"]
    )
    return (
        "\nA GGML program that trains from the command line, its initialisation included, holds "
        f"at most {plain}; with clipping by the global norm {clipped}.\n"
    )


COMPILE = """
## Compile time

From Python to source text, in seconds, for stacks of dense layers (width {width}, batch {batch}):
Adam, but plain gradient descent in catgrad 0.2.2, the earlier one in the package registry.
`a + b n` is the line with the least squares of relative deviations; the last column has the
largest one.

{rows}
"""


def compile_times(found: dict[str, dict[int, float]]) -> str:
    """The section on compile time; nothing if it was not measured."""
    if not found:
        return ""
    depths = [str(depth) for depth in next(iter(found.values()))]
    head = ["layers", *depths, "a", "ms per layer", "deviation"]
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for system, times in found.items():
        a, b, deviation = compile_time.line(times)
        taken = [f"{t:.2f}" for t in times.values()]
        lines.append([system, *taken, f"{a:.2f}", f"{b * 1e3:.1f}", f"{deviation:.0%}"])
    return COMPILE.format(width=compile_time.WIDTH, batch=compile_time.BATCH, rows=rows_of(lines))


def markdown(results: dict[str, Any]) -> str:
    """The whole page."""
    workloads: dict[str, dict[str, Any]] = results["workloads"]
    systems = {n: s["version"] for w in workloads.values() for n, s in w["systems"].items()}
    head = HEAD.format(
        **results["machine"],
        options="".join(f" {option}" for option in results["options"]),
        versions=", ".join(f"{name} {version}" for name, version in systems.items()),
        caution=BUSY if results["machine"]["load"] > 0.5 else "",
        deviation=max(w["deviation"] for w in workloads.values()),
    )
    tables = "".join(table(name, workload) for name, workload in workloads.items())
    return head + tables + compile_times(results.get("compile", {}))


BAR, LABEL, WIDTH = 18, 130, 760


def plot(results: dict[str, Any]) -> str:
    """An SVG of bars: each system's steps relative to the best peer's."""
    bars: list[str] = []
    y, widest = 10, WIDTH - LABEL - 60
    for name, workload in results["workloads"].items():
        found = relative(workload)
        longest = max(found.values())
        bars.append(f'<text x="4" y="{y + 13}" font-weight="bold">{escape(name)}</text>')
        y += BAR
        for system, times in found.items():
            length = max(1.0, widest * times / longest)
            colour = "#888888" if SYSTEMS[system].peer else "#2266aa"
            bars += [
                f'<text x="12" y="{y + 13}">{escape(system)}</text>',
                f'<rect x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="{BAR - 4}" '
                f'fill="{colour}"/>',
                f'<text x="{LABEL + length + 4:.1f}" y="{y + 13}">{times:.2f}</text>',
            ]
            y += BAR
        y += 8
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    body = "\n".join(bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )
