"""Presets: what each is made of, for every number of columns, and whose it is."""

import doctest
import inspect
import re

import numpy as np
import pytest

from nflows_np.presets import (
    PRESETS,
    bernstein,
    glow,
    iaf,
    linear,
    made_mog,
    maf,
    maf_mog,
    naf,
    nice,
    nsf,
    nsf_ar,
    planar,
    preset,
    radial,
    realnvp,
    sos,
    sylvester,
)
from nflows_np.specs import (
    ActNorm,
    Additive,
    Affine,
    AffineSpline,
    Autoregressive,
    Bernstein,
    Coupling,
    Elementwise,
    Flow,
    Inverse,
    LinearGaussian,
    LinearLU,
    MixtureCDF,
    Permutation,
    Planar,
    Radial,
    Scale,
    Sigmoidal,
    SinhArcsinh,
    SumOfSquares,
    Sylvester,
    from_dict,
)

NET = {"hidden_units": (9, 8), "activation": "silu"}

every_preset = pytest.mark.parametrize("name", sorted(PRESETS))


def test_names():
    assert set(PRESETS) == {
        "nice",
        "realnvp",
        "glow",
        "maf",
        "iaf",
        "nsf",
        "nsf_ar",
        "naf",
        "sos",
        "bernstein",
        "made_mog",
        "maf_mog",
        "planar",
        "radial",
        "sylvester",
        "linear",
    }
    with pytest.raises(TypeError):
        PRESETS["other"] = nice


def test_layers():
    assert nice(2, **NET) == Flow(
        [
            LinearGaussian(),
            Coupling(Additive(), **NET),
            Coupling(Additive(), swap=True, **NET),
            Elementwise(Scale()),
        ]
    )
    assert realnvp(3, **NET) == Flow(
        [LinearGaussian()] + [Coupling(Affine(), swap=bool(k % 2), **NET) for k in range(3)]
    )
    assert glow(2, **NET) == Flow(
        [LinearGaussian(), *[ActNorm(), LinearLU("random"), Coupling(mask="half", **NET)] * 2]
    )
    assert maf(2, **NET) == Flow([LinearGaussian(), *[Autoregressive(**NET), Permutation("reverse")] * 2])
    assert iaf(1, **NET) == Flow([LinearGaussian(), Inverse(Autoregressive(**NET)), Permutation("reverse")])
    spline = AffineSpline(4, tail_bound=2.0)
    assert nsf(2, **NET, n_bins=4, tail_bound=2.0) == Flow(
        [LinearGaussian(), *[LinearLU("random"), Coupling(spline, mask="half", **NET)] * 2]
    )
    assert nsf_ar(2, **NET, n_bins=4, tail_bound=2.0) == Flow(
        [LinearGaussian(), *[Autoregressive(spline, **NET), Permutation("reverse")] * 2]
    )
    assert naf(2, **NET, n_units=3) == Flow(
        [LinearGaussian(), *[Autoregressive(Sigmoidal(3), **NET), Permutation("reverse")] * 2]
    )
    polynomial = Autoregressive(SumOfSquares(2, bound=2.0), **NET)
    assert sos(2, **NET, degree=2, bound=2.0) == Flow(
        [LinearGaussian(), *[Elementwise(SinhArcsinh()), polynomial, Permutation("reverse")] * 2]
    )
    polynomial = Autoregressive(Bernstein(7, bound=2.0), **NET)
    assert bernstein(2, **NET, degree=7, bound=2.0) == Flow(
        [LinearGaussian(), *[Elementwise(SinhArcsinh()), polynomial, Permutation("reverse")] * 2]
    )
    mixtures, reversal = Autoregressive(MixtureCDF(3), **NET), Permutation("reverse")
    assert made_mog(2, **NET, n_components=3) == Flow([LinearGaussian(), *[mixtures, reversal] * 2])
    assert maf_mog(1, **NET, n_components=3) == Flow(
        [LinearGaussian(), Autoregressive(**NET), reversal, mixtures]
    )
    assert planar(2, **NET) == planar(2) == Flow([LinearGaussian(), Planar(), Planar()])
    assert radial(1, **NET) == radial(1) == Flow([LinearGaussian(), Radial()])
    assert sylvester(1, **NET) == sylvester(1) == Flow([LinearGaussian(), Sylvester()])
    assert linear(7, **NET) == linear() == Flow([LinearGaussian()])


@every_preset
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_every_preset_resolves_and_serialises(name, n_features):
    flow = preset(name).resolve(n_features, np.random.default_rng(0))
    assert from_dict(flow.to_dict()) == flow
    assert flow.bijections[0] == LinearGaussian()


def test_coupling_presets_transform_every_column():
    for name in ("nice", "realnvp"):
        couplings = preset(name, n_layers=2).resolve(7).bijections[1:3]
        assert set(couplings[0].mask) & set(couplings[1].mask) == set()


def test_the_random_matrices_of_glow_differ():
    flow = glow(3).resolve(8, np.random.default_rng(0))
    orders = [layer.order for layer in flow.bijections if isinstance(layer, LinearLU)]
    assert len(set(orders)) == 3


def test_preset_passes_its_arguments_on():
    assert preset("maf", n_layers=3, **NET) == maf(3, **NET)


@pytest.mark.parametrize("name", ["spline", "Flow", "__class__", 3, None])
def test_unknown_presets_are_refused(name):
    with pytest.raises(ValueError, match=r"preset: name must be one of \['bernstein', 'glow', 'iaf',.*; got"):
        preset(name)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "linear"])
@pytest.mark.parametrize("n_layers", [0, -1, 2.0, True, "2", None])
def test_layers_must_be_a_positive_integer(name, n_layers):
    with pytest.raises(ValueError, match="n_layers must be an integer from 1 to 1024"):
        preset(name, n_layers=n_layers)


def test_parameters_that_a_preset_has_not_are_refused():
    with pytest.raises(ValueError, match="n_bins=8 has no meaning with 'maf'"):
        preset("maf", n_bins=8)


def test_splines_may_have_residual_networks():
    net = {"hidden_units": (8, 8, 8), "activation": "elu", "residual": True}
    for name, wiring in (("nsf", Coupling), ("nsf_ar", Autoregressive)):
        layers = [layer for layer in preset(name, n_layers=1, **net).bijections if isinstance(layer, wiring)]
        assert [layer.residual for layer in layers] == [True]
    with pytest.raises(ValueError, match="hidden_units must be one width, an odd number of times"):
        nsf_ar(hidden_units=(8, 8), residual=True)


def test_networks_are_validated():
    with pytest.raises(ValueError, match=r"hidden_units\[0\] must be between"):
        maf(hidden_units=(0,))
    with pytest.raises(ValueError, match="activation must be one of"):
        glow(activation="sin")


@every_preset
def test_every_preset_cites_its_paper(name):
    doc = inspect.getdoc(PRESETS[name])
    (references,) = re.findall(r"^References\n-+\n(.*?)^\w+\n-+\n", doc, flags=re.MULTILINE | re.DOTALL)
    assert re.search(r"arXiv:\d{4}\.\d{4,5}\b|doi:10\.\d{4,}/\S", references)


@every_preset
def test_every_preset_has_an_example_that_runs(name):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=False).find(PRESETS[name], name, globs={}):
        runner.run(example)
    assert runner.tries > 0 and runner.failures == 0
