"""Householder: a rotation, whatever its vectors are."""

import numpy as np
import pytest
from engine_flows import every_dtype, make_flow, random_flow, resolve

from nflows_np._engine import engine
from nflows_np.specs import Householder
from nflows_np.testing import apply, vjp

CASES = [
    (Householder(), 1, 0),
    (Householder(2), 1, 0),
    (Householder(), 2, 0),
    (Householder(6), 3, 0),
    (Householder(), 5, 2),
    (Householder(), 17, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_is_a_rotation(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features)
    images, log_det = apply(flow, "forward", np.eye(n_features))
    np.testing.assert_allclose(images @ images.T, np.eye(n_features), atol=1e-13)
    assert np.linalg.det(images) == pytest.approx(1.0)
    assert np.all(log_det == 0.0)


def test_all_reflections_reach_any_rotation():
    """The vectors of a given rotation, found column by column: reflect q_j to e_j, and go on with the rest."""
    for n in (2, 3, 5, 8):
        target = np.linalg.qr(np.random.default_rng(n).standard_normal((n, n)))[0]
        target[:, 0] *= np.linalg.det(target)
        left, vectors = target, []
        for j in range(n):
            v = left[:, j] - np.eye(n)[j]
            if np.linalg.norm(v) > 1e-9:
                left = left - 2.0 * np.outer(v, v @ left) / (v @ v)
                vectors.append(v)
        flow = make_flow(Householder(), n)
        missing = flow.n_params // n - len(vectors)
        assert missing >= 0 and missing % 2 == 0
        flow.set_params(np.concatenate([*vectors, np.zeros(missing * n)]))
        np.testing.assert_allclose(apply(flow, "forward", np.eye(n))[0].T, target, atol=1e-12)


@every_dtype
@pytest.mark.parametrize("length", [0.0, 1e-38, 1e-20, 1e18])
def test_the_length_of_a_vector_does_not_matter_and_none_at_all_reflects_nothing(dtype, length):
    rows = np.random.default_rng(0).standard_normal((20, 3)).astype(dtype)
    flow = make_flow(Householder(2), 3, dtype=dtype)
    direction = np.array([1.0, 2.0, -2.0]) / 3.0
    flow.set_params(np.concatenate([length * direction, [0.0, 0.0, 1.0]]).astype(dtype))
    expected = rows * [1.0, 1.0, -1.0]
    if length > 1e-30:
        expected -= 2.0 * np.outer(expected @ direction, direction)
    z, _ = apply(flow, "forward", rows)
    np.testing.assert_allclose(z, expected, rtol=0, atol=20 * np.finfo(dtype).eps)
    d_rows, d_params, _ = vjp(flow, "forward", rows, None, np.ones((20, 3)), np.zeros(20))
    assert np.isfinite(d_rows).all() and np.isfinite(d_params).all()
    assert np.any(d_params[:3]) == (length > 1e-30)


def test_every_vector_has_a_gradient_at_the_start():
    flow = make_flow(Householder(), 4)
    rng = np.random.default_rng(0)
    rows, d_out = rng.standard_normal((2, 50, 4))
    for direction in ("forward", "inverse"):
        _, d_params, _ = vjp(flow, direction, rows, None, d_out, np.zeros(50))
        assert np.all(np.linalg.norm(d_params.reshape(4, 4), axis=1) > 0.1)


def test_the_engine_refuses_an_odd_product():
    spec = resolve(Householder(2), 3)
    spec["bijections"][0]["n_reflections"] = 3
    with pytest.raises(ValueError, match=r"householder: n_reflections must be an even number .*, got 3"):
        engine.Flow64(spec, 3, 0)
