"""Base noise in panels, drawn from the user's own bit generator through NumPy's random C API.

The numbers are drawn row after row, never lane by lane, so that a sample does not depend on how it is cut:
the first rows of a longer sample are the shorter sample, and two calls in a row continue one another.
"""

cdef extern from "numpy/random/distributions.h" nogil:
    ctypedef struct bitgen_t
    double random_standard_normal(bitgen_t*)
    double random_standard_uniform(bitgen_t*)
    double random_standard_gamma(bitgen_t*, double shape)
    double random_vonmises(bitgen_t*, double mu, double kappa)
    void random_standard_normal_fill(bitgen_t*, Py_ssize_t, double*)
    void random_standard_normal_fill_f(bitgen_t*, Py_ssize_t, float*)


# Where the bits come from, and room for the rows of a panel before they become its lanes.
cdef struct Draws:
    bitgen_t* bits
    void* rows
    Py_ssize_t n_rows, n_features


cdef class Noise(PanelStream):
    """A stream of random rows. Used within a ``with`` block, which holds the bit generator's lock."""

    cdef bitgen_t* bits
    cdef object bit_generator

    cdef take_bits(self, random_state, n, n_features):
        """Check the arguments that all streams of noise have, and take hold of the user's bit generator."""
        name = type(self).__name__
        for argument, value, least in (("n", n, 0), ("n_features", n_features, 1)):
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
                raise ValueError(f"{name}: {argument} must be an integer of at least {least}; got {value!r}.")
        # A RandomState has no public attribute for it, and no other way to its own bit generator.
        self.bit_generator = getattr(random_state, "bit_generator", getattr(random_state, "_bit_generator", None))
        capsule = getattr(self.bit_generator, "capsule", None)
        if not PyCapsule_IsValid(capsule, "BitGenerator"):
            raise TypeError(
                f"{name}: random_state must be a numpy RandomState or Generator; got {type(random_state).__name__}."
            )
        self.bits = <bitgen_t*> PyCapsule_GetPointer(capsule, "BitGenerator")

    def __enter__(self):
        self.bit_generator.lock.acquire()
        return self

    def __exit__(self, *error):
        self.bit_generator.lock.release()


cdef class StandardNormal(Noise):
    """Rows of independent standard normal numbers as panels, drawn as they are asked for.

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
    >>> from nflows_np._stream import StandardNormal
    >>> with StandardNormal(np.random.default_rng(0), 2, 3, np.float64) as noise:
    ...     panels = noise.move(np.empty(noise.shape))
    >>> panels.shape
    (1, 3, 16)
    >>> np.array_equal(panels[0, :, :2].T, np.random.default_rng(0).standard_normal((2, 3)))
    True
    """

    cdef Draws draws
    cdef object rows

    def __init__(self, random_state, n, n_features, dtype):
        self.take_bits(random_state, n, n_features)
        self.rows = np.empty((LANES, n_features), dtype=dtype)
        self.draws.bits, self.draws.rows = self.bits, data_of(self.rows)
        self.draws.n_rows, self.draws.n_features = n, n_features
        self.open(n, n_features, dtype, _draw32 if np.dtype(dtype) == np.float32 else _draw64, &self.draws, True)


cdef void _draw32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _draw(<const Draws*> owner, first, count, <float*> panels)


cdef void _draw64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _draw(<const Draws*> owner, first, count, <double*> panels)


cdef void _draw(const Draws* draws, Py_ssize_t first, Py_ssize_t count, number* panels) noexcept nogil:
    cdef Py_ssize_t p, lanes, n
    for p in range(count):
        lanes = min(<Py_ssize_t> LANES, draws.n_rows - (first + p) * LANES)
        n = lanes * draws.n_features
        if number is float:
            random_standard_normal_fill_f(draws.bits, n, <float*> draws.rows)
        else:
            random_standard_normal_fill(draws.bits, n, <double*> draws.rows)
        _to_panel(<number*> draws.rows, lanes, draws.n_features, panels + p * draws.n_features * LANES)


ctypedef fused drawn:  # of a row
    float
    double


cdef void _to_panel(const drawn* rows, Py_ssize_t lanes, Py_ssize_t n_features, number* panel) noexcept nogil:
    cdef Py_ssize_t j, l
    for j in range(n_features):
        if lanes == LANES:  # a number of rounds that the compiler knows, and unrolls
            for l in range(LANES):
                panel[l] = <number> rows[l * n_features + j]
        else:
            for l in range(LANES):
                panel[l] = <number> rows[l * n_features + j] if l < lanes else 0.0
        panel += LANES
