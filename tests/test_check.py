"""The runner of `make check` passes what lit passes, and fails what it fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check import main, run_file, run_line
from tests.lit_files import LIT, lit_files
from tests.opt_command import SQUARE
from tests.shell import Command, Unknown, parse

SIN = """\
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def verdicts(run: str, *lines: str) -> list[str]:
    """What is wrong with a file that has one RUN line and other comments."""
    comments = "".join(f"// {line}\n" for line in (f"RUN: {run}", *lines))
    path = Path("file.mlir").resolve()
    path.write_text(comments + SIN)
    return run_file(path, path.parent)


@pytest.mark.parametrize("path", lit_files(), ids=lambda path: str(path.relative_to(LIT)))
def test_every_file_passes(path: Path, tmp_path: Path) -> None:
    assert run_file(path, tmp_path) == []


# Files that pass and files that fail, here and in lit

WRITE = "grep -v '^//' %s"
PASSING = {
    "plain": ["catgrad-opt %s -p cse | filecheck %s", "CHECK: tops.sin"],
    "joined": [f"{WRITE} >%t && cat %t | catgrad-opt | filecheck %s", "CHECK: tops.sin"],
    "read": ["catgrad-opt %s -o %t && filecheck %s <%t", "CHECK: tops.sin"],
    "both": ["not catgrad-opt %s -p csee 2>&1 | filecheck %s", "CHECK: error: unknown pass 'csee'"],
    "apart": ["not catgrad-opt %s -p csee 2>%t && filecheck %s <%t", "CHECK: error: unknown pass"],
    "quoted": [f"{WRITE} | sed 's/tops.sin/a | b/' | filecheck %s", "CHECK: a | b"],
    "variable": [
        "env CATGRAD_TRACEBACK=1 not catgrad-opt %s -p csee 2>&1 | filecheck %s",
        "CHECK: Traceback",
    ],
    "pattern": ["mkdir %t.d && cp %s %t.d && cat %t.d/*.mlir | filecheck %s", "CHECK: tops.sin"],
    "appended": ["echo a >%t && echo b >>%t && filecheck %s <%t", "CHECK: a", "CHECK-NEXT: b"],
}
FAILING = {
    "text": [f"{WRITE} | filecheck %s", "CHECK: tops.cos"],
    "absent": [f"{WRITE} | filecheck %s", "CHECK-NOT: tops.sin"],
    "order": [f"{WRITE} | filecheck %s", "CHECK: cat.return", "CHECK: tops.sin"],
    "prefix": [f"{WRITE} | filecheck %s --check-prefix=OTHER", "CHECK: tops.sin"],
    "command": ["catgrad-opt %s -p csee | filecheck %s", "CHECK-NOT: tops.sin"],
    "early": ["catgrad-opt %s -p csee 2>&1 | filecheck %s", "CHECK: unknown pass"],
    "success": ["not catgrad-opt %s | filecheck %s", "CHECK: tops.sin"],
    "first": ["false && catgrad-opt %s | filecheck %s", "CHECK: tops.sin"],
    "program": ["no-such-program %s | filecheck %s", "CHECK: tops.sin"],
    "silent": ["true | filecheck %s", "CHECK: tops.sin"],
    "errors": ["not catgrad-opt %s -p csee | filecheck %s", "CHECK: unknown pass"],
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes(name: str) -> None:
    assert verdicts(*PASSING[name]) == []


@pytest.mark.parametrize("name", FAILING)
def test_what_fails(name: str) -> None:
    (found,) = verdicts(*FAILING[name])
    assert found.startswith(f"{Path('file.mlir').resolve()}\n  RUN: {FAILING[name][0]}\n  ")


def test_lit_says_the_same() -> None:
    """The same files, run by lit itself with the settings of this project."""
    folder = Path("tests/lit")
    folder.mkdir(parents=True)
    shutil.copy(LIT / "lit.cfg.py", folder)
    Path("catgrad").symlink_to(LIT.parent.parent / "catgrad")
    for name, (run, *lines) in {**PASSING, **FAILING}.items():
        comments = "".join(f"// {line}\n" for line in (f"RUN: {run}", *lines))
        (folder / f"{name}.mlir").write_text(comments + SIN)
    done = subprocess.run(
        [Path(sys.executable).with_name("lit"), "-v", "-j2", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    words = [line.split() for line in done.stdout.splitlines() if " :: " in line]
    found = {line[3].removesuffix(".mlir"): line[0] for line in words if line[1] == "catgrad"}
    assert found == dict.fromkeys(PASSING, "PASS:") | dict.fromkeys(FAILING, "FAIL:")


def test_a_failure_shows_the_command_and_its_messages() -> None:
    path = Path("file.mlir").resolve()
    assert verdicts(*FAILING["command"]) == [
        f"{path}\n  RUN: catgrad-opt %s -p csee | filecheck %s\n"
        f"  catgrad-opt {path} -p csee\nexit code 1\n"
        "error: unknown pass 'csee'; did you mean 'cse'?"
    ]
    (found,) = verdicts(*FAILING["text"])
    assert 'Couldn\'t match "tops.cos"' in found


# What lies outside of the language

UNKNOWN = {
    "a ; b": "unknown shell construct at '; b'",
    "a || b": "unknown shell construct at '|| b'",
    "a & b": "unknown shell construct at '& b'",
    "a |& b": "unknown shell construct at '|& b'",
    "a $HOME": "unknown shell construct at '$HOME'",
    "a $(b)": "unknown shell construct at '$(b)'",
    'a "$HOME"': "unknown shell construct at '\"$HOME\"'",
    "a `b`": "unknown shell construct at '`b`'",
    "(a)": "unknown shell construct at '(a)'",
    "! a": "unknown shell construct at '! a'",
    "a # b": "unknown shell construct at '# b'",
    "a ~/b": "unknown shell construct at '~/b'",
    "a 'b": "unknown shell construct at ''b'",
    "a << b": "unknown shell construct at '<< b'",
    "a 3>b": "unknown shell construct at '3>b'",
    "a &> b": "unknown shell construct at '&> b'",
    "a | | b": "unexpected '|' at '| b'",
    "&& a": "unexpected '&&' at '&& a'",
    "a > > b": "unexpected '>' at '> b'",
    "a > | b": "unexpected '|' at '| b'",
    "a |": "the line ends too early",
    "a >": "the line ends too early",
    "a > *.b": "a redirection to a pattern: *.b",
    "a *'b'": "a pattern with quotes in it: *'b'",
    "a %x": "unknown substitution '%x'",
    "a %{b}": "unknown substitution '%{b}'",
    "a %": "unknown substitution '%'",
}


@pytest.mark.parametrize("line", UNKNOWN)
def test_unknown_constructs_are_errors(line: str) -> None:
    with pytest.raises(Unknown) as found:
        parse(line, {"s": "file"})
    assert str(found.value) == UNKNOWN[line]


@pytest.mark.parametrize("line", ["not", "env A=b", "not -x catgrad-opt", "env -u A catgrad-opt"])
def test_not_and_env_want_a_command(line: str) -> None:
    with pytest.raises(Unknown) as found:
        run_line(line, {})
    assert str(found.value) == f"not and env are followed by a command: {line}"


def test_what_is_for_lit_alone_is_an_error() -> None:
    (found,) = verdicts("catgrad-opt %s | filecheck %s", "REQUIRES: moon", "CHECK: tops.sin")
    assert found.endswith("file.mlir: 'REQUIRES: moon' is for lit alone: run that")
    Path("file.mlir").write_text(SIN)
    assert run_file(Path("file.mlir"), Path()) == ["file.mlir: no RUN line"]


def test_words() -> None:
    line = """a 'b  %s' "c \\" %s" d\\ e%%=%s f{x=1,y} >%t.g 2>&1 <h"""
    ((command,),) = parse(line, {"s": "x y", "t": "t"})
    assert command == Command(
        ["a", "b  x y", 'c " x y', "d e%=x y", "f{x=1,y}"], [(">", "t.g"), ("2>&1", ""), ("<", "h")]
    )


# One command leaves nothing to the next


def test_commands_do_not_disturb_each_other() -> None:
    soft = LIT / "opt" / "Inputs" / "soft.py"
    for _ in range(2):
        run_line(f"catgrad-opt --list-ops --load {soft} | filecheck %s", {"s": str(_check("soft"))})
        run_line(f"catgrad verify-rules {soft} | filecheck %s", {"s": str(_check("math.sin"))})
    Path("wrong.mlir").write_text(SQUARE.replace("%x, %x", "%x, %y"))
    run_line("catgrad-opt wrong.mlir --disable-verify", {})
    run_line("not catgrad-opt wrong.mlir", {})


def _check(text: str) -> Path:
    path = Path(f"{text}.txt")
    path.write_text(f"CHECK: {text}\n")
    return path


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(LIT / "opt" / "run.mlir")]) == 0
    assert capsys.readouterr().out.startswith("1 files, 2 RUN lines, 0 failures, ")
    with pytest.raises(SystemExit, match="no lit file among nowhere"):
        main(["nowhere"])
