"""A frame of many kinds of columns, dependent on one another: rows that the flow draws are hard to tell from it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from nflows_np import FlowDensity
from nflows_np.columns import Bounded, Integer, Positive

N_ROWS = 5000
LARGEST_AUC = 0.60


def people(n, seed):
    """Plan and city, children, income, share of rent, hours, spend with zeros; some cells left out."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.3, 0.2])
    level = pd.Series(plan).map({"basic": 0, "plus": 1, "pro": 2}).to_numpy()
    children = rng.poisson(0.5 + 0.8 * level)
    income = np.exp(rng.normal(7.5 + 0.4 * level - 0.1 * children, 0.4))
    rent = rng.beta(2 + level, 5 - level)
    hours = rng.normal(38 + 2 * level - 1.5 * children, 4.0)
    spend = np.where(rng.random(n) < 0.5 - 0.2 * level, 0.0, rng.gamma(2.0, 0.02 * income))
    city = np.where(rng.random(n) < 0.2 + 0.3 * rent, "north", "south")
    frame = pd.DataFrame({
        "plan": pd.Categorical(plan, ["basic", "plus", "pro"], ordered=True), "city": city, "children": children,
        "income": income, "rent": rent, "hours": hours, "spend": spend,
    })  # fmt: skip
    for name in ("income", "rent", "hours"):
        frame.loc[rng.random(n) < 0.15, name] = np.nan
    frame.loc[rng.random(n) < 0.1, "city"] = None
    return frame


KINDS = {"children": Integer(0), "income": Positive(), "rent": Bounded(0, 1), "spend": Positive(atoms="low")}


@pytest.fixture(scope="module")
def fitted():
    return FlowDensity(columns=KINDS, missing="observed", random_state=0).fit(people(N_ROWS, 0))


def auc(real, drawn):
    """How well gradient boosting tells drawn rows from real ones, on rows that it has not seen."""
    rows = pd.concat([real, drawn], ignore_index=True)
    rows["plan"] = rows["plan"].map({"basic": 0, "plus": 1, "pro": 2}).astype(float)
    rows["city"] = rows["city"].map({"north": 0.0, "south": 1.0})
    labels = np.r_[np.zeros(len(real)), np.ones(len(drawn))]
    X, X_test, y, y_test = train_test_split(rows.to_numpy(), labels, random_state=0)
    tree = HistGradientBoostingClassifier(random_state=0).fit(X, y)
    return roc_auc_score(y_test, tree.predict_proba(X_test)[:, 1])


def test_rows_with_gaps_are_hard_to_tell(fitted):
    drawn = fitted.sample(N_ROWS, random_state=1, keep_missing=True)
    real = people(N_ROWS, 7)
    assert drawn.dtypes.equals(real.dtypes) and list(drawn) == list(real)
    np.testing.assert_allclose(drawn.isna().mean(), real.isna().mean(), atol=0.03)
    assert auc(real, drawn) <= LARGEST_AUC


def test_complete_rows_are_hard_to_tell(fitted):
    drawn = fitted.sample(N_ROWS, random_state=2)
    assert not drawn.isna().any().any()
    real = people(3 * N_ROWS, 8).dropna()
    assert auc(real[: len(drawn)], drawn[: len(real)]) <= LARGEST_AUC


def test_samples_are_what_rows_can_be(fitted):
    drawn = fitted.sample(N_ROWS, random_state=3)
    assert drawn["children"].dtype == np.int64 and drawn["children"].min() >= 0
    assert drawn["income"].min() > 0 and drawn["rent"].between(0, 1, inclusive="neither").all()
    assert (drawn["spend"] >= 0).all() and 0.2 < (drawn["spend"] == 0).mean() < 0.5
    assert set(drawn["city"]) == {"north", "south"} and list(drawn["plan"].cat.categories) == [
        "basic",
        "plus",
        "pro",
    ]


def test_scores_of_other_rows(fitted):
    rows = people(2000, 9)
    log_density = fitted.score_samples(rows)
    assert np.isfinite(log_density).all()
    assert np.array_equal(fitted.score_samples(rows[::-1]), log_density[::-1])
    shuffled = rows.copy()
    for j, name in enumerate(rows):
        shuffled[name] = rows[name].sample(frac=1, random_state=j).to_numpy()
    assert log_density.mean() > fitted.score_samples(shuffled).mean() + 0.5
    assert fitted.measure_ == {
        "plan": "count", "city": "count", "children": "count", "income": "length", "rent": "length",
        "hours": "length", "spend": "atom + length",
    }  # fmt: skip
