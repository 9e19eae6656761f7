"""How lit runs the files of this folder: `.venv/bin/lit tests/lit -v`."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from lit.formats import ShTest  # pyright: ignore[reportMissingTypeStubs]

config: Any = globals()["config"]  # lit defines it before it runs this file
root = Path(__file__).parent

config.name = "catgrad"
config.test_format = ShTest()
config.test_source_root = str(root)
config.test_exec_root = str(root.parent.parent / "build" / "lit")
config.suffixes = [".mlir", ".py"]
config.excludes = ["lit.cfg.py", "Inputs"]
config.maxIndividualTestTime = 120

bin_folder = Path(sys.executable).parent
config.environment["PYTHONPATH"] = str(root.parent.parent)
config.environment["PATH"] = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
config.environment["PYTHONPATH"] = str(root.parent.parent)  # the tree that these files lie in


def command(name: str) -> str:
    """A regular expression for a command's name, but not for a part of a path or of a word."""
    return rf"(?<![\w./-])(?<!import ){name}(?![\w./-])"


# The interpreter's path comes last: a path that holds a command's name is left alone.
config.substitutions += [
    (command("catgrad-opt"), "%{python} -m catgrad.opt"),
    (command("catgrad"), "%{python} -m catgrad.cli"),
    (command("filecheck"), "%{filecheck}"),
    (r"%\{python\}", shlex.quote(sys.executable)),
    (r"%\{filecheck\}", shlex.quote(str(bin_folder / "filecheck"))),
]
