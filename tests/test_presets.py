"""Presets: what each is made of, for every number of columns, and whose it is."""

import ast
import copy
import doctest
import inspect
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import ParameterGrid

from nflows_np import presets
from nflows_np.presets import PRESETS, glow, maf, nsf, nsf_ar, preset
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
    StudentT,
    SumOfSquares,
    Sylvester,
    from_dict,
)

NET = {"hidden_units": (9, 8), "activation": "silu"}

every_preset = pytest.mark.parametrize("name", sorted(PRESETS))


REVERSAL = Permutation("reverse")
SPLINE = AffineSpline(4, tail_bound=2.0)
TAILS = Elementwise(SinhArcsinh())

# What each preset is made of: the layers after the Gaussian fit, for some n_layers and options of its own.
LAYERS = {
    "bernstein": (
        2, {"degree": 7, "bound": 2.0}, [TAILS, Autoregressive(Bernstein(7, bound=2.0), **NET), REVERSAL] * 2
    ),
    "glow": (2, {}, [ActNorm(), LinearLU("random"), Coupling(mask="half", **NET)] * 2),
    "iaf": (1, {}, [Inverse(Autoregressive(**NET)), REVERSAL]),
    "linear": (7, {}, []),
    "made_mog": (2, {"n_components": 3}, [Autoregressive(MixtureCDF(3), **NET), REVERSAL] * 2),
    "maf": (2, {}, [Autoregressive(**NET), REVERSAL] * 2),
    "maf_mog": (
        1, {"n_components": 3}, [Autoregressive(**NET), REVERSAL, Autoregressive(MixtureCDF(3), **NET)]
    ),
    "naf": (2, {"n_units": 3}, [Autoregressive(Sigmoidal(3), **NET), REVERSAL] * 2),
    "nice": (
        2, {}, [Coupling(Additive(), **NET), Coupling(Additive(), swap=True, **NET), Elementwise(Scale())]
    ),
    "nsf": (
        2, {"n_bins": 4, "tail_bound": 2.0}, [LinearLU("random"), Coupling(SPLINE, mask="half", **NET)] * 2
    ),
    "nsf_ar": (2, {"n_bins": 4, "tail_bound": 2.0}, [Autoregressive(SPLINE, **NET), REVERSAL] * 2),
    "planar": (2, {}, [Planar()] * 2),
    "radial": (1, {}, [Radial()]),
    "realnvp": (3, {}, [Coupling(Affine(), swap=bool(k % 2), **NET) for k in range(3)]),
    "sos": (2, {"degree": 2, "bound": 2.0}, [TAILS, Autoregressive(SumOfSquares(2, bound=2.0), **NET), REVERSAL] * 2),
    "sylvester": (1, {}, [Sylvester()]),
}  # fmt: skip

# What n_layers "auto" is: for small tables, for large ones, and from how many rows on a table is large.
N_LAYERS = {
    "bernstein": (5, 5, 0), "glow": (8, 8, 0), "iaf": (5, 8, 2_000), "linear": (1, 1, 0), "made_mog": (1, 1, 0),
    "maf": (5, 8, 2_000), "maf_mog": (5, 5, 0), "naf": (5, 5, 0), "nice": (8, 8, 0), "nsf": (5, 8, 50_000),
    "nsf_ar": (5, 5, 0), "planar": (16, 16, 0), "radial": (16, 16, 0), "realnvp": (8, 8, 0), "sos": (5, 5, 0),
    "sylvester": (8, 8, 0),
}  # fmt: skip


def test_the_registry_is_what_the_files_are():
    files = {path.stem for path in Path(presets.__file__).parent.glob("[!_]*.py")}
    assert set(PRESETS) == files == set(LAYERS) == set(N_LAYERS)
    assert list(PRESETS) == sorted(PRESETS)  # as errors list them
    assert all(getattr(presets, name) is function for name, function in PRESETS.items())
    with pytest.raises(TypeError):
        PRESETS["other"] = maf


@every_preset
def test_layers(name):
    n_layers, own, layers = LAYERS[name]
    expected = Flow([LinearGaussian(), *layers])
    assert preset(name, n_layers=n_layers, **NET, **own) == expected
    assert PRESETS[name](n_layers, *NET.values(), *own.values()) == expected


