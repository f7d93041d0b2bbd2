"""VonMises: angles."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import every_dtype, every_isa, log_prob, log_prob_vjp, make_flow
from reference import registry
from scipy import special, stats

from nflows_np.specs import VonMises
from nflows_np.testing import to_panels

CASES = [(VonMises(), 1), (VonMises(), 2), (VonMises(), 5)]


def concentration(a):
    return np.exp(7.0 * np.tanh(a / 7.0))


def raw(kappa):
    return 7.0 * np.arctanh(np.log(kappa) / 7.0)


@registry.base("von_mises")
class Reference:
    """kappa (cos(z - loc) - 1) - log(2 pi I0(kappa) exp(-kappa)) for every feature."""

    def __init__(self, spec, n_features, reader):
        self.loc = reader.take("loc", (n_features,))
        self.kappa = concentration(reader.take("log_concentration", (n_features,)))

    def log_prob(self, z):
        terms = self.kappa * (np.cos(z - self.loc) - 1.0) - np.log(2.0 * np.pi * special.i0e(self.kappa))
        return terms.sum(axis=1)


@every_isa
@pytest.mark.parametrize("kappa", [2e-3, 0.1, 1.0, 5.0, 29.99, 30.01, 200.0, 1000.0])
def test_is_scipys(isa, kappa):
    flow = make_flow([], 1, isa=isa, base=VonMises())
    flow.set_params(np.array([0.4, raw(kappa)]))
    angles = np.linspace(-np.pi, np.pi, 41)[:, None]
    expected = stats.vonmises.logpdf(angles[:, 0], kappa, loc=0.4)
    np.testing.assert_allclose(log_prob(flow, angles), expected, rtol=1e-11, atol=1e-11)
    found = log_prob_vjp(flow, angles, np.ones(41))[1][1]
    ratio = special.i1e(kappa) / special.i0e(kappa)
    slope = kappa * (1.0 - np.tanh(raw(kappa) / 7.0) ** 2)
    expected = slope * (np.cos(angles - 0.4) - ratio).sum()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11 * slope * 41)


@every_isa
@every_dtype
def test_has_the_period_of_a_turn(isa, dtype):
    flow = make_flow([], 1, isa=isa, dtype=dtype, base=VonMises())
    angles = np.linspace(-3.0, 3.0, 20)[:, None]
    tolerance = {"float32": 1e-5, "float64": 1e-13}[dtype]
    for turns in (-3, 1, 2):
        moved = log_prob(flow, angles + 2.0 * np.pi * turns)
        np.testing.assert_allclose(moved, log_prob(flow, angles), atol=tolerance)


def test_starts_from_data_at_their_direction_and_spread():
    rng = np.random.default_rng(0)
    for loc, kappa in ((3.1, 0.5), (-1.0, 4.0), (0.2, 300.0)):
        rows = rng.vonmises(loc, kappa, size=(20_000, 1))
        flow = make_flow([], 1, base=VonMises())
        flow.start_from_data(to_panels(rows), len(rows))
        found_loc, a = flow.get_params()
        assert abs(np.angle(np.exp(1j * (found_loc - loc)))) < 0.05
        assert concentration(a) == pytest.approx(kappa, rel=0.15)


def test_draws():
    flow = make_flow([], 2, base=VonMises())
    flow.set_params(np.array([1.0, -2.5, raw(3.0), raw(50.0)]))
    rows = rows_of(flow, VonMises(), 20_000)
    assert np.abs(rows).max() <= np.pi
    for column, loc, kappa in zip(rows.T, (1.0, -2.5), (3.0, 50.0), strict=True):
        centred = np.angle(np.exp(1j * (column - loc)))
        assert stats.kstest(centred, stats.vonmises(kappa).cdf).pvalue > 1e-3
