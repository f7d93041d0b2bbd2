# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Base noise in panels, drawn from the user's own bit generator through NumPy's random C API.

The numbers are drawn row after row, never lane by lane, so that a sample does not depend on how it is cut:
the first rows of a longer sample are the shorter sample, and two calls in a row continue one another.
"""

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from libc.math cimport sqrt
from numpy.random cimport bitgen_t
from numpy.random.c_distributions cimport (
    random_standard_gamma,
    random_standard_normal,
    random_standard_normal_fill,
    random_standard_normal_fill_f,
    random_standard_uniform,
    random_vonmises,
)

from nflows_np._stream cimport LANES, PanelStream

import numpy as np

cnp.import_array()

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
    >>> from nflows_np._random import StandardNormal
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
        self.draws.bits, self.draws.rows = self.bits, cnp.PyArray_DATA(self.rows)
        self.draws.n_rows, self.draws.n_features = n, n_features
        self.open(n, n_features, dtype, _draw32 if np.dtype(dtype) == np.float32 else _draw64, &self.draws, True)


ctypedef fused number:
    float
    double


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


cdef void _to_panel(const number* rows, Py_ssize_t lanes, Py_ssize_t n_features, number* panel) noexcept nogil:
    cdef Py_ssize_t j, l
    for j in range(n_features):
        for l in range(LANES):
            panel[j * LANES + l] = rows[l * n_features + j] if l < lanes else 0.0


# Rows of any other base, one number after the other

cdef enum Kind:
    NORMAL, AFFINE, UNIFORM, STUDENT_T, VON_MISES, MIXTURE

KINDS = {
    "normal": NORMAL,
    "affine": AFFINE,
    "uniform": UNIFORM,
    "student_t": STUDENT_T,
    "von_mises": VON_MISES,
    "mixture": MIXTURE,
}
"""What a part of a row may be, see `nflows_np.specs._draws.Draw`."""

# A part of a row: its kind, how many columns and, in a mixture, components it has, and where its columns and numbers
# begin.
cdef struct Part:
    Py_ssize_t kind, n, k, columns, numbers

cdef struct Plan:
    bitgen_t* bits
    const Part* parts
    const Py_ssize_t* columns
    const double* numbers
    double* rows  # of a panel, (16, n_features), and then room for one more
    Py_ssize_t n_parts, n_rows, n_features


cdef class BaseRows(Noise):
    """Rows of a base distribution as panels, drawn as they are asked for.

    Numbers are drawn and shaped in float64 whatever the panels are: both types give the same sample, up to rounding.

    Parameters
    ----------
    random_state : numpy.random.RandomState or numpy.random.Generator
        Where the bits come from; its state advances.
    n : int
        Number of rows, at least 0.
    n_features : int
        Number of columns, at least 1.
    dtype : float32 or float64
        Type of the panels.
    draws : list of nflows_np.specs._draws.Draw
        The parts of a row: together they have every column, and each once.

    Raises
    ------
    TypeError
        If `random_state` has no bit generator, or `dtype` is not one of the above.
    ValueError
        If `n`, `n_features` or `draws` is not one of the above.
    """

    cdef Plan plan
    cdef object parts, columns, numbers, rows

    def __init__(self, random_state, n, n_features, dtype, draws):
        self.take_bits(random_state, n, n_features)
        self.columns = np.concatenate([np.empty(0, np.intp), *(draw.columns for draw in draws)]).astype(np.intp)
        self.numbers = np.concatenate([np.empty(0), *(draw.numbers for draw in draws)]).astype(np.float64)
        if sorted(self.columns.tolist()) != list(range(n_features)):
            raise ValueError(f"BaseRows: draws must have each of {n_features} columns once; got {self.columns}.")
        self.parts = np.array(_parts(draws), dtype=np.intp).reshape(-1, 5)
        self.rows = np.empty((LANES + 1, n_features))
        self.plan.bits, self.plan.rows = self.bits, <double*> cnp.PyArray_DATA(self.rows)
        self.plan.parts = <const Part*> cnp.PyArray_DATA(self.parts)
        self.plan.columns = <const Py_ssize_t*> cnp.PyArray_DATA(self.columns)
        self.plan.numbers = <const double*> cnp.PyArray_DATA(self.numbers)
        self.plan.n_parts, self.plan.n_rows, self.plan.n_features = len(self.parts), n, n_features
        self.open(n, n_features, dtype, _rows32 if np.dtype(dtype) == np.float32 else _rows64, &self.plan, True)


def _parts(draws):
    """The fields of every part; the numbers of each are as many as its kind needs."""
    found, columns, numbers = [], 0, 0
    for draw in draws:
        n, k, size = len(draw.columns), 1, len(draw.numbers)
        if draw.kind == "mixture":
            k = max(1, size // (1 + 2 * n))
        needed = {"affine": n + n * n, "mixture": k * (1 + 2 * n)}.get(draw.kind, 2 * n)
        if draw.kind not in KINDS or n == 0 or size != needed:
            raise ValueError(f"BaseRows: no way to draw {n} columns as {draw.kind!r} with {size} numbers.")
        found.append((KINDS[draw.kind], n, k, columns, numbers))
        columns, numbers = columns + n, numbers + size
    return found


cdef void _draw_part(const Plan* plan, const Part* part, double* row, double* room) noexcept nogil:
    cdef bitgen_t* bits = plan.bits
    cdef const Py_ssize_t* columns = plan.columns + part.columns
    cdef const double* first = plan.numbers + part.numbers
    cdef const double* second = first + part.n
    cdef Py_ssize_t i, j, n = part.n, low, high, middle
    cdef double total
    if part.kind == NORMAL:
        for j in range(n):
            row[columns[j]] = first[j] + second[j] * random_standard_normal(bits)
    elif part.kind == AFFINE:
        for j in range(n):
            room[j] = random_standard_normal(bits)
            total = first[j]
            for i in range(j + 1):
                total += second[j * n + i] * room[i]
            row[columns[j]] = total
    elif part.kind == UNIFORM:
        for j in range(n):
            row[columns[j]] = first[j] + second[j] * random_standard_uniform(bits)
    elif part.kind == STUDENT_T:
        for j in range(n):
            total = second[j] * random_standard_normal(bits)
            row[columns[j]] = total * sqrt(0.5 * first[j] / random_standard_gamma(bits, 0.5 * first[j]))
    elif part.kind == VON_MISES:
        for j in range(n):
            row[columns[j]] = random_vonmises(bits, first[j], second[j])
    else:  # a mixture: the first component whose cumulative weight is above a uniform number
        total = random_standard_uniform(bits)
        low, high = 0, part.k - 1
        while low < high:
            middle = (low + high) // 2
            if first[middle] > total:
                high = middle
            else:
                low = middle + 1
        first += part.k
        second = first + part.k * n
        for j in range(n):
            row[columns[j]] = first[low * n + j] + second[low * n + j] * random_standard_normal(bits)


ctypedef fused panel_number:
    float
    double


cdef void _rows(const Plan* plan, Py_ssize_t first, Py_ssize_t count, panel_number* panels) noexcept nogil:
    cdef Py_ssize_t p, l, i, j, lanes, n = plan.n_features
    cdef panel_number* panel
    for p in range(count):
        lanes = min(<Py_ssize_t> LANES, plan.n_rows - (first + p) * LANES)
        for l in range(lanes):
            for i in range(plan.n_parts):
                _draw_part(plan, plan.parts + i, plan.rows + l * n, plan.rows + LANES * n)
        panel = panels + p * n * LANES
        for j in range(n):
            for l in range(LANES):
                panel[j * LANES + l] = <panel_number> plan.rows[l * n + j] if l < lanes else 0.0


cdef void _rows32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _rows(<const Plan*> owner, first, count, <float*> panels)


cdef void _rows64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _rows(<const Plan*> owner, first, count, <double*> panels)
