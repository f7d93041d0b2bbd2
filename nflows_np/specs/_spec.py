"""What every spec is: a small frozen value, known by name, that turns into plain JSON and back.

A spec says what a layer IS and holds no arrays: parameters, masks of the networks and gradients belong to the
engine. Specs are frozen dataclasses, hence hashable, comparable, picklable and safe to copy.

How to write one
----------------
1. Create ``specs/<name>.py`` with one class that derives from `Bijection`, `Transformer` or `Base`, decorated
   with ``@dataclass(frozen=True, repr=False)`` (the readable ``repr`` is inherited). Its class attribute
   ``name`` is the name the engine registers.
2. Validate in ``__post_init__`` with the helpers of `_checks`, store what they return with ``self._store``,
   and call ``super().__post_init__()``.
   A base also says in ``draws`` how its rows are drawn.
3. If a field is symbolic or random ("half", "random"), override ``_resolve``, which makes it explicit.
   A bijection that holds others passes on to them whatever `Bijection` asks.
4. Add its import line to ``specs/__init__.py``. Nothing else: defining the class registers it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import count
from typing import Any, ClassVar, Protocol, Self

from numpy.typing import NDArray

from nflows_np._limits import MAX_BIJECTIONS
from nflows_np._messages import shown

from ._angles import Mapped, Places
from ._checks import check_n_features, require
from ._draws import Columns, Draw

MAX_DEPTH = 16
"""Specs nested deeper than this are refused: no flow needs it, and a hostile file would exhaust the stack."""

MAX_SPECS = 2**18
"""Specs of one dictionary, with those nested in it: more than a flow can have, whose layers are counted too. A file of
sequences in sequences would hold millions, and be refused only when all of them are made."""

Names = Sequence[str]
"""The names of the columns that a bijection acts on."""

_by_name: dict[str, type[Spec]] = {}


class Permuter(Protocol):
    """The one method that ``resolve`` asks of a ``numpy.random.Generator`` or ``RandomState``."""

    def permutation(self, x: int, /) -> Any: ...


class Spec:
    """The base class of all specs.

    Attributes
    ----------
    name : str
        The name under which the spec is serialised and the engine knows it; unique among all specs.
    """

    name: ClassVar[str]
    kind: ClassVar[str | None] = None  # the key of `registry` that lists the class

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:  # an abstract kind, not a spec of its own
            return
        if cls.name in _by_name:
            taken = _by_name[cls.name]
            raise ValueError(
                f"{cls.__qualname__}: the spec name {cls.name!r} is already taken by "
                f"{taken.__module__}.{taken.__qualname__}."
            )
        _by_name[cls.name] = cls

    def __post_init__(self) -> None:
        depth = self._depth()
        require(depth <= MAX_DEPTH, self, "nesting", depth, f"at most {MAX_DEPTH} levels deep")

    def resolve(self, n_features: int, rng: Permuter | None = None) -> Self:
        """Return the same spec with everything symbolic or random made explicit.

        Parameters
        ----------
        n_features : int
            Number of columns the flow acts on, at least 1.
        rng : numpy.random.Generator or numpy.random.RandomState, optional
            Source of the random choices. Needed only where a field is "random"; nothing is drawn otherwise.

        Returns
        -------
        spec : same type
            Equal to its own ``resolve``; its ``to_dict`` is what the engine reads.

        Raises
        ------
        ValueError
            If an explicit mask or order does not fit `n_features`, or a random choice has no `rng`.
        """
        return self._resolve(check_n_features(self, n_features), rng)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as nested dicts, lists, strings, numbers and booleans: plain JSON.

        `from_dict` is the way back: ``from_dict(spec.to_dict()) == spec``.
        """
        return {"name": self.name} | {key: _plain(value) for key, value in self._entries().items()}

    def __repr__(self) -> str:
        shown_fields = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.default is MISSING or value != field.default:
                shown_fields.append(f"{field.name}={value!r}" if field.kw_only else repr(value))
        return f"{type(self).__name__}({', '.join(shown_fields)})"

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return self

    def _entries(self) -> dict[str, Any]:
        """The fields as ``to_dict`` writes them; `_arguments` is the inverse."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def _arguments(cls, entries: dict[str, Any]) -> dict[str, Any]:
        """Constructor arguments of the entries of a dict: fields that are not there take their defaults."""
        known = {field.name: field.default is MISSING for field in fields(cls)}  # type: ignore[arg-type]
        missing = [key for key, needed in known.items() if needed and key not in entries]
        unknown = [key for key in entries if key not in known]
        if missing or unknown:
            raise ValueError(
                f"{cls.__name__}: its fields are {list(known)}; missing {shown(missing)}, unknown {shown(unknown)}."
            )
        return entries

    def _store(self, field: str, value: Any) -> None:
        """Set a field of a frozen instance under construction to its normalised value."""
        object.__setattr__(self, field, value)

    def _depth(self) -> int:
        nested: list[Spec] = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            nested += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Spec)]
        return 1 + max((spec._depth() for spec in nested), default=0)


class Bijection(Spec):
    """A layer of a flow: an invertible map of all columns with a tractable log-determinant."""

    kind = "bijections"

    def _for_table(self, n_features: int, names: Names | None) -> Self:
        """The same bijection with columns by index that were listed by name; None where they have no names."""
        return self

    def _n_layers(self) -> int:
        """How many layers of a flow it counts as."""
        return 1

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        """Follow the columns of the data through the map, or through its inverse.

        Parameters
        ----------
        places : list of int
            The column of the data that stands at each place before it.
        inverted : bool
            Whether the map is used the other way round.

        Returns
        -------
        places : list of int
            The column that stands at each place after it.
        mapped : list of Mapped
            Every map of numbers that it consists of.
        """
        return places, [Mapped(self, places, frozenset())]


class Transformer(Spec):
    """A monotone map of ONE number with a few parameters; a wiring says where they come from."""

    kind = "transformers"


class Conditional(Spec):
    """The distribution of one column given those before it, where that is no change of variables."""

    kind = "conditionals"


class Base(Spec):
    """The distribution of the latent variables."""

    kind = "bases"

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        """Return how rows of the distribution are drawn.

        Parameters
        ----------
        columns : ndarray of int of shape (n_features,)
            Which columns of a row they are.
        parameters : mapping of str to ndarray
            The trained parameters by the names of their blocks, as the engine's ``layout`` has them.

        Returns
        -------
        draws : list of Draw
            What `nflows_np._stream.BaseRows` takes.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how its rows are drawn.")

    def _circular(self, n_features: int) -> set[int]:
        """The columns whose latents are angles."""
        return set()


