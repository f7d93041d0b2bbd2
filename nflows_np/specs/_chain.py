"""What a flow and a sequence share: a list of bijections."""

from __future__ import annotations

from typing import Any

from nflows_np._limits import MAX_BIJECTIONS

from ._checks import check_instance, fail, require
from ._spec import Bijection


def check_chain(spec: Any, bijections: Any) -> tuple[Bijection, ...]:
    """The field `bijections` of a spec: bijections, and with those inside of them not too many."""
    if not isinstance(bijections, (list, tuple)):
        fail(spec, "bijections", bijections, "a list of bijection specs")
    n, wanted = len(bijections), f"at most {MAX_BIJECTIONS}"
    require(n <= MAX_BIJECTIONS, spec, "len(bijections)", n, wanted)
    for i, bijection in enumerate(bijections):
        check_instance(spec, f"bijections[{i}]", bijection, Bijection)
    n = count_layers(bijections)
    require(n <= MAX_BIJECTIONS, spec, "the number of bijections, those in sequences included,", n, wanted)
    return tuple(bijections)


def count_layers(bijections: Any) -> int:
    """How many layers a chain has, where a sequence counts as its parts."""
    return sum(bijection._n_layers() for bijection in bijections)
