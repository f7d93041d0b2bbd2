"""The three wirings: where a transformer's parameters come from."""

import numpy as np

from reference import registry
from reference.nets import made, mlp

BEND = 10.0


def bent(x):
    """What conditioners see of a feature: about x near zero, never beyond +-c."""
    return x / (1.0 + np.abs(x) / BEND)


class Wired:
    """The transformers of all features, and what nets see of them: angles have their own, and are seen as two."""

    def __init__(self, spec, n_features):
        line, circle = (registry.make_transformer(spec[key]) for key in ("transformer", "circular_spline"))
        self.circular = [j in spec["circular"] for j in range(n_features)]
        self.transformers = [circle if on_circle else line for on_circle in self.circular]
        self.n_inputs = [1 + on_circle for on_circle in self.circular]
        self.n_params = [transformer.n_params for transformer in self.transformers]

    def seen(self, x, features, context):
        """The net's input: the context, and the given features."""
        columns = [context]
        for j in features:
            v = x[:, j]
            columns += [np.sin(v)[:, None], np.cos(v)[:, None]] if self.circular[j] else [bent(v)[:, None]]
        return np.concatenate(columns, axis=1)

    def move(self, direction, x, p, features):
        """Each of the given features by its transformer; ``p`` has their parameters one after the other."""
        y, log_det, first = x.copy(), np.zeros(len(x)), 0
        for j in features:
            transformer, last = self.transformers[j], first + self.n_params[j]
            q = np.broadcast_to(p[:, first:last], (len(x), last - first))
            values, term = getattr(transformer, direction)(x[:, [j]], q[:, None, :])
            y[:, [j]] = values
            log_det, first = log_det + term[:, 0], last
        return y, log_det


@registry.bijection("elementwise")
class Elementwise(Wired):
    """Parameters that are free, or a perceptron of the context."""

    def __init__(self, spec, n_features, n_context, reader):
        super().__init__(spec, n_features)
        self.net = mlp(reader, n_context, sum(self.n_params), spec)

    def forward(self, x, context):
        return self.move("forward", x, self.net(context), range(x.shape[1]))

    def inverse(self, z, context):
        return self.move("inverse", z, self.net(context), range(z.shape[1]))


@registry.bijection("coupling")
class Coupling(Wired):
    """The kept features and the context set the parameters of the others (Dinh et al. 2014, 2016)."""

    def __init__(self, spec, n_features, n_context, reader):
        super().__init__(spec, n_features)
        self.kept = list(spec["kept"])
        self.moved = [j for j in range(n_features) if j not in self.kept]
        n_in = n_context + sum(self.n_inputs[j] for j in self.kept)
        self.net = mlp(reader, n_in, sum(self.n_params[j] for j in self.moved), spec)

    def forward(self, x, context):
        return self.move("forward", x, self.net(self.seen(x, self.kept, context)), self.moved)

    def inverse(self, z, context):
        return self.move("inverse", z, self.net(self.seen(z, self.kept, context)), self.moved)


@registry.bijection("autoregressive")
class Autoregressive(Wired):
    """Feature i's parameters are a masked network of the features before it (Papamakarios et al. 2017)."""

    def __init__(self, spec, n_features, n_context, reader):
        super().__init__(spec, n_features)
        self.features = range(n_features)
        self.net = made(reader, n_context, self.n_inputs, self.n_params, spec)

    def _parameters(self, x, context):
        return self.net(self.seen(x, self.features, context))

    def forward(self, x, context):
        return self.move("forward", x, self._parameters(x, context), self.features)

    def inverse(self, z, context):
        # One pass of the whole network per feature: after pass i, x_0 .. x_i are final.
        x = np.zeros_like(z)
        log_det = np.zeros(len(z))
        ends = np.cumsum([0, *self.n_params])
        for i in self.features:
            p = self._parameters(x, context)[:, ends[i] : ends[i + 1]]
            moved, log_det_i = self.move("inverse", z, p, [i])
            x[:, i] = moved[:, i]
            log_det += log_det_i
        return x, log_det
