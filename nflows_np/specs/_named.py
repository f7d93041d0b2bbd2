"""The bases that have a name: those of the whole line, which suit every flow of unbounded columns as they are."""

from __future__ import annotations

from typing import Any

from ._checks import check_choice
from ._spec import Base
from .diagonal_normal import DiagonalNormal
from .full_normal import FullNormal
from .gaussian_mixture import GaussianMixture
from .standard_normal import StandardNormal
from .student_t import StudentT

_CLASSES = (StandardNormal, DiagonalNormal, FullNormal, GaussianMixture, StudentT)
NAMED_BASES: dict[str, type[Base]] = {cls.name: cls for cls in _CLASSES}


def named_base(spec: Any, name: str) -> Base:
    """The base of a name, for the field `base` of a spec."""
    return NAMED_BASES[check_choice(spec, "base", name, tuple(NAMED_BASES))]()
