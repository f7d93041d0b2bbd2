"""A chain and a base: what turns a spec dictionary into a reference flow."""

import numpy as np

from reference import registry
from reference.compositions import Sequence
from reference.parameters import ParameterReader


@registry.base("standard_normal")
class StandardNormal:
    """log p(z) = -sum_j z_j^2 / 2 - D log(2 pi) / 2."""

    def __init__(self, spec, n_features, reader):
        pass

    def log_prob(self, z):
        return -0.5 * np.sum(z * z, axis=1) - 0.5 * z.shape[1] * np.log(2.0 * np.pi)


def build_base(spec, n_features, reader):
    """A base from its spec dictionary; takes its blocks, which come after those of all layers, from ``reader``."""
    return registry.BASES[spec["name"]](spec, n_features, reader)


class ReferenceFlow:
    """A chain of bijections, data to latent in the order of the spec, and a base density."""

    def __init__(self, spec, n_features, n_context, reader):
        self.chain = Sequence(spec, n_features, n_context, reader)
        self.base = build_base(spec["base"], n_features, reader)

    @property
    def bijections(self):
        return self.chain.bijections

    def forward(self, x, context=None):
        """Rows (n, n_features) -> (z, log|det dz/dx|)."""
        return self.chain.forward(*self._doubles(x, context))

    def inverse(self, z, context=None):
        """Rows (n, n_features) -> (x, log|det dx/dz|)."""
        return self.chain.inverse(*self._doubles(z, context))

    def _doubles(self, rows, context):
        context = np.zeros((len(rows), 0)) if context is None else context
        return np.asarray(rows, dtype=np.float64), np.asarray(context, dtype=np.float64)

    def log_prob(self, x, context=None):
        z, log_det = self.forward(x, context)
        return self.base.log_prob(z) + log_det


def build_flow(engine_flow, spec, params=None):
    """The reference of an engine's flow, and the reader that knows which of its parameters are free.

    Parameters
    ----------
    engine_flow : Flow32 or Flow64
        Gives the layout and, unless ``params`` is given, the parameters.
    spec : dict
        The resolved spec dictionary the engine's flow was made from.

    Returns
    -------
    flow : ReferenceFlow
    reader : ParameterReader
    """
    reader = ParameterReader(engine_flow.layout(), engine_flow.get_params() if params is None else params)
    flow = ReferenceFlow(spec, engine_flow.n_features, engine_flow.n_context, reader)
    reader.finish()
    return flow, reader
