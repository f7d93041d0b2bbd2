"""What an installation takes on disk: the files of a package and of all it depends on."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

BESIDE = {"flowjax": ["optax"]}  # what a contestant's users install, too
GIVEN = ["numpy", "scipy", "scikit-learn"]  # everyone has these


def closure(names: list[str]) -> set[str]:
    """Distributions and all that they need here, extras left out."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: set[str] = set()
    to_do = [str(canonicalize_name(name)) for name in names]
    while to_do:
        name = to_do.pop()
        if name in found:
            continue
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # not for this platform, or the checkout itself
        found.add(name)
        for requirement in map(Requirement, requirements):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                to_do.append(str(canonicalize_name(requirement.name)))
    return found


def bytes_of(name: str) -> int:
    """Of a distribution's files that are there."""
    paths = [Path(str(file.locate())) for file in metadata.files(name) or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def bytes_of_checkout() -> int:
    """Of this package where it is not installed but built in the checkout: what a wheel would hold."""
    import nflows_np as package

    files = Path(package.__file__).parent.rglob("*")
    return sum(path.stat().st_size for path in files if re.search(r"\.(py|pyi|so|pyd|typed)$", path.name))


def install_sizes(contestants: list[str]) -> dict[str, tuple[int, int]]:
    """Bytes and the number of distributions for each of them."""
    given = closure(GIVEN)
    sizes = {}
    for contestant in contestants:
        wanted = closure([contestant, *BESIDE.get(contestant, [])]) - given
        size = sum(map(bytes_of, wanted))
        if contestant == "nflows_np" and not wanted:
            size, wanted = bytes_of_checkout(), {contestant}
        sizes[contestant] = size, len(wanted)
    return sizes
