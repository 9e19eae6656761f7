"""catgrad explore: the page, in a browser, shows what the passes do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catgrad import cli
from catgrad.compiler import run_pipeline
from catgrad.driver.instruments import count_ops
from catgrad.pictures.subject import read_module
from catgrad.pipelines import PIPELINES, flatten, parse_passes
from catgrad.universe import available_passes
from tests.chromium import Browser
from tests.test_draw import EXAMPLES, TINY, one_block
from tests.test_draw_command import HOSTILE, MODEL

TOPS = """\
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
"""

SHOWN = "[...document.querySelectorAll('{}')].map(e => e.textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def page(path: Path, folder: Path, *words: str) -> Path:
    """The page of a file."""
    made = folder / "page.html"
    assert cli.main(["explore", str(path), "-o", str(made), *words]) == 0
    return made


def lowered(path: Path, target: str) -> tuple[list[str], list[int], list[str]]:
    """The passes, the number of ops after each, the module as text after each."""
    _, module = read_module(path, "numpy", None)
    passes = flatten(parse_passes(PIPELINES[f"lower-to-{target}"], available_passes()))
    counts, texts = [count_ops(module).total()], [str(module)]
    for pass_ in passes:
        module = run_pipeline(module, str(pass_.spec()))
        counts.append(count_ops(module).total())
        texts.append(str(module))
    return [pass_.name for pass_ in passes], counts, texts


def lines(text: str) -> list[str]:
    """The lines of the functions of a module."""
    return [line.strip() for line in text.splitlines()[1:-1]]


def all_lines(browser: Browser) -> list[Any]:
    """Every line of the step, everything unfolded: its text and what it is marked as."""
    browser.value(
        "document.querySelectorAll('#functions details').forEach(d => {"
        " if (!d.open) { d.open = true; d.ontoggle(); } });"
        "for (let b; (b = document.querySelector('.fold, .rest'));) b.click();"
    )
    return browser.value(
        "[...document.querySelectorAll('.code div')].map(e => [e.textContent.trim(), e.className])"
    )


def test_stepping(browser: Browser, tmp_path: Path) -> None:
    """Each step names its pass, counts its ops, and shows the IR after it, and before it."""
    passes, counts, texts = lowered(EXAMPLES / "iris.py", "ggml")
    browser.open(page(EXAMPLES / "iris.py", tmp_path, "--target", "ggml"))
    assert browser.value(SHOWN.format("#steps .row span:first-child")) == ["input", *passes]
    assert browser.value(SHOWN.format("#steps .count")) == [str(n) for n in counts]
    for i, name in enumerate(["input", *passes]):
        assert browser.value("byId('name').textContent") == name
        assert browser.value("byId('place').textContent") == f"{i} / {len(passes)}"
        found = all_lines(browser)
        after = [text for text, mark in found if mark != "gone"]
        assert sorted(after) == sorted(lines(texts[i]))
        if i:
            before = [text for text, mark in found if mark in ("", "gone")]
            names = sum(mark == "renamed" for _, mark in found)
            old = lines(texts[i - 1])
            assert len(before) + names == len(old)
            assert set(before) <= set(old)
        browser.press("ArrowRight")
    assert browser.value("byId('name').textContent") == passes[-1]
    for _ in passes:
        browser.press("ArrowLeft")
    assert browser.value("byId('name').textContent") == "input"
    browser.value("byId('next').click()")
    assert browser.value("location.hash") == "#1"
    assert (browser.problems, len(browser.requests)) == ([], 1)


def test_addresses_and_keys(browser: Browser, tmp_path: Path) -> None:
    """The address says which step; text is selected with the arrow keys and Shift."""
    path = tmp_path / "f.mlir"
    path.write_text(TOPS)
    made = page(path, tmp_path)
    place = "byId('place').textContent"
    browser.open(made)
    last = int(browser.value("data.steps.length")) - 1
    for address, step in (("2", 2), ("1.5", 1), ("-3", 0), ("x", 0), ("99", last), ("", 0)):
        move = f"new Promise(done => (onhashchange = done, location.hash = '{address}'))"
        browser.command("Runtime.evaluate", expression=move, awaitPromise=True)
        assert browser.value(place) == f"{step} / {last}"
    browser.press("ArrowRight", shift=True)
    assert browser.value(place) == f"0 / {last}"
    browser.press("ArrowRight")
    assert browser.value(place) == f"1 / {last}"
    assert browser.problems == []


VISIBLE = (
    "[...document.querySelectorAll('{} svg')]"
    ".filter(e => e.checkVisibility()).map(e => e.textContent)"
)


@pytest.mark.parametrize("example", ["lenet", "block"])
def test_large_models(browser: Browser, tmp_path: Path, example: str) -> None:
    """Pages of at most two megabytes: the diagram where there are arrows, the map at the end."""
    path = one_block(tmp_path) if example == "block" else EXAMPLES / f"{example}.py"
    made = page(path, tmp_path)
    assert made.stat().st_size < 2_000_000
    browser.open(made)
    names = browser.value(SHOWN.format("#steps .row span:first-child"))
    browser.value(f"show({names.index('cat-differentiate')})")
    (diagram,) = browser.value(VISIBLE.format("#diagram"))
    assert "objective.forward" in diagram
    assert "objective.reverse" in diagram
    assert browser.value(VISIBLE.format("#memory")) == []
    browser.value(f"show({names.index('cat-inline')})")
    assert browser.value(VISIBLE.format("#diagram")) == []
    assert "boxes: too many to read" in browser.value("byId('undrawn').textContent")
    folds: list[str] = []
    for step in range(1, len(names)):
        browser.value(f"show({step})")
        folds += browser.value(SHOWN.format(".fold"))
    assert len(folds) > 10
    assert all(text.endswith(" unchanged lines") for text in folds)
    browser.value(f"show({len(names)})")
    assert browser.value("byId('diagram').checkVisibility()") is False
    (memory,) = browser.value(VISIBLE.format("#memory"))
    assert "Scratch memory of @step" in memory
    assert (browser.problems, len(browser.requests)) == ([], 1)


def test_light_and_dark(browser: Browser, tmp_path: Path) -> None:
    made = page(EXAMPLES / "iris.py", tmp_path)
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(made)
    assert browser.value(ground) == "rgb(255, 255, 255)"
    browser.open(made, dark=True)
    assert browser.value(ground) == "rgb(17, 21, 27)"
    browser.value("byId('theme').click()")
    assert browser.value(ground) == "rgb(255, 255, 255)"


def test_names_are_text(browser: Browser, tmp_path: Path) -> None:
    """Nothing of the IR becomes markup or runs."""
    path = tmp_path / "<img src=x onerror=alert(1)>.mlir"
    path.write_text(HOSTILE)
    browser.open(page(path, tmp_path))
    assert browser.value("document.title") == "<img src=x onerror=alert(1)>, numpy"
    names = browser.value(
        "[...document.querySelectorAll('#functions summary')].map(e => e.firstChild.data)"
    )
    assert names == ["@</script><b>", '@step"&<i>']
    text = "\n".join(found for found, _ in all_lines(browser))
    _, module = read_module(path, "numpy", None)
    assert sorted(text.split("\n")) == sorted(lines(str(module)))
    assert "<script>alert(1)</script>" in text
    (diagram,) = browser.value(VISIBLE.format("#diagram"))
    assert "<script>alert(1)</script>" in diagram
    assert (
        browser.value("document.querySelectorAll('script, img, b, i, [onload], [onerror]').length")
        == 3
    )
    assert (browser.problems, len(browser.requests)) == ([], 1)


def test_the_browser_sees_faults(browser: Browser, tmp_path: Path) -> None:
    """The other way round: a page with an error, and one that asks for something."""
    path = tmp_path / "bad.html"
    path.write_text("<script>nothing()</script><img src='missing.png'>")
    browser.open(path)
    assert len(browser.problems) >= 1
    assert len(browser.requests) == 2


def test_an_arrow_that_is_inlined(browser: Browser, tmp_path: Path) -> None:
    """Its diagram is there as long as it is; the map is that of the step."""
    browser.open(page(EXAMPLES / "iris.py", tmp_path, "--arrow", "dense"))
    (diagram,) = browser.value(VISIBLE.format("#diagram"))
    assert "broadcast" in diagram
    names = browser.value(SHOWN.format("#steps .row span:first-child"))
    browser.value(f"show({len(names)})")
    (memory,) = browser.value(VISIBLE.format("#memory"))
    assert "Scratch memory of @step" in memory


def test_a_file_of_functions_has_no_diagram(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "f.mlir"
    path.write_text(TOPS)
    browser.open(page(path, tmp_path))
    assert browser.value(SHOWN.format("#functions summary")) == ["@f4 lines"]
    assert browser.value("byId('diagram').checkVisibility()") is False
    assert browser.problems == []


Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("model.py -o x.htm", "cannot write x.htm: a page ends in .html; name it so"),
        (
            "model.py",
            "the following arguments are required: -o/--output; see catgrad explore --help",
        ),
        (
            "model.py -o x.html --target nmpy",
            "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?",
        ),
        (
            "model.py -o x.html --kernels native",
            "target 'numpy' has no kernels to choose; leave out kernels",
        ),
        (
            "f.mlir -o x.html --target nmpy",
            "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?",
        ),
        (
            "model.py -o x.html --arrow stp",
            "model.py has no arrow @stp; it has @dense, @mse, @objective, @sgd, @sgd.1, @step, "
            "@loss, @predict, @init; did you mean 'step'?",
        ),
        (
            "private.mlir -o x.html",
            "private.mlir has no public function; expected arrows that are not private, "
            "or functions of tensor ops",
        ),
        (
            "tops.mlir -o x.html --arrow g",
            "tops.mlir has no function @g; it has @f",
        ),
        (
            "model.py -o no/x.html",
            "cannot write no/x.html: No such file or directory; check the path and its rights",
        ),
    ],
)
def test_errors(
    words: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)
    Path("f.mlir").write_text("")
    Path("tops.mlir").write_text(TOPS)
    Path("private.mlir").write_text(TINY.replace("arrow @f", "arrow private @f"))
    assert cli.main(["explore", *words.split()]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"catgrad: error: {text}\n")
    assert not list(Path.cwd().glob("x*"))
