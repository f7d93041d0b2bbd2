"""Write the golden file of columns of several kinds, and for each engine here what it computes.

    PYTHONPATH=. python tests/golden/make_kinds.py

Run once for a format, by the version that writes it; later ones have to read it as it is.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nflows_np import FlowDensity, load
from nflows_np._engine import available, choice
from nflows_np.columns import Bounded, Integer, Periodic, Positive
from nflows_np.persistence import FORMAT

HERE = Path(__file__).parent
NAME = f"kinds_{FORMAT}"

KINDS = {
    "count": Integer(0),
    "share": Bounded(0, 1),
    "angle": Periodic(0, 360),
    "spend": Positive(atoms="low"),
}


def table(n, seed):
    """A category, a count, a share, an angle, spending with zeros, a number; some cells left out."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Bonn", "Graz", "Ulm"], n)
    count = rng.poisson(3.0, n)
    X = pd.DataFrame({
        "town": pd.Categorical(town, ["Bonn", "Graz", "Ulm"]), "count": count, "share": rng.beta(2, 3, n),
        "angle": rng.uniform(0, 360, n), "spend": np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(0.3 * count)),
        "number": rng.normal(count, 1.0),
    })  # fmt: skip
    X.loc[rng.random(n) < 0.2, "number"] = np.nan
    return X


def record() -> None:
    """What the file computes on this engine."""
    model, X = load(HERE / f"{NAME}.flow"), table(60, 1)
    np.savez_compressed(
        HERE / f"{NAME}_{choice()['isa']}.npz",
        score_samples=model.score_samples(X),
        transform=model.transform(X),
        parameters=model.parameters_,
    )


def main() -> None:
    if len(sys.argv) > 1:
        return record()
    flow = FlowDensity(
        "nsf_ar", columns=KINDS, missing="observed", hidden_units=(8,), max_iter=8, random_state=0
    )
    flow.fit(table(600, 0)).save(HERE / f"{NAME}.flow")
    for isa in available():
        command = [sys.executable, __file__, "record"]
        subprocess.run(command, check=True, env=os.environ | {"NFLOWS_NP_ISA": isa})
    return None


if __name__ == "__main__":
    main()
