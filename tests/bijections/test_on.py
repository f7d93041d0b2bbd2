"""On: a bijection of some columns, which leaves the others as they are."""

import numpy as np
import pandas as pd
import pytest
from engine_flows import make_flow, random_flow, rows_and_context
from sklearn.base import clone

import nflows_np
from nflows_np import FlowDensity
from nflows_np.specs import (
    ActNorm,
    Affine,
    Autoregressive,
    Coupling,
    Elementwise,
    Flow,
    Inverse,
    LinearGaussian,
    LinearLU,
    On,
    Permutation,
    RationalQuadratic,
    Sequence,
    from_dict,
)
from nflows_np.testing import apply, vjp

NET = {"hidden_units": (9,), "activation": "tanh"}
CASES = [
    (On(0, Elementwise(Affine())), 1, 0),
    (On(0, Coupling(Affine(), **NET)), 1, 2),
    (On(-1, Autoregressive(Affine(), **NET)), 3, 2),
    (On((1, 0), Permutation()), 2, 0),
    (On((2, 0), LinearLU("random")), 3, 0),
    (On((4, 1, 2), Coupling(Affine(), mask="half", **NET)), 5, 2),
    (On(range(16, -1, -1), Autoregressive(Affine(), hidden_units=(20,))), 17, 0),
    (On((3, 16, 7, 0, 9), Coupling(RationalQuadratic(4), **NET)), 17, 2),
    (On((2, 0), Autoregressive(Affine(), circular=(0,), **NET)), 3, 0),
    (Inverse(On((3, 1), LinearGaussian())), 5, 2),
    (On((2, 0), Inverse(Autoregressive(Affine(), **NET))), 3, 0),
    (On((4, 0, 2), On((2, 0), Coupling(Affine(), **NET))), 5, 0),
    (On((1, 2), Sequence([])), 3, 0),
    (
        Sequence([
            On((3, 0, 1), Sequence([ActNorm(), On((2, 0), Coupling(Affine(), **NET)), Permutation("random")])),
            LinearGaussian(),
        ]),
        5,
        2,
    ),
    ([On((0, 2), Coupling(Affine(), **NET)), On((1, 2), Coupling(Affine(), **NET)), LinearGaussian()], 3, 0),
]  # fmt: skip

INNER = [
    LinearLU((2, 0, 1)),
    Coupling(RationalQuadratic(4), mask=(0,), hidden_units=(8,)),
    Autoregressive(Affine(), hidden_units=(8,)),
    Inverse(Autoregressive(Affine(), hidden_units=(8,), activation="elu")),
    Sequence([LinearGaussian(), Coupling(Affine(), hidden_units=(6,)), Permutation((1, 2, 0))]),
]
every_inner = pytest.mark.parametrize("inner", INNER, ids=repr)


def assert_same_map(found, expected, n_features):
    """Both directions and their gradients, bit for bit, at the same parameters."""
    expected.set_params(found.get_params())
    rows, context = rows_and_context(20, n_features, 2)
    d_out, d_log_det = rows_and_context(20, n_features, seed=1)[0], np.linspace(-1.0, 1.0, 20)
    for direction in ("forward", "inverse"):
        both = [apply(flow, direction, rows, context) for flow in (found, expected)]
        both += [vjp(flow, direction, rows, context, d_out, d_log_det) for flow in (found, expected)]
        for a, b in (*zip(*both[:2], strict=True), *zip(*both[2:], strict=True)):
            assert np.array_equal(a, b)


# The map


@every_inner
def test_moves_its_columns_as_alone_and_no_others(inner):
    columns, others = [4, 0, 3], [1, 2]
    flow, _, _ = random_flow(On(columns, inner), 5, 2)
    alone = make_flow(inner, 3, 2)
    alone.set_params(flow.get_params())
    rows, context = rows_and_context(20, 5, 2)
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        moved, log_det_alone = apply(alone, direction, rows[:, columns], context)
        assert np.array_equal(out[:, columns], moved) and np.array_equal(log_det, log_det_alone)
        assert np.array_equal(out[:, others], rows[:, others])


@every_inner
def test_on_all_columns_is_the_bijection(inner):
    flow, _, _ = random_flow(On(range(3), inner), 3, 2)
    assert_same_map(flow, make_flow(inner, 3, 2), 3)


@every_inner
def test_another_order_of_the_columns_is_a_permutation_before_and_after(inner):
    order = Permutation((2, 1, 0))
    flow, _, _ = random_flow(On((2, 1, 0), inner), 3, 2)
    assert_same_map(flow, make_flow([order, inner, order], 3, 2), 3)