def registry() -> dict[str, dict[str, type[Spec]]]:
    """Return every spec class by kind and name.

    Returns
    -------
    registry : dict
        Keys "bijections", "transformers", "conditionals" and "bases", as in the engine's own registry; each value
        maps the sorted names to classes.

    Examples
    --------
    >>> from nflows_np.specs import registry
    >>> sorted(registry())
    ['bases', 'bijections', 'conditionals', 'transformers']
    >>> registry()["transformers"]["affine"]
    <class 'nflows_np.specs.affine.Affine'>
    """
    kinds = (Bijection.kind, Transformer.kind, Conditional.kind, Base.kind)
    return {kind: {name: cls for name, cls in sorted(_by_name.items()) if cls.kind == kind} for kind in kinds}


def from_dict(d: Any) -> Spec:
    """Build a spec from what ``to_dict`` returned, as read back from JSON.

    Only registered spec classes are ever constructed, and every field is validated: a dictionary from an
    untrusted file yields a valid spec or a ``ValueError``.

    Parameters
    ----------
    d : dict
        Nested dictionaries, each with the key "name" and fields of that spec. A field that is not there takes its
        default: that is how specs get new fields while earlier files stay readable.

    Returns
    -------
    spec : Spec

    Raises
    ------
    ValueError
        If anything in `d` is missing that has no default, is unknown, of the wrong type or nested too deeply;
        the message says where.

    Examples
    --------
    >>> from nflows_np.specs import Permutation, from_dict
    >>> Permutation((2, 0, 1)).to_dict()
    {'name': 'permutation', 'order': [2, 0, 1]}
    >>> from_dict({"name": "permutation", "order": [2, 0, 1]})
    Permutation((2, 0, 1))
    """
    return _build(d, "spec", 1, count(1))


def _build(d: Any, where: str, depth: int, counter: Iterator[int]) -> Spec:
    if next(counter) > MAX_SPECS:
        raise ValueError(f"{where}: must be one of at most {MAX_SPECS} specs.")
    if depth > MAX_DEPTH:
        raise ValueError(f"{where}: specs must be nested at most {MAX_DEPTH} levels deep.")
    if not isinstance(d, dict) or not all(isinstance(key, str) for key in d):
        raise ValueError(f"{where}: must be a dict with string keys; got {shown(d)}.")
    name = d.get("name")
    if not isinstance(name, str) or name not in _by_name:
        raise ValueError(f"{where}: 'name' must be one of {sorted(_by_name)}; got {shown(name)}.")

    def value_of(entry: Any, here: str) -> Any:
        return _build(entry, here, depth + 1, counter) if isinstance(entry, dict) else entry

    entries: dict[str, Any] = {}
    for key, entry in d.items():
        if isinstance(entry, list):
            n = sum(isinstance(e, dict) for e in entry)
            if n > MAX_BIJECTIONS:  # before they are built
                raise ValueError(f"{where}.{key}: must be at most {MAX_BIJECTIONS} specs; got {n}.")
            entries[key] = tuple(value_of(e, f"{where}.{key}[{i}]") for i, e in enumerate(entry))
        elif key != "name":
            entries[key] = value_of(entry, f"{where}.{key}")
    cls = _by_name[name]
    try:
        return cls(**cls._arguments(entries))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_dict()
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
