# Functions that NumPy lacks; a program holds those of this file if it calls them.

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# erf(x) = x P(x^2) / Q(x^2) up to _ERF_SMALL, and 1 - exp(-x^2) P(x) / Q(x) beyond: rational
# approximations of W. J. Cody, Rational Chebyshev approximations for the error function,
# Mathematics of Computation 23 (1969), with the coefficients of his program CALERF. The highest
# power comes first.
_ERF_SMALL = 0.46875
_ERF_SMALL_P = (
    *(1.85777706184603153e-1, 3.16112374387056560e00, 1.13864154151050156e02),
    *(3.77485237685302021e02, 3.20937758913846947e03),
)
_ERF_SMALL_Q = (
    *(1.0, 2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03),
    *(2.84423683343917062e03,),
)
_ERF_LARGE_P = (
    *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e00),
    *(6.61191906371416295e01, 2.98635138197400131e02, 8.81952221241769090e02),
    *(1.71204761263407058e03, 2.05107837782607147e03, 1.23033935479799725e03),
)
_ERF_LARGE_Q = (
    *(1.0, 1.57449261107098347e01, 1.17693950891312499e02, 5.37181101862009858e02),
    *(1.62138957456669019e03, 3.29079923573345963e03, 4.36261909014324716e03),
    *(3.43936767414372164e03, 1.23033935480374942e03),
)


def _ratio(p: tuple[float, ...], q: tuple[float, ...], x: Array) -> Array:
    """The quotient of two polynomials of one degree."""
    above, below = np.full_like(x, p[0]), np.full_like(x, q[0])
    for a, b in zip(p[1:], q[1:], strict=True):
        np.multiply(above, x, out=above)
        np.multiply(below, x, out=below)
        np.add(above, a, out=above)
        np.add(below, b, out=below)
    return np.divide(above, below, out=above)


def error_function(x: Array) -> Array:
    """The error function, in double precision; from 6 on it is 1."""
    size = np.minimum(np.abs(np.asarray(x, np.float64)), 6.0)
    square = size * size
    small = size * _ratio(_ERF_SMALL_P, _ERF_SMALL_Q, np.minimum(square, _ERF_SMALL**2))
    large = 1.0 - np.exp(-square) * _ratio(_ERF_LARGE_P, _ERF_LARGE_Q, size)
    return np.copysign(np.where(size <= _ERF_SMALL, small, large), x)
