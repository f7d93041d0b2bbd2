"""Engine, specs, reference and the tables of cases know the same names."""

from cases import load_cases
from engine_flows import every_isa
from reference import registry as reference

from nflows_np import specs
from nflows_np._engine import load


@every_isa
def test_every_name_is_known_everywhere(isa):
    engine = {kind: set(names) for kind, names in load(isa).registry().items()}
    assert engine == {kind: set(classes) for kind, classes in specs.registry().items()}
    assert set(load_cases()) == engine["bijections"] | engine["transformers"]
    assert set(load_cases("bases")) == engine["bases"]
    conditionals = engine.pop(
        "conditionals"
    )  # which no chain may hold anywhere but at its end; tests/conditionals
    assert conditionals == {"atoms", "category", "cells", "circle", "kept"}
    assert engine == {
        "bijections": set(reference.BIJECTIONS),
        "transformers": set(reference.TRANSFORMERS),
        "bases": set(reference.BASES),
    }


def dictionaries(bijections):
    """What a case consists of: one bijection, or a chain of them."""
    chain = bijections if isinstance(bijections, list) else [bijections]
    return [bijection.to_dict() for bijection in chain]


def with_those_inside(chain):
    """The same, and every bijection that one of them is made of."""
    for spec in chain:
        yield spec
        yield from with_those_inside(spec.get("bijections", []))
        yield from with_those_inside([spec["bijection"]] if "bijection" in spec else [])


def test_cases_are_of_what_their_file_says():
    for name, table in load_cases().items():
        assert table, name
        for bijections, _, _ in table:
            chain = list(with_those_inside(dictionaries(bijections)))
            transformers = [spec["transformer"]["name"] for spec in chain if "transformer" in spec]
            transformers += [spec["circular_spline"]["name"] for spec in chain if spec.get("circular")]
            assert name in [*(spec["name"] for spec in chain), *transformers], (name, chain)


def test_cases_of_bases_are_of_what_their_file_says():
    for name, table in load_cases("bases").items():
        assert {base.name for base, _ in table} == {name}
        assert 1 in {n_features for _, n_features in table} and max(d for _, d in table) > 2, name


def test_cases_cover_the_corners():
    table = [
        (spec, d, c)
        for cases in load_cases().values()
        for bijections, d, c in cases
        for spec in dictionaries(bijections)
    ]
    assert {d for _, d, _ in table} == {1, 2, 3, 5, 17}
    assert {c for _, _, c in table} == {0, 2}
    nets = [spec for spec, _, _ in table if "hidden_units" in spec]
    assert {len(spec["hidden_units"]) for spec in nets} == {0, 1, 2, 3, 5}
    assert {spec["residual"] for spec in nets} == {False, True}
    assert {spec["activation"] for spec in nets} == {"relu", "tanh", "silu", "elu"}
