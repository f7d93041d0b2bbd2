"""The three wirings: where a transformer's parameters come from."""

import numpy as np

from reference import registry
from reference.nets import made, mlp


def bend(x):
    """What a network sees of a feature: x near zero, never beyond +-10."""
    return x / (1 + np.abs(x) / 10)


BEND = 10.0


def bent(x):
    """What conditioners see of a feature: about x near zero, never beyond +-c."""
    return x / (1.0 + np.abs(x) / BEND)


@registry.bijection("elementwise")
class Elementwise:
    """Parameters that are free, or a perceptron of the context."""

    def __init__(self, spec, n_features, n_context, reader):
        self.transformer = registry.make_transformer(spec["transformer"])
        n_out = n_features * self.transformer.n_params
        self.net = mlp(reader, n_context, spec["hidden_units"], n_out, spec["activation"])

    def _parameters(self, context):
        return self.net(context).reshape(len(context), -1, self.transformer.n_params)

    def forward(self, x, context):
        z, log_det = self.transformer.forward(x, self._parameters(context))
        return z, log_det.sum(axis=1)

    def inverse(self, z, context):
        x, log_det = self.transformer.inverse(z, self._parameters(context))
        return x, log_det.sum(axis=1)


@registry.bijection("coupling")
class Coupling:
    """The kept features and the context set the parameters of the others (Dinh et al. 2014, 2016)."""

    def __init__(self, spec, n_features, n_context, reader):
        self.transformer = registry.make_transformer(spec["transformer"])
        self.kept = list(spec["kept"])
        self.moved = [j for j in range(n_features) if j not in self.kept]
        n_in = n_context + len(self.kept)
        n_out = len(self.moved) * self.transformer.n_params
        self.net = mlp(reader, n_in, spec["hidden_units"], n_out, spec["activation"])

    def _parameters(self, x, context):
        inputs = np.concatenate([context, bend(x[:, self.kept])], axis=1)
        return self.net(inputs).reshape(len(x), len(self.moved), self.transformer.n_params)

    def _apply(self, one_dimensional, x, context):
        y = x.copy()
        y[:, self.moved], log_det = one_dimensional(x[:, self.moved], self._parameters(x, context))
        return y, log_det.sum(axis=1)

    def forward(self, x, context):
        return self._apply(self.transformer.forward, x, context)

    def inverse(self, z, context):
        return self._apply(self.transformer.inverse, z, context)


@registry.bijection("autoregressive")
class Autoregressive:
    """Feature i's parameters are a masked network of the features before it (Papamakarios et al. 2017)."""

    def __init__(self, spec, n_features, n_context, reader):
        self.transformer = registry.make_transformer(spec["transformer"])
        self.n_features = n_features
        n_params = self.transformer.n_params
        self.net = made(reader, n_features, n_context, spec["hidden_units"], n_params, spec["activation"])

    def _parameters(self, x, context):
        inputs = np.concatenate([context, bend(x)], axis=1)
        return self.net(inputs).reshape(len(x), self.n_features, self.transformer.n_params)

    def forward(self, x, context):
        z, log_det = self.transformer.forward(x, self._parameters(x, context))
        return z, log_det.sum(axis=1)

    def inverse(self, z, context):
        # One pass of the whole network per feature: after pass i, x_0 .. x_i are final.
        x = np.zeros_like(z)
        log_det = np.zeros(len(z))
        for i in range(self.n_features):
            p = self._parameters(x, context)
            x[:, i], log_det_i = self.transformer.inverse(z[:, i], p[:, i, :])
            log_det += log_det_i
        return x, log_det
