"""Student's t: heavy tails in the base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._checks import is_real, require
from ._draws import Columns, Draw, draw
from ._spec import Base

MAX_DF = 1000.0


@dataclass(frozen=True, repr=False)
class StudentT(Base):
    r"""Independent Student's t latents, with trained degrees of freedom for every column.

    .. math:: \log p(z) = \sum_{j=1}^{D} \bigg( \log\frac{\Gamma(\frac{\nu_j + 1}{2})}{\Gamma(\frac{\nu_j}{2})}
              - \tfrac{1}{2} \log(\pi (\nu_j + 1))
              - \tfrac{\nu_j + 1}{2} \log\Big(1 + \tfrac{z_j^2}{\nu_j + 1}\Big) \bigg)

    The scale is :math:`\sqrt{(\nu + 1) / \nu}`: around zero the score is :math:`-z`, that of the standard normal,
    whatever :math:`\nu` is, and :math:`\nu` shapes the tails alone. A flow whose layers are affine far out cannot make
    light tails heavy; with this base each column's tail :math:`|z|^{-(\nu + 1)}` is learnt. Parameters :math:`a`,
    ``(D,)``, with :math:`\nu = 1000^{\sigma(a)}` between 1 (Cauchy) and 1000 (normal but for the eye).

    Parameters
    ----------
    df : float, default=10.0
        The degrees of freedom that training starts from, between 1 and 1000, both excluded.

    References
    ----------
    Jaini, Kobyzev, Yu, Brubaker (2020), "Tails of Lipschitz Triangular Flows", ICML, arXiv:1907.04481.
    Alexanderson, Henter (2020), "Robust model training and generalisation with Studentising flows",
    arXiv:2006.06599.

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian, StudentT
    >>> Flow([LinearGaussian()], base=StudentT(df=4.0))
    Flow((LinearGaussian(),), base=StudentT(4.0))
    """

    df: float = 10.0

    name = "student_t"

    def __post_init__(self) -> None:
        inside = is_real(self.df) and 1.0 < self.df < MAX_DF
        require(inside, self, "df", self.df, f"a number above 1 and below {MAX_DF:g}")
        self._store("df", float(self.df))
        super().__post_init__()

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        a = np.asarray(parameters["df"], dtype=np.float64)
        df = MAX_DF ** (0.5 + 0.5 * np.tanh(0.5 * a))
        return draw("student_t", columns, df, np.sqrt((df + 1.0) / df))
