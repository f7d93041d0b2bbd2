"""Specs: validation, explicit forms, the registry, and dictionaries from hostile files."""

import copy
import json
import pickle
import re
import subprocess
import sys
import time
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from nflows_np import specs
from nflows_np._limits import MAX_WIDTH
from nflows_np.specs import (
    ActNorm,
    Additive,
    Affine,
    Atoms,
    Autoregressive,
    Bijection,
    Category,
    Cells,
    Coupling,
    Elementwise,
    FixedAffine,
    Flow,
    GaussianMixture,
    Householder,
    Inverse,
    Kept,
    LeakyReLU,
    LinearGaussian,
    LinearLU,
    LinearSVD,
    LinearTriangular,
    On,
    Permutation,
    Product,
    Scale,
    Sequence,
    StandardNormal,
    StudentT,
    Sylvester,
    Uniform,
    from_dict,
    registry,
)

INSTANCES = [
    ActNorm(),
    Additive(),
    Affine(),
    Autoregressive(Additive(), hidden_units=(7,), activation="elu"),
    Coupling(),
    Coupling(mask="half", swap=True, activation="tanh"),
    Coupling(Additive(), mask="random", hidden_units=()),
    Coupling(mask=(3, 1)),
    Coupling(mask=()),
    Elementwise(Scale(), activation="silu"),
    Autoregressive(conditionals=[(0, Category([0.5, 0.5])), (1, Kept(Atoms(low_share=0.1)))]),
    Category([1.0, 2.0]),
    Cells(0.5, low=-1.0),
    Kept(Cells(1.0)),
    Flow([ActNorm(), Coupling(), Inverse(Autoregressive())]),
    Flow([]),
    Householder(),
    Householder(4),
    Flow([], base=GaussianMixture(3)),
    GaussianMixture(2),
    Inverse(Inverse(Coupling(mask="random"))),
    LinearGaussian(),
    LinearLU(),
    LinearLU("random"),
    LinearLU((1, 0)),
    LinearTriangular(),
    LinearTriangular(lower=False),
    On(0, Coupling()),
    On((-1, 0), Sequence([LinearLU("random"), On(1, ActNorm())])),
    On(("mass", "age"), Inverse(On("age", ActNorm()))),
    Permutation(),
    Permutation("random"),
    Permutation((2, 0, 1)),
    Product([((0, 2), StandardNormal()), ((1,), Product([((0,), StudentT(4.0))]))]),
    Scale(),
    Sequence([]),
    Sequence([Permutation("random"), Sequence([Coupling(mask="random")]), Inverse(Sequence([ActNorm()]))]),
    StandardNormal(),
    Sylvester(),
    Sylvester(1),
    StudentT(3.0),
    Uniform(),
    Uniform(-1.0, (1.0, 2.0)),
]
# Whatever else is registered, as it comes: a new spec needs no line here.
LISTED = {spec.name for spec in INSTANCES}
INSTANCES += [cls() for kind in registry().values() for name, cls in kind.items() if name not in LISTED]

every_instance = pytest.mark.parametrize("spec", INSTANCES, ids=repr)


def resolved(spec, n_features, seed=0):
    return spec.resolve(n_features, np.random.default_rng(seed))


@every_instance
def test_values(spec):
    for other in (pickle.loads(pickle.dumps(spec)), copy.deepcopy(spec), clone(spec, safe=False)):
        assert other == spec and hash(other) == hash(spec) and type(other) is type(spec)
    assert eval(repr(spec), vars(specs)) == spec
    with pytest.raises(FrozenInstanceError):
        spec.anything = 1


@every_instance
def test_dictionaries_are_json_and_come_back(spec):
    d = spec.to_dict()
    assert d["name"] == spec.name
    assert from_dict(json.loads(json.dumps(d))) == spec


