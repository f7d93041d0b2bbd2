r"""The flows of the literature by name: small functions that return a `Flow` spec.

Every preset begins with `LinearGaussian`, which starts at the Gaussian fit of the data, and its other layers
start at the identity: an untrained preset IS the full-covariance Gaussian, and training begins at the
Gaussian's likelihood.

Numbers of layers: couplings leave half of the columns alone, so they come in even numbers, six by default
(every column is transformed three times); an autoregressive layer transforms every column, and five is the
number that its paper and most later comparisons use. Planar and radial layers have few parameters and bend little
each: sixteen; a Sylvester layer is as many planar ones as its rank: eight.

A preset is a file: a function that takes `n_layers`, `hidden_units`, `activation` and what is its own, with its paper
under References and an example; it is imported and listed in `PRESETS` below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from types import MappingProxyType

from nflows_np.specs import Flow

from .bernstein import bernstein as bernstein
from .glow import glow as glow
from .iaf import iaf as iaf
from .linear import linear as linear
from .made_mog import made_mog as made_mog
from .maf import maf as maf
from .maf_mog import maf_mog as maf_mog
from .naf import naf as naf
from .nice import nice as nice
from .nsf import nsf as nsf
from .nsf_ar import nsf_ar as nsf_ar
from .planar import planar as planar
from .radial import radial as radial
from .realnvp import realnvp as realnvp
from .sos import sos as sos
from .sylvester import sylvester as sylvester

PRESETS: Mapping[str, Callable[..., Flow]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            nice,
            realnvp,
            glow,
            maf,
            iaf,
            nsf,
            nsf_ar,
            naf,
            sos,
            bernstein,
            made_mog,
            maf_mog,
            planar,
            radial,
            sylvester,
            linear,
        )
    }
)
"""The preset functions by name."""


def preset(name: str, **kwargs: float | str | Sequence[int]) -> Flow:
    """Return the flow of a preset by its name.

    Parameters
    ----------
    name : str
        Name of the preset, one of `PRESETS`: "nice", "realnvp", "glow", "maf", "iaf", "nsf", "nsf_ar", "naf", "sos",
        "bernstein", "made_mog", "maf_mog", "planar", "radial", "sylvester" or "linear".
    **kwargs
        `n_layers`, `hidden_units`, `activation`, and what else the preset takes; what is left out takes the
        preset's own default.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If there is no preset of that name, it has no such parameter, or a value is not valid.

    Examples
    --------
    >>> from nflows_np.presets import preset
    >>> preset("realnvp", n_layers=1, hidden_units=(32,)).bijections[1]
    Coupling(hidden_units=(32,))
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"preset: name must be one of {sorted(PRESETS)}; got {name!r}.")
    for parameter, value in kwargs.items():
        if parameter not in signature(PRESETS[name]).parameters:
            raise ValueError(f"{parameter}={value!r} has no meaning with {name!r}, which has none.")
    return PRESETS[name](**kwargs)