@every_inner
def test_columns_of_columns(inner):
    flow, _, _ = random_flow(On((5, 0, 3, 2), On((3, 0, 1), inner)), 6, 2)
    assert_same_map(flow, make_flow(On((2, 5, 0), inner), 6, 2), 6)


def test_adds_no_name_to_blocks():
    layout = make_flow([ActNorm(), On((2, 0), ActNorm())], 3).layout()
    assert [(name, size) for name, _, size, _ in layout[2:]] == [("1.shift", 2), ("1.log_scale", 2)]


# The columns


@pytest.mark.parametrize(
    "columns, expected",
    [
        (1, (1,)),
        (-1, (3,)),
        ("d", (3,)),
        ([2, 0], (2, 0)),
        ((-4, -1), (0, 3)),
        (range(3), (0, 1, 2)),
        (np.array([3, 1]), (3, 1)),
        (np.int64(2), (2,)),
        (["c", "a"], (2, 0)),
        (np.array(["c", "a"]), (2, 0)),
        (pd.Index(["b", "d"]), (1, 3)),
        (["b", 0], (1, 0)),
    ],
)
def test_columns_by_name_and_index(columns, expected):
    flow = Flow([On(columns, ActNorm())])
    assert from_dict(flow.to_dict()) == flow == eval(repr(flow))
    for_table = flow.for_table(100, 4, feature_names=["a", "b", "c", "d"])
    assert for_table.resolve(4).bijections == (On(expected, ActNorm()),)
    assert {type(column) for column in for_table.bijections[0].columns} == {int}


def test_names_hold_within():
    """Indices inside count the columns outside of them; a name is the column's, wherever it stands."""
    inner = Sequence([On("c", ActNorm()), On(0, ActNorm()), On(["b", "c"], LinearLU())])
    flow = Flow([Permutation(), Inverse(On(["d", "c", "b"], inner))])
    found = flow.for_table(100, 4, pd.Index(["a", "b", "c", "d"])).bijections[1].bijection
    expected = Sequence([On(1, ActNorm()), On(0, ActNorm()), On((2, 1), LinearLU())])
    assert found == On((3, 2, 1), expected)


def test_what_is_random_inside_is_drawn():
    flow = Flow(
        [On((4, 1, 2), Sequence([Permutation("random"), LinearLU("random"), Coupling(mask="random")]))]
    )
    drawn = {flow.resolve(5, np.random.default_rng(seed)) for seed in range(20)}
    assert len(drawn) > 10
    for found in drawn:
        order, linear, coupling = found.bijections[0].bijection.bijections
        assert sorted(order.order) == sorted(linear.order) == [0, 1, 2]
        assert len(coupling.mask) == 2
        assert found.resolve(5) == found


@pytest.mark.parametrize(
    "columns, message",
    [
        ([], r"On: columns must be at least one column; got \[\]"),
        ({0, 1}, r"On: columns must be the names or indices of columns; got {0, 1}"),
        (None, r"On: columns must be the names or indices of columns; got None"),
        (1.0, r"On: columns must be the names or indices of columns; got 1.0"),
        (slice(2), r"On: columns must be the names or indices of columns; got slice"),
        ([True, False], r"On: columns\[0\] must be the name or the index of a column; got True"),
        (np.array([True, False]), r"On: columns\[0\] must be .*; got True"),
        ([0, 1.5], r"On: columns\[1\] must be the name or the index of a column; got 1.5"),
        ([[0, 1]], r"On: columns\[0\] must be the name or the index of a column; got \[0, 1\]"),
        ([1, 0, 1], r"On: columns must be distinct columns; got \[1, 0, 1\]"),
        (["a", "a"], r"On: columns must be distinct columns; got \['a', 'a'\]"),
    ],
)
def test_columns_that_are_none(columns, message):
    with pytest.raises(ValueError, match=message):
        On(columns, ActNorm())


