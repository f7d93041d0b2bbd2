r"""The flows of the literature by name: small functions that return a `Flow` spec.

Every preset begins with `LinearGaussian`, which starts at the Gaussian fit of the data, and its other layers
start at the identity: an untrained preset IS the full-covariance Gaussian, and training begins at the
Gaussian's likelihood.

Options that are "auto" are decided when a flow meets a table: ``presets.nsf(n_bins=16)`` is a `Flow` that holds the
options until ``FlowDensity.fit``, or `Flow.for_table`, knows how many rows and columns there are. The name in
``FlowDensity("nsf", flow_params={"n_bins": 16})`` comes to the same flow.

Numbers of layers: couplings leave half of the columns alone, so they come in even numbers; an autoregressive layer
transforms every column, and five is the number that its paper and most later comparisons use. Planar and radial layers
have few parameters and bend little each: sixteen; a Sylvester layer is as many planar ones as its rank: eight. Layers
of splines, sigmoids, polynomials and mixtures bend much: five do as well as eight, and one makes a MADE MoG.

A preset is a file: a function of `n_layers`, `hidden_units`, `activation` and what is its own, which returns the
layers. Its decorator `preset_of` says what "auto" means for each of them, and adds what all presets share to the
docstring; the file says its paper under References and an example. It is imported below.
"""

from __future__ import annotations

from typing import Any

from nflows_np._public import public_names as _public_names
from nflows_np.specs import Flow

from ._preset import PRESETS as PRESETS
from ._preset import preset_named as _preset_named
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


def preset(name: str, **options: Any) -> Flow:
    """Return the flow of a preset by its name.

    Parameters
    ----------
    name : str
        Name of the preset, one of `PRESETS`.
    **options
        `n_layers`, `hidden_units`, `activation`, and what else the preset has; what is left out takes the preset's own
        default.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If there is no preset of that name, it has no such option, or a value is not valid.

    Examples
    --------
    >>> from nflows_np.presets import preset
    >>> preset("realnvp", n_layers=1, hidden_units=(32,)).bijections[1]
    Coupling(hidden_units=(32,), activation='elu')
    """
    return _preset_named(name).flow(options)


def __dir__() -> list[str]:
    return _public_names(globals())