@every_instance
@pytest.mark.parametrize("n_features", [1, 2, 3, 8])
def test_resolve_is_explicit_and_idempotent_or_refuses(spec, n_features):
    order, mask = getattr(spec, "order", None), getattr(spec, "mask", None)
    high, columns = getattr(spec, "high", None), getattr(spec, "columns", (0,))
    if isinstance(columns[0], str):
        message = r"columns\[0\] must be an index, for the table has no column names"
    elif len(columns) > n_features:
        message = "columns must be distinct columns"
    elif isinstance(order, tuple) and len(order) != n_features:
        message = f"order must be a permutation of {n_features} columns"
    elif isinstance(mask, tuple) and mask and max(mask) >= n_features:
        message = f"mask must be column indices below n_features={n_features}"
    elif isinstance(spec, Product) and n_features != 3:
        message = f"columns of parts must be all of the {n_features} columns"
    elif spec.name == "autoregressive" and len(spec.conditionals) > n_features:
        message = f"conditionals must be of columns below n_features={n_features}"
    elif isinstance(high, tuple) and len(high) != n_features:
        message = f"high must be one number, or one for each of {n_features} columns"
    else:
        result = resolved(spec, n_features)
        assert result.resolve(n_features) == result
        symbols = ('"mask"', '"swap"', "random", "alternating", "reverse", "identity", '"auto"')
        assert not any(symbol in json.dumps(result.to_dict()) for symbol in symbols)
        return
    with pytest.raises(ValueError, match=message):
        resolved(spec, n_features)


def kept(n_features, seed=0, **kwargs):
    return resolved(Coupling(**kwargs), n_features, seed).to_dict()["kept"]


def test_masks():
    assert kept(5) == [0, 2, 4] and kept(5, swap=True) == [1, 3]
    assert kept(5, mask="half") == [0, 1, 2] and kept(5, mask="half", swap=True) == [3, 4]
    assert kept(4, mask="half") == [0, 1]
    assert kept(5, mask=np.array([4, 1])) == [1, 4]
    draws = {tuple(kept(6, seed, mask="random")) for seed in range(20)}
    assert all(len(draw) == 3 for draw in draws) and len(draws) > 5
    for seed in range(5):
        both = kept(7, seed, mask="random") + kept(7, seed, mask="random", swap=True)
        assert sorted(both) == list(range(7))


@pytest.mark.parametrize("mask", ["alternating", "half", "random"])
@pytest.mark.parametrize("swap", [False, True])
def test_one_column_keeps_nothing(mask, swap):
    assert kept(1, mask=mask, swap=swap) == []


def test_resolved_masks_transform_something():
    for n_features in range(2, 9):
        for mask in ("alternating", "half", "random"):
            for swap in (False, True):
                assert 1 <= len(kept(n_features, mask=mask, swap=swap)) < n_features


def test_orders():
    assert resolved(Permutation(), 4).order == (3, 2, 1, 0)
    assert resolved(LinearLU(), 3).order == (0, 1, 2)
    for spec in (Permutation("random"), LinearLU("random")):
        draws = {resolved(spec, 5, seed).order for seed in range(20)}
        assert all(sorted(draw) == [0, 1, 2, 3, 4] for draw in draws) and len(draws) > 10


def test_reflections_are_even():
    counts = [resolved(Householder(), n_features).n_reflections for n_features in (1, 2, 3, 8)]
    assert counts == [0, 2, 2, 8]
    assert resolved(Householder(6), 3).n_reflections == 6


def test_one_number_is_every_columns():
    affine = resolved(FixedAffine(2, np.array([1.0, 0.5, 4.0])), 3)
    assert affine == FixedAffine((2.0, 2.0, 2.0), (1.0, 0.5, 4.0))
    assert {type(v) for v in affine.loc + affine.scale} == {float}


