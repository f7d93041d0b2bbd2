"""Bijections made of bijections: the direction swap, the chain, and a map of some of the features."""

import numpy as np

from reference import registry


def build(spec, n_features, n_context, reader):
    """One bijection from its spec dictionary; takes its blocks from ``reader``."""
    return registry.BIJECTIONS[spec["name"]](spec, n_features, n_context, reader)


@registry.bijection("inverse")
class Inverse:
    """Another bijection with its two directions swapped."""

    def __init__(self, spec, n_features, n_context, reader):
        self.bijection = build(spec["bijection"], n_features, n_context, reader)

    def forward(self, x, context):
        return self.bijection.inverse(x, context)

    def inverse(self, z, context):
        return self.bijection.forward(z, context)


@registry.bijection("sequence")
class Sequence:
    """Bijections one after the other: log-dets add up."""

    def __init__(self, spec, n_features, n_context, reader):
        self.bijections = [build(part, n_features, n_context, reader) for part in spec["bijections"]]

    def forward(self, x, context):
        z, log_det = x, np.zeros(len(x))
        for bijection in self.bijections:
            z, term = bijection.forward(z, context)
            log_det = log_det + term
        return z, log_det

    def inverse(self, z, context):
        x, log_det = z, np.zeros(len(z))
        for bijection in reversed(self.bijections):
            x, term = bijection.inverse(x, context)
            log_det = log_det + term
        return x, log_det


@registry.bijection("on")
class On:
    """z_C = f(x_C), and every other feature as it is."""

    def __init__(self, spec, n_features, n_context, reader):
        self.columns = list(spec["columns"])
        self.bijection = build(spec["bijection"], len(self.columns), n_context, reader)

    def forward(self, x, context):
        return self._put_back(x, *self.bijection.forward(x[:, self.columns], context))

    def inverse(self, z, context):
        return self._put_back(z, *self.bijection.inverse(z[:, self.columns], context))

    def _put_back(self, rows, moved, log_det):
        whole = rows.copy()
        whole[:, self.columns] = moved
        return whole, log_det
