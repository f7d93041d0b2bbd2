"""The laws of a bijection, over every case, engine module, precision and batch size."""

import numpy as np
from cases import every_case
from engine_flows import every_dtype, every_isa, log_prob, random_flow, rows_and_context

from nflows_np.specs import Affine, Autoregressive, Coupling, Inverse, LinearLU
from nflows_np.testing import apply, check_batch_invariance, check_log_det, check_round_trip, check_tails

SIZES = (0, 1, 15, 16, 17, 100)

# Rounding errors grow by a map's derivatives, layer after layer: single precision asks for smaller ones.
ROUND_TRIP_SCALE = {"float32": 0.3, "float64": 0.5}


@every_case
@every_isa
@every_dtype
def test_directions_undo_each_other(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype, scale=ROUND_TRIP_SCALE[dtype])
    for n in SIZES:
        check_round_trip(flow, *case.rows_and_context(n, scale=1.5))


@every_case
@every_isa
def test_log_det_is_that_of_the_jacobian(case, isa):
    flow, _, _ = case.random_flow(isa)
    check_log_det(flow, *case.rows_and_context(17, scale=1.5))


@every_case
@every_isa
@every_dtype
def test_bits_do_not_depend_on_the_batch(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype)
    rows, context = case.rows_and_context(300, scale=1.5)  # more than one tile
    check_batch_invariance(flow, rows, context)
    whole = log_prob(flow, rows, context)
    for n in SIZES:
        part = log_prob(flow, rows[:n], None if context is None else context[:n])
        assert part.dtype == np.float64 and part.shape == (n,)
        assert np.array_equal(part, whole[:n])


@every_isa
@every_dtype
def test_bits_do_not_depend_on_threads(isa, dtype):
    """Enough work that the threads asked for are really used, and more tiles than threads."""
    layers = [
        Autoregressive(Affine(), hidden_units=(64, 64)),
        LinearLU("random"),
        Coupling(Affine(), hidden_units=(64, 64)),
        Inverse(Autoregressive(Affine(), hidden_units=(64, 64))),
    ]
    flow, _, _ = random_flow(layers, 8, 2, isa=isa, dtype=dtype, scale=0.2)
    rows, context = rows_and_context(3001, 8, 2)
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        for n_threads in (2, 3, 7):
            other, other_log_det = apply(flow, direction, rows, context, n_threads)
            assert np.array_equal(out, other) and np.array_equal(log_det, other_log_det)
    assert np.array_equal(log_prob(flow, rows, context, 1), log_prob(flow, rows, context, 2))


@every_case
@every_isa
@every_dtype
def test_no_nan_far_in_the_tails(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype)
    context_row = np.full(case.n_context, -1.0) if case.n_context else None
    check_tails(flow, case.n_features, context_row)
    for size in (1e6, -1e30):
        context = None if context_row is None else context_row[None]
        assert np.isfinite(log_prob(flow, np.full((1, case.n_features), size), context)).all()


@every_case
@every_isa
@every_dtype
def test_no_nan_at_extreme_parameters(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype, scale=20.0)
    rows, context = case.rows_and_context(17)
    for direction in ("forward", "inverse"):
        for values in apply(flow, direction, rows, context):
            assert not np.isnan(values).any()
    assert np.isfinite(log_prob(flow, rows, context)).all()


@every_case
@every_isa
@every_dtype
def test_log_prob_is_base_plus_log_det(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype)
    rows, context = case.rows_and_context(33)
    z, log_det = apply(flow, "forward", rows, context)
    squares = np.square(z.astype(np.float64)).sum(axis=1)
    expected = log_det - 0.5 * squares - 0.5 * case.n_features * np.log(2 * np.pi)
    rtol = {"float32": 1e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(log_prob(flow, rows, context), expected, rtol=rtol, atol=10 * rtol)


@every_case
@every_isa
def test_nan_stays_in_its_row(case, isa):
    flow, _, _ = case.random_flow(isa)
    rows, context = case.rows_and_context(33)
    clean = log_prob(flow, rows, context)
    rows[[5, 6], 0] = np.nan, -np.nan  # the sign decides what a NaN's bits are as an integer
    spoilt = log_prob(flow, rows, context)
    assert np.isnan(spoilt[[5, 6]]).all()
    assert np.array_equal(np.delete(spoilt, [5, 6]), np.delete(clean, [5, 6]))
