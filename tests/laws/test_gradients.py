"""Gradients by rows, parameters and context, in both directions."""

import numpy as np
import pytest
from cases import every_case
from engine_flows import every_isa

from nflows_np.testing import check_gradients, vjp

every_direction = pytest.mark.parametrize("direction", ["forward", "inverse"])


def arguments(case, n):
    """Rows, context, and the factors of outputs and log-dets."""
    rng = np.random.default_rng(1)
    return *case.rows_and_context(n), rng.standard_normal((n, case.n_features)), rng.standard_normal(n)


@every_case
@every_isa
def test_equal_differences(case, isa):
    flow, _, reader = case.random_flow(isa)
    check_gradients(flow, *case.rows_and_context(9), free=reader.free)


@every_case
@every_isa
@every_direction
def test_add_up_over_rows(case, isa, direction):
    """A row's gradient has the bits it has alone; the parameters' is the sum over any parts of the rows."""
    flow, _, _ = case.random_flow(isa)
    rows, context, d_out, d_log_det = arguments(case, 333)
    d_rows, d_params, d_context = vjp(flow, direction, rows, context, d_out, d_log_det)
    total = np.zeros_like(d_params)
    for part in np.array_split(np.random.default_rng(0).permutation(333), [1, 17, 150]):
        part_context = None if context is None else context[part]
        gradients = vjp(flow, direction, rows[part], part_context, d_out[part], d_log_det[part])
        assert np.array_equal(gradients[0], d_rows[part])
        if context is not None:
            assert np.array_equal(gradients[2], d_context[part])
        total += gradients[1]
    np.testing.assert_allclose(total, d_params, rtol=1e-9, atol=1e-11 * np.abs(d_params).max(initial=1.0))


@every_case
@every_isa
@every_direction
def test_single_precision_follows_double(case, isa, direction):
    gradients = [
        vjp(case.random_flow(isa, dtype)[0], direction, *arguments(case, 50))
        for dtype in ("float64", "float32")
    ]
    for double, single in zip(*gradients, strict=True):
        if double is None:
            assert single is None
            continue
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=0, atol=1e-4 * np.abs(double).max(initial=1.0))


@every_case
@every_isa
@every_direction
def test_no_rows_no_gradient(case, isa, direction):
    flow, _, _ = case.random_flow(isa)
    d_rows, d_params, _ = vjp(flow, direction, *arguments(case, 0))
    assert d_rows.shape == (0, case.n_features)
    assert d_params.shape == (flow.n_params,) and not d_params.any()
