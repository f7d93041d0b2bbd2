"""scikit-learn's own checks, for every preset, without an expected failure."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from nflows_np import FlowDensity
from nflows_np.columns import Integer
from nflows_np.presets import PRESETS, preset
from nflows_np.specs import Autoregressive, Flow, LinearGaussian, Permutation

# What makes every check quick: nothing in them depends on how well a flow fits.
SMALL = {"n_layers": 2, "hidden_units": 8, "max_iter": 5, "n_jobs": 1}


@parametrize_with_checks(
    [FlowDensity()]
    + [FlowDensity(flow=name, **SMALL) for name in PRESETS]
    + [
        FlowDensity(columns=columns, missing=missing, **SMALL)
        for columns in ("from_dtype", "auto")
        for missing in ("error", "observed")
    ]
    + [
        FlowDensity(
            Flow([LinearGaussian(), Permutation("random"), Autoregressive(hidden_units=(8,))]), max_iter=3
        )
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.ColumnKindWarning")
@pytest.mark.filterwarnings("ignore:.*(too few to hold some out|early_stopping=False trains)")
def test_checks(estimator, check):
    check(estimator)


def rounded(X):
    """Rows of whole numbers, where these are numbers."""
    try:
        if hasattr(X, "columns"):
            return X.round()
        rows = np.asarray(X)
        return X if rows.dtype.kind == "c" else np.rint(rows.astype(float))
    except (TypeError, ValueError):
        return X


class OfIntegers(FlowDensity):
    """Rounds first: scikit-learn's rows are no integers."""

    def fit(self, X, y=None, **options):
        return super().fit(rounded(X), y, **options)

    def partial_fit(self, X, y=None, **options):
        return super().partial_fit(rounded(X), y, **options)

    def score_samples(self, X):
        return super().score_samples(rounded(X))

    def transform(self, X):
        return super().transform(rounded(X))


@parametrize_with_checks([
    OfIntegers(columns=Integer(), missing=missing, **SMALL) for missing in ("error", "observed")
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.ColumnKindWarning")
@pytest.mark.filterwarnings("ignore:.*(too few to hold some out|early_stopping=False trains)")
def test_integers(estimator, check):
    check(estimator)


@parametrize_with_checks([
    FlowDensity(
        Flow(preset(name, n_layers=2, hidden_units=(8,)).for_table(100, 2).bijections[1:]),
        dtype="float64", batch_size=10**6,
        early_stopping=False, alpha=0.01, max_iter=5, n_jobs=1,
    )
    for name in PRESETS if name != "linear"
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.ColumnKindWarning")
@pytest.mark.filterwarnings("ignore:.*(too few to hold some out|early_stopping=False trains)")
def test_full_batches(estimator, check):
    """In full batches of float64 nothing is expected to fail: weights are repetitions.

    The layers are the presets' without the first, the Gaussian fit: the rows of that check are fewer than their
    columns, so that a Gaussian's gradients are rounding errors, of which Adam makes steps. On rows that have a
    Gaussian fit, test_density.py compares weights and repetitions with it.
    """
    check(estimator)
