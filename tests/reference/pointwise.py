"""The fixed maps of one number, inside their domains, by their textbook formulas."""

import numpy as np

from reference import registry


class Pointwise:
    """z_j = f(x_j): subclasses give f, its inverse and log f'."""

    def __init__(self, spec, n_features, n_context, reader):
        self.spec = spec

    def forward(self, x, context):
        return self.f(x), np.sum(self.log_slope(x), axis=1)

    def inverse(self, z, context):
        x = self.f_inverse(z)
        return x, -np.sum(self.log_slope(x), axis=1)


@registry.bijection("exp")
class Exp(Pointwise):
    def f(self, x):
        return np.exp(x)

    def f_inverse(self, z):
        return np.log(z)

    def log_slope(self, x):
        return x


@registry.bijection("softplus")
class Softplus(Pointwise):
    def f(self, x):
        return np.log1p(np.exp(x))

    def f_inverse(self, z):
        return np.log(np.expm1(z))

    def log_slope(self, x):
        return -np.log1p(np.exp(-x))


@registry.bijection("sigmoid")
class Sigmoid(Pointwise):
    def f(self, x):
        return 1.0 / (1.0 + np.exp(-x))

    def f_inverse(self, z):
        return np.log(z) - np.log1p(-z)

    def log_slope(self, x):
        return np.log(self.f(x)) + np.log(self.f(-x))


@registry.bijection("leaky_relu")
class LeakyReLU(Pointwise):
    def f(self, x):
        return np.where(x > 0.0, x, self.spec["negative_slope"] * x)

    def f_inverse(self, z):
        return np.where(z > 0.0, z, z / self.spec["negative_slope"])

    def log_slope(self, x):
        return np.where(x > 0.0, 0.0, np.log(self.spec["negative_slope"]))


@registry.bijection("fixed_affine")
class FixedAffine(Pointwise):
    def f(self, x):
        return (x - np.array(self.spec["loc"])) / np.array(self.spec["scale"])

    def f_inverse(self, z):
        return np.array(self.spec["loc"]) + np.array(self.spec["scale"]) * z

    def log_slope(self, x):
        return np.broadcast_to(-np.log(self.spec["scale"]), x.shape)
