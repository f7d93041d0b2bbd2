"""What a row costs to sample against what it costs to score, for a masked autoregressive flow.

Naively, sampling takes as many network passes as there are columns. Here it takes about one.

    python -m bench.sampling [--columns 63] [--hidden 512] [--rows 10000] [--repeat 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from nflows_np import FlowDensity


def median_time(call: Callable[[], object], repeat: int) -> float:
    call()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--columns", type=int, default=63)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()

    X = np.random.default_rng(0).normal(size=(args.rows, args.columns)).astype(np.float32)
    flow = FlowDensity("maf", n_layers=5, hidden_units=(args.hidden,) * 2, max_iter=1, random_state=0).fit(X)
    scoring = median_time(lambda: flow.score_samples(X), args.repeat)
    sampling = median_time(lambda: flow.sample(args.rows, random_state=0), args.repeat)
    print(f"scoring  {args.rows / scoring:12,.0f} rows/s")
    print(f"sampling {args.rows / sampling:12,.0f} rows/s")
    print(f"time of sampling / time of scoring: {sampling / scoring:.2f}")


if __name__ == "__main__":
    main()
