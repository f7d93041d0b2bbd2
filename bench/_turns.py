"""Whatever is compared is timed in turns, so that a slow spell of the machine hits all of it alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")


def in_turns(
    timers: Mapping[Key, Callable[[], float | None]], rounds: Mapping[Key, int]
) -> dict[Key, list[float]]:
    """The first once, the second once, ..., and again, each for as many rounds as it has; None is no time."""
    times: dict[Key, list[float]] = {key: [] for key in timers}
    for i in range(max(rounds.values(), default=0)):
        for key, measure in timers.items():
            seconds = measure() if i < rounds[key] else None
            if seconds is not None:
                times[key].append(seconds)
    return times


def medians(timers: Mapping[Key, Callable[[], float | None]], rounds: int) -> dict[Key, float]:
    """Of as many rounds for all."""
    times = in_turns(timers, dict.fromkeys(timers, rounds))
    return {key: statistics.median(values) for key, values in times.items()}


def spread(times: list[float]) -> dict[str, Any]:
    """Median and quartiles."""
    low = high = median = statistics.median(times)
    if len(times) > 1:
        low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return {"seconds": median, "low": low, "high": high, "rounds": len(times)}
