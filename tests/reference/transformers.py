"""Monotone maps of one number: ``p`` holds its parameters in the last axis, log-dets are per feature."""

import numpy as np

from reference import registry

LOG_SCALE_BOUND = 2.0


def bounded(a, bound):
    """c tanh(a / c): the identity near zero, never beyond +-c."""
    return bound * np.tanh(a / bound)


@registry.transformer("additive")
class Additive:
    """z = x - mu."""

    n_params = 1

    def forward(self, x, p):
        return x - p[..., 0], np.zeros_like(x)

    def inverse(self, z, p):
        return z + p[..., 0], np.zeros_like(z)


@registry.transformer("scale")
class Scale:
    """z = x exp(-alpha), alpha = 2 tanh(a / 2)."""

    n_params = 1

    def forward(self, x, p):
        alpha = bounded(p[..., 0], 2.0)
        return x * np.exp(-alpha), -alpha

    def inverse(self, z, p):
        alpha = bounded(p[..., 0], 2.0)
        return z * np.exp(alpha), alpha


@registry.transformer("affine")
class Affine:
    """z = x exp(-alpha) + t, alpha = 2 tanh(a / 2)."""

    n_params = 2

    def forward(self, x, p):
        alpha = bounded(p[..., 1], 2.0)
        return x * np.exp(-alpha) + p[..., 0], -alpha

    def inverse(self, z, p):
        alpha = bounded(p[..., 1], 2.0)
        return (z - p[..., 0]) * np.exp(alpha), alpha
