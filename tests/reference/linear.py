"""The affine bijections: permutation, ActNorm, matrices in several forms and the triangular Gaussian map."""

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


def rotation(vectors):
    """H_1 H_2 ... H_K, where H = I - 2 v v^T / v^T v; a vector of zeros reflects nothing."""
    identity = np.eye(vectors.shape[1])
    product = identity
    for v in vectors:
        if v.any():
            product = product @ (identity - 2.0 * np.outer(v, v) / (v @ v))
    return product


class Linear:
    """z = matrix x + shift."""

    def forward(self, x, context):
        return x @ self.matrix.T + self.shift, np.full(len(x), np.linalg.slogdet(self.matrix)[1])

    def inverse(self, z, context):
        log_det = np.full(len(z), -np.linalg.slogdet(self.matrix)[1])
        return np.linalg.solve(self.matrix, (z - self.shift).T).T, log_det


@registry.bijection("householder")
class Householder(Linear):
    """A product of reflections (Tomczak and Welling 2016)."""

    shift = 0.0

    def __init__(self, spec, n_features, n_context, reader):
        self.matrix = rotation(reader.take("vectors", (spec["n_reflections"], n_features)))


@registry.bijection("linear_qr")
class LinearQR(Linear):
    """Q diag(exp(alpha)) (I + V), Q a product of reflections; V is stored transposed (Hoogeboom et al. 2019)."""

    def __init__(self, spec, n_features, n_context, reader):
        square = (n_features, n_features)
        self.shift = reader.take("shift", (n_features,))
        scales = np.exp(bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND))
        upper = np.eye(n_features) + reader.take("upper", square, strict_lower(n_features)).T
        vectors = reader.take("vectors", (spec["n_reflections"], n_features))
        self.matrix = rotation(vectors) @ np.diag(scales) @ upper


@registry.bijection("linear_svd")
class LinearSVD(Linear):
    """U diag(exp(alpha)) V^T, U and V products of reflections (Zhang et al. 2018)."""

    def __init__(self, spec, n_features, n_context, reader):
        shape = (spec["n_reflections"], n_features)
        self.shift = reader.take("shift", (n_features,))
        scales = np.exp(bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND))
        left, right = rotation(reader.take("left", shape)), rotation(reader.take("right", shape))
        self.matrix = left @ np.diag(scales) @ right.T


@registry.bijection("linear_triangular")
class LinearTriangular(Linear):
    """diag(exp(alpha)) (I + S), S strictly lower triangular, or strictly upper and stored transposed."""

    def __init__(self, spec, n_features, n_context, reader):
        self.shift = reader.take("shift", (n_features,))
        scales = np.exp(bounded(reader.take("log_scale", (n_features,)), FREE_LOG_SCALE_BOUND))
        strict = reader.take("triangle", (n_features, n_features), strict_lower(n_features))
        triangle = strict if spec["lower"] else strict.T
        self.matrix = np.diag(scales) @ (np.eye(n_features) + triangle)


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
