"""Conditioners: the multilayer perceptron and MADE, with masks as full matrices (Germain et al. 2015)."""

from itertools import pairwise

import numpy as np

ACTIVATIONS = {
    "relu": lambda a: np.where(a > 0, a, 0.0),
    "tanh": np.tanh,
    "silu": lambda a: a * (0.5 + 0.5 * np.tanh(0.5 * a)),
    "elu": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0.0))),
}


class Network:
    """Linear layers with an activation between them; ``masks[k]`` says which of ``weight<k>`` exist.

    Of a residual network, hidden layers 2, 4, ... have those two below them added (He et al. 2016).
    """

    def __init__(self, reader, masks, spec):
        self.activation = ACTIVATIONS[spec["activation"]]
        self.residual = spec["residual"]
        self.layers = []
        for k, mask in enumerate(masks):
            n_out, n_in = mask.shape
            weight = reader.take(f"weight{k}", (n_out, n_in), mask, weight=True)
            bias = reader.take(f"bias{k}", (n_out,))
            self.layers.append((weight * mask, bias))

    def __call__(self, inputs):
        """(n, n_in) -> (n, n_out)."""
        before = []  # the activations
        for k, (weight, bias) in enumerate(self.layers):
            h = (self.activation(before[-1]) if k else inputs) @ weight.T + bias
            if self.residual and k in range(2, len(self.layers) - 1, 2):
                h = h + before[k - 2]
            before.append(h)
        return before[-1]


def mlp(reader, n_in, n_out, spec):
    """A perceptron; with no inputs at all only the last bias is left of it."""
    widths = [n_in, *spec["hidden_units"], n_out] if n_in else [0, n_out]
    masks = [np.ones((rows, columns), dtype=bool) for columns, rows in pairwise(widths)]
    return Network(reader, masks, spec)


def made(reader, n_context, n_inputs, n_params, spec):
    """MADE: parameters of feature i depend on the context and on x_0 .. x_{i-1} alone.

    Inputs are the context and ``n_inputs[i]`` numbers of each feature, outputs ``n_params[i]`` of each. A hidden
    unit of degree m sees the context, x_0 .. x_{m-1} and units of degree <= m; feature i sees units of degree <= i.
    Without a context units of degree 0 would see nothing and are left out; with one feature and no context no
    hidden unit is left. Each degree has about as many units as any other, in steps of 8 where there are 8 for
    each, else of 4, 2 or 1.
    """
    n_features = len(n_inputs)
    output_degrees = np.repeat(np.arange(n_features), n_params)
    lowest = 0 if n_context else 1
    n_degrees = n_features - lowest
    # An input of degree m is seen by units of degree >= m: the context by all, x_j by those above j.
    degrees = np.repeat(np.arange(n_features + 1), [n_context, *n_inputs])
    masks = []
    for n_units in spec["hidden_units"] if n_degrees else ():
        step = next(s for s in (8, 4, 2, 1) if s == 1 or s * n_degrees <= n_units)
        starts = step * np.ceil(np.arange(1, n_degrees) * n_units / (n_degrees * step))
        unit_degrees = lowest + np.searchsorted(starts, np.arange(n_units), side="right")
        masks.append(degrees[None, :] <= unit_degrees[:, None])
        degrees = unit_degrees
    masks.append(degrees[None, :] <= output_degrees[:, None])
    return Network(reader, masks, spec)
