"""Different bases for different columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ._checks import check_instance, check_integers, fail, is_integer, require, shown
from ._draws import Columns, Draw
from ._spec import Base, Permuter


@dataclass(frozen=True, repr=False)
class Product(Base):
    r"""Independent groups of latents, each group with a base of its own.

    .. math:: \log p(z) = \sum_i \log p_i(z_{C_i})

    with disjoint sets of columns :math:`C_i` that together are all of them. The parameters are those of the parts.

    Parameters
    ----------
    parts : sequence of (columns, base)
        The columns of each part, a sequence of integers in the order in which its base sees them, and that base.

    References
    ----------
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", ICML, arXiv:2002.02428 (products of circles and lines).

    Examples
    --------
    >>> from nflows_np.specs import Flow, Product, StandardNormal, VonMises
    >>> base = Product([((0, 2), StandardNormal()), ((1,), VonMises())])
    >>> Flow([], base=base).to_dict()["base"]["columns"]
    [0, 2, 1]
    """

    parts: Sequence[tuple[Sequence[int], Base]]

    name = "product"

    def __post_init__(self) -> None:
        if not isinstance(self.parts, (list, tuple)) or not self.parts:
            fail(self, "parts", self.parts, "a list of pairs (columns, base)")
        parts, seen = [], set[int]()
        for i, part in enumerate(self.parts):
            if not isinstance(part, (list, tuple)) or len(part) != 2:
                fail(self, f"parts[{i}]", part, "a pair (columns, base)")
            columns = check_integers(self, f"parts[{i}][0]", part[0], "a sequence of column indices")
            require(len(columns) >= 1, self, f"parts[{i}][0]", part[0], "of at least one column")
            check_instance(self, f"parts[{i}][1]", part[1], Base)
            for column in columns:
                require(
                    column not in seen, self, f"parts[{i}][0]", part[0], "of columns that no part has twice"
                )
                seen.add(column)
            parts.append((columns, part[1]))
        self._store("parts", tuple(parts))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        columns = [column for part, _ in self.parts for column in part]
        whole = sorted(columns) == list(range(n_features))
        require(whole, self, "columns of parts", columns, f"all of the {n_features} columns")
        return replace(self, parts=[(part, base.resolve(len(part), rng)) for part, base in self.parts])

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        found = []
        for i, (part, base) in enumerate(self.parts):
            own = {
                name.removeprefix(f"{i}."): values
                for name, values in parameters.items()
                if name.startswith(f"{i}.")
            }
            found += base.draws(columns[np.asarray(part)], own)
        return found

    def _circular(self, n_features: int) -> set[int]:
        return {part[j] for part, base in self.parts for j in base._circular(len(part))}

    def _depth(self) -> int:
        return 1 + max(base._depth() for _, base in self.parts)

    # Pairs are written as three lists: all columns, how many of them each part has, and the bases.

    def _entries(self) -> dict[str, Any]:
        return {
            "columns": tuple(column for part, _ in self.parts for column in part),
            "sizes": tuple(len(part) for part, _ in self.parts),
            "bases": tuple(base for _, base in self.parts),
        }

    @classmethod
    def _arguments(cls, entries: dict[str, Any]) -> dict[str, Any]:
        if set(entries) != {"columns", "sizes", "bases"}:
            raise ValueError(f"Product: its fields are columns, sizes and bases; got {shown(list(entries))}.")
        columns, sizes, bases = entries["columns"], entries["sizes"], entries["bases"]
        for name, value in entries.items():
            if not isinstance(value, tuple):
                raise ValueError(f"Product: {name} must be a list; got {shown(value)}.")
        if len(sizes) != len(bases) or not all(is_integer(size) and size >= 1 for size in sizes):
            raise ValueError(f"Product: sizes must be {len(bases)} positive integers; got {shown(sizes)}.")
        if sum(sizes) != len(columns):
            raise ValueError(
                f"Product: sizes must add up to {len(columns)}, the columns; got {shown(sizes)}."
            )
        ends = np.cumsum(sizes).tolist()
        parts = [columns[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        return {"parts": tuple(zip(parts, bases, strict=True))}
