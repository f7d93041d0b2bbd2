"""The command line.

    python -m nflows_np                                   the main job, on real data that comes with scikit-learn
    python -m nflows_np fit TABLE -o MODEL                fit a flow to a table of your own
    python -m nflows_np score MODEL TABLE [-o OUT]        the log-density of every row
    python -m nflows_np sample MODEL -n N [-o OUT]        new rows
    python -m nflows_np impute MODEL TABLE [-o OUT]       draws of the cells that are left out

A TABLE is a CSV file with or without a header, an NPY or NPZ file, or Parquet or Feather; "-" is CSV from the standard
input. Exit status: 0, or 2 with one line that says what is wrong with what was given, or 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from nflows_np import __version__, _cli_commands
from nflows_np.presets import PRESETS

_TABLE = "CSV with or without a header (- is the standard input), NPY, NPZ, Parquet or Feather"
_OUT = "CSV (.csv, .tsv, .txt, also .gz), NPY, NPZ, Parquet or Feather; default: CSV to the standard output"
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}


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
    commands = parser.add_subparsers(title="commands", metavar="{fit,score,sample,impute}")
    _add_fit(commands)

    score = commands.add_parser(
        "score",
        help="the log-density of every row",
        description="Write the log-density of every row, in nats; their mean goes to the standard error. Columns are "
        "matched by name where both sides have names.",
    )
    score.add_argument("model", metavar="MODEL")
    _add_table(score)
    score.add_argument("-o", "--output", metavar="OUT", help=_OUT)
    score.add_argument(
        "--handle-unknown",
        choices=["error", "ignore"],
        help="what to make of categories that the model does not know: an error, or a log-density of -inf",
    )
    score.set_defaults(run=_cli_commands.run_score)

    sample = commands.add_parser("sample", help="new rows", description="Draw new rows.")
    sample.add_argument("model", metavar="MODEL")
    sample.add_argument("-n", "--n-samples", type=int, required=True, metavar="N")
    sample.add_argument("-o", "--output", metavar="OUT", help=_OUT)
    sample.add_argument(
        "--keep-missing", action="store_true", help="leave cells out as the fitted table does"
    )
    sample.add_argument("--seed", type=int, metavar="N")
    sample.set_defaults(run=_cli_commands.run_sample)

    impute = commands.add_parser(
        "impute",
        help="draws of the cells that are left out",
        description="Draw the cells of a table that are left out, given those that are there. The model is one of "
        "fit --missing observed.",
    )
    impute.add_argument("model", metavar="MODEL")
    _add_table(impute)
    impute.add_argument("-o", "--output", metavar="OUT", help=_OUT)
    impute.add_argument("--seed", type=int, metavar="N")
    impute.set_defaults(run=_cli_commands.run_impute)
    return parser


def _add_fit(commands: Any) -> None:
    fit = commands.add_parser("fit", help="fit a flow to a table", description="Fit a flow to a table.")
    _add_table(fit)
    fit.add_argument("-o", "--output", metavar="MODEL", required=True, help="the model file to write")
    fit.add_argument("--flow", choices=["auto", *PRESETS], help="default: auto")
    fit.add_argument("--n-layers", type=int, metavar="N")
    fit.add_argument("--hidden-units", type=_widths, metavar="N[,N...]")
    fit.add_argument("--max-iter", type=int, metavar="N", help="largest number of epochs")
    fit.add_argument("--batch-size", type=int, metavar="N")
    fit.add_argument("--learning-rate", type=float, metavar="RATE", dest="learning_rate_init")
    fit.add_argument("--dtype", choices=["float32", "float64"], help="default: float32")
    fit.add_argument(
        "--columns",
        metavar="SPEC",
        help='what columns are: "from_dtype" (default), "auto", or a JSON file such as {"price": {"kind": "positive"}, '
        '"angle": {"kind": "periodic", "low": 0, "high": 360}, "id": {"kind": "drop"}}',
    )
    fit.add_argument(
        "--use", metavar="NAME[,NAME...]", help="the columns to fit, by names or positions from 0"
    )
    fit.add_argument(
        "--missing", choices=["error", "observed"], help="whether to learn from rows with left-out cells"
    )
    fit.add_argument(
        "--validation", metavar="TABLE", help="rows to validate on, in place of a share of TABLE"
    )
    fit.add_argument("--resume", metavar="MODEL", help="go on with this model, which fit --resumable wrote")
    fit.add_argument("--resumable", action="store_true", help="write what --resume needs into the model file")
    fit.add_argument("--seed", type=int, dest="random_state", metavar="N")
    fit.add_argument("--n-jobs", type=int, metavar="N", help="threads")
    fit.add_argument("-q", "--quiet", action="store_true", help="no progress")
    fit.set_defaults(run=_cli_commands.run_fit)


def _add_table(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", metavar="TABLE", help=_TABLE)
    command.add_argument("--array", metavar="NAME", help="which array of an NPZ file")
    command.add_argument(
        "--sep",
        type=_separator,
        metavar="CHARACTER",
        help="what is between the cells of CSV; default: a comma, semicolon or tab, whichever is there",
    )


def _separator(text: str) -> str:
    sep = _SEPARATORS.get(text, text)
    if len(sep) != 1 or sep in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r} is no single character, nor comma, semicolon or tab")
    return sep


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no width, nor several with commas between") from None


def _run_demo(args: argparse.Namespace) -> None:
    from nflows_np import _demo

    _demo.run()
