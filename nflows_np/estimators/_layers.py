"""A preset's layers for columns of several kinds.

A preset permutes columns between its layers, so with two of them nothing factorises by column. Columns that have
masses or left-out cells need conditionals that are exact. So these come first, in one order, and have their
distributions in the last layer; all layers before it show them to their networks and leave them as they are. The
columns that are left, plain numbers, are moved by every layer and permuted among themselves, as the preset has it:

    p(x) = prod_i p(x_i | x_1 .. x_i-1)  *  p(plain numbers | x_1 .. x_m),      i = 1 .. m
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nflows_np.estimators._auto import Choice
from nflows_np.estimators._plan import Plan
from nflows_np.specs import (
    Additive,
    Affine,
    Atoms,
    Autoregressive,
    Base,
    Bijection,
    Cells,
    Circle,
    Conditional,
    Elementwise,
    Flow,
    Kept,
    On,
    Permutation,
    Product,
    StandardNormal,
    VonMises,
)
from nflows_np.specs._wiring import Wiring

BINS, CIRCLE_BINS = 16, 4
"""Bins of the columns' splines, where they are not asked for, and of circles at least. A mass cannot be more than 1, so
that fine splines follow single rows less than they do with densities."""

WIDTHS = (128, 128, 128)
"""Hidden units of a flow that is one layer, where they are not asked for."""


def for_columns(choice: Choice, n_features: int, plan: Plan, params: Mapping[str, Any]) -> Choice:
    """A choice whose flow is for the columns of a table.

    Parameters
    ----------
    choice : Choice
    n_features : int
    plan : Plan
    params : mapping
        ``hidden_units`` and ``flow_params``, as the estimator has them.
    """
    flow = flow_of(choice.flow, choice.preset, n_features, plan, "n_bins" in (params["flow_params"] or {}))
    one_layer = plan.conditionals and len(flow.bijections) == 1
    if one_layer and choice.hidden_units and params["hidden_units"] == "auto":
        (layer,) = flow.bijections
        flow = replace(flow, bijections=(replace(layer, hidden_units=WIDTHS),))  # type: ignore[type-var]
        choice = replace(choice, hidden_units=WIDTHS)
    return replace(choice, flow=flow, n_layers=1 if one_layer else choice.n_layers)


def bent_once(choice: Choice) -> Choice:
    """The same with columns that are bent no further than an affine map does: for tables of few rows."""
    layers = []
    for layer in choice.flow.bijections:
        if isinstance(layer, Autoregressive) and layer.conditionals:
            own = [
                (i, kind if isinstance(kind, Kept) else _with_bins(kind, 1)) for i, kind in layer.conditionals
            ]
            layer = replace(layer, conditionals=own)
        layers.append(layer)
    return replace(choice, flow=replace(choice.flow, bijections=tuple(layers)))


def flow_of(flow: Flow, preset: str | None, n_features: int, plan: Plan, own_bins: bool = False) -> Flow:
    """A preset's flow for the columns of a table; ``own_bins`` says that its splines are as fine as the user wants.

    Raises
    ------
    ValueError
        If the flow cannot have such columns.
    """
    if plan.is_plain:
        return flow
    if preset is None:
        return _own_flow(flow, n_features, plan)
    if plan.conditionals:
        return _with_conditionals(flow, preset, n_features, plan.conditionals, own_bins)
    return _with_circles(flow, preset, n_features, plan.circular)


def _own_flow(flow: Flow, n_features: int, plan: Plan) -> Flow:
    """A flow of the user's own, which names its columns itself."""
    if plan.conditionals:
        raise ValueError(
            "flow: integers, ranks, categories, atoms and left-out cells have layers of their own; a Flow is taken as "
            "it is and has none. Name a preset instead, such as 'nsf_ar'."
        )
    angles = flow.resolve(n_features, np.random.default_rng(0)).circular_columns(n_features)
    if set(plan.circular) - set(angles):
        raise ValueError(
            f"flow: some columns are Periodic that are not among this Flow's circular ones, {list(angles)}. A Flow is "
            "taken as it is: name them in its layers, or name a preset."
        )
    return flow


def _reversed(n_first: int, n: int) -> Permutation:
    return Permutation((*range(n_first), *reversed(range(n_first, n))))