def test_random_state_and_generator_both_resolve():
    spec = Flow([Permutation("random"), Coupling(mask="random")])
    for make in (np.random.RandomState, np.random.default_rng):
        assert spec.resolve(9, make(3)) == spec.resolve(9, make(3))
        assert spec.resolve(9, make(3)) != spec.resolve(9, make(4))


def test_nothing_is_drawn_where_nothing_is_random():
    rng = np.random.default_rng(0)
    Flow([Permutation(), Coupling(mask="half"), LinearLU()]).resolve(5, rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_random_choices_need_an_rng():
    for spec in (Permutation("random"), LinearLU("random"), Coupling(mask="random")):
        with pytest.raises(ValueError, match=rf"{type(spec).__name__}: .*'random' .* got rng=None"):
            spec.resolve(3)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Coupling(mask="odd"), r"Coupling: mask must be one of .*'half'.*; got 'odd'"),
        (lambda: Coupling(mask=(0, 0)), r"Coupling: mask must be .* distinct column indices; got \(0, 0\)"),
        (lambda: Coupling(mask=(0, -1)), r"Coupling: mask\[1\] must be a non-negative integer; got -1"),
        (lambda: Coupling(mask=(True, False)), r"Coupling: mask\[0\] must be .*; got True"),
        (lambda: Coupling(mask=(0.0,)), r"Coupling: mask\[0\] must be .*; got 0.0"),
        (lambda: Coupling(mask={0, 1}), r"Coupling: mask must be .*; got {0, 1}"),
        (lambda: Coupling(mask=(1,), swap=True), r"Coupling: swap must be False where mask lists"),
        (lambda: Coupling(swap=1), r"Coupling: swap must be True or False; got 1"),
        (lambda: Coupling(ActNorm()), r"Coupling: transformer must be a transformer spec; got ActNorm\(\)"),
        (lambda: Coupling(Affine), r"got <class .*Affine.* \(a class: write Affine\(\.\.\.\)\)"),
        (lambda: Autoregressive(hidden_units=64), r"Autoregressive: hidden_units must be a sequence.*got 64"),
        (
            lambda: Autoregressive(hidden_units=(64, 0)),
            r"hidden_units\[1\] must be between 1 and 65536; got 0",
        ),
        (lambda: Autoregressive(hidden_units=(10**9,)), r"hidden_units\[0\] must be between 1 and 65536"),
        (lambda: Autoregressive(hidden_units=(8,) * 65), r"len\(hidden_units\) must be at most 64; got 65"),
        (lambda: Elementwise(activation="gelu"), r"Elementwise: activation must be one of .*; got 'gelu'"),
        (lambda: Permutation("identity"), r"Permutation: order must be one of \['reverse', 'random'\]"),
        (lambda: Permutation((0, 2)), r"Permutation: order must be .* permutation .*; got \(0, 2\)"),
        (lambda: Permutation(()), r"Permutation: order must be .*; got \(\)"),
        (lambda: LinearLU("reverse"), r"LinearLU: order must be one of \['identity', 'random'\]"),
        (lambda: Householder(3), r"Householder: n_reflections must be 'auto' or an even number.*; got 3"),
        (lambda: Householder(-2), r"Householder: n_reflections must be 'auto' or an even .*; got -2"),
        (lambda: Householder("all"), r"Householder: n_reflections must be one of \['auto'\]; got 'all'"),
        (lambda: LinearSVD(2.0), r"LinearSVD: n_reflections must be .*; got 2.0"),
        (lambda: LinearTriangular("lower"), r"LinearTriangular: lower must be True or False; got 'lower'"),
        (lambda: LeakyReLU(0.0), r"LeakyReLU: negative_slope must be a number from 1e-06 to 1e\+06; got 0.0"),
        (lambda: LeakyReLU(True), r"LeakyReLU: negative_slope must be .*; got True"),
        (lambda: FixedAffine("a"), r"FixedAffine: loc must be a number from .*; got 'a'"),
        (lambda: FixedAffine((0.0, np.nan)), r"FixedAffine: loc\[1\] must be .*; got nan"),
        (lambda: FixedAffine(0.0, [1, -1]), r"FixedAffine: scale\[1\] must be .* from 1e-30 .*; got -1"),
        (lambda: FixedAffine((0, 1)).resolve(3), r"loc must be .* each of 3 columns; got \(0.0, 1.0\)"),
        (lambda: Inverse(Affine()), r"Inverse: bijection must be a bijection spec; got Affine\(\)"),
        (lambda: Flow(ActNorm()), r"Flow: bijections must be a list of bijection specs; got ActNorm\(\)"),
        (lambda: Flow([ActNorm(), "maf"]), r"Flow: bijections\[1\] must be a bijection spec; got 'maf'"),
        (lambda: Sequence(ActNorm()), r"Sequence: bijections must be a list of bijection specs; got ActNorm"),
        (
            lambda: Sequence([ActNorm(), Affine()]),
            r"Sequence: bijections\[1\] must be .* spec; got Affine\(\)",
        ),
        (lambda: On(0, Affine()), r"On: bijection must be a bijection spec; got Affine\(\)"),
        (lambda: On(0, ActNorm), r"\(a class: write ActNorm\(\.\.\.\)\)"),
        (lambda: Flow([], base=ActNorm()), r"Flow: base must be a base spec; got ActNorm\(\)"),
        (lambda: Sylvester(0), r"Sylvester: rank must be an integer from 1 to 65536 or 'auto'; got 0"),
        (lambda: Sylvester(2.0), r"Sylvester: rank must be an integer .*; got 2.0"),
        (lambda: Sylvester("full"), r"Sylvester: rank must be an integer .*; got 'full'"),
        (lambda: Sylvester(4).resolve(3), r"Sylvester: rank must be at most n_features=3; got 4"),
        (lambda: Coupling(mask=(0, 1)).resolve(2), r"Coupling: mask must be fewer columns than n_features=2"),
        (lambda: Coupling(mask=(5,)).resolve(4), r"Coupling: mask must be column indices below n_features=4"),
        (lambda: ActNorm().resolve(0), r"ActNorm: n_features must be an integer of at least 1; got 0"),
        (lambda: ActNorm().resolve(2.0), r"ActNorm: n_features must be .*; got 2.0"),
    ],
)
def test_errors_name_spec_field_and_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_values_are_normalised():
    spec = Coupling(mask=np.array([2, 0]), hidden_units=[np.int64(8), 4], swap=np.False_)
    assert spec == Coupling(mask=(0, 2), hidden_units=(8, 4))
    assert [type(n) for n in (*spec.mask, *spec.hidden_units)] == [int] * 4
    assert isinstance(Flow([ActNorm()]).bijections, tuple)


