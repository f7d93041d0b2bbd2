"""The command line.

    python -m nflows_np                               the main job, on real data that comes with scikit-learn
    python -m nflows_np fit TABLE -o MODEL            fit a flow to a table of your own
    python -m nflows_np score MODEL TABLE [-o OUT]    the log-density of every row
    python -m nflows_np sample MODEL -n N [-o OUT]    new rows

A TABLE is a CSV file with or without a header, or an NPY or NPZ file. Exit status: 0, or 2 with one line that
says what is wrong with what was given, or 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from nflows_np import __version__
from nflows_np._tables import columns_of, read_table, write_table
from nflows_np.presets import PRESETS


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    args = _parser().parse_args(argv)
    warnings.showwarning = _one_line
    try:
        args.run(args)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("nflows_np: interrupted", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, ImportError, MemoryError) as error:
        message = " ".join(str(error).splitlines()) or type(error).__name__
        print(f"nflows_np: error: {message}", file=sys.stderr)
        return 2
    return 0


def _one_line(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    """A warning without the place in the code, which is none of the user's."""
    print(f"nflows_np: {category.__name__}: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nflows_np",
        description="Density estimation with normalizing flows. Without a command: the main job, on real "
        "data that comes with scikit-learn.",
    )
    parser.add_argument("--version", action="version", version=f"nflows_np {__version__}")
    parser.set_defaults(run=_run_demo)
    commands = parser.add_subparsers(title="commands", metavar="{fit,score,sample}")
    table = "CSV with or without a header, NPY or NPZ"

    fit = commands.add_parser("fit", help="fit a flow to a table", description="Fit a flow to a table.")
    fit.add_argument("table", metavar="TABLE", help=table)
    fit.add_argument("-o", "--output", metavar="MODEL", required=True, help="the model file to write")
    fit.add_argument("--flow", default="auto", choices=["auto", *PRESETS], help="default: auto")
    fit.add_argument("--n-layers", type=int, metavar="N")
    fit.add_argument("--hidden-units", type=_widths, metavar="N[,N...]")
    fit.add_argument("--max-iter", type=int, metavar="N", help="largest number of epochs")
    fit.add_argument("--batch-size", type=int, metavar="N")
    fit.add_argument("--learning-rate", type=float, metavar="RATE", dest="learning_rate_init")
    fit.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    fit.add_argument(
        "--validation", metavar="TABLE", help="rows to validate on, in place of a share of TABLE"
    )
    fit.add_argument("--seed", type=int, dest="random_state", metavar="N")
    fit.add_argument("--n-jobs", type=int, metavar="N", help="threads")
    fit.add_argument("--array", metavar="NAME", help="which array of an NPZ file")
    fit.add_argument("-q", "--quiet", action="store_true", help="no progress")
    fit.set_defaults(run=_run_fit)

    score = commands.add_parser(
        "score",
        help="the log-density of every row",
        description="Write the log-density of every row, in nats; their mean goes to the standard error.",
    )
    score.add_argument("model", metavar="MODEL")
    score.add_argument("table", metavar="TABLE", help=table)
    score.add_argument(
        "-o", "--output", metavar="OUT", help="CSV, NPY or NPZ; default: CSV to the standard output"
    )
    score.add_argument("--array", metavar="NAME", help="which array of an NPZ file")
    score.set_defaults(run=_run_score)

    sample = commands.add_parser("sample", help="new rows", description="Draw new rows.")
    sample.add_argument("model", metavar="MODEL")
    sample.add_argument("-n", "--n-samples", type=int, required=True, metavar="N")
    sample.add_argument(
        "-o", "--output", metavar="OUT", help="CSV, NPY or NPZ; default: CSV to the standard output"
    )
    sample.add_argument("--seed", type=int, metavar="N")
    sample.set_defaults(run=_run_sample)
    return parser


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no width, nor several with commas between") from None


def _run_demo(args: argparse.Namespace) -> None:
    from nflows_np import _demo

    _demo.run()


def _run_fit(args: argparse.Namespace) -> None:
    from nflows_np import FlowDensity

    table = read_table(args.table, args.array)
    X_val = None
    if args.validation:
        X_val = columns_of(read_table(args.validation, args.array), args.validation, table.names)
    given = {
        name: getattr(args, name)
        for name in (
            "flow", "n_layers", "hidden_units", "max_iter", "batch_size", "learning_rate_init", "dtype",
            "random_state", "n_jobs",
        )
        if getattr(args, name) is not None
    }  # fmt: skip
    estimator: Any = FlowDensity(**given, verbose=0 if args.quiet else 1)
    estimator._validate_params()
    _check_target(args.output)
    began = time.perf_counter()
    try:
        with _names_are_compared():
            estimator._fit_flow(table.values, None, X_val, feature_names=table.names)
    except KeyboardInterrupt:
        if estimator.__sklearn_is_fitted__():  # with the best weights so far
            estimator.save(args.output)
        raise
    seconds = time.perf_counter() - began
    estimator.save(args.output)
    if not args.quiet:
        judged = estimator.best_validation_score_
        mean = "" if judged is None else f", mean log-likelihood {judged:.4f} on validation rows"
        print(
            f"{args.output}: {estimator.n_parameters_:,} parameters, {estimator.n_iter_} epochs "
            f"in {seconds:.1f} s{mean}"
        )


def _check_target(path: str) -> None:
    """Refuse a file that could not be written before, not after, hours of training."""
    folder = os.path.dirname(os.path.realpath(path))
    if not path or os.path.isdir(path):
        raise OSError(f"{path!r} is not the name of a file that could be written.")
    if not os.path.isdir(folder):
        raise OSError(f"{path}: there is no folder {folder}.")
    if not os.access(folder, os.W_OK):
        raise OSError(f"{path}: the folder {folder} cannot be written to.")


@contextmanager
def _names_are_compared() -> Iterator[None]:
    """No word about arrays without names: those of tables were compared when they were read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X(_val)? does not have valid feature names")
        yield


def _loaded(path: str) -> Any:
    from nflows_np import load

    return load(path)


def _run_score(args: argparse.Namespace) -> None:
    estimator = _loaded(args.model)
    X = columns_of(
        read_table(args.table, args.array), args.table, getattr(estimator, "feature_names_in_", None)
    )
    with _names_are_compared():
        log_density = estimator.score_samples(X)
    write_table(args.output, log_density[:, None], ["log_density"])
    print(f"mean log-density {np.mean(log_density):.6f} nats over {len(log_density)} rows", file=sys.stderr)


def _run_sample(args: argparse.Namespace) -> None:
    estimator = _loaded(args.model)
    names = getattr(estimator, "feature_names_in_", [f"x{j}" for j in range(estimator.n_features_in_)])
    write_table(args.output, estimator.sample(args.n_samples, random_state=args.seed), names)