def _with_conditionals(
    flow: Flow, preset: str, n: int, conditionals: dict[int, Conditional], own_bins: bool
) -> Flow:
    """Conditionals first, the columns that are left permuted among themselves."""
    if not isinstance(flow.base, StandardNormal):
        raise ValueError(
            f"base={flow.base!r} has no meaning with columns of integers, ranks, categories, atoms or left-out cells: "
            "leave base='auto'."
        )
    first = sorted(conditionals)
    order = [*first, *(j for j in range(n) if j not in conditionals)]
    m, free = len(first), list(range(len(first), n))
    n_bins = _bins(flow, own_bins)
    own = [(i, _with_bins(conditionals[j], n_bins)) for i, j in enumerate(first)]
    layers: list[Bijection] = []
    places = list(range(n))  # which of the ordered columns stands where
    for layer in flow.bijections:
        if isinstance(layer, Permutation) and layer.order == "reverse":
            if len(free) > 1:
                layers.append(_reversed(m, n))
                places = [*places[:m], *reversed(places[m:])]
        elif isinstance(layer, Autoregressive):
            layers.append(replace(layer, conditionals=[(i, Kept(kind)) for i, kind in own]))
        elif preset in ORDERED and (isinstance(layer, Elementwise) or not isinstance(layer, Wiring)):
            if free:
                layers.append(On(free, layer))
        else:
            raise ValueError(
                f"flow={preset!r} mixes columns in a way that leaves integers, ranks, categories, atoms and left-out "
                f"cells without exact probabilities; these presets can have them: {list(ORDERED)}."
            )
    wirings = [k for k, layer in enumerate(layers) if isinstance(layer, Autoregressive)]
    if wirings:
        last = wirings[-1]
        layers[last] = replace(layers[last], conditionals=own)  # type: ignore[type-var]
        if not free:  # nothing else is moved
            layers = [layers[last]]
    else:
        layers.append(Autoregressive(Affine(), hidden_units=(), conditionals=own))
    if order != sorted(order):
        layers.insert(0, Permutation(order))
    back = [order[k] for k in places]
    if back != sorted(back):
        layers.append(Permutation(np.argsort(back).tolist()))
    return replace(flow, bijections=tuple(layers))


def _bins(flow: Flow, own_bins: bool) -> int:
    """How finely the columns are bent: as finely as is good for masses, or as a preset's layers are asked to."""
    found = [layer.transformer for layer in flow.bijections if isinstance(layer, Autoregressive)]
    if not found or isinstance(found[0], (Additive, Affine)):
        return 1
    return int(getattr(found[0], "n_bins", BINS)) if own_bins else BINS


def _with_bins(conditional: Conditional, n_bins: int) -> Conditional:
    if isinstance(conditional, Circle):
        return replace(conditional, n_bins=max(n_bins, CIRCLE_BINS))
    return replace(conditional, n_bins=n_bins) if isinstance(conditional, (Atoms, Cells)) else conditional


ORDERED = ("nsf_ar", "maf", "naf", "sos", "bernstein", "made_mog", "maf_mog", "linear")
"""The presets that can keep columns in one order."""


def _with_circles(flow: Flow, preset: str, n: int, circular: Sequence[int]) -> Flow:
    """Circles in every wiring and in the base; what moves all columns at once leaves them as they are."""
    places = list(range(n))
    layers: list[Bijection] = []
    for layer in flow.bijections:
        at = [i for i, j in enumerate(places) if j in circular]
        others = [i for i in range(n) if i not in at]
        if isinstance(layer, Permutation):
            layers.append(layer.resolve(n))
            places = layers[-1]._follow(places, False)[0]
        elif isinstance(layer, Wiring):
            layers.append(replace(layer, circular=at))
        elif others:
            layers.append(On(others, layer))
    if not any(isinstance(layer, Wiring) for layer in layers):
        if preset != "linear":
            raise ValueError(
                f"flow={preset!r} has no layers for periodic columns: take a preset of couplings or autoregressive "
                "layers."
            )
        at = [i for i, j in enumerate(places) if j in circular]
        layers.append(Autoregressive(Affine(), hidden_units=(), circular=at))
    at = [i for i, j in enumerate(places) if j in circular]
    others = [i for i in range(n) if i not in at]
    parts: list[tuple[Sequence[int], Base]] = [(others, flow._base)] if others else []
    return replace(flow, bijections=tuple(layers), base=Product([*parts, (at, VonMises())]))
