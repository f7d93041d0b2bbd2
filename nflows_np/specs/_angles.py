"""Angles on their way through a flow: which columns of the data its maps act on, and which they take for angles."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple

Places = list[int]
"""The column of the data that stands at each place of a row between two layers."""


class Mapped(NamedTuple):
    """A map of some columns of the data, ``columns``, which takes those of ``angles`` for angles."""

    bijection: Any
    columns: Places
    angles: Set[int]
