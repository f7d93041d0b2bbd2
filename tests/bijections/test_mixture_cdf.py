"""MixtureCDF: a mixture of Gaussians seen through the probit."""

import numpy as np
import pytest
from engine_flows import every_dtype, log_prob, make_flow
from reference import registry
from reference.by_number import ByNumber
from scipy import special, stats

from nflows_np.specs import Autoregressive, Coupling, Elementwise, MixtureCDF
from nflows_np.testing import apply, check_gradients, vjp

CASES = [
    (Elementwise(MixtureCDF(3)), 1, 0),
    (Elementwise(MixtureCDF(1)), 2, 0),
    (Coupling(MixtureCDF(), hidden_units=(12,), activation="silu"), 3, 2),
    (Autoregressive(MixtureCDF(5), hidden_units=(10,), activation="elu"), 2, 0),
]


def mixture(p):
    """Means, log standard deviations and log-weights of a feature's parameters."""
    n = len(p) // 3
    mu, alpha, log_w = np.split(np.asarray(p, dtype=np.float64), 3)
    rates = 4.0 ** np.linspace(-1, 1, n) if n > 1 else np.ones(1)
    return 30.0 * np.tanh(mu * rates / 30.0), 3.0 * np.tanh(alpha / 3.0), log_w - special.logsumexp(log_w)


def log_density(x, p):
    """log p(x) of the mixture, for an array of x."""
    mu, alpha, log_w = mixture(p)
    return special.logsumexp(stats.norm.logpdf(np.asarray(x)[..., None], mu, np.exp(alpha)) + log_w, axis=-1)


@registry.transformer("mixture_cdf")
class Reference(ByNumber):
    """The distribution function of the mixture and scipy's of the normal."""

    def __init__(self, n_components):
        self.n_params = 3 * n_components

    def one(self, x, p):
        mu, alpha, log_w = mixture(p)
        u = (x - mu) * np.exp(-alpha)
        log_s, log_c = (special.logsumexp(log_w + special.log_ndtr(v)) for v in (u, -u))
        z = special.ndtri_exp(log_s) if log_s < log_c else -special.ndtri_exp(log_c)
        return z, log_density(x, p) - stats.norm.logpdf(z)

    def reach(self, z, p):
        return 31.0 + (abs(z) + 1.0) * np.exp(3.0)


@every_dtype
@pytest.mark.parametrize("n_components", [1, 2, 8, 64])
@pytest.mark.parametrize("extreme", [0.3, 3.0, 1e4])
def test_inverses_everywhere(dtype, n_components, extreme):
    """Rows inside and far out come back, whatever the parameters, as their slope allows."""
    rng = np.random.default_rng(n_components)
    rows = np.concatenate([[0.0, 1e3, -1e3, 1e6, -1e6], 5 * rng.standard_normal(300)])[:, None].astype(dtype)
    for _ in range(5):
        flow = make_flow(Elementwise(MixtureCDF(n_components)), 1, dtype=dtype)
        flow.set_params((extreme * rng.standard_normal(3 * n_components)).astype(dtype))
        for there, back in (("forward", "inverse"), ("inverse", "forward")):
            out, log_there = apply(flow, there, rows)
            returned, log_back = apply(flow, back, out)
            assert np.isfinite(log_there).all() and np.isfinite(log_back).all()
            size = 30.0 + np.maximum(np.abs(rows[:, 0]), np.abs(out[:, 0]))
            with np.errstate(over="ignore"):  # between two modes nothing may come back
                condition = np.exp(np.abs(log_there)) * size
            error = np.abs(returned - rows)[:, 0]
            assert np.all(error <= 300 * np.finfo(dtype).eps * condition)


