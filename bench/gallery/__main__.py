"""The gallery: every preset, with its defaults, on five generated sets of two columns.

Fits each preset to 10,000 rows of each set, and writes a picture for each preset and a page of them all with the mean
log-likelihood of 10,000 other rows. A fit ends when it has converged or its time is over.

    python -m bench.gallery [--presets maf nsf] [--sets moons] [--seconds 8] [--quick] [--out DIR]
"""

from __future__ import annotations

import argparse
import inspect
import re
import time
from collections.abc import Mapping
from pathlib import Path

from nflows_np.presets import PRESETS

from .._markdown import described, markdown
from .._report import machine
from .pictures import picture
from .views import LATENT, SETS, View, view

Views = Mapping[str, View]  # of one preset, by set

PAGE = """\
# The gallery

`python -m bench.gallery`

Every preset, with the defaults of `FlowDensity`, on {n_rows:,} rows of each of some generated sets of two columns:
epochs until the fit has converged, or for {seconds:g} seconds.

{machine}

The mean log-likelihood of {n_rows:,} other rows, in nats; two standard errors are at most {error:.3f}. `*`: the time
was over before the fit had converged. The last line is what the sets' own densities, where they are known, give to
the same rows.

{table}

From left to right, the pictures show rows of the set; the fitted density, with the figures of the table; as many
rows drawn from it; and what the flow makes of a regular grid of its latent space, {reach:g} standard deviations to
each side.

{presets}
"""


def page(gallery: Mapping[str, Views], n_rows: int, seconds: float) -> str:
    """The text around the pictures of some presets."""
    error = max(view.error for views in gallery.values() for view in views.values())
    return PAGE.format(
        n_rows=n_rows,
        seconds=seconds,
        machine=described(machine()),
        error=error,
        table=table(gallery),
        reach=LATENT,
        presets="\n\n".join(entry(preset) for preset in gallery),
    )


def table(gallery: Mapping[str, Views]) -> str:
    """Held-out log-likelihoods: presets down, sets across, and below what there is to reach."""
    first = next(iter(gallery.values()))
    rows = [
        [preset, *(f"{view.score:.3f}{'' if view.converged else '*'}" for view in views.values())]
        for preset, views in gallery.items()
    ]
    truth = ["-" if view.true is None else f"{view.true:.3f}" for view in first.values()]
    return markdown(["", *first], [*rows, ["true", *truth]], left=1)


def entry(preset: str) -> str:
    """A preset's picture under what it is and whose, from its docstring."""
    doc = inspect.getdoc(PRESETS[preset]) or ""
    _, references = re.split(r"^References\n-+\n", doc, flags=re.MULTILINE)
    cited, *_ = references.split("\n\n")
    return f"## {preset}\n\n{doc.splitlines()[0]}\n\n{cited}\n\n![{preset}]({preset}.png)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seconds", type=float, help="the longest that a fit may take; 8 by default")
    parser.add_argument("--quick", action="store_true", help="2,000 rows, and by default 2 seconds")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="the folder to write into")
    args = parser.parse_args()
    n_rows, seconds = (2_000, 2.0) if args.quick else (10_000, 8.0)
    seconds = seconds if args.seconds is None else args.seconds

    args.out.mkdir(parents=True, exist_ok=True)
    gallery: dict[str, Views] = {}
    for preset in args.presets:
        views: dict[str, View] = {}
        for name in args.sets:
            began = time.perf_counter()
            views[name] = view(preset, name, n_rows, seconds=seconds)
            epochs, took = views[name].epochs, time.perf_counter() - began
            print(
                f"{preset:12s} {name:16s} {views[name].score:8.3f}  {epochs:3d} epochs {took:5.1f} s",
                flush=True,
            )
        picture(views, args.out / f"{preset}.png")
        gallery[preset] = views
    (args.out / "README.md").write_text(page(gallery, n_rows, seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
