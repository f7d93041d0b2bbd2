"""The docstring of a preset: what all of them share, added to what its file says of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

_SHARED = """\
n_layers : int or "auto", default="auto"
    Layers or steps, each as above. "auto" is {n_layers}.
hidden_units : sequence of int or "auto", default="auto"
    Widths of the hidden layers of each network. "auto" is {hidden_units}.
activation : {{"relu", "tanh", "silu", "elu"}} or "auto", default="auto"
    Activation function of the hidden layers. "auto" is {activation!r}."""

_WITHOUT_NETWORKS = """\
n_layers : int or "auto", default="auto"
    Layers. "auto" is {n_layers}.
hidden_units, activation
    Without effect, for there are no networks: all presets are called alike."""

_RETURNS = """\
Returns
-------
flow : Flow
    What is "auto" is decided when it meets a table: by ``FlowDensity.fit``, or by ``flow.for_table``.

Raises
------
ValueError
    If an option is not valid."""


def documented(doc: str | None, rules: Mapping[str, Any]) -> str | None:
    """The whole docstring, of a summary, own Parameters if any, References and Examples."""
    if doc is None:  # Python runs without docstrings
        return None
    shared = (_SHARED if rules["hidden_units"] else _WITHOUT_NETWORKS).format_map(rules)
    head, *sections = re.split(r"\n\n(?=(?:Parameters|References)\n-+\n)", cleandoc(doc))
    own = ""
    if sections[0].startswith("Parameters"):
        own = sections.pop(0).split("\n", 2)[2]
        own = "\n" + re.sub(r"\{auto:(\w+)\}", lambda match: str(rules[match[1]]), own)
    parameters = f"Parameters\n----------\n{shared}{own}"
    return "\n\n".join([head, parameters, _RETURNS, *sections])
