"""
`catgrad verify-rules`: reverse rules against finite differences and the laws they must obey.

order 1    <g, f'(x) d> = <R[f](x, g), d> for random d, f' by finite differences
sums       R[f + f](x, g) = R[f](x, g) + R[f](x, g)                          (RD.1)
additive   R[f](x, g + k) = R[f](x, g) + R[f](x, k) and R[f](x, 0) = 0        (RD.2)
projects   R[(y, x) -> f(x)](y, x, g) = (0, R[f](x, g))                       (RD.3)
pairs      R[x -> (f(x), f(x))](x, g, k) = R[f](x, g) + R[f](x, k)            (RD.4)
chains     R[x -> f(x) * f(x)](x, g) = R[f](x, 2 g f(x))                      (RD.5)
linear     the derivative of R[f](x, g) in g along k is R[f](x, k)           (RD.6)
symmetric  second derivatives do not depend on the order of the directions   (RD.7)
order 2    order 1 of (x, g) -> R[f](x, g)

The laws are those of reverse derivative categories (arXiv 1910.07065). All is run in f64 by the
interpreter, at random points drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from xdsl.utils.exceptions import DiagnosticException

from catgrad.dialects._blame import FaultyCode
from catgrad.driver import composites
from catgrad.driver.semantics import shown
from catgrad.driver.subjects import Subject, Unchecked, derivative
from catgrad.interpreter import Interpreter, NumPyArray, dtype_and_shape

Arrays: TypeAlias = list[NumPyArray]
RTOL, ATOL = 1e-6, 1e-9
STEP = 1e-3
"""Of the central differences, whose error is about STEP ** 4."""
RANGES = [(-2.0, 2.0), (0.2, 0.9), (1.2, 2.8)]
"""Where inputs come from: the first range on which all results are finite."""


class Wrong(Exception):
    """A law that does not hold, with a counterexample."""


class Probe:
    """@f with R[f] and R[R[f]], ready to run at one random point."""

    def __init__(self, subject: Subject, seed: int):
        self.subject = subject
        self.r = derivative(subject, subject.arrow)
        self.rr = derivative(subject, self.r)
        self.name = subject.arrow
        self.interpreter = Interpreter(subject.module)
        self.types = self.interpreter.functions[self.name].function_type.inputs.data
        self.rng = np.random.default_rng(seed)
        self.x = self.point()
        self.y = self.f(self.x)
        self.g = [self.like(y) for y in self.y]

    def f(self, x: Arrays) -> Arrays:
        """The results."""
        return self.interpreter.run(self.name, *x)

    def reverse(self, x: Arrays, g: Arrays) -> Arrays:
        """The cotangents of the inputs."""
        return self.interpreter.run(self.r, *x, *g)

    def second(self, x: Arrays, g: Arrays, h: Arrays) -> tuple[Arrays, Arrays]:
        """The cotangents of x and of g in (x, g) -> R[f](x, g), seeded with h."""
        found = self.interpreter.run(self.rr, *x, *g, *h)
        return found[: len(x)], found[len(x) :]

    def composite(self, of: Callable[[Subject], str], *values: NumPyArray) -> Arrays:
        """The derivative of an arrow made of @f, at inputs and cotangents."""
        name = of(self.subject)
        return Interpreter(self.subject.module).run(name, *values)

    def like(self, array: NumPyArray) -> NumPyArray:
        """A random array; zeros for what is no float: those do not move."""
        if array.dtype.kind != "f":
            return np.zeros_like(array)
        return np.asarray(self.rng.normal(size=array.shape))

    def point(self) -> Arrays:
        """Inputs whose results are finite, all floats apart from each other and from the middle."""
        for low, high in RANGES:
            x = [self.draw(type_, low, high) for type_ in self._cells()]
            if all(np.all(np.isfinite(y)) for y in self.f(x)):
                return x
        raise Wrong(f"no finite results for inputs in {', '.join(map(str, RANGES))}")

    def _cells(self) -> Iterable[tuple[str, NumPyArray]]:
        """Each input's dtype with places in (0, 1), apart from each other."""
        kinds = [dtype_and_shape(type_) for type_ in self.types]
        sizes = [int(np.prod(shape)) for _, shape in kinds]
        count = 2 * ((sum(sizes) + 1) // 2)
        cells = (self.rng.permutation(count) + self.rng.uniform(0.3, 0.7, count)) / max(count, 1)
        parts = np.split(cells, np.cumsum(sizes))
        for (dtype, shape), part in zip(kinds, parts, strict=False):
            yield dtype, part.reshape(shape)

    def draw(self, cells: tuple[str, NumPyArray], low: float, high: float) -> NumPyArray:
        """Floats in (low, high); 0 or 1 for others."""
        dtype, places = cells
        if dtype.startswith("float"):
            return np.asarray(low + (high - low) * places)
        return self.rng.integers(0, 2, places.shape).astype(dtype)


def dot(a: Sequence[NumPyArray], b: Sequence[NumPyArray]) -> tuple[float, float]:
    """The inner product over the floats, and the sum of its magnitudes."""
    pairs = [(x * y) for x, y in zip(a, b, strict=True) if x.dtype.kind == y.dtype.kind == "f"]
    return sum(float(np.sum(p)) for p in pairs), sum(float(np.sum(np.abs(p))) for p in pairs)


def moved(x: Arrays, d: Arrays, t: float) -> Arrays:
    """x + t d, floats only."""
    return [a + t * v if a.dtype.kind == "f" else a for a, v in zip(x, d, strict=True)]


def slope(phi: Callable[[float], float]) -> float:
    """phi'(0) by central differences of order 4."""
    h = STEP
    return (phi(-2 * h) - 8 * phi(-h) + 8 * phi(h) - phi(2 * h)) / (12 * h)


def agree(what: str, found: float, expected: float, scale: float, probe: Probe) -> None:
    """Raise with the inputs unless two numbers are equal."""
    if not abs(found - expected) <= RTOL * max(scale, abs(expected)) + ATOL:
        raise Wrong(f"{what} {found:.10g}, expected {expected:.10g}{_where(probe)}")


def _where(probe: Probe) -> str:
    return shown(probe.x) + shown(probe.g).replace("input", "cotangent")


def check_first(probe: Probe) -> None:
    """Finite differences of f; a wrong rule is traced to one element of one cotangent."""
    x, g = probe.x, probe.g
    found = probe.reverse(x, g)
    for _ in range(2):
        d = [probe.like(a) for a in x]
        total, scale = dot(found, d)
        expected = slope(lambda t, d=d: dot(g, probe.f(moved(x, d, t)))[0])
        try:
            agree("the inner product is", total, expected, scale, probe)
        except Wrong:
            _find_element(probe, found)
            raise


def _find_element(probe: Probe, found: Arrays) -> None:
    """Raise for the first wrong element among the first thousand of each cotangent."""
    x, g = probe.x, probe.g
    for i, r in enumerate(found):
        if r.dtype.kind != "f":
            continue
        for at in list(np.ndindex(r.shape))[:1000]:
            d = [np.zeros_like(a) for a in x]
            d[i][at] = 1
            expected = slope(lambda t, d=d: dot(g, probe.f(moved(x, d, t)))[0])
            what = f"the cotangent of input {i} at {list(at)} is"
            agree(what, float(r[at]), expected, abs(expected), probe)


def check_equal(what: str, found: Arrays, expected: Arrays, probe: Probe) -> None:
    """Raise unless all cotangents are those expected; `what` says what was computed."""
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.dtype.kind == "f":
            scale = float(np.max(np.abs(b), initial=0))
            for at in np.ndindex(a.shape):
                place = f"the cotangent of input {i} at {list(at)} in {what} is"
                agree(place, float(a[at]), float(b[at]), scale, probe)


def total(a: Arrays, b: Arrays) -> Arrays:
    """The sums; of floats alone."""
    return [x + y if x.dtype.kind == "f" else x for x, y in zip(a, b, strict=True)]


def check_additive(probe: Probe) -> None:
    """Sums and zero in the cotangent."""
    k = [probe.like(a) for a in probe.g]
    parts = total(probe.reverse(probe.x, probe.g), probe.reverse(probe.x, k))
    zero = probe.reverse(probe.x, [np.zeros_like(a) for a in probe.g])
    check_equal("R[f](x, 0)", zero, [np.zeros_like(a) for a in zero], probe)
    both = probe.reverse(probe.x, total(probe.g, k))
    check_equal("R[f](x, g + k), where R[f](x, g) + R[f](x, k) is expected,", both, parts, probe)


def check_sums(probe: Probe) -> None:
    """The derivative of a sum of arrows."""
    found = probe.composite(composites.sums, *probe.x, *probe.g)
    once = probe.reverse(probe.x, probe.g)
    check_equal("R[f + f]", found, total(once, once), probe)


def check_projects(probe: Probe) -> None:
    """Inputs that are not used."""
    found = probe.composite(composites.projects, *probe.x, *probe.x, *probe.g)
    expected = [*(np.zeros_like(a) for a in probe.x), *probe.reverse(probe.x, probe.g)]
    check_equal("R[(y, x) -> f(x)]", found, expected, probe)


def check_pairs(probe: Probe) -> None:
    """An arrow used twice on the same inputs."""
    k = [probe.like(a) for a in probe.g]
    found = probe.composite(composites.pairs, *probe.x, *probe.g, *k)
    expected = total(probe.reverse(probe.x, probe.g), probe.reverse(probe.x, k))
    check_equal("R[x -> (f(x), f(x))]", found, expected, probe)


def check_chains(probe: Probe) -> None:
    """An arrow behind this one."""
    found = probe.composite(composites.chains, *probe.x, *probe.g)
    inner = [2 * g * y if g.dtype.kind == "f" else g for g, y in zip(probe.g, probe.y, strict=True)]
    check_equal("R[x -> f(x) * f(x)]", found, probe.reverse(probe.x, inner), probe)


def check_linear(probe: Probe) -> None:
    """The derivative in the cotangent is the rule itself, wherever it is taken."""
    h, k = [probe.like(a) for a in probe.x], [probe.like(a) for a in probe.g]
    _, back = probe.second(probe.x, probe.g, h)
    total, scale = dot(back, k)
    expected = dot(h, probe.reverse(probe.x, k))[0]
    agree("the derivative in the cotangent is", total, expected, scale, probe)


def check_symmetric(probe: Probe) -> None:
    """The second derivative along u and v is that along v and u."""
    u, v = ([probe.like(a) for a in probe.x] for _ in range(2))
    along_u, along_v = (probe.second(probe.x, probe.g, d)[0] for d in (u, v))
    total, scale = dot(along_u, v)
    expected = dot(along_v, u)[0]
    agree("the second derivative along (u, v) is", total, expected, scale, probe)


def check_second(probe: Probe) -> None:
    """Finite differences of R[f] in x and in g."""
    x, g = probe.x, probe.g
    h, dx, dg = ([probe.like(a) for a in arrays] for arrays in (x, x, g))
    first, second = probe.second(x, g, h)
    (total, scale), (more, other) = dot(first, dx), dot(second, dg)
    expected = slope(lambda t: dot(h, probe.reverse(moved(x, dx, t), moved(g, dg, t)))[0])
    agree("the inner product is", total + more, expected, scale + other, probe)


CHECKS: dict[str, Callable[[Probe], None]] = {
    "order 1": check_first,
    "sums": check_sums,
    "additive": check_additive,
    "projects": check_projects,
    "pairs": check_pairs,
    "chains": check_chains,
    "linear": check_linear,
    "symmetric": check_symmetric,
    "order 2": check_second,
}


def check_subject(subject: Subject | Unchecked, seed: int) -> tuple[dict[str, str], list[str]]:
    """A word for each check, none if there is nothing to check; the reasons for all but `ok`."""
    words, reasons = dict.fromkeys(CHECKS, "-"), list[str]()
    if isinstance(subject, Unchecked):
        return words, [f"{subject.label} is not checked: {subject.reason}"]
    try:
        probe = Probe(subject, seed)
        if not any(a.dtype.kind == "f" for a in probe.x):
            return {}, [f"{subject.label}: no floating inputs, nothing to check"]
    except (Wrong, DiagnosticException) as error:
        return words, [f"{subject.label} is not checked: {error}"]
    for name, run in CHECKS.items():
        if subject.surrogate and name != "additive":
            continue
        try:
            run(probe)
            words[name] = "ok"
        except (Wrong, FaultyCode) as error:
            words[name] = "WRONG"
            reasons.append(f"{subject.label}, {name}: {error}")
            if isinstance(error, FaultyCode):
                break
        except DiagnosticException as error:
            words[name] = "missing"
            reasons.append(f"{subject.label}, {name}: {error}")
    return words, reasons


def verify_rules(subjects: Iterable[Subject | Unchecked], seed: int) -> tuple[str, str]:
    """The table with the reasons below it, and what is not as it should be, or nothing."""
    rows: list[tuple[str, dict[str, str]]] = []
    reasons: list[str] = []
    wrong, unchecked = set[str](), set[str]()
    for subject in subjects:
        words, more = check_subject(subject, seed)
        rows.append((subject.label, words))
        reasons += more
        if "WRONG" in words.values():
            wrong.add(subject.label)
        elif words and "ok" not in words.values():
            unchecked.add(subject.label)
    names = {label for label, _ in rows}
    width = max([len("rule"), *map(len, names)])
    lines = [f"{'rule':{width}}  " + "  ".join(f"{name:9}" for name in CHECKS)]
    for label, words in rows:
        lines.append(
            f"{label:{width}}  " + "  ".join(f"{words.get(name, '-'):9}" for name in CHECKS)
        )
    text = "\n".join(line.rstrip() for line in [*lines, *reasons])
    faults = [(len(wrong), "wrong"), (len(unchecked - wrong), "not checked")]
    said = [f"{count} of {len(names)} rules are {what}" for count, what in faults if count]
    return f"{text}\n", "; ".join(said) if names else "there are no rules to check"
