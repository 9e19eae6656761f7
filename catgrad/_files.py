"""Writing files: all of them or none, and never half of one."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def write_files(contents: Mapping[Path, bytes]) -> None:
    """
    Write every file under a temporary name beside it; rename them once all are written.

    Raises OSError if one cannot be written; then none has changed. A path that is not a regular
    file, such as /dev/null, is written to directly.
    """
    pending: dict[Path, Path] = {}
    direct: dict[Path, bytes] = {}
    try:
        for path, data in contents.items():
            target = path.resolve()
            if target.exists() and not target.is_dir() and not target.is_file():
                direct[target] = data
                continue
            if target.is_dir():
                raise IsADirectoryError(21, "Is a directory", str(path))
            pending[target] = _write_temporary(path, target, data)
        for path, temporary in pending.items():
            temporary.replace(path)
    except BaseException:
        for temporary in pending.values():
            with suppress(OSError):
                temporary.unlink()
        raise
    for path, data in direct.items():
        with path.open("wb") as file:
            file.write(data)


def _write_temporary(path: Path, target: Path, data: bytes) -> Path:
    """Write and sync a file beside `target`, with the access rights of the file it will replace."""
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", str(path))
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        if not isinstance(error, FileExistsError):
            with suppress(OSError):
                temporary.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
    return temporary