@every_dtype
@pytest.mark.parametrize("n_components", [1, 3, 64])
def test_density_is_that_of_the_mixture(dtype, n_components):
    """In the modes, between them and as far out as 1e6: relative to how far down the density is."""
    rng = np.random.default_rng(n_components)
    x = np.concatenate([[0.0, 1e3, -1e4, 1e6, -1e6], np.linspace(-60, 60, 501)]).astype(dtype)
    for scale in (0.5, 2.0, 10.0):
        flow = make_flow(Elementwise(MixtureCDF(n_components)), 1, dtype=dtype)
        flow.set_params((scale * rng.standard_normal(3 * n_components)).astype(dtype))
        expected = log_density(x.astype(np.float64), flow.get_params())
        # 30 of a mean's units, and 20 standard deviations: what rounding of u moves the density by
        allowed = 100 * np.finfo(dtype).eps * (1.0 + np.abs(expected)) * (1.0 + np.exp(3.0))
        assert np.all(np.abs(log_prob(flow, x[:, None]) - expected) <= allowed)


@every_dtype
def test_log_det_far_out_is_that_of_the_widest(dtype):
    """Where the densities of mixture and base are e^-(5e11), their ratio is still a plain number."""
    flow = make_flow(Elementwise(MixtureCDF(2)), 1, dtype=dtype)
    p = np.array([1.0, -1.0, -1.0, 0.5, 2.0, -3.0], dtype=dtype)
    flow.set_params(p)
    x = np.array([1e6, -1e6])
    _, log_det = apply(flow, "forward", x[:, None])
    mu, alpha, log_w = (values[1] for values in mixture(p))  # of z^2 = u^2 - 2 log w
    expected = -alpha + log_w / ((x - mu) * np.exp(-alpha)) ** 2
    np.testing.assert_allclose(log_det, expected, rtol=30 * np.finfo(dtype).eps)


def test_gradient_of_the_log_likelihood_is_the_mixtures():
    """Next to the base it is that of a mixture: dlog p / dmu_k is a share times u_k exp(-alpha_k)."""
    flow = make_flow(Elementwise(MixtureCDF(3)), 1)
    p = np.random.default_rng(0).standard_normal(9)
    flow.set_params(p)
    mu, alpha, log_w = mixture(p)
    for x in (-300.0, -2.0, 0.1, 3.0, 1e4):
        z, _ = apply(flow, "forward", np.array([[x]]))
        _, d_params, _ = vjp(flow, "forward", np.array([[x]]), None, -z, np.ones(1))
        share = np.exp(log_w + stats.norm.logpdf(x, mu, np.exp(alpha)) - log_density(x, p))
        slopes = (1.0 - (mu / 30.0) ** 2) * np.array([0.25, 1.0, 4.0])
        np.testing.assert_allclose(d_params[:3], share * (x - mu) * np.exp(-2 * alpha) * slopes, rtol=1e-9)
        np.testing.assert_allclose(d_params[6:], share - np.exp(log_w), rtol=1e-9, atol=1e-12)


def test_components_part_from_the_identity():
    """Where all parameters are zero the components are alike, but what one step makes of them is not."""
    flow = make_flow(Elementwise(MixtureCDF(4)), 1)
    _, d_params, _ = flow.forward_vjp(np.ones((1, 1, 16)), 16, np.ones((1, 1, 16)), np.zeros(16))
    assert len(np.unique(np.round(d_params[:4], 12))) == 4


def test_gradients_in_the_tails_and_between_modes():
    flow = make_flow(Elementwise(MixtureCDF(3)), 1)
    flow.set_params(np.random.default_rng(0).standard_normal(9))
    check_gradients(flow, np.array([[-40.0], [25.0], [60.0]]))
    flow.set_params(np.array([-20.0, 0.0, 1.5, -0.2, 0.1, 0.2, 0.3, 0.0, -0.4]))
    check_gradients(flow, np.array([[-3.0], [0.5], [3.0]]))


def test_bad_options_are_refused():
    for n_components in (0, 65, 2.0):
        with pytest.raises(ValueError, match="n_components"):
            MixtureCDF(n_components)
