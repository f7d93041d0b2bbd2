"""Sylvester: z = x + Q R tanh(S Q^T x + b), Q orthonormal, R and S upper triangular, R_ii S_ii > -1."""

import numpy as np
import pytest
from engine_flows import DTYPES, make_flow, random_flow
from reference import registry
from reference.ridge import bisect, steepness

from nflows_np._engine import engine
from nflows_np.specs import Flow, Planar, Sylvester
from nflows_np.testing import apply, check_gradients, vjp

CASES = [
    (Sylvester(), 1, 0),
    (Sylvester(1), 2, 0),
    (Sylvester(), 3, 2),
    (Sylvester(2), 5, 0),
    (Sylvester(), 17, 0),
    (Sylvester(17), 17, 2),
]


@registry.bijection("sylvester")
class Reference:
    """van den Berg et al. (2018), with every reflection as a matrix."""

    def __init__(self, spec, n_features, n_context, reader):
        rank, identity = spec["rank"], np.eye(n_features)
        q = identity
        for v in reader.take("reflections", (rank, n_features)):
            if v.any():
                q = q @ (identity - 2.0 * np.outer(v, v) / (v @ v))
        self.q = q[:, :rank]
        self.bias = reader.take("bias", (rank,))
        lower = np.tril(np.ones((rank, rank), dtype=bool))
        self.s = reader.take("inner", (rank, rank), lower).T
        self.r = reader.take("outer", (rank, rank), lower).T.copy()
        self.m = steepness(np.diag(self.s) * np.diag(self.r))
        for i in range(rank):
            if self.s[i, i] != 0.0:  # else m = 0 whatever r is
                self.r[i, i] = self.m[i] / self.s[i, i]

    def forward(self, x, context):
        t = x @ self.q @ self.s.T + self.bias
        return x + np.tanh(t) @ self.r.T @ self.q.T, np.log(1.0 + self.m / np.cosh(t) ** 2).sum(axis=1)

    def inverse(self, z, context):
        e = z @ self.q
        y, h, log_det = np.zeros_like(e), np.zeros_like(e), np.zeros(len(e))
        for i in reversed(range(e.shape[1])):
            left = e[:, i] - h @ self.r[i]
            constant = self.bias[i] + y @ self.s[i] + self.s[i, i] * left
            m = self.m[i]
            t = bisect(lambda t, m=m: t + m * np.tanh(t), constant, 1.0 + abs(m))
            h[:, i] = np.tanh(t)
            y[:, i] = left - self.r[i, i] * h[:, i]
            log_det -= np.log(1.0 + m / np.cosh(t) ** 2)
        return z - h @ self.r.T @ self.q.T, log_det


@pytest.mark.parametrize(("rank", "n_features"), [(1, 4), (3, 4), (4, 4), (20, 20)])
def test_reflections_give_orthonormal_columns(rank, n_features):
    """With S = 0 the map is x + Q R h for a constant h, which shows Q column by column."""
    flow, reference, _ = random_flow(Sylvester(rank), n_features)
    params = flow.get_params()
    at = {name.split(".")[-1]: slice(start, start + size) for name, start, size, _ in flow.layout()}
    params[at["inner"]] = 0.0
    columns = []
    for i in range(rank):
        outer = np.zeros((rank, rank))
        outer[i, i] = 1.0
        params[at["outer"]] = outer.ravel()
        params[at["bias"]] = np.arctanh(0.5) * (np.arange(rank) == i)
        flow.set_params(params)
        columns.append(2.0 * apply(flow, "forward", np.zeros((1, n_features)))[0][0])
    np.testing.assert_allclose(np.array(columns), reference.bijections[0].q.T, atol=1e-14)
    np.testing.assert_allclose(np.array(columns) @ np.array(columns).T, np.eye(rank), atol=1e-14)


def test_rank_one_on_one_column_is_planar():
    """Q = -1 there: z = x - r tanh(b - s x) is planar with the other sign of the weight."""
    s, b, r = 0.8, 0.3, -1.7
    sylvester, planar = make_flow(Sylvester(), 1), make_flow(Planar(), 1)
    sylvester.set_params(np.array([1.0, b, s, r]))
    planar.set_params(np.array([-s, b, -r]))
    rows = np.linspace(-5.0, 5.0, 101)[:, None]
    for direction in ("forward", "inverse"):
        for a, b in zip(apply(sylvester, direction, rows), apply(planar, direction, rows), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


def test_starts_at_the_identity_and_can_leave_it():
    rows = np.random.default_rng(0).standard_normal((50, 4))
    for dtype in DTYPES:
        flow = make_flow(Sylvester(3), 4, dtype=dtype, seed=5)
        for direction in ("forward", "inverse"):
            out, log_det = apply(flow, direction, rows)
            assert np.array_equal(out, rows.astype(dtype)) and np.all(log_det == 0.0)
    _, d_params, _ = vjp(flow, "forward", rows, None, rows, np.ones(50))
    assert np.all(d_params[-9:].reshape(3, 3)[np.tril_indices(3)] != 0.0)


def test_zero_reflections_stand_for_the_identity():
    flow, _, _ = random_flow(Sylvester(2), 3, scale=0.0)
    rows = np.random.default_rng(0).standard_normal((20, 3))
    for direction in ("forward", "inverse"):
        gradients = vjp(flow, direction, rows, None, rows, np.ones(20))
        assert all(np.isfinite(gradient).all() for gradient in gradients[:2])
        assert not gradients[1][:6].any()


@pytest.mark.parametrize("scale", [0.1, 1.5])
def test_gradients_of_a_wide_layer(scale):
    """More columns than one block of a product takes, and a rank that no vector's width divides."""
    flow, _, reader = random_flow(Sylvester(13), 19, scale=scale / 5.0)
    check_gradients(flow, *np.random.default_rng(0).standard_normal((1, 9, 19)), free=reader.free)


@pytest.mark.parametrize("rank", [0, -1, 4])
def test_engine_refuses_a_rank_out_of_range(rank):
    spec = Flow([Sylvester(1)]).resolve(3).to_dict()
    spec["bijections"][0]["rank"] = rank
    with pytest.raises(ValueError, match=f"sylvester: rank must be from 1 to the 3 features, got {rank}"):
        engine.Flow64(spec, 3, 0)
