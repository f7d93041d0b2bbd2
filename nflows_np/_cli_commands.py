"""What the commands do."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from nflows_np._tables import (
    Table,
    TableError,
    check_output,
    for_fit,
    holds_numbers_only,
    matching,
    read_table,
    write_table,
)
from nflows_np.columns.kinds import Kind, kind_from_dict

_PARAMETERS = (
    "flow", "n_layers", "hidden_units", "max_iter", "batch_size", "learning_rate_init", "dtype", "random_state",
    "n_jobs", "missing",
)  # fmt: skip


def run_fit(args: argparse.Namespace) -> None:
    """Fit a flow to a table, or go on with a fit."""
    from nflows_np import FlowDensity

    given = {name: getattr(args, name) for name in _PARAMETERS if getattr(args, name) is not None}
    estimator: Any = FlowDensity() if args.resume is None else loaded(args.resume)
    estimator.set_params(**given, verbose=0 if args.quiet else 1)
    table = _table_to_fit(args, estimator)
    X_val = None
    if args.validation:
        if args.validation == args.table == "-":
            raise TableError("The standard input is one table, not two.")
        choose, gaps = matching(table.names, table.kinds), estimator.missing == "observed"
        X_val = read_table(args.validation, args.array, sep=args.sep, choose=choose, gaps=gaps).values
    estimator._validate_params()
    _check_target(args.output)
    began, warm_start = time.perf_counter(), estimator.warm_start
    try:
        estimator.warm_start = args.resume is not None
        with _names_are_compared():
            estimator._fit_flow(
                table.values, None, X_val, feature_names=table.names if table.is_array else None
            )
    except KeyboardInterrupt:
        if estimator.__sklearn_is_fitted__():  # with the best weights so far
            estimator.warm_start = warm_start
            estimator.save(args.output, resumable=args.resumable)
        raise
    seconds = time.perf_counter() - began
    estimator.warm_start = warm_start
    estimator.save(args.output, resumable=args.resumable)
    if not args.quiet:
        judged = estimator.best_validation_score_
        mean = "" if judged is None else f", mean log-likelihood {judged:.4f} on validation rows"
        print(
            f"{args.output}: {estimator.n_parameters_:,} parameters, {estimator.n_iter_} epochs "
            f"in {seconds:.1f} s{mean}"
        )


def _table_to_fit(args: argparse.Namespace, estimator: Any) -> Table:
    """The rows to fit. The estimator learns what their columns are."""
    gaps = estimator.missing == "observed"
    if args.resume is not None:
        if args.columns is not None or args.use is not None:
            raise TableError("--resume goes on with the columns of its model: leave --columns and --use out.")
        choose = matching(getattr(estimator, "feature_names_in_", None), estimator._fitted.of_table.kinds)
        return read_table(args.table, args.array, sep=args.sep, choose=choose, gaps=gaps)
    word = args.columns if args.columns in ("auto", "from_dtype") else None
    kinds = {} if args.columns is None or word else _kinds_of(args.columns)
    choose = for_fit(args.use, kinds)
    table = read_table(args.table, args.array, sep=args.sep, choose=choose, gaps=gaps)
    by_position = {j: kind for j, kind in enumerate(table.kinds) if kind is not None}
    estimator.columns = by_position or word or "from_dtype"
    return table


def _kinds_of(path: str) -> dict[str, Kind]:
    """The kinds of columns in a JSON file."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            document = json.load(file)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path}: not JSON ({error}).") from None
    if not isinstance(document, dict):
        raise TableError(f'{path}: not an object such as {{"price": {{"kind": "positive"}}}}.')
    kinds = {}
    for key, value in document.items():
        try:
            kinds[key] = kind_from_dict(value)
        except ValueError as error:
            raise TableError(f"{path}, {key!r:.60}: {error}") from None
    return kinds