@every_preset
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_every_preset_resolves_and_serialises(name, n_features):
    flow = preset(name).for_table(100, n_features).resolve(n_features, np.random.default_rng(0))
    assert from_dict(flow.to_dict()) == flow
    assert flow.bijections[0] == LinearGaussian()


def test_coupling_presets_transform_every_column():
    for name in ("nice", "realnvp"):
        couplings = preset(name, n_layers=2, **NET).resolve(7).bijections[1:3]
        assert set(couplings[0].mask) & set(couplings[1].mask) == set()


def test_the_random_matrices_of_glow_differ():
    flow = glow(3, **NET).resolve(8, np.random.default_rng(0))
    orders = [layer.order for layer in flow.bijections if isinstance(layer, LinearLU)]
    assert len(set(orders)) == 3


def test_preset_passes_its_arguments_on():
    assert preset("maf", n_layers=3, **NET) == maf(3, **NET)


@pytest.mark.parametrize("name", ["spline", "Flow", "__class__", 3, None])
def test_unknown_presets_are_refused(name):
    names = re.escape(str(sorted(PRESETS)))
    with pytest.raises(ValueError, match=f"preset: name must be one of {names}; got"):
        preset(name)


@every_preset
@pytest.mark.parametrize("n_layers", [0, -1, 2.0, True, "2", None, 1025])
def test_layers_must_be_a_positive_integer(name, n_layers):
    with pytest.raises(ValueError, match="n_layers must be an integer from 1 to 1024"):
        preset(name, n_layers=n_layers)


@every_preset
def test_networks_are_validated(name):
    for hidden_units, message in (
        ((0,), r"\[0\] must be between"),
        ((8, -1), r"\[1\] must be"),
        ("8", " must be"),
    ):
        with pytest.raises(ValueError, match=f"hidden_units{message}"):
            preset(name, hidden_units=hidden_units)
    with pytest.raises(ValueError, match="activation must be one of"):
        preset(name, activation="sin")


@every_preset
def test_own_options_are_validated_before_a_table_is_known(name):
    for option in LAYERS[name][1]:
        with pytest.raises(ValueError, match=f"{option} must be"):
            preset(name, **{option: -1})


@every_preset
def test_options_that_a_preset_lacks_are_refused(name):
    """The error lists those that it has, and how to search over presets."""
    with pytest.raises(ValueError, match=f"'n_knots' is no option of the preset '{name}'") as error:
        preset(name, n_knots=8)
    own = [option for option in inspect.signature(PRESETS[name]).parameters][3:]
    assert (
        f"its own are {', '.join(own)}" in str(error.value) if own else "none of its own" in str(error.value)
    )
    grids = ast.literal_eval(re.search(r"param_grid=(\[.*\])\.", str(error.value))[1])
    for grid in ParameterGrid(grids):
        preset(grid["flow"], **grid.get("flow_params", {}))


@every_preset
def test_arguments_that_a_function_lacks_are_refused(name):
    """As of any function of Python, with the preset's name and its options."""
    options = list(inspect.signature(PRESETS[name]).parameters)
    for args, kwargs, what in (
        ((), {"n_knots": 8}, "got an unexpected keyword argument 'n_knots'"),
        ((None,) * (len(options) + 1), {}, "too many positional arguments"),
        ((2,), {"n_layers": 2}, "multiple values for argument 'n_layers'"),
    ):
        with pytest.raises(TypeError) as error:
            PRESETS[name](*args, **kwargs)
        assert str(error.value) == f"{name}() {what}; its options are {options}."


def test_the_error_says_which_presets_have_the_option():
    with pytest.raises(ValueError) as error:
        preset("maf", degree=4)
    assert "[{'flow': ['maf']}, {'flow': ['bernstein', 'sos'], 'flow_params': [{'degree': 4}]}]" in str(
        error.value
    )


# "auto"


@every_preset
def test_auto_is_decided_by_the_table(name):
    """For every kind of table, what is "auto" is what the docstring says; nothing is left of it."""
    function = PRESETS[name]
    for n_rows in (1, 1_999, 2_000, 49_999, 50_000, 10**7):
        layers = function().for_table(n_rows, 3).bijections
        few = n_rows < 50_000
        decided = {"hidden_units": (64, 64) if few else (128, 128), "activation": "elu"}
        if name in ("nsf", "nsf_ar"):
            decided["n_bins"] = 5 if few else 8
        small, large, limit = N_LAYERS[name]
        n_layers = small if n_rows < limit else large
        assert layers == function(n_layers, **decided).bijections
        assert function(n_layers, **decided).for_table(1, 1).bijections == layers


