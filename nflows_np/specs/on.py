"""A bijection of some of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from ._angles import Mapped, Places
from ._checks import check_instance, fail, is_integer, require, shown
from ._spec import Bijection, Names, Permuter


@dataclass(frozen=True, repr=False)
class On(Bijection):
    r"""A bijection of some of the columns, which leaves the others as they are.

    With the columns :math:`C = (c_1, \ldots, c_m)` and a bijection :math:`f` of :math:`m` columns,

    .. math:: z_C = f(x_C), \qquad z_j = x_j \quad (j \notin C), \qquad \log|\det J(x)| = \log|\det J_f(x_C)| .

    :math:`f` sees the columns in the order in which they are listed, and nothing of the others but the context: a
    `Coupling` inside keeps and moves columns of :math:`C` alone. Within :math:`f`, indices count the columns of
    :math:`C`, which another `On` inside may take some of; names stay what they are.

    Parameters
    ----------
    columns : str, int or sequence of them
        The columns, by name or by index. Indices below zero count from the end. Names are those that a table's columns
        have where the flow begins, as the columns of the DataFrame that ``FlowDensity.fit`` gets; `Flow.for_table`
        turns them into indices. They do not follow a column that an earlier layer puts elsewhere.
    bijection : Bijection
        The map :math:`f`.

    Raises
    ------
    ValueError
        If `columns` are none, or one is listed twice, and by ``Flow.for_table`` and ``resolve`` if the table has no
        such column or no names, or `bijection` does not fit their number.

    References
    ----------
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803, sec. 3.6 (a multi-scale
    flow: later layers map some of the variables alone).

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Coupling, Flow, On
    >>> flow = Flow([On(["mass", "age"], Coupling()), Autoregressive()])
    >>> flow.for_table(1000, 3, feature_names=["age", "height", "mass"]).bijections[0]
    On((2, 0), Coupling())
    >>> On(-1, Autoregressive()).resolve(3)
    On((2,), Autoregressive())
    """

    columns: str | int | Sequence[str | int]
    bijection: Bijection

    name = "on"

    def __post_init__(self) -> None:
        self._store("columns", self._listed(self.columns))
        check_instance(self, "bijection", self.bijection, Bijection)
        super().__post_init__()

    def _listed(self, columns: Any) -> tuple[str | int, ...]:
        """The columns as they are given, as a tuple of Python's own strings and integers."""
        if isinstance(columns, str) or is_integer(columns):
            columns = (columns,)
        # An array, and the columns of a DataFrame, have tolist.
        items = columns.tolist() if hasattr(columns, "tolist") else columns
        if not isinstance(items, (list, tuple, range)):
            fail(self, "columns", columns, "the names or indices of columns")
        require(len(items) >= 1, self, "columns", columns, "at least one column")
        for i, item in enumerate(items):
            one = isinstance(item, str) or is_integer(item)
            require(one, self, f"columns[{i}]", item, "the name or the index of a column")
        require(len(set(items)) == len(items), self, "columns", columns, "distinct columns")
        return tuple(str(item) if isinstance(item, str) else int(item) for item in items)

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        columns = self._places(n_features, None)
        return replace(self, columns=columns, bijection=self.bijection.resolve(len(columns), rng))

    def _for_table(self, n_features: int, names: Names | None) -> Self:
        columns = self._places(n_features, names)
        inner = None if names is None else [names[j] for j in columns]
        return replace(self, columns=columns, bijection=self.bijection._for_table(len(columns), inner))

    def _places(self, n_features: int, names: Names | None) -> tuple[int, ...]:
        """The indices of the columns among so many, which have these names or none."""
        named: dict[str, list[int]] = {}
        for j, name in enumerate(names or ()):
            named.setdefault(name, []).append(j)
        places = []
        for i, column in enumerate(self._columns):
            if isinstance(column, int):
                wanted = f"an index from {-n_features} to {n_features - 1}"
                require(-n_features <= column < n_features, self, f"columns[{i}]", column, wanted)
                places.append(column % n_features)
            else:
                self._check_name(i, column, names, len(named.get(column, ())))
                places += named[column]
        require(len(set(places)) == len(places), self, "columns", self.columns, "distinct columns")
        return tuple(places)

    def _check_name(self, i: int, name: str, names: Names | None, n_found: int) -> None:
        """Whether one column, and no other, has the name."""
        if names is None:
            wanted = (
                "an index, for the table has no column names (Flow.for_table takes them as feature_names)"
            )
        elif n_found == 0:
            wanted = f"one of the columns {shown(names)}"
        else:
            wanted = f"the name of one column, not of {n_found}"
        require(n_found == 1, self, f"columns[{i}]", name, wanted)

    @property
    def _columns(self) -> tuple[str | int, ...]:
        """The columns, which have become a tuple when the spec was made."""
        return self.columns  # type: ignore[return-value]

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        columns: Any = self.columns
        inner, maps = self.bijection._follow([places[j] for j in columns], inverted)
        places = places.copy()
        for j, place in zip(columns, inner, strict=True):
            places[j] = place
        return places, maps

    def _n_layers(self) -> int:
        return self.bijection._n_layers()
