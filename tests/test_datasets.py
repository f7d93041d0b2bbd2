"""Generated data sets: samples, and densities against independent integrals."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from nflows_np.datasets import (
    checkerboard,
    checkerboard_log_density,
    eight_gaussians,
    eight_gaussians_log_density,
    pinwheel,
    pinwheel_log_density,
    two_moons,
    two_moons_log_density,
    two_spirals,
)


def log_density_of_moons_by_simpson(X, noise, n=100_001):
    """Both arcs as sums over a dense grid: the definition, without polar coordinates."""
    t = np.linspace(0.0, np.pi, n)
    weights = np.ones(n)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    weights *= (t[1] - t[0]) / 3.0
    arcs = [
        np.column_stack([np.cos(t), np.sin(t)]),
        np.column_stack([1.0 - np.cos(t), 0.5 - np.sin(t)]),
    ]
    total = [
        [logsumexp(-0.5 * ((x - arc) ** 2).sum(axis=1) / noise**2, b=weights) for arc in arcs]
        for x in np.asarray(X)
    ]
    return logsumexp(total, axis=1) - np.log(2.0 * np.pi) - np.log(2.0 * np.pi * noise**2)


SPECIAL = [[0, 0], [1, 0.5], [1e-300, 0], [0, 1e-9], [-1, 0], [1, 0], [0, 1], [0, -1.5], [6, -4]]


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.5, 3.0])
def test_two_moons_density_is_the_integral(noise):
    X = np.vstack([SPECIAL, two_moons(8, noise=noise, random_state=0)])
    expected = log_density_of_moons_by_simpson(X, noise)
    assert two_moons_log_density(X, noise=noise) == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 1e3])
def test_two_moons_density_at_extreme_noise(noise):
    points = np.vstack([SPECIAL, two_moons(20, noise=noise, random_state=0), [[1e6, -1e6]]])
    assert np.isfinite(two_moons_log_density(points, noise=noise)).all()
    # On an arc, far from its ends, the arc is a line: p = 1/2 * 1/pi * N(0; 0, noise^2).
    if noise < 1.0:
        on_arc = two_moons_log_density([[np.cos(1.0), np.sin(1.0)]], noise=noise)
        assert on_arc == pytest.approx(-np.log(2 * np.pi * noise * np.sqrt(2 * np.pi)), abs=1e-5)


@pytest.mark.parametrize(
    "log_density, half, step",
    [
        (lambda X: two_moons_log_density(X, noise=0.1), 4.0, 0.05),
        (lambda X: eight_gaussians_log_density(X, radius=1.5, noise=0.3), 4.0, 0.05),
        (lambda X: pinwheel_log_density(X, noise=0.15), 4.0, 0.02),
        (lambda X: checkerboard_log_density(X + 1 / 64), 4.0, 1 / 32),  # the middles of cells, exactly
    ],
)
def test_densities_integrate_to_one(log_density, half, step):
    axis = np.arange(-half, half, step)
    grid = np.column_stack([a.ravel() for a in np.meshgrid(axis, axis)])
    assert np.exp(log_density(grid)).sum() * step**2 == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    "sample, log_density",
    [
        (two_moons, two_moons_log_density),
        (eight_gaussians, eight_gaussians_log_density),
        (pinwheel, pinwheel_log_density),
        (checkerboard, checkerboard_log_density),
    ],
)
def test_samples_follow_the_density(sample, log_density):
    """The counts of a grid of cells against the density's integral over each (midpoints of a finer grid)."""
    n, cells, finer = 20_000, 8, 40
    X = sample(n, random_state=1)
    low, high = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
    counts = np.histogram2d(*X.T, bins=cells, range=np.column_stack([low, high]))[0]
    step = (high - low) / (cells * finer)
    axes = [low[k] + step[k] * (np.arange(cells * finer) + 0.5) for k in (0, 1)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.exp(log_density(grid)).reshape(cells, finer, cells, finer).sum(axis=(1, 3)) * step.prod()
    common = mass.ravel() * n >= 5
    observed = np.append(counts.ravel()[common], counts.ravel()[~common].sum())
    expected = np.append(mass.ravel()[common], 1.0 - mass.ravel()[common].sum()) * n
    assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-3


def test_eight_gaussians_density_is_the_mixture():
    X = np.random.default_rng(0).normal(size=(20, 2)) * 2
    angles = np.arange(8) * np.pi / 4
    means = 1.7 * np.column_stack([np.cos(angles), np.sin(angles)])
    expected = np.log(np.mean([stats.multivariate_normal(m, 0.3**2).pdf(X) for m in means], axis=0))
    assert eight_gaussians_log_density(X, radius=1.7, noise=0.3) == pytest.approx(expected, abs=1e-10)


def test_pinwheel_density_is_that_of_straight_arms():
    """Turned back by the angle of its radius, an arm is a Gaussian."""
    X = np.random.default_rng(0).normal(size=(20, 2))
    expected = []
    for x in X:
        angles = 2 * np.pi * np.arange(5) / 5 + 0.8 * np.linalg.norm(x)
        back = [np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) @ x for a in angles]
        arm = stats.multivariate_normal([1.0, 0.0], np.diag([0.3**2, 0.2**2]))
        expected.append(np.log(np.mean(arm.pdf(back))))
    assert pinwheel_log_density(X, noise=0.2) == pytest.approx(np.array(expected), abs=1e-10)


