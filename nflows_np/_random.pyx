# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Base noise in panels, drawn from the user's own bit generator through NumPy's random C API.

The numbers are drawn row after row, never lane by lane, so that a sample does not depend on how it is cut:
the first rows of a longer sample are the shorter sample, and two calls in a row continue one another.
"""

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from numpy.random cimport bitgen_t
from numpy.random.c_distributions cimport random_standard_normal_fill, random_standard_normal_fill_f

from nflows_np._stream cimport LANES, PanelStream

import numpy as np

cnp.import_array()

# Where the bits come from, and room for the rows of a panel before they become its lanes.
cdef struct Draws:
    bitgen_t* bits
    void* rows
    Py_ssize_t n_rows, n_features


cdef class StandardNormal(PanelStream):
    """Rows of independent standard normal numbers as panels, drawn as they are asked for.

    Used within a ``with`` block, which holds the bit generator's lock.

    Parameters
    ----------
    random_state : numpy.random.RandomState or numpy.random.Generator
        Where the bits come from; its state advances. The numbers are those of ``Generator.standard_normal``
        with the same bit generator (the ziggurat method) for both.
    n : int
        Number of rows, at least 0.
    n_features : int
        Number of columns, at least 1.
    dtype : float32 or float64
        Type of the panels. float32 takes half of the random bits: the two types give different samples.

    Raises
    ------
    TypeError
        If `random_state` has no bit generator, or `dtype` is not one of the above.
    ValueError
        If `n` or `n_features` is not one of the above.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np._random import StandardNormal
    >>> with StandardNormal(np.random.default_rng(0), 2, 3, np.float64) as noise:
    ...     panels = noise.move(np.empty(noise.shape))
    >>> panels.shape
    (1, 3, 16)
    >>> np.array_equal(panels[0, :, :2].T, np.random.default_rng(0).standard_normal((2, 3)))
    True
    """

    cdef Draws draws
    cdef object bit_generator, rows

    def __init__(self, random_state, n, n_features, dtype):
        for name, value, least in (("n", n, 0), ("n_features", n_features, 1)):
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
                raise ValueError(
                    f"StandardNormal: {name} must be an integer of at least {least}; got {value!r}."
                )
        # A RandomState has no public attribute for it, and no other way to its own bit generator.
        self.bit_generator = getattr(random_state, "bit_generator", getattr(random_state, "_bit_generator", None))
        capsule = getattr(self.bit_generator, "capsule", None)
        if not PyCapsule_IsValid(capsule, "BitGenerator"):
            raise TypeError(
                "StandardNormal: random_state must be a numpy RandomState or Generator; "
                f"got {type(random_state).__name__}."
            )
        self.rows = np.empty((LANES, n_features), dtype=dtype)
        self.draws.bits = <bitgen_t*> PyCapsule_GetPointer(capsule, "BitGenerator")
        self.draws.rows = cnp.PyArray_DATA(self.rows)
        self.draws.n_rows, self.draws.n_features = n, n_features
        self.open(n, n_features, dtype, _draw32 if np.dtype(dtype) == np.float32 else _draw64, &self.draws, True)

    def __enter__(self):
        self.bit_generator.lock.acquire()
        return self

    def __exit__(self, *error):
        self.bit_generator.lock.release()


cdef void _draw32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef Draws* draws = <Draws*> owner
    cdef Py_ssize_t p, lanes
    for p in range(count):
        lanes = min(<Py_ssize_t> LANES, draws.n_rows - (first + p) * LANES)
        random_standard_normal_fill_f(draws.bits, lanes * draws.n_features, <float*> draws.rows)
        _to_panel(<float*> draws.rows, lanes, draws.n_features, <float*> panels + p * draws.n_features * LANES)


cdef void _draw64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef Draws* draws = <Draws*> owner
    cdef Py_ssize_t p, lanes
    for p in range(count):
        lanes = min(<Py_ssize_t> LANES, draws.n_rows - (first + p) * LANES)
        random_standard_normal_fill(draws.bits, lanes * draws.n_features, <double*> draws.rows)
        _to_panel(<double*> draws.rows, lanes, draws.n_features, <double*> panels + p * draws.n_features * LANES)


ctypedef fused number:
    float
    double


cdef void _to_panel(const number* rows, Py_ssize_t lanes, Py_ssize_t n_features, number* panel) noexcept nogil:
    cdef Py_ssize_t j, l
    for j in range(n_features):
        for l in range(LANES):
            panel[j * LANES + l] = rows[l * n_features + j] if l < lanes else 0.0
