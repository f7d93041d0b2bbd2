"""Names to reference classes.

The references of the first families stand in this folder. That of a later bijection, transformer or base may stand
in its own ``tests/bijections/test_<name>.py`` or ``tests/bases/test_<name>.py``, beside its CASES, and enters with the
same decorator.
"""

BIJECTIONS: dict[str, type] = {}
TRANSFORMERS: dict[str, type] = {}
BASES: dict[str, type] = {}


def _entering(registry, name):
    def enter(cls):
        registry[name] = cls
        return cls

    return enter


def bijection(name):
    """A class made from (spec, n_features, n_context, reader), with the methods forward and inverse.

    Both take (rows, context) to (rows, log-dets).
    """
    return _entering(BIJECTIONS, name)


def transformer(name):
    """A class made from its spec's fields, with ``n_params``, and the methods forward and inverse.

    Both take (x, p), where p is (..., n_params), to (values, log-derivatives).
    """
    return _entering(TRANSFORMERS, name)


def make_transformer(spec):
    """The reference of a transformer's spec dictionary."""
    options = {key: value for key, value in spec.items() if key != "name"}
    return TRANSFORMERS[spec["name"]](**options)


def base(name):
    """A class made from (spec, n_features, reader), with log_prob(z)."""
    return _entering(BASES, name)
