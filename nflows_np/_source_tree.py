"""A source tree without compiled modules steps aside for the installed package.

`python -m nflows_np` and `python -m pytest` put the current directory first on Python's path. In a checkout
that is the source tree, which after `pip install .` still has no compiled modules: those are where pip put
them. Then the whole package is taken from there, Python files included, so that what runs is what was
installed and never a mixture. A source tree with modules of its own (a development build) stays in charge,
and so does every installed package.
"""

import os
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.metadata import distributions
from importlib.util import find_spec

COMPILED = "_stream"  # present in every build


def package_path(name: str, path: Iterable[str], version: str) -> list[str]:
    """Where package `name`, of `version` and found at `path`, looks for its modules.

    Returns `path` itself where the compiled modules can be found from there, else the installed package's.
    Raises ImportError, with the command that mends it, where nothing or another version is installed.
    """
    path = list(path)
    if find_spec(f"{name}.{COMPILED}") is not None:
        return path
    tree = os.path.realpath(os.path.dirname(path[0]))
    elsewhere = [entry for entry in sys.path if os.path.realpath(entry or os.curdir) != tree]
    spec = PathFinder.find_spec(name, elsewhere)
    installed = list(spec.submodule_search_locations or []) if spec is not None and spec.origin else []
    if not installed or PathFinder.find_spec(f"{name}.{COMPILED}", installed) is None:
        raise ImportError(
            f"{name} at {path[0]} has no compiled modules and no installed {name} was found: "
            f"run `python -m pip install .` in {tree}"
        )
    site = os.path.dirname(installed[0])
    found = next((d.version for d in distributions(name=name, path=[site])), "of no known version")
    if found != version:
        raise ImportError(
            f"{name} at {path[0]} is {version} and has no compiled modules; the installed one, at "
            f"{installed[0]}, is {found}: run `python -m pip install .` again in {tree}"
        )
    return installed
