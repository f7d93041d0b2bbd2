"""Normalizing flows for NumPy and scikit-learn.

:class:`FlowDensity` is a density estimator: `fit`, `score_samples`, `sample`, and a `transform` to the latent
space. :func:`load` reads back what its `save` wrote. Flows are described by the dataclasses of
:mod:`nflows_np.specs` or by a preset's name (:mod:`nflows_np.presets`), and computed by a C++ engine;
:func:`show_config` tells which of its variants was chosen for this machine.

Names are imported when first used: `import nflows_np` alone loads neither the engine nor scikit-learn.
"""

import importlib
from typing import TYPE_CHECKING

from ._source_tree import package_path

__version__ = "0.1.0"
__path__ = package_path(__name__, __path__, __version__)

if TYPE_CHECKING:
    from . import datasets, plotting, presets, specs, testing
    from ._config import limit_threads, show_config
    from .columns import DegenerateColumnWarning
    from .estimators import FlowDensity, load

_HOMES = {
    "DegenerateColumnWarning": "columns",
    "FlowDensity": "estimators",
    "datasets": "datasets",
    "limit_threads": "_config",
    "load": "estimators",
    "plotting": "plotting",
    "presets": "presets",
    "show_config": "_config",
    "specs": "specs",
    "testing": "testing",
}

__all__ = [
    "DegenerateColumnWarning",
    "FlowDensity",
    "__version__",
    "datasets",
    "limit_threads",
    "load",
    "plotting",
    "presets",
    "show_config",
    "specs",
    "testing",
]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    value = home if name == _HOMES[name] else getattr(home, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