@pytest.mark.parametrize("noise", [1e-6, 1e3])
def test_pinwheel_density_at_extreme_noise(noise):
    points = np.vstack([[[0.0, 0.0], [1e6, -1e6]], pinwheel(20, noise=noise, random_state=0)])
    assert np.isfinite(pinwheel_log_density(points, noise=noise)).all()


def test_checkerboard_density_is_that_of_eight_squares():
    X = np.random.default_rng(0).uniform(-3.0, 3.0, size=(2000, 2))
    dark = [(i, j) for i in range(-2, 2) for j in range(-2, 2) if (i + j) % 2 == 0]
    inside = [any(i <= x < i + 1 and j <= y < j + 1 for i, j in dark) for x, y in X]
    assert np.array_equal(checkerboard_log_density(X), np.where(inside, -np.log(8.0), -np.inf))
    assert 0.1 < np.mean(inside) < 0.4
    assert (checkerboard_log_density(checkerboard(10_000, random_state=0)) == -np.log(8.0)).all()


def test_two_spirals_lie_on_both_arms():
    """Without much noise a row's angle is that of its radius, on one arm or on the other."""
    X = two_spirals(4000, noise=1e-9, random_state=0)
    t = 3.0 * np.linalg.norm(X, axis=1)
    arm = (t / 3.0)[:, None] * np.column_stack([-np.cos(t), np.sin(t)])
    first, second = (np.abs(X - side * arm).max(axis=1) < 1e-6 for side in (1.0, -1.0))
    assert (first | second).all()
    assert 0.45 < first.mean() < 0.55
    assert stats.kstest((t / (3.0 * np.pi)) ** 2, "uniform").pvalue > 1e-3


def test_two_spirals_noise():
    """Rows of the same arm points: their difference is that of the noise."""
    narrow, wide = (two_spirals(4000, noise=noise, random_state=0) for noise in (0.1, 0.3))
    assert np.std(wide - narrow) == pytest.approx(0.2, rel=0.05)


ALL = [two_moons, eight_gaussians, pinwheel, two_spirals, checkerboard]


@pytest.mark.parametrize("sample", ALL)
def test_samples_are_reproducible(sample):
    X = sample(50, random_state=0)
    assert X.shape == (50, 2) and X.dtype == np.float64
    assert np.array_equal(X, sample(50, random_state=np.random.RandomState(0)))
    assert not np.array_equal(X, sample(50, random_state=1))
    assert sample(0).shape == (0, 2)


def test_chunks_do_not_show():
    X = two_moons(5000, random_state=0)
    whole = two_moons_log_density(X)
    parts = np.concatenate([two_moons_log_density(X[:1000]), two_moons_log_density(X[1000:])])
    assert whole == pytest.approx(parts, rel=1e-12)


@pytest.mark.parametrize("noise", [0.0, -1.0, np.nan, np.inf, "0.1"])
def test_noise_is_checked(noise):
    for call in (two_moons, eight_gaussians, pinwheel, two_spirals):
        with pytest.raises(ValueError, match="noise must be a positive number"):
            call(3, noise=noise)
    for call in (two_moons_log_density, eight_gaussians_log_density, pinwheel_log_density):
        with pytest.raises(ValueError, match="noise must be a positive number"):
            call([[0.0, 0.0]], noise=noise)
        with pytest.raises(ValueError, match=r"X must have shape \(n, 2\); got \(1, 3\)"):
            call([[0.0, 0.0, 0.0]])


def test_points_of_the_checkerboard_are_checked():
    with pytest.raises(ValueError, match=r"X must have shape \(n, 2\); got \(1, 3\)"):
        checkerboard_log_density([[0.0, 0.0, 0.0]])


@pytest.mark.parametrize("sample", ALL)
def test_the_number_of_rows_is_checked(sample):
    with pytest.raises(ValueError):
        sample(-1)


@pytest.mark.parametrize("n_samples", [-1, 2.5, True, "3"])
@pytest.mark.parametrize(
    "draw",
    [
        two_moons,
        eight_gaussians,
        pinwheel,
        two_spirals,
        checkerboard,
    ],
)
def test_numbers_of_rows_are_checked(draw, n_samples):
    with pytest.raises(ValueError, match="n_samples must be an integer of at least 0; got"):
        draw(n_samples)
