"""Golden files: a model file of every format that there was, read by every later version.

tests/golden/make.py wrote them. What they compute is recorded for each instruction set, to the bit.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from nflows_np import load
from nflows_np._engine import choice
from nflows_np.columns import Categorical, Real

GOLDEN = Path(__file__).parent / "golden"
FORMATS = sorted(GOLDEN.glob("format_*.flow"))

every_format = pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)


def test_there_are_golden_files():
    assert FORMATS


@every_format
def test_it_loads_and_computes_its_golden_bits(path):
    golden = np.load(GOLDEN / f"{path.stem}_{choice()['isa']}.npz")
    model = load(path)
    assert list(model.feature_names_in_) == ["angle", "mass", "length"]
    X = golden["X"]
    names = model.feature_names_in_
    frame = pytest.importorskip("pandas").DataFrame(X, columns=names)
    assert np.array_equal(model.score_samples(frame), golden["score_samples"])
    assert np.array_equal(model.transform(frame), golden["transform"])
    assert np.array_equal(model.inverse_transform(golden["Z"]), golden["inverse_transform"])
    assert np.array_equal(model.sample(20, random_state=3), golden["sample"])


@every_format
def test_it_can_be_saved_again_and_gone_on_with(path, tmp_path):
    model = load(path)
    frame = pytest.importorskip("pandas").DataFrame(
        np.load(next(GOLDEN.glob(f"{path.stem}_*.npz")))["X"], columns=model.feature_names_in_
    )
    model.save(tmp_path / "again.flow", resumable=True)
    again = load(tmp_path / "again.flow")
    assert np.array_equal(again.score_samples(frame), model.score_samples(frame))
    assert np.array_equal(again.partial_fit(frame).parameters_, model.partial_fit(frame).parameters_)
    assert np.isfinite(again.score(frame))


def test_columns_of_several_kinds():
    """The table, its kinds and its gaps are read as they were written; logarithms of bounds are the system's own."""
    sys.path.insert(0, str(GOLDEN))
    from make_kinds import KINDS, table

    path = GOLDEN / "kinds_2.flow"
    golden = np.load(GOLDEN / f"{path.stem}_{choice()['isa']}.npz")
    model, X = load(path), table(60, 1)
    assert model.columns_ == {"town": Categorical(["Bonn", "Graz", "Ulm"]), **KINDS, "number": Real()}
    np.testing.assert_allclose(model.score_samples(X), golden["score_samples"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.transform(X), golden["transform"], rtol=1e-4, atol=1e-5)
    drawn = model.sample(50, random_state=0, keep_missing=True)
    assert drawn.dtypes.equals(X.dtypes) and drawn["number"].isna().any()
