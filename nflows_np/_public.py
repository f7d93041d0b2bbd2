"""What completion shows of a package: its own public names, without its files and what it imports."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


def public_names(namespace: Mapping[str, Any]) -> list[str]:
    """Return the names for the ``__dir__`` of a package.

    Parameters
    ----------
    namespace : mapping
        Its ``globals()``.

    Returns
    -------
    names : list of str
        Classes, functions and values of the package and of its files, sorted.
    """
    package = namespace["__name__"]
    homes = f"{package}.", "nflows_np._stream."  # the compiled module holds parts of several packages

    def own(value: Any) -> bool:
        home = getattr(value, "__module__", package)  # plain values have none
        return not isinstance(value, ModuleType) and f"{home}.".startswith(homes)

    return sorted(name for name, value in namespace.items() if not name.startswith("_") and own(value))