def test_the_engine_takes_every_width_that_a_spec_may_have():
    header = (Path(__file__).parents[1] / "csrc/core/spec.h").read_text(encoding="utf-8")
    assert 2 ** int(re.search(r"kWidest = Index\{1\} << (\d+)", header)[1]) >= MAX_WIDTH


def test_a_name_cannot_be_registered_twice():
    with pytest.raises(ValueError, match=r"Second: the spec name 'actnorm' is already taken by .*\.ActNorm"):

        @dataclass(frozen=True, repr=False)
        class Second(Bijection):
            name = "actnorm"

    assert registry()["bijections"]["actnorm"] is ActNorm


DEEP: dict = {"name": "actnorm"}
for _ in range(50_000):
    DEEP = {"name": "inverse", "bijection": DEEP}
NESTED: list = []
for _ in range(50_000):
    NESTED = [NESTED]
CYCLE: dict = {"name": "inverse"}
CYCLE["bijection"] = CYCLE
COUPLING = Coupling(mask=(0,)).to_dict()
FLOW = Flow([ActNorm(), Coupling()]).to_dict()
UNIFORM = Uniform().to_dict()
ON = On((2, 0), ActNorm()).to_dict()
WIDE: dict = {"name": "actnorm"}
for _ in range(3):
    WIDE = {"name": "sequence", "bijections": [WIDE] * 25}
