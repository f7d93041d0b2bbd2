"""The affine bijections: permutation, ActNorm, LU and the triangular Gaussian map."""

import numpy as np

from reference import registry
from reference.transformers import bounded

FREE_LOG_SCALE_BOUND = 12.0


def strict_lower(n):
    """The entries below the diagonal."""
    return np.tril(np.ones((n, n), dtype=bool), k=-1)


@registry.bijection("permutation")
class Permutation:
    """z_j = x_order[j]."""

    def __init__(self, spec, n_features, n_context, reader):
        self.order = list(spec["order"])

    def forward(self, x, context):
        return x[:, self.order], np.zeros(len(x))

    def inverse(self, z, context):
        x = np.empty_like(z)
        x[:, self.order] = z
        return x, np.zeros(len(z))


@registry.bijection("actnorm")
class ActNorm:
    """z = (x - shift) exp(-alpha) with a shift and a log-scale per feature (Kingma and Dhariwal 2018)."""

    def __init__(self, spec, n_features, n_context, reader):
        self.shift = reader.take("shift", (n_features,))
        self.alpha = bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND)

    def forward(self, x, context):
        return (x - self.shift) * np.exp(-self.alpha), np.full(len(x), -self.alpha.sum())

    def inverse(self, z, context):
        return z * np.exp(self.alpha) + self.shift, np.full(len(z), self.alpha.sum())


@registry.bijection("linear_lu")
class LinearLU:
    """z = P L U x + shift, L with a unit diagonal, U = diag(exp(alpha)) (I + V) (Kingma and Dhariwal 2018,
    sec. 3.2).

    The strict upper triangle V is stored transposed.
    """

    def __init__(self, spec, n_features, n_context, reader):
        below, identity = strict_lower(n_features), np.eye(n_features)
        self.shift = reader.take("shift", (n_features,))
        self.alpha = bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND)
        lower = identity + reader.take("lower", (n_features, n_features), below)
        upper = np.diag(np.exp(self.alpha)) @ (
            identity + reader.take("upper", (n_features, n_features), below).T
        )
        permutation = identity[list(spec["order"])]
        self.matrix = permutation @ lower @ upper

    def forward(self, x, context):
        return x @ self.matrix.T + self.shift, np.full(len(x), self.alpha.sum())

    def inverse(self, z, context):
        return np.linalg.solve(self.matrix, (z - self.shift).T).T, np.full(len(z), -self.alpha.sum())


@registry.bijection("linear_gaussian")
class LinearGaussian:
    """z_i = (x_i + sum_{j<i} lower_ij x_j - shift_i - (C context)_i) exp(-alpha_i)."""

    def __init__(self, spec, n_features, n_context, reader):
        self.shift = reader.take("shift", (n_features,))
        self.alpha = bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND)
        self.lower = reader.take("lower", (n_features, n_features), strict_lower(n_features))
        self.context = reader.take("context", (n_features, n_context))

    def forward(self, x, context):
        mean = self.shift - x @ self.lower.T + context @ self.context.T
        return (x - mean) * np.exp(-self.alpha), np.full(len(x), -self.alpha.sum())

    def inverse(self, z, context):
        x = np.zeros_like(z)
        for i in range(z.shape[1]):
            mean = self.shift[i] - x @ self.lower[i] + context @ self.context[i]
            x[:, i] = z[:, i] * np.exp(self.alpha[i]) + mean
        return x, np.full(len(z), self.alpha.sum())
