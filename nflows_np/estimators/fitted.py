"""What a fit leaves: one frozen value, which knows its own form in a file.

Its public fields are an estimator's fitted attributes, of the same names with an underscore. They are plain: arrays,
numbers, a spec. The engine's object that computes with them is no part of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._engine import engine
from nflows_np._messages import shown
from nflows_np.columns import ColumnScaler
from nflows_np.columns.frames import Frame
from nflows_np.columns.kinds import Drop, Kind
from nflows_np.columns.links import Links
from nflows_np.columns.marginals import Marginals
from nflows_np.columns.residuals import Residuals
from nflows_np.columns.table import TableColumns
from nflows_np.estimators import _params, _plain, _training_file
from nflows_np.estimators._plain import Arrays
from nflows_np.estimators._summary import summary
from nflows_np.estimators._table_check import check_table
from nflows_np.specs import Flow, GaussianMixture, from_dict
from nflows_np.training_state import TrainingState


def _kept(read: Callable[[str, Any], Any], **default: Any) -> Any:
    """A field that a file has as JSON, and how it is read."""
    return field(metadata={"read": read}, **default)


# A field that a file has as an array of float64.
_CURVE = {"curve": True}


def _parameters(name: str, value: Any) -> dict[str, Any]:
    return _params.from_plain(name, value, value)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted flow, behind the scaling of its columns.

    Parameters
    ----------
    flow : Flow
        Resolved.
    loc, scale : ndarray of shape (n_features,), float64
        The scaling.
    parameters : ndarray of shape (n_parameters,)
        The flow's parameters, float32 or float64. All three are held read-only.
    residuals : Residuals, optional
        Columns that others nearly determine, and what the scaling leaves of them.
    marginals : Marginals, optional
        Maps of single columns to normal scores.
    links : Links, optional
        Elementary maps of single columns, before all else.
    table : TableColumns, optional
        What the columns of the user's table are; without it an array of numbers.
    pattern, pattern_parameters : Flow, ndarray of shape (n,), optional
        Of the flags of left-out cells.
    feature_names : tuple of str, optional
        Names of the columns.
    preset, n_rows, n_validation
        The preset, if it is one, and the distinct rows of the table it was chosen for, held-out ones included.
    n_layers, hidden_units, batch_size, alpha, early_stopping
        What the estimator's parameters came to.
    n_iter, best_epoch, converged, loss_curve, validation_scores, best_validation_score, start_score
        How training went.
    architecture : mapping
        The estimator's parameters that may not change while a fit goes on.
    entropy : tuple of int
        Of the seeds, which the validation split of a fit that goes on comes from again.
    training : TrainingState, optional
        What training needs to go on bit for bit. Not in a file that was not asked to hold it.
    """

    flow: Flow
    loc: NDArray[np.float64]
    scale: NDArray[np.float64]
    parameters: NDArray[Any]
    residuals: Residuals | None = None
    marginals: Marginals | None = None
    links: Links | None = None
    table: TableColumns | None = None
    pattern: Flow | None = None
    pattern_parameters: NDArray[Any] | None = None
    preset: str | None = _kept(_plain.text_or_none, default=None)
    n_rows: int | None = _kept(_plain.count_or_none, default=None)
    n_validation: int | None = _kept(_plain.count_or_none, default=None)
    n_layers: int = _kept(_plain.count, default=0)
    hidden_units: tuple[int, ...] = _kept(_plain.counts, default=())
    batch_size: int = _kept(_plain.count, default=0)
    alpha: float = _kept(_plain.real, default=0.0)
    early_stopping: bool = _kept(_plain.flag, default=False)
    n_iter: int = _kept(_plain.count, default=0)
    best_epoch: int | None = _kept(_plain.count_or_none, default=None)
    converged: bool = _kept(_plain.flag, default=False)
    loss_curve: list[float] = field(default_factory=list, metadata=_CURVE)
    validation_scores: list[float] | None = field(default=None, metadata=_CURVE)
    best_validation_score: float | None = _kept(_plain.real_or_none, default=None)
    start_score: float | None = _kept(_plain.real_or_none, default=None)
    feature_names: tuple[str, ...] | None = _kept(_plain.names_or_none, default=None)
    architecture: Mapping[str, Any] = _kept(_parameters, default_factory=dict)
    entropy: tuple[int, ...] = _kept(_plain.counts, default=())
    training: TrainingState | None = None

    def __post_init__(self) -> None:
        for array in (self.loc, self.scale, self.parameters):
            array.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    @property
    def n_parameters(self) -> int:
        """The number of trained parameters."""
        return len(self.parameters)

    @property
    def summary(self) -> str:
        """What the fit came to and why, in one line."""
        return summary(self)

    @property
    def from_clusters(self) -> bool:
        """Whether training started at clusters, which only "auto" chooses, instead of a base that was asked for."""
        auto = self.architecture.get("flow") == "auto" == self.architecture.get("base")
        return auto and isinstance(self.flow.base, GaussianMixture)

    @property
    def scaler(self) -> ColumnScaler:
        """The scaling of the columns."""
        return ColumnScaler(self.loc, self.scale, self.residuals, self.marginals, self.links)

    @property
    def of_table(self) -> TableColumns:
        """What the columns of the user's table are."""
        if self.table is not None:
            return self.table
        n = len(self.loc)
        return TableColumns.plain(Frame("array", None, ("<f8",) * n))

    @property
    def columns(self) -> dict[str | int, Kind]:
        """The kind of every column, by its name where columns have names, else by its position."""
        table = self.of_table
        names, places = table.frame.names, range(len(table.kinds))
        keys = places if names is None or len(set(names)) < len(names) else names
        return dict(zip(keys, table.kinds, strict=True))

    @property
    def measure(self) -> dict[str | int, str]:
        """What densities are relative to, for every column of the model."""
        kept = {key: kind for key, kind in self.columns.items() if not isinstance(kind, Drop)}
        return {key: kind.measure for key, kind in kept.items()}

    @property
    def gaussianized(self) -> NDArray[np.bool_]:
        """Which columns are mapped to normal scores before the flow sees them."""
        if self.marginals is None:
            return np.zeros(len(self.loc), dtype=bool)
        return np.diff(self.marginals.begins) > 0

    def to_file(self, *, resumable: bool) -> tuple[dict[str, Any], Arrays]:
        """The document and the arrays of a file, with the state of training where that is asked for."""
        document: dict[str, Any] = {"flow": self.flow.to_dict()}
        arrays: Arrays = {name: getattr(self, name) for name in ("loc", "scale", "parameters")}
        if self.residuals is not None:
            arrays |= {f"residual_{name}": array.ravel() for name, array in vars(self.residuals).items()}
        if self.marginals is not None:
            arrays |= {f"marginal_{name}": array for name, array in vars(self.marginals).items()}
        if self.links is not None:
            arrays |= {f"link_{name}": array for name, array in vars(self.links).items()}
        if self.table is not None:
            document["table"] = self.table.to_dict()
        if self.pattern is not None and self.pattern_parameters is not None:
            document["pattern"], arrays["pattern_parameters"] = (
                self.pattern.to_dict(),
                self.pattern_parameters,
            )
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if "curve" in f.metadata and value is not None:
                arrays[f.name] = np.asarray(value, dtype=np.float64)
            elif f.name == "architecture":
                document[f.name] = _params.to_plain(value)
            elif "read" in f.metadata:
                document[f.name] = list(value) if isinstance(value, tuple) else value
        if resumable and self.training is not None:
            document["training"], of_training = _training_file.write(self.training)
            arrays |= of_training
        return document, arrays

    @classmethod
    def from_file(cls, document: Any, arrays: Arrays) -> Fitted:
        """What :meth:`to_file` wrote: absent fields take their defaults, unknown ones are refused.

        Raises
        ------
        ValueError, TypeError, KeyError
            If anything is missing, of the wrong type, out of range or at odds with the rest.
        """
        kept = {f.name: f.metadata["read"] for f in dataclasses.fields(cls) if "read" in f.metadata}
        curves = [f.name for f in dataclasses.fields(cls) if "curve" in f.metadata]
        own = ["loc", "scale", "parameters", *_RESIDUALS, *_MARGINALS, *_LINKS, "pattern_parameters", *curves]
        _plain.section("the list of arrays", arrays, own + _training_file.ARRAYS)
        _plain.section("fitted", document, ["flow", "table", "pattern", "training", *kept])
        fields = {name: read(name, document[name]) for name, read in kept.items() if name in document}
        fields |= {n: _plain.vector(arrays, n, np.float64).tolist() for n in curves if n in arrays}
        loc = _plain.finite("loc", _plain.vector(arrays, "loc", np.float64))
        scale = _plain.finite("scale", _plain.vector(arrays, "scale", np.float64, len(loc)))
        if not np.all(scale > 0):
            raise ValueError("a column's scale is not positive")
        fields["residuals"] = _residuals(arrays, len(loc))
        fields["marginals"] = _marginals(arrays, len(loc))
        fields["links"] = _links(arrays, len(loc))
        if "table" in document:
            fields["table"] = TableColumns.from_dict(document["table"])
        names = fields.get("feature_names")
        n_columns = len(fields["table"].kinds) if "table" in fields else len(loc)
        if names is not None and len(names) != n_columns:
            raise ValueError(f"feature_names are not the names of {n_columns} columns")
        dtype = np.dtype(np.float64 if arrays["parameters"].dtype == np.float64 else np.float32)
        said = fields.get("architecture", {}).get("dtype", dtype.name)
        if said != dtype.name:
            raise ValueError(f"the dtype is {shown(said)}, while parameters are {dtype.name}")
        parameters = _plain.weights("parameters", _plain.vector(arrays, "parameters", dtype))
        flow = _flow(document["flow"], len(loc), len(parameters))
        if "table" in fields and len(fields["table"].used) != len(loc):
            raise ValueError(f"table has {len(fields['table'].used)} columns, and the scaling {len(loc)}")
        if "table" in fields:
            scaler = ColumnScaler(loc, scale, links=fields["links"])
            check_table(fields["table"], flow, scaler, fields.get("feature_names"))
        if ("pattern" in document) != ("pattern_parameters" in arrays):
            raise ValueError("pattern and pattern_parameters belong together")
        if "pattern" in document:
            flags = _plain.weights(
                "pattern_parameters", _plain.vector(arrays, "pattern_parameters", np.float32)
            )
            n_gaps = sum(fields["table"].own_gaps) if "table" in fields else 0
            fields["pattern"] = _flow(document["pattern"], n_gaps, len(flags))
            fields["pattern_parameters"] = flags
        fitted = cls(flow, loc, scale, parameters, **fields)
        if fitted.best_epoch is not None and fitted.best_epoch > fitted.n_iter:
            raise ValueError(f"best_epoch is {fitted.best_epoch}, after {fitted.n_iter} epochs")
        if "training" not in document:
            _plain.section("the list of arrays", arrays, own)
            return fitted
        state = _training_file.read(document["training"], arrays, fitted)
        return dataclasses.replace(fitted, training=state)


