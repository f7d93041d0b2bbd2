"""Estimators: normalizing flows that behave like scikit-learn's own."""

from nflows_np._public import public_names as _public_names
from nflows_np.estimators._files import load as load
from nflows_np.estimators.density import FlowDensity as FlowDensity


def __dir__() -> list[str]:
    return _public_names(globals())
