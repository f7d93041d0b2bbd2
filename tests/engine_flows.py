"""Engine flows for tests: made from specs, on every engine module that runs here, at random parameters."""

import numpy as np
import pytest
from reference import build_flow

from nflows_np._engine import available, device, load
from nflows_np.specs import Flow, StandardNormal
from nflows_np.testing import from_panels, to_panels

ISAS = available()
DTYPES = ("float32", "float64")
DEVICES = ("host", "cuda")  # in place of an engine module: what a device does, on the host or on a GPU

# For tests that take (isa): one run per engine module.
every_isa = pytest.mark.parametrize("isa", ISAS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


STANDARD_NORMAL = StandardNormal()


def resolve(bijections, n_features, seed=0, base=STANDARD_NORMAL):
    """The resolved spec dictionary of a bijection or a list of them, over a base."""
    bijections = bijections if isinstance(bijections, list | tuple) else [bijections]
    return Flow(list(bijections), base=base).resolve(n_features, np.random.default_rng(seed)).to_dict()


def rows_and_context(n, n_features, n_context=0, *, seed=0, scale=1.0):
    """n normal rows with standard deviation ``scale``, and as many of the context or None."""
    rng = np.random.default_rng(seed)
    rows = scale * rng.standard_normal((n, n_features))
    return rows, rng.standard_normal((n, n_context)) if n_context else None


def make_flow(
    bijections, n_features, n_context=0, *, isa=None, dtype="float64", seed=0, base=STANDARD_NORMAL
):
    """An engine's flow at its identity start."""
    engine = device(isa) if isa in DEVICES else load(ISAS[0] if isa is None else isa)
    make = {"float32": engine.Flow32, "float64": engine.Flow64}[dtype]
    flow = make(resolve(bijections, n_features, seed, base), n_features, n_context)
    flow.start(seed)
    return flow


def random_params(flow, spec, seed=0, scale=0.5):
    """Parameters far from the identity start, zero where masks are, small enough for maps that float64 can
    invert.

    A network's weights are normal with standard deviation ``2 scale / sqrt(fan in)``, so that signals neither
    die nor explode; everything else is normal with standard deviation ``scale``.
    """
    _, reader = build_flow(flow, spec, np.zeros(flow.n_params))
    rng = np.random.default_rng(seed)
    width = np.where(reader.is_weight, 2.0 / np.sqrt(reader.fan_in), 1.0)
    return scale * width * rng.standard_normal(flow.n_params) * reader.free


def random_flow(
    bijections, n_features, n_context=0, *, isa=None, dtype="float64", seed=0, scale=0.5, base=STANDARD_NORMAL
):
    """An engine's flow at random parameters, and its reference.

    Returns
    -------
    flow : Flow32 or Flow64
    reference : ReferenceFlow
    reader : ParameterReader
        Knows which parameters are free.
    """
    flow = make_flow(bijections, n_features, n_context, isa=isa, dtype=dtype, seed=seed, base=base)
    spec = resolve(bijections, n_features, seed, base)
    flow.set_params(random_params(flow, spec, seed, scale).astype(dtype))
    reference, reader = build_flow(flow, spec)
    return flow, reference, reader


def log_prob(flow, rows, context=None, n_threads=1):
    """log p of rows (n, n_features) as the engine gives it."""
    dtype = flow.get_params().dtype
    context_panels = None if context is None else to_panels(context, dtype)
    return flow.log_prob(to_panels(rows, dtype), len(rows), context_panels, n_threads)


def log_prob_vjp(flow, rows, d_log_prob, context=None):
    """The gradient of sum(d_log_prob * log p) by rows, parameters and context (None without one)."""
    dtype, n = flow.get_params().dtype, len(rows)
    context_panels = None if context is None else to_panels(context, dtype)
    d_rows, d_params, d_context = flow.log_prob_vjp(
        to_panels(rows, dtype), n, d_log_prob.astype(dtype), context_panels
    )
    return from_panels(d_rows, n), d_params, None if d_context is None else from_panels(d_context, n)


def two_arcs(n, seed=0):
    """Two interleaved half circles with noise, (n, 2)."""
    rng = np.random.default_rng(seed)
    angle = np.pi * rng.random(n)
    sign = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    arcs = np.column_stack([np.cos(angle) - 0.5 * sign, sign * (np.sin(angle) - 0.25)])
    return arcs + 0.1 * rng.standard_normal((n, 2))


def train(flow, rows, *, n_epochs=30, batch_size=128, learning_rate=3e-3):
    """Start a flow at the data's Gaussian and train it by maximum likelihood."""
    panels = to_panels(rows, flow.get_params().dtype)
    flow.start_from_data(panels, len(rows))
    trainer = flow.trainer(learning_rate=learning_rate)
    for _ in range(n_epochs):
        _, applied = trainer.run(panels, len(rows), batch_size)
        assert applied.all()