def test_a_flow_that_a_table_completes_is_a_value():
    flow = nsf(n_bins=np.int64(16), hidden_units=[8])
    assert repr(flow) == "Flow(nsf(hidden_units=(8,), n_bins=16))"
    for same in (
        nsf(hidden_units=(8,), n_bins=16),
        pickle.loads(pickle.dumps(flow)),
        copy.deepcopy(flow),
        from_dict(json.loads(json.dumps(flow.to_dict()))),
    ):
        assert same == flow and hash(same) == hash(flow)
    assert flow != nsf(hidden_units=(8,)) and flow != nsf_ar(hidden_units=(8,), n_bins=16)
    heavy = replace(flow, base="student_t")
    assert heavy.for_table(100, 2) == replace(flow.for_table(100, 2), base=StudentT())


@pytest.mark.parametrize("use", [
    lambda flow: flow.resolve(2, np.random.default_rng(0)), lambda flow: Flow([*flow.bijections]),
    lambda flow: flow.bijections[0], lambda flow: flow.bijections[1:], lambda flow: len(flow.bijections),
])  # fmt: skip
def test_layers_that_no_table_has_decided_are_refused(use):
    with pytest.raises(
        ValueError, match=r"call flow.for_table\(n_rows, n_features\) first; got nsf\(n_layers=2\)"
    ):
        use(nsf(n_layers=2))


@pytest.mark.parametrize("n_rows, n_features", [(0, 1), (1, 0), (2.0, 1), (True, 1), ("auto", 1)])
def test_a_table_has_rows_and_columns(n_rows, n_features):
    with pytest.raises(ValueError, match=r"n_(rows|features) must be an integer of at least 1"):
        nsf().for_table(n_rows, n_features)


@pytest.mark.parametrize("change, message", [
    ({"preset": "spline"}, "preset must be one of"),
    ({"preset": ["nsf"]}, "preset must be one of"),
    ({"options": {"name": "affine"}}, "options must be pairs"),
    ({"options": [["n_bins"]]}, "options must be pairs"),
    ({"options": 3}, "options must be pairs"),
    ({"options": [["knots", 3]]}, "'knots' is no option of the preset 'nsf'"),
    ({"options": [["n_bins", 10**9]]}, "n_bins must be an integer from 1 to 128"),
    ({"options": [["n_layers", 10**9]]}, "n_layers must be an integer from 1 to 1024"),
])  # fmt: skip
def test_dictionaries_of_hostile_files_are_refused(change, message):
    d = nsf().to_dict()
    with pytest.raises(ValueError, match=message):
        from_dict(d | {"bijections": d["bijections"] | change})


def test_splines_may_have_residual_networks():
    net = {"hidden_units": (8, 8, 8), "activation": "elu", "residual": True}
    for name, wiring in (("nsf", Coupling), ("nsf_ar", Autoregressive)):
        layers = [
            layer
            for layer in preset(name, n_layers=1, n_bins=8, **net).bijections
            if isinstance(layer, wiring)
        ]
        assert [layer.residual for layer in layers] == [True]
    with pytest.raises(ValueError, match="hidden_units must be one width, an odd number of times"):
        nsf_ar(hidden_units=(8, 8), residual=True)


@every_preset
def test_every_preset_cites_its_paper(name):
    doc = inspect.getdoc(PRESETS[name])
    (references,) = re.findall(r"^References\n-+\n(.*?)^\w+\n-+\n", doc, flags=re.MULTILINE | re.DOTALL)
    assert re.search(r"arXiv:\d{4}\.\d{4,5}\b|doi:10\.\d{4,}/\S", references)


@every_preset
def test_docstrings_are_whole(name):
    """What all presets share stands in one place of the code, and in every docstring."""
    doc = inspect.getdoc(PRESETS[name])
    sections = re.findall(r"^(\w+)\n-+$", doc, flags=re.MULTILINE)
    assert sections == ["Parameters", "Returns", "Raises", "References", "Examples"]
    assert "{" not in re.sub(r'\{("\w+"(, )?)+\}|\\.*', "", doc.split("References")[0].split("Parameters")[1])


@every_preset
def test_every_preset_has_an_example_that_runs(name):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=False).find(PRESETS[name], name, globs={}):
        runner.run(example)
    assert runner.tries > 0 and runner.failures == 0
