"""Columns of angles: which they are, that they are not scaled, and that a fitted density is one of the circle."""

import numpy as np
import pytest

from nflows_np import FlowDensity
from nflows_np.specs import (
    ActNorm,
    Affine,
    Autoregressive,
    CircularSpline,
    Coupling,
    Elementwise,
    Flow,
    Inverse,
    LinearGaussian,
    On,
    Permutation,
    Product,
    RationalQuadratic,
    Sequence,
    StandardNormal,
    VonMises,
)

TURN = 2 * np.pi
NET = {"hidden_units": (24, 24), "activation": "elu"}
BASE = Product([((0,), StandardNormal()), ((1,), VonMises())])
FLOW = Flow(
    [
        Elementwise(Affine(), circular=[1]),
        Autoregressive(RationalQuadratic(6), circular=[1], **NET),
        Permutation(),
        Autoregressive(RationalQuadratic(6), circular=[0], **NET),
        Permutation(),
    ],
    base=BASE,
)


def across_the_seam(n, seed=0):
    """A column in other units than one, and an angle around pi that depends on it."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    angle = rng.vonmises(np.pi + np.tanh(a), 4.0)
    return np.column_stack([1e3 + 50 * a, angle])


@pytest.fixture(scope="module")
def fitted():
    return FlowDensity(FLOW, max_iter=40, random_state=0).fit(across_the_seam(2000))


def circular(layers, *, angle):
    """The circular columns of three, where the latent `angle` is von Mises."""
    line = tuple(j for j in range(3) if j != angle)
    base = Product([(line, StandardNormal()), ((angle,), VonMises())])
    return Flow(layers, base=base).resolve(3).circular_columns(3)


def test_columns_that_a_circular_spline_moves_are_circular():
    spline = CircularSpline(5)
    assert circular([Coupling(spline, mask=(0, 2))], angle=1) == (1,)
    every = Flow([Elementwise(spline), Autoregressive(spline)], base=VonMises()).resolve(2)
    assert every.circular_columns(2) == (0, 1)
    assert [layer.circular_spline for layer in every.bijections] == [spline, spline]


@pytest.mark.parametrize("flow, base", [
    (FLOW, StandardNormal()),
    (FLOW, VonMises()),
    (FLOW, Product([((0,), VonMises()), ((1,), StandardNormal())])),
    (Flow([Autoregressive()]), VonMises()),
])  # fmt: skip
def test_angles_and_no_other_columns_have_latents_on_the_circle(flow, base):
    with pytest.raises(ValueError, match=r"Flow: base must be .*von Mises"):
        FlowDensity(flow, base=base).fit(across_the_seam(50))


def test_columns_are_followed_through_permutations():
    layer = Autoregressive(circular=[0])
    order = Permutation((2, 0, 1))
    assert circular([order, layer], angle=0) == (2,)
    assert circular([Inverse(order), layer], angle=0) == (1,)
    assert circular([Inverse(Inverse(order)), layer], angle=0) == (2,)
    assert circular([order, Inverse(layer), Inverse(order), Coupling(mask=(0,), circular=[2])], angle=2) == (
        2,
    )
    assert Flow([LinearGaussian(), Autoregressive()]).resolve(3).circular_columns(3) == ()


def test_columns_are_followed_through_compositions():
    layer, turn = Autoregressive(circular=[0]), Permutation((2, 0, 1))
    assert circular([Sequence([turn, layer])], angle=0) == (2,)
    assert circular([Sequence([turn]), Sequence([]), Sequence([layer])], angle=0) == (2,)
    assert circular([Inverse(Sequence([layer, turn]))], angle=0) == (1,)  # turned back, then mapped
    assert circular([On((2, 0), layer)], angle=2) == (2,)
    assert circular([On((2, 0), Sequence([Permutation(), layer]))], angle=2) == (0,)
    assert circular([turn, On((1, 2), Inverse(Inverse(layer)))], angle=1) == (0,)
    assert circular([On((1, 2), On((1,), layer)), layer_of(2)], angle=2) == (2,)


def layer_of(column):
    return Elementwise(circular=[column])


def test_layers_on_other_columns_leave_angles_alone():
    others = [On((0, 2), LinearGaussian()), Inverse(On((2, 0), ActNorm())), On((0, 2), Permutation())]
    assert circular([layer_of(1), *others, layer_of(1)], angle=1) == (1,)
    assert circular([On(1, layer_of(0)), *others], angle=1) == (1,)


@pytest.mark.parametrize("other, refused", [
    (On((0, 1), LinearGaussian()), "LinearGaussian"),
    (Sequence([Permutation(), Inverse(ActNorm())]), "ActNorm"),
    (On((2, 1), Autoregressive(circular=[0])), r"Autoregressive\(circular"),
    (On((2, 1), Sequence([Permutation(), Autoregressive()])), "Autoregressive"),
])  # fmt: skip
def test_an_angle_is_one_in_the_maps_inside_of_others(other, refused):
    with pytest.raises(
        ValueError, match=rf"Flow: bijections\[.\] must be a map of the angles in .*; got {refused}"
    ):
        Flow([other, layer_of(1)]).resolve(3)


@pytest.mark.parametrize("other", [LinearGaussian(), ActNorm(), Autoregressive(), Elementwise(circular=[2])])
def test_an_angle_in_one_layer_is_an_angle_in_all(other):
    with pytest.raises(ValueError, match=r"Flow: bijections\[.\] must be a map of the angles in columns \[1"):
        Flow([Autoregressive(circular=[1]), other]).resolve(3)


def test_density_is_periodic_and_of_one_turn(fitted):
    X = across_the_seam(500, seed=1)
    assert (fitted.loc_[1], fitted.scale_[1]) == (0.0, 1.0) and fitted.scale_[0] == pytest.approx(50, rel=0.2)
    turned = X + np.array([0.0, TURN])
    np.testing.assert_allclose(fitted.score_samples(turned), fitted.score_samples(X), rtol=0, atol=1e-3)
    line, angle = np.linspace(500, 1500, 801), np.linspace(0, TURN, 200, endpoint=False)
    grid = np.stack(np.meshgrid(line, angle), axis=-1).reshape(-1, 2)
    mass = np.exp(fitted.score_samples(grid)).sum() * (line[1] - line[0]) * (TURN / 200)
    assert mass == pytest.approx(1.0, abs=5e-3)


def test_the_seam_costs_nothing(fitted):
    X = across_the_seam(2000, seed=1)
    plain = FlowDensity("nsf_ar", hidden_units=(24, 24), max_iter=40, random_state=0)
    assert fitted.score(X) > plain.fit(across_the_seam(2000)).score(X) + 0.02
    truth = -np.log(50 * np.sqrt(TURN)) - 0.5 * ((X[:, 0] - 1e3) / 50) ** 2
    mean = np.pi + np.tanh((X[:, 0] - 1e3) / 50)
    truth += 4.0 * np.cos(X[:, 1] - mean) - np.log(TURN * np.i0(4.0))
    assert fitted.score(X) > truth.mean() - 0.03


def test_samples_are_angles(fitted):
    samples = fitted.sample(2000, random_state=0)
    assert np.all(np.abs(samples[:, 1]) <= np.pi)
    X = across_the_seam(2000, seed=1)
    for function in (np.sin, np.cos):
        assert function(samples[:, 1]).mean() == pytest.approx(function(X[:, 1]).mean(), abs=0.08)
