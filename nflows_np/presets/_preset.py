"""What makes a function of layers a preset: options that may be "auto", one docstring, a place in the registry.

A preset's function returns the layers for options that are all decided. The decorator `preset_of` gives users the
function that returns a `Flow`: at once where everything is decided, and else one that holds a `PresetLayers` in
their place, which `Flow.for_table` asks. `FlowDensity("nsf")` and `FlowDensity(presets.nsf())` come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from types import MappingProxyType
from typing import Any, ParamSpec

import numpy as np

from nflows_np._limits import MAX_LAYERS
from nflows_np._messages import shown
from nflows_np.specs import Bijection, Flow
from nflows_np.specs._checks import check_activation, check_hidden_units, check_integer, is_integer, require
from nflows_np.specs._recipe import Recipe

from ._docs import documented
from ._rules import ACTIVATION, SHARED, WIDTHS, Rule

P = ParamSpec("P")

AUTO: Any = "auto"
"""The default of every option that a rule decides."""

_presets: dict[str, Preset] = {}
_functions: dict[str, Callable[..., Flow]] = {}

PRESETS: Mapping[str, Callable[..., Flow]] = MappingProxyType(_functions)
"""The preset functions by name, in the order of names."""


def preset_of(**rules: Any) -> Callable[[Callable[P, Sequence[Bijection]]], Callable[P, Flow]]:
    """Decorator: make a preset of a function that returns layers.

    Parameters
    ----------
    **rules
        What "auto" means for an option: a value, or a `Rule` of a table's rows and columns. `n_layers` has to have
        one; `hidden_units` and `activation` have those of all presets.

    Returns
    -------
    decorator : callable
    """

    def decorate(layers: Callable[P, Sequence[Bijection]]) -> Callable[P, Flow]:
        preset = Preset(layers, {"hidden_units": WIDTHS, "activation": ACTIVATION, **rules})

        @wraps(layers)
        def function(*args: P.args, **kwargs: P.kwargs) -> Flow:
            try:
                options = preset.signature.bind(*args, **kwargs).arguments
            except TypeError as error:
                raise TypeError(
                    f"{preset.name}() {error}; its options are {list(preset.defaults)}."
                ) from None
            return preset.flow(options)

        function.__doc__ = documented(layers.__doc__, preset.rules)
        function.__annotations__ = {**layers.__annotations__, "return": "Flow"}
        _presets[preset.name] = preset
        _functions[preset.name] = function
        return function

    return decorate


class Preset:
    """A preset's name, its options and its layers."""

    def __init__(self, layers: Callable[..., Sequence[Bijection]], rules: Mapping[str, Any]) -> None:
        self._layers = layers
        self.name = layers.__name__
        self.rules = rules
        self.signature: Signature = signature(layers)
        self.defaults = {name: option.default for name, option in self.signature.parameters.items()}

    @property
    def own(self) -> tuple[str, ...]:
        """The options that not every preset has."""
        return tuple(name for name in self.defaults if name not in SHARED)

    def flow(self, options: Mapping[str, Any]) -> Flow:
        """The flow of some options, the others at their defaults."""
        given = self.checked(options)
        undecided = [name for name, value in given.items() if _is_auto(value)]
        if undecided:
            self.layers(self.decided(given, 1000, 2))  # wrong values are refused now, not in a fit
            return Flow(PresetLayers(self.name, tuple(given.items())))
        return Flow(self.layers(given))

    def checked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options, those that the preset lacks refused, and those decided that no table is needed for."""
        for name, value in options.items():
            if name not in self.defaults:
                raise ValueError(no_option(self.name, name, value))
        plain = {name: v.item() if isinstance(v, np.generic) else v for name, v in options.items()}
        given = {**self.defaults, **plain}
        for name, rule in self.rules.items():
            if _is_auto(given[name]) and not isinstance(rule, Rule):
                given[name] = rule
        if not _is_auto(given["n_layers"]):
            given["n_layers"] = check_integer(self, "n_layers", given["n_layers"], 1, MAX_LAYERS)
        if not _is_auto(given["hidden_units"]):
            units = given["hidden_units"]
            given["hidden_units"] = check_hidden_units(self, (units,) if is_integer(units) else units)
        check_activation(self, given["activation"])
        return given

    def decided(self, options: Mapping[str, Any], n_rows: int, n_features: int) -> dict[str, Any]:
        """All options, for a table of so many rows and columns."""
        given = self.checked(options)
        for name, rule in self.rules.items():
            if _is_auto(given[name]):
                given[name] = rule(n_rows, n_features)
        return given

    def layers(self, options: Mapping[str, Any]) -> tuple[Bijection, ...]:
        return tuple(self._layers(**options))


@dataclass(frozen=True, repr=False)
class PresetLayers(Recipe):
    """The layers of a preset some of whose options a table decides."""

    preset: str
    options: Sequence[tuple[str, Any]]

    name = "preset_layers"

    def __post_init__(self) -> None:
        known = isinstance(self.preset, str) and self.preset in _presets
        require(known, self, "preset", self.preset, f"one of {list(PRESETS)}")
        pairs = isinstance(self.options, Iterable) and all(
            isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str)
            for pair in self.options
        )
        require(pairs, self, "options", self.options, "pairs of a name and a value")
        given = self._preset.checked({name: value for name, value in self.options})
        self._preset.layers(self._preset.decided(given, 1000, 2))
        self._store("options", tuple(given.items()))
        super().__post_init__()

    @property
    def _preset(self) -> Preset:
        return _presets[self.preset]

    def for_table(self, n_rows: int, n_features: int) -> tuple[Bijection, ...]:
        return self._preset.layers(self._preset.decided(dict(self.options), n_rows, n_features))

    def __repr__(self) -> str:
        defaults = self._preset.checked({})
        given = [f"{name}={value!r}" for name, value in self.options if value != defaults[name]]
        return f"{self.preset}({', '.join(given)})"


def preset_named(name: Any) -> Preset:
    """The preset of a name."""
    if not isinstance(name, str) or name not in _presets:
        raise ValueError(f"preset: name must be one of {list(PRESETS)}; got {shown(name)}.")
    return _presets[name]


def no_option(preset: str, option: Any, value: Any) -> str:
    """What to tell who gives a preset an option that it lacks."""
    own = _presets[preset].own
    has = f"its own are {', '.join(own)}" if own else "it has none of its own"
    owners = [name for name, other in _presets.items() if option in other.own]
    without, owners, options = (
        (preset, owners, {option: value}) if owners else ("maf", ["nsf"], {"n_bins": 8})
    )
    grids = f"[{{'flow': [{without!r}]}}, {{'flow': {owners}, 'flow_params': [{shown(options)}]}}]"
    return (
        f"{shown(option)} is no option of the preset {preset!r}: {has}. Options stand in flow_params beside the "
        f"presets that have them; a search over presets is a list of grids, such as param_grid={grids}."
    )


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"