@pytest.mark.parametrize(
    "columns, names, message",
    [
        ((0, 3), None, r"On: columns\[1\] must be an index from -3 to 2; got 3"),
        (-4, None, r"On: columns\[0\] must be an index from -3 to 2; got -4"),
        ((0, -3), None, r"On: columns must be distinct columns; got \(0, -3\)"),
        ((1, "b"), ["a", "b", "c"], r"On: columns must be distinct columns; got \(1, 'b'\)"),
        ("b", None, r"On: columns\[0\] must be an index, for the table has no column names.*; got 'b'"),
        ("x", ["a", "b", "c"], r"On: columns\[0\] must be one of the columns \['a', 'b', 'c'\]; got 'x'"),
        ("a", ["a", "b", "a"], r"On: columns\[0\] must be the name of one column, not of 2; got 'a'"),
        (0, ["a", "b"], r"Flow: feature_names must be the names of 3 columns; got \['a', 'b'\]"),
        (0, "abc", r"Flow: feature_names must be the names of 3 columns; got 'abc'"),
        (0, [0, 1, 2], r"Flow: feature_names must be the names of 3 columns; got \[0, 1, 2\]"),
        (0, 3, r"Flow: feature_names must be the names of 3 columns; got 3"),
    ],
)
def test_columns_that_a_table_does_not_have(columns, names, message):
    flow = Flow([Sequence([Inverse(On(columns, ActNorm()))])])
    with pytest.raises(ValueError, match=message):
        flow.for_table(100, 3, names)
    if names is None:
        with pytest.raises(ValueError, match=message):
            flow.resolve(3)


def test_a_column_outside_is_none_inside():
    flow = Flow([On(["b", "c"], On("a", ActNorm()))])
    with pytest.raises(ValueError, match=r"columns\[0\] must be one of the columns \['b', 'c'\]; got 'a'"):
        flow.for_table(100, 3, ["a", "b", "c"])
    with pytest.raises(ValueError, match=r"columns\[0\] must be an index from -2 to 1; got 2"):
        On((1, 2), On(2, ActNorm())).resolve(3)
    with pytest.raises(ValueError, match="Coupling: mask must be column indices below n_features=2"):
        On((1, 2), Coupling(mask=(2,))).resolve(3)


def test_a_long_list_of_names_is_cut_short():
    names = [f"column {j}" for j in range(10_000)]
    with pytest.raises(ValueError, match="'column 0', 'column 1'") as error:
        Flow([On("x", ActNorm())]).for_table(100, len(names), names)
    assert len(str(error.value)) < 400


# Tables


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    return pd.DataFrame({"age": a, "height": rng.normal(size=300), "mass": a**2 + 0.3 * rng.normal(size=300)})


def small(*layers, **params):
    return FlowDensity(Flow(list(layers)), max_iter=3, random_state=0, early_stopping=False, **params)


BY_NAME = (
    On(["mass", "age"], Sequence([LinearGaussian(), Coupling()])),
    On("height", Elementwise()),
    LinearLU(),
)
BY_INDEX = (On([2, 0], Sequence([LinearGaussian(), Coupling()])), On(1, Elementwise()), LinearLU())


def test_names_are_those_of_the_table(table, tmp_path):
    named, indexed = small(*BY_NAME).fit(table), small(*BY_INDEX).fit(table.to_numpy())
    expected = indexed.score_samples(table.to_numpy())
    assert named.flow_ == indexed.flow_ and named.n_layers_ == 4
    assert np.array_equal(named.score_samples(table), expected)
    named.save(tmp_path / "model.flow")
    again = nflows_np.load(tmp_path / "model.flow")
    assert again.flow == named.flow == Flow(list(BY_NAME))
    assert np.array_equal(again.score_samples(table), expected)
    for flow in (clone(named), clone(again)):
        assert np.array_equal(flow.fit(table).score_samples(table), expected)


def test_names_follow_the_order_of_the_table(table):
    turned = table[["mass", "height", "age"]]
    layers = small(*BY_NAME).fit(turned).flow_.bijections
    assert [layer.columns for layer in layers[:2]] == [(0, 2), (1,)]


def test_fits_with_names_go_on(table):
    once = small(*BY_NAME, warm_start=True).fit(table)
    twice = once.fit(table)
    assert twice.n_iter_ == 6 and twice.partial_fit(table).n_iter_ == 7
    with pytest.raises(ValueError, match="have changed since: flow"):
        twice.set_params(flow=Flow(list(BY_INDEX))).fit(table)


def test_names_need_a_table_that_has_them(table):
    with pytest.raises(ValueError, match=r"the table has no column names.*; got 'mass'"):
        small(*BY_NAME).fit(table.to_numpy())
    with pytest.raises(
        ValueError, match=r"must be one of the columns \['age', 'HEIGHT', 'mass'\]; got 'height'"
    ):
        small(*BY_NAME).fit(table.rename(columns={"height": "HEIGHT"}))


def test_columns_of_the_shell_have_names(table, tmp_path):
    """What the shell reads comes as an array and its names."""
    flow = small(*BY_NAME)
    flow._fit_flow(table.to_numpy(), None, feature_names=list(table))
    assert np.array_equal(flow.score_samples(table), small(*BY_NAME).fit(table).score_samples(table))
