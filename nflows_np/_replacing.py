"""A file that takes the place of another in one step: it is the old one or the new one, whole, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# A temporary file has a short name of its own, for one made from the target's could be too long. What is left of
# one, after a kill, is removed by the next save in that folder that comes a day later.
_PART = re.compile(r"\.nflows-[0-9a-f]{16}\.part")
_STALE_SECONDS = 24 * 3600


def replace(path: str | os.PathLike[str], fill: Callable[[BinaryIO], None]) -> None:
    """Fill a temporary file in the target's folder, then move it into the target's place.

    A link stays a link: what it points at is replaced. A device or a pipe is written to, for nothing can take
    its place.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            fill(file)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".nflows-{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _remove_stale(path.parent)


def _remove_stale(folder: Path) -> None:
    """Remove what killed processes have left of their temporary files, where that can be done."""
    with contextlib.suppress(OSError):  # a folder may be one to write to and not to list
        for entry in os.scandir(folder):
            if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_if_stale(entry)


def _remove_if_stale(entry: os.DirEntry[str]) -> None:
    with contextlib.suppress(OSError):  # somebody else has removed it, or owns it
        if entry.stat(follow_symlinks=False).st_mtime < time.time() - _STALE_SECONDS:
            os.unlink(entry.path)