PUBLIC = (
    "n_parameters",
    "gaussianized",
    "summary",
    "columns",
    "measure",
    *(f.name for f in dataclasses.fields(Fitted)),
)
PUBLIC = tuple(
    n
    for n in PUBLIC
    if n
    not in (
        "residuals",
        "marginals",
        "links",
        "table",
        "pattern",
        "pattern_parameters",
        "feature_names",
        "architecture",
        "entropy",
        "training",
    )
)
"""The fields that users see, as attributes of a fitted estimator."""


_MARGINALS = tuple(f"marginal_{field.name}" for field in dataclasses.fields(Marginals))

_LINKS = tuple(f"link_{field.name}" for field in dataclasses.fields(Links))

_RESIDUALS = ("residual_columns", "residual_weights", "residual_widths")


def _residuals(arrays: Arrays, n_features: int) -> Residuals | None:
    """The residuals of a file, if it has any."""
    if not any(name in arrays for name in _RESIDUALS):
        return None
    columns = _plain.vector(arrays, "residual_columns", np.int64)
    weights = _plain.finite("residual_weights", _plain.vector(arrays, "residual_weights", np.float64))
    widths = _plain.finite(
        "residual_widths", _plain.vector(arrays, "residual_widths", np.float64, len(columns))
    )
    if not len(columns) or np.any(np.diff(columns) <= 0) or columns[0] < 0 or columns[-1] >= n_features:
        raise ValueError(f"residual_columns are not some of {n_features} columns in increasing order")
    if len(weights) != len(columns) * n_features:
        raise ValueError(f"residual_weights are not those of {len(columns)} among {n_features} columns")
    weights = weights.reshape(-1, n_features)
    if np.any(weights[:, columns]) or not np.all(np.any(weights, axis=1)) or not np.all(widths > 0):
        raise ValueError("residuals are of each other or of nothing, or a width is not positive")
    return Residuals(columns, weights, widths)


