"""The chain, the direction swap and the base: what turns a spec dictionary into a reference flow."""

import numpy as np

from reference import registry
from reference.parameters import ParameterReader


@registry.bijection("inverse")
class Inverse:
    """Another bijection with its two directions swapped."""

    def __init__(self, spec, n_features, n_context, reader):
        self.bijection = build(spec["bijection"], n_features, n_context, reader)

    def forward(self, x, context):
        return self.bijection.inverse(x, context)

    def inverse(self, z, context):
        return self.bijection.forward(z, context)


@registry.base("standard_normal")
class StandardNormal:
    """log p(z) = -sum_j z_j^2 / 2 - D log(2 pi) / 2."""

    def __init__(self, spec, n_features, reader):
        pass

    def log_prob(self, z):
        return -0.5 * np.sum(z * z, axis=1) - 0.5 * z.shape[1] * np.log(2.0 * np.pi)


def build(spec, n_features, n_context, reader):
    """One bijection from its spec dictionary; takes its blocks from ``reader``."""
    return registry.BIJECTIONS[spec["name"]](spec, n_features, n_context, reader)


def build_base(spec, n_features, reader):
    """A base from its spec dictionary; takes its blocks, which come after those of all layers, from ``reader``."""
    return registry.BASES[spec["name"]](spec, n_features, reader)


class ReferenceFlow:
    """A chain of bijections, data to latent in the order of the spec, and a base density."""

    def __init__(self, spec, n_features, n_context, reader):
        self.n_context = n_context
        self.bijections = [build(layer, n_features, n_context, reader) for layer in spec["bijections"]]
        self.base = build_base(spec["base"], n_features, reader)

    def _context(self, context, n):
        return np.zeros((n, 0)) if context is None else np.asarray(context, dtype=np.float64)

    def forward(self, x, context=None):
        """Rows (n, n_features) -> (z, log|det dz/dx|)."""
        z, context, log_det = (
            np.asarray(x, dtype=np.float64),
            self._context(context, len(x)),
            np.zeros(len(x)),
        )
        for bijection in self.bijections:
            z, term = bijection.forward(z, context)
            log_det = log_det + term
        return z, log_det

    def inverse(self, z, context=None):
        """Rows (n, n_features) -> (x, log|det dx/dz|)."""
        x, context, log_det = (
            np.asarray(z, dtype=np.float64),
            self._context(context, len(z)),
            np.zeros(len(z)),
        )
        for bijection in reversed(self.bijections):
            x, term = bijection.inverse(x, context)
            log_det = log_det + term
        return x, log_det

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