PRODUCT = Product([((0,), StandardNormal()), ((2, 1), StudentT())]).to_dict()


@pytest.mark.parametrize(
    "d, message",
    [
        (None, r"spec: must be a dict with string keys; got None"),
        ([FLOW], r"spec: must be a dict"),
        ({1: 2}, r"spec: must be a dict with string keys"),
        ({}, r"spec: 'name' must be one of \['actnorm', .*; got None"),
        ({"name": "os.system"}, r"'name' must be one of .*; got 'os.system'"),
        ({"name": ["flow"]}, r"'name' must be one of .*; got \['flow'\]"),
        ({"name": "Spec"}, r"got 'Spec'"),
        ({"name": "actnorm", "__class__": "x"}, r"ActNorm: .* unknown \['__class__'\]"),
        ({"name": "inverse"}, r"Inverse: .* missing \['bijection'\]"),
        ({"name": "permutation", "order": NESTED}, r"Permutation: order\[0\] must be"),
        ({"name": "permutation", "order": [0, 10**5000]}, r"Permutation: order must be .*; got <tuple>"),
        ({"name": "permutation", "order": [float("nan")]}, r"order\[0\] must be .*; got nan"),
        ({"name": "permutation", "order": {"name": "actnorm"}}, r"order must be .*; got ActNorm"),
        (COUPLING | {"kept": "half"}, r"Coupling: kept must be a list of column indices; got 'half'"),
        (COUPLING | {"kept": {"name": "affine"}}, r"kept must be a list of column indices; got Affine"),
        (COUPLING | {"mask": "half"}, r"Coupling: .* unknown \['kept'\]"),
        (COUPLING | {"hidden_units": [2**40]}, r"hidden_units\[0\] must be between 1 and 65536"),
        (COUPLING | {"hidden_units": "64"}, r"hidden_units must be a sequence of integers"),
        (COUPLING | {"transformer": {"name": "actnorm"}}, r"transformer must be a transformer spec"),
        (COUPLING | {"transformer": "affine"}, r"transformer must be a transformer spec; got 'affine'"),
        (FLOW | {"bijections": [{"name": "none"}]}, r"spec.bijections\[0\]: 'name' must be"),
        (FLOW | {"bijections": [FLOW]}, r"bijections\[0\] must be a bijection spec"),
        (
            FLOW | {"bijections": [COUPLING, COUPLING | {"activation": 3}]},
            r"^spec.bijections\[1\]: Coupling: acti",
        ),
        (UNIFORM | {"low": 10**5000}, r"Uniform: low must be a number from"),
        (UNIFORM | {"low": float("nan")}, r"Uniform: low must be a number from"),
        (UNIFORM | {"high": [1.0, None]}, r"Uniform: high\[1\] must be a number from .*; got None"),
        (StudentT().to_dict() | {"df": 10**5000}, r"StudentT: df must be a number"),
        (GaussianMixture().to_dict() | {"n_components": 10**9}, r"n_components must be .* to 65536"),
        (PRODUCT | {"columns": 3}, r"Product: columns must be a list; got 3"),
        (PRODUCT | {"columns": [0, 2, 2]}, r"Product: .* columns that no part has twice"),
        (PRODUCT | {"columns": [0, 2, "1"]}, r"Product: parts\[1\]\[0\]\[1\] must be a non-negative integer"),
        (PRODUCT | {"sizes": [10**30, 2]}, r"Product: sizes must add up to 3"),
        (PRODUCT | {"sizes": [True, 2]}, r"Product: sizes must be 2 positive integers"),
        (PRODUCT | {"sizes": [3]}, r"Product: sizes must be 2 positive integers"),
        (PRODUCT | {"bases": [{"name": "actnorm"}] * 2}, r"parts\[0\]\[1\] must be a base spec"),
        (PRODUCT | {"parts": []}, r"Product: its fields are columns, sizes and bases"),
        (ON | {"columns": [0, 0]}, r"On: columns must be distinct columns"),
        (ON | {"columns": [0, 1.0]}, r"On: columns\[1\] must be the name or the index"),
        (ON | {"columns": [[0]]}, r"On: columns\[0\] must be the name or the index"),
        (ON | {"columns": {"name": "actnorm"}}, r"On: columns must be the names or indices .*; got ActNorm"),
        (ON | {"columns": [{"name": "actnorm"}]}, r"On: columns\[0\] must be .*; got ActNorm"),
        (ON | {"bijection": [{"name": "actnorm"}]}, r"On: bijection must be a bijection spec"),
        ({"name": "sequence", "bijections": {"name": "actnorm"}}, r"Sequence: bijections must be a list"),
        (
            {"name": "sequence", "bijections": [1]},
            r"Sequence: bijections\[0\] must be a bijection spec; got 1",
        ),
        (WIDE, r"Sequence: the number of bijections, those in sequences included, must be at most 8192"),
        (DEEP, r"nested at most 16 levels deep"),
        (CYCLE, r"nested at most 16 levels deep"),
    ],
    ids=range(47),
)
def test_hostile_dictionaries_are_refused(d, message):
    with pytest.raises(ValueError, match=message) as error:
        from_dict(d)
    assert len(str(error.value)) < 2000


