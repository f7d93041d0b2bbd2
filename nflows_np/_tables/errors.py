"""What is wrong with a table in a file: one line that says where and why."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# What an error quotes of a file: characters of a name or a cell, names of a list, characters of a foreign message.
_QUOTED, _LISTED, _REASON = 60, 10, 300


class TableError(ValueError):
    """A file does not hold the table that is meant; the message says where and why."""


@contextmanager
def foreign_bytes(path: str, fault: str) -> Iterator[None]:
    """A TableError for whatever NumPy, zipfile and pyarrow raise inside over damaged bytes.

    They promise no list: a header is parsed as Python, its numbers become sizes and its dtypes are looked up. Errors
    of the file system, which name the file, pass. NumPy's warnings about old headers, which name none, do not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        reason = shortened(" ".join(str(error).split()), _REASON) or type(error).__name__
        raise TableError(f"{path}: {fault} ({reason}).") from None


def quoted(text: str) -> str:
    """A name or a cell in a message: on one line, and not without end."""
    return repr(shortened(text, _QUOTED))


def listed(names: Sequence[str]) -> str:
    """Names in a message, the first of them where there are many."""
    if not names:
        return "none"
    more = f", and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"[{', '.join(map(quoted, names[:_LISTED]))}{more}]"


def column_name(j: int, names: Sequence[str] | None) -> str:
    """What to call a column in a message."""
    return f"column {j + 1}" if names is None else f"column {quoted(names[j])}"


def shortened(text: str, most: int) -> str:
    """So many characters of a text at most."""
    return text if len(text) <= most else f"{text[:most]}..."


def say(message: str) -> None:
    """A line about a table on the standard error, which is no error."""
    print(f"nflows_np: {message}", file=sys.stderr)
