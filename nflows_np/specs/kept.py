"""A column whose turn is still to come."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import check_instance, require
from ._spec import Conditional


@dataclass(frozen=True, repr=False)
class Kept(Conditional):
    """A column that an `Autoregressive` layer leaves as it is, and shows its network as the conditional of it does.

    Layers before the one that has a column's conditional condition the other columns on it in this way.

    Parameters
    ----------
    conditional : Conditional

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Category, Flow, Kept
    >>> kind = Category([0.5, 0.5])
    >>> flow = Flow([Autoregressive(conditionals=[(0, Kept(kind))]), Autoregressive(conditionals=[(0, kind)])])
    """

    conditional: Conditional

    name = "kept"

    def __post_init__(self) -> None:
        check_instance(self, "conditional", self.conditional, Conditional)
        require(
            not isinstance(self.conditional, Kept), self, "conditional", self.conditional, "one that moves"
        )
        super().__post_init__()