@pytest.mark.parametrize("name", sorted({**registry()["bijections"], **registry()["transformers"]}))
def test_fields_that_are_not_there_take_their_defaults(name):
    """A field that a spec gets later is not in the files that were written before."""
    cls = {**registry()["bijections"], **registry()["transformers"]}[name]
    needed = {f.name for f in fields(cls) if f.default is MISSING}
    if needed:
        with pytest.raises(ValueError, match="missing"):
            from_dict({"name": name})
    else:
        assert from_dict({"name": name}) == cls()


def test_a_flow_has_a_bounded_number_of_bijections():
    with pytest.raises(ValueError, match=r"Flow: len\(bijections\) must be at most 8192; got 8193"):
        Flow([ActNorm()] * 8193)
    half = Sequence([Inverse(ActNorm()), On(0, Sequence([ActNorm()] * 4094)), Sequence([])])
    assert len(Flow([half, half]).bijections) == 2
    with pytest.raises(
        ValueError, match=r"Flow: the number of bijections, those in sequences included, .*got 8193"
    ):
        Flow([half, half, ActNorm()])


def test_inverted_permutations_of_many_columns_are_followed_at_once():
    d = 200_000
    order = np.random.default_rng(0).permutation(d)
    began = time.perf_counter()
    flow = Flow([Permutation(order), Inverse(Permutation(order))])
    assert flow.resolve(d) == flow
    assert time.perf_counter() - began < 20.0  # of hours


def test_depth_is_limited_where_specs_are_made():
    spec = ActNorm()
    with pytest.raises(ValueError, match="Inverse: nesting must be at most 16 levels deep; got 17"):
        for _ in range(20):
            spec = Inverse(spec)
    assert from_dict(spec.to_dict()) == spec  # the deepest that can be made can be read back


def test_the_number_of_specs_is_limited_before_they_are_made():
    """Each list of a file is short enough, and all of them together are not."""
    few = {"name": "sequence", "bijections": [{"name": "actnorm"}] * 8000}
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"must be one of at most 262144 specs"):
        from_dict({"name": "flow", "bijections": [few] * 8000, "base": {"name": "standard_normal"}})
    assert time.perf_counter() - began < 60.0  # of hours


def test_import_is_cheap():
    code = "import sys; import nflows_np.specs; print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False"]
