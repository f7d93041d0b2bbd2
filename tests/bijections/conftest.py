"""The references of all bijections, of which the tests of each build flows."""

import cases  # noqa: F401
