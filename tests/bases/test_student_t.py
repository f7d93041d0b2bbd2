"""StudentT: tails of any weight around the core of a standard normal."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import every_isa, log_prob, log_prob_vjp, make_flow
from reference import registry
from scipy import special, stats

from nflows_np.specs import StudentT
from nflows_np.testing import to_panels

CASES = [(StudentT(), 1), (StudentT(3.0), 2), (StudentT(500.0), 5), (StudentT(), 17)]


def degrees(a):
    return 1000.0 ** special.expit(a)


def raw(df):
    return special.logit(np.log(df) / np.log(1000.0))


@registry.base("student_t")
class Reference:
    """Student's t for every feature, its scale such that the curvature at zero is 1."""

    def __init__(self, spec, n_features, reader):
        self.df = degrees(reader.take("df", (n_features,)))

    def log_prob(self, z):
        return stats.t.logpdf(z, self.df, scale=np.sqrt((self.df + 1.0) / self.df)).sum(axis=1)


@every_isa
@pytest.mark.parametrize("df", [1.0001, 1.5, 2.0, 3.7, 19.9, 20.1, 300.0, 999.0])
def test_is_scipys(isa, df):
    flow = make_flow([], 1, isa=isa, base=StudentT(df))
    rows = np.r_[0.0, 10.0 ** np.arange(-6, 9), -(10.0 ** np.arange(-6, 9))][:, None]
    expected = stats.t.logpdf(rows[:, 0], df, scale=np.sqrt((df + 1.0) / df))
    np.testing.assert_allclose(log_prob(flow, rows), expected, rtol=1e-12, atol=1e-12)


@every_isa
@pytest.mark.parametrize("df", [1.01, 2.0, 8.0, 100.0, 900.0])
def test_the_slope_by_the_degrees_of_freedom_is_that_of_digamma(isa, df):
    flow = make_flow([], 1, isa=isa, base=StudentT(df))
    z = 1.7
    found = log_prob_vjp(flow, np.array([[z]]), np.ones(1))[1][0]
    t = z * z / (df + 1.0)
    slope = 0.5 * (special.digamma(0.5 * (df + 1.0)) - special.digamma(0.5 * df) - 1.0 / (df + 1.0))
    slope += 0.5 * (t / (1.0 + t) - np.log1p(t))
    share = special.expit(raw(df))
    assert found == pytest.approx(slope * df * np.log(1000.0) * share * (1.0 - share), rel=1e-9, abs=1e-13)


def test_the_core_is_the_standard_normals():
    for df in (1.1, 5.0, 900.0):
        flow = make_flow([], 1, base=StudentT(df))
        score = log_prob_vjp(flow, np.array([[1e-4]]), np.ones(1))[0]
        assert score[0, 0] == pytest.approx(-1e-4, rel=1e-6)


def test_learns_heavy_tails():
    rows = np.random.default_rng(0).standard_t(2.5, size=(4000, 1))
    flow = make_flow([], 1, base=StudentT(50.0))
    trainer = flow.trainer(learning_rate=0.05)
    for _ in range(60):
        assert trainer.run(to_panels(rows * np.sqrt(3.5 / 2.5)), 4000, 1008)[1].all()
    assert 2.0 < degrees(flow.get_params()[0]) < 3.2


def test_draws():
    flow = make_flow([], 3, base=StudentT())
    df = np.array([1.2, 5.0, 400.0])
    flow.set_params(raw(df))
    for column, nu in zip(rows_of(flow, StudentT(), 20_000).T, df, strict=True):
        assert stats.kstest(column, stats.t(nu, scale=np.sqrt((nu + 1.0) / nu)).cdf).pvalue > 1e-3


@pytest.mark.parametrize("df", [1.0, 1000.0, 0.0, -3.0, np.nan, np.inf, "10", None, True])
def test_bad_degrees_of_freedom_are_refused(df):
    with pytest.raises(ValueError, match="StudentT: df must be a number above 1 and below 1000"):
        StudentT(df)