def _marginals(arrays: Arrays, n_features: int) -> Marginals | None:
    """The maps of a file, if it has any."""
    if not any(name in arrays for name in _MARGINALS):
        return None
    begins, *knots = (
        _plain.vector(arrays, name, np.int64 if name == "marginal_begins" else np.float64)
        for name in _MARGINALS
    )
    marginals = Marginals(begins, *knots)
    marginals.check(n_features)
    return marginals


def _links(arrays: Arrays, n_features: int) -> Links | None:
    """The elementary maps of a file, if it has any."""
    if not any(name in arrays for name in _LINKS):
        return None
    whole = ("link_codes", "link_apart")
    links = Links(
        *(_plain.vector(arrays, name, np.int64 if name in whole else np.float64) for name in _LINKS)
    )
    links.check(n_features)
    return links


def _flow(spec: Any, n_features: int, n_parameters: int) -> Flow:
    """The resolved flow, if it can be as large as the file says and no larger."""
    flow = from_dict(spec)
    if not isinstance(flow, Flow):
        raise ValueError(f"the flow is a {type(flow).__name__}")
    if flow.resolve(n_features) != flow:
        raise ValueError("the flow is not resolved")
    found = engine.count_params(flow.to_dict(), n_features, n_parameters)
    if found > n_parameters:
        raise ValueError(f"the flow has more than the {n_parameters} parameters that the file holds")
    if found < n_parameters:
        raise ValueError(f"{n_parameters} parameters, where the flow has {found}")
    return flow
