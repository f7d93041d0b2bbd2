"""nflows_np against the other flow libraries: training steps, epochs, scoring, sampling, memory.

    python -m pip install ".[bench]" && python -m bench

Prints tables in Markdown; `--json` keeps every figure, for `python -m bench.compare` and `python -m bench.tables`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from . import peers
from .configs import CONFIGS, QUICK
from .contest import Contest, Entry
from .tables import report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    others = [name for name in peers.ALL if name not in (peers.OURS, peers.YARDSTICK)]
    parser.add_argument("--peer", nargs="+", choices=others, default=None, help="all of them by default")
    parser.add_argument("--config", nargs="+", choices=CONFIGS, default=None, help="all of them by default")
    parser.add_argument("--threads", nargs="+", type=int, default=None, help="2 1 by default")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--isa", choices=("base", "avx2", "avx512"), help="which engine of nflows_np")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="two configurations, two threads, few rounds")
    return parser.parse_args()


def entries(args: argparse.Namespace) -> list[Entry]:
    """Who takes part: nflows_np in a second precision, too, where all is asked for."""
    default = [name for name in peers.ALL if not (args.quick and name == peers.COMPILED)]
    names = default if args.peer is None else [peers.OURS, *args.peer, peers.YARDSTICK]
    chosen = [Entry(name, args.dtype) for name in names]
    if args.dtype == "float32" and args.peer is None and not args.quick:
        chosen.insert(1, Entry(peers.OURS, "float64", beside=True))
    return chosen


def main() -> None:
    args = arguments()
    contest = Contest(
        entries(args),
        [CONFIGS[name] for name in args.config or (QUICK if args.quick else CONFIGS)],
        args.threads or ([2] if args.quick else [2, 1]),
        args.isa,
        most_rounds=3 if args.quick else 7,
    )
    contest.run()
    result: dict[str, Any] = {
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "dtype": args.dtype,
        **contest.about,
        "notes": contest.notes,
        "figures": contest.figures,
    }
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    print(report(result))


if __name__ == "__main__":
    main()
