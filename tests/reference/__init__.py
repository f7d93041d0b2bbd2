"""The naive reference: every bijection again, in plain NumPy, as the papers write it.

It is the oracle of the engine and shares nothing with it but the spec dictionary and the flat parameter
vector. Everything is float64 and spelled out: masks are full matrices, triangular systems are solved one
feature at a time, the inverse of an autoregressive map takes one pass of the whole network per feature. It is
slow and is meant to stay slow.
"""

from reference import (
    compositions,
    linear,
    pointwise,
    transformers,
    wirings,
)  # entering the registry is what they are imported for
from reference.flow import ReferenceFlow, build_base, build_flow

__all__ = [
    "ReferenceFlow",
    "build_base",
    "build_flow",
    "compositions",
    "linear",
    "pointwise",
    "transformers",
    "wirings",
]
