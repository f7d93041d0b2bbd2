"""Rows of any other base than the standard normal, one number after the other."""

cdef enum:
    NORMAL, AFFINE, UNIFORM, STUDENT_T, VON_MISES, MIXTURE

_PART_KINDS = {
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
        self.columns = np.concatenate([np.empty(0, np.intp)] + [draw.columns for draw in draws]).astype(np.intp)
        self.numbers = np.concatenate([np.empty(0)] + [draw.numbers for draw in draws]).astype(np.float64)
        if sorted(self.columns.tolist()) != list(range(n_features)):
            raise ValueError(f"BaseRows: draws must have each of {n_features} columns once; got {self.columns}.")
        self.parts = np.array(_parts(draws), dtype=np.intp).reshape(-1, 5)
        self.rows = np.empty((LANES + 1, n_features))
        self.plan.bits, self.plan.rows = self.bits, <double*> data_of(self.rows)
        self.plan.parts = <const Part*> data_of(self.parts)
        self.plan.columns = <const Py_ssize_t*> data_of(self.columns)
        self.plan.numbers = <const double*> data_of(self.numbers)
        self.plan.n_parts, self.plan.n_rows, self.plan.n_features = len(self.parts), n, n_features
        self.open(n, n_features, dtype, _rows32 if np.dtype(dtype) == np.float32 else _rows64, &self.plan, True)


cdef _parts(draws):
    """The fields of every part; the numbers of each are as many as its kind needs."""
    found, columns, numbers = [], 0, 0
    for draw in draws:
        n, k, size = len(draw.columns), 1, len(draw.numbers)
        if draw.kind == "mixture":
            k = max(1, size // (1 + 2 * n))
        needed = {"affine": n + n * n, "mixture": k * (1 + 2 * n)}.get(draw.kind, 2 * n)
        if draw.kind not in _PART_KINDS or n == 0 or size != needed:
            raise ValueError(f"BaseRows: no way to draw {n} columns as {draw.kind!r} with {size} numbers.")
        found.append((_PART_KINDS[draw.kind], n, k, columns, numbers))
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


cdef void _rows(const Plan* plan, Py_ssize_t first, Py_ssize_t count, number* panels) noexcept nogil:
    cdef Py_ssize_t p, l, i, lanes, n = plan.n_features
    for p in range(count):
        lanes = min(<Py_ssize_t> LANES, plan.n_rows - (first + p) * LANES)
        for l in range(lanes):
            for i in range(plan.n_parts):
                _draw_part(plan, plan.parts + i, plan.rows + l * n, plan.rows + LANES * n)
        _to_panel(plan.rows, lanes, n, panels + p * n * LANES)


cdef void _rows32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _rows(<const Plan*> owner, first, count, <float*> panels)


cdef void _rows64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    _rows(<const Plan*> owner, first, count, <double*> panels)
