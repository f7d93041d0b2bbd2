"""Every case against the naive NumPy reference, at its start and at random parameters."""

import numpy as np
from cases import every_case
from engine_flows import ISAS, every_dtype, every_isa, log_prob, make_flow, resolve
from reference import build_flow

from nflows_np.testing import apply

RTOL = {"float32": 1e-5, "float64": 1e-12}


def assert_close(values, expected, rtol, allowed=0.0):
    """Relative to a row's largest entry, or to 1; beyond that, `allowed` is allowed."""
    allowed = np.broadcast_to(allowed, values.shape)
    values, expected, allowed = (v.reshape(len(v), -1) for v in (values, expected, allowed))
    size = np.maximum(1.0, np.abs(expected).max(axis=1, keepdims=True))
    np.testing.assert_array_less(np.abs(values - expected), rtol * size + allowed)


DIRECTIONS = ("forward", "inverse")
EXPECTED = {}  # by case and dtype: the reference is slow, and knows no instruction sets


def expected(case, dtype, reference):
    """Rows and context; by direction, what the reference makes of them, and of rows moved by their rounding."""
    key = case.label, dtype
    if key not in EXPECTED:
        rows, context = case.rows_and_context(100, scale=1.5)
        rows, context = rows.astype(dtype), None if context is None else context.astype(dtype)
        # Where rounding the rows moves the reference, it may move the engine's result a few times as far.
        rounded = rows * (1.0 + 4.0 * np.finfo(dtype).eps)
        exact = {
            **{direction: getattr(reference, direction) for direction in DIRECTIONS},
            "log_prob": lambda *args: [reference.log_prob(*args)],
        }
        EXPECTED[key] = rows, context, {n: (f(rows, context), f(rounded, context)) for n, f in exact.items()}
    return EXPECTED[key]


@every_case
@every_isa
@every_dtype
def test_equals_the_reference(case, isa, dtype):
    flow, reference, _ = case.random_flow(isa, dtype)
    rows, context, values_of = expected(case, dtype, reference)
    found = {direction: apply(flow, direction, rows, context) for direction in DIRECTIONS}
    found["log_prob"] = [log_prob(flow, rows, context)]
    for name, results in found.items():
        for values, value, moved in zip(results, *values_of[name], strict=True):
            assert_close(values, value, RTOL[dtype], 4.0 * np.abs(moved - value))


@every_case
@every_isa
@every_dtype
def test_start_is_the_identity_but_for_the_order_of_columns(case, isa, dtype):
    flow = make_flow(case.bijections, case.n_features, case.n_context, isa=isa, dtype=dtype, seed=3)
    reference, _ = build_flow(flow, resolve(case.bijections, case.n_features, seed=3))
    rows, context = case.rows_and_context(17)
    rows = rows.astype(dtype)
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        rounding = 32 * np.finfo(dtype).eps  # as a formula: sinh(asinh(x)), reflections in pairs
        assert_close(out, getattr(reference, direction)(rows, context)[0], rounding)
        assert_close(np.sort(out, axis=1), np.sort(rows, axis=1), rounding)
        np.testing.assert_allclose(log_det, 0.0, atol=case.n_features * rounding)


@every_case
def test_start_comes_from_its_seed(case):
    starts = [
        make_flow(case.bijections, case.n_features, case.n_context, isa=isa, seed=seed)
        for isa, seed in [*((isa, 1) for isa in ISAS), (ISAS[0], 1), (ISAS[0], 2)]
    ]
    same, other = [flow.get_params() for flow in starts[:-1]], starts[-1].get_params()
    assert all(np.array_equal(params, same[0]) for params in same)
    assert np.array_equal(same[0], other) == (not same[0].any())


@every_case
@every_isa
def test_layout(case, isa):
    """Blocks fill the vector in order; weight decay acts on the matrices of networks and on nothing else."""
    flow, _, reader = case.random_flow(isa)
    layout = flow.layout()
    sizes = [size for _, _, size, _ in layout]
    assert [offset for _, offset, _, _ in layout] == np.cumsum([0, *sizes])[:-1].tolist()
    assert sum(sizes) == flow.n_params
    decayed = np.repeat([decays for _, _, _, decays in layout], sizes).astype(bool)
    assert np.array_equal(decayed, reader.is_weight)
    assert len({name for name, *_ in layout}) == len(layout)