def _check_target(path: str) -> None:
    """Refuse a model file that could not be written before, not after, hours of training."""
    folder = os.path.dirname(os.path.realpath(path))
    if not path or os.path.isdir(path):
        raise OSError(f"{path!r} is not the name of a file that could be written.")
    if not os.path.isdir(folder):
        raise OSError(f"{path}: there is no folder {folder}.")
    if not os.access(folder, os.W_OK):
        raise OSError(f"{path}: the folder {folder} cannot be written to.")


@contextmanager
def _names_are_compared() -> Iterator[None]:
    """No word about tables without names: those of others were compared when they were read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X(_val)? (does not have|has)( valid)? feature names")
        yield


def loaded(path: str) -> Any:
    """The model of a file."""
    from nflows_np import load

    return load(path)


def _rows_for(estimator: Any, args: argparse.Namespace) -> Any:
    """The rows of a table, with the columns of a model."""
    columns = estimator._fitted.of_table
    choose = matching(getattr(estimator, "feature_names_in_", None), columns.kinds)
    return read_table(args.table, args.array, sep=args.sep, choose=choose, gaps=any(columns.gaps)).values


def run_score(args: argparse.Namespace) -> None:
    """Write the log-density of every row."""
    check_output(args.output)
    estimator = loaded(args.model)
    if args.handle_unknown is not None:
        estimator.set_params(handle_unknown=args.handle_unknown)
    X = _rows_for(estimator, args)
    with _names_are_compared():
        log_density = estimator.score_samples(X)
    write_table(args.output, log_density[:, None], ["log_density"])
    impossible = int(np.sum(np.isneginf(log_density)))
    remark = f", {impossible} of them impossible" if impossible else ""
    mean = np.mean(log_density)
    print(f"mean log-density {mean:.6f} nats over {len(log_density)} rows{remark}", file=sys.stderr)


def run_sample(args: argparse.Namespace) -> None:
    """Write new rows."""
    check_output(args.output)
    estimator = loaded(args.model)
    output = _output_of(estimator, args)
    with _its_library(args.model):
        table = estimator.sample(
            args.n_samples, random_state=args.seed, keep_missing=args.keep_missing, output=output
        )
    write_table(args.output, table, _names(estimator), _whole(estimator))


def run_impute(args: argparse.Namespace) -> None:
    """Write a table with its left-out cells drawn."""
    check_output(args.output)
    estimator = loaded(args.model)
    output = _output_of(estimator, args)
    X = _rows_for(estimator, args)
    with _names_are_compared(), _its_library(args.model):
        table = estimator.impute(X, random_state=args.seed, output=output)
    write_table(args.output, table, _names(estimator), _whole(estimator))


def _output_of(estimator: Any, args: argparse.Namespace) -> str:
    """What a model is to make tables as: arrays where the output is one, which has no place for texts."""
    if not holds_numbers_only(args.output):
        return "like_fit"
    for name, kind in estimator.columns_.items():
        if any(isinstance(level, (str, bool)) for level in kind.levels or ()):
            raise TableError(
                f"{args.output}: an array of numbers has no place for column {name!r} of {args.model}, which holds "
                "categories: write CSV, Parquet or Feather."
            )
    return "array"


@contextmanager
def _its_library(path: str) -> Iterator[None]:
    """Say so where a model makes frames of a library that is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TableError(
            f"{path}: it was fitted to a table of {error.name}, and makes such tables: "
            f"python -m pip install {error.name}"
        ) from None


def _names(estimator: Any) -> list[str] | None:
    """The names of the columns that a model makes, where it knows them."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(names[j]) for j in estimator._fitted.of_table.used]


def _whole(estimator: Any) -> list[int]:
    """The columns that a model makes of whole numbers."""
    return [
        j
        for j, kind in enumerate(estimator._fitted.of_table.own)
        if (kind.step == 1.0 if kind.levels is None else all(_is_whole(level) for level in kind.levels))
    ]


def _is_whole(level: Any) -> bool:
    return isinstance(level, (int, float)) and float(level).is_integer()
