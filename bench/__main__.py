"""nflows_np against the other flow libraries, and alone: everything that is measured, with one command.

    python -m pip install ".[bench]" -C cmake.define.NFLOWS_HOOKS=ON && python -m bench

contest: training steps, epochs, scoring, sampling and memory, the peers beside; kernels: the engine's parts; start:
from an import to the first log-density; memory: tables on disk; growth: cost over rows, columns, width, layers and
threads. Prints tables in Markdown. It takes half an hour and wants a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from . import peers
from ._report import part, versions
from .configs import CONFIGS, QUICK
from .contest import Contest, Entry
from .report import headline, report

PARTS = ("contest", "kernels", "start", "memory", "growth")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    others = [name for name in peers.ALL if name not in (peers.OURS, peers.YARDSTICK)]
    parser.add_argument("--only", nargs="+", choices=PARTS, default=None, help="all of them by default")
    parser.add_argument("--quick", action="store_true", help="fewer points and few rounds: some minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure, for python -m bench.compare")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="the report; the picture goes beside it"
    )
    parser.add_argument("--isa", choices=("base", "avx2", "avx512"), help="which engine of nflows_np")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="contest, kernels")
    contest = parser.add_argument_group(
        "contest", "each of these runs the contest alone, unless --only is given"
    )
    contest.add_argument("--peer", nargs="+", choices=others, default=None, help="all of them by default")
    contest.add_argument("--config", nargs="+", choices=CONFIGS, default=None, help="all of them by default")
    contest.add_argument("--threads", nargs="+", type=int, default=None, help="2 1 by default")
    args = parser.parse_args()
    if args.only is None:
        args.only = PARTS[:1] if args.peer or args.config or args.threads else PARTS
    return args


def entries(args: argparse.Namespace) -> list[Entry]:
    """Who takes part: nflows_np in a second precision, too, where all is asked for."""
    default = [name for name in peers.ALL if not (args.quick and name == peers.COMPILED)]
    names = default if args.peer is None else [peers.OURS, *args.peer, peers.YARDSTICK]
    chosen = [Entry(name, args.dtype) for name in names]
    if args.dtype == "float32" and args.peer is None and not args.quick:
        chosen.insert(1, Entry(peers.OURS, "float64", beside=True))
    return chosen


def contest(args: argparse.Namespace) -> dict[str, Any]:
    contest = Contest(
        entries(args),
        [CONFIGS[name] for name in args.config or (QUICK if args.quick else CONFIGS)],
        args.threads or ([2] if args.quick else [2, 1]),
        args.isa,
        most_rounds=3 if args.quick else 7,
    )
    contest.run()
    if not any(figure["contestant"] == peers.OURS for figure in contest.figures):
        raise RuntimeError("; ".join(contest.notes) or "nothing was measured")
    return {"dtype": args.dtype, **contest.about, "notes": contest.notes, "figures": contest.figures}


def program(name: str, args: argparse.Namespace, picture: Path) -> dict[str, Any]:
    """Any other part: a program of its own, in its own process."""
    options = ["--quick"] if args.quick else []
    if name == "kernels":
        options += ["--dtype", args.dtype]
    if name == "growth":
        options += ["--picture", str(picture)]
    return part(f"bench.{name}", *options, isa=args.isa)


def everything(args: argparse.Namespace, picture: Path) -> dict[str, Any]:
    """The results of the parts by their names, and why some have none; saved after each, in case the next one hangs."""
    result: dict[str, Any] = {
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "versions": versions(*peers.DISTRIBUTIONS),
        "failed": {},
    }
    for name in (name for name in PARTS if name in args.only):
        print(f"==== {name}", file=sys.stderr, flush=True)
        try:
            result[name] = contest(args) if name == "contest" else program(name, args, picture)
        except Exception as error:
            result["failed"][name] = f"{type(error).__name__}: {error}"
            print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        else:
            result.setdefault("machine", result[name].get("machine"))
        if args.json:
            args.json.write_text(json.dumps(result, indent=1) + "\n")
    return result


def main() -> None:
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        picture = (args.markdown.parent if args.markdown else Path(folder)) / "growth.png"
        result = everything(args, picture)
    text = report(result, picture.name if args.markdown else None)
    if args.markdown:
        args.markdown.write_text(text + "\n")
    print("\n\n".join(filter(None, [text, headline(result)])))
    if result["failed"]:
        sys.exit("failed: " + ", ".join(result["failed"]))


if __name__ == "__main__":
    main()
