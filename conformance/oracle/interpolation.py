"""Scale arrays up linearly, and make the kernel with which `conv_transpose` does the same."""

import numpy as np
from numpy.typing import ArrayLike

from conformance.oracle import indexing
from conformance.oracle.geometry import per_axis
from conformance.oracle.indexing import Numbers
from conformance.oracle.sums import Array, to_array


def interpolate(x: ArrayLike, factor: Numbers) -> Array:
    """Scale an array up linearly along each spatial axis.

    Element centres lie at half-integers and the edges are repeated outwards, as with PyTorch's
    ``align_corners=False``. Sums are formed in float64 and rounded once.

    Parameters
    ----------
    x
        Array (N, C, *space) of floats.
    factor
        One whole number for all spatial axes, or one for each.

    Returns
    -------
    Array
        (N, C, *(n * factor)) in the dtype of x.

    Raises
    ------
    ValueError
        If x holds integers.
    """
    x = to_array("x", x)
    if x.dtype.kind != "f":
        raise ValueError(f"x must be of a float dtype to be interpolated, got {x.dtype}")
    factors = per_axis("factor", factor, len(indexing.shape_of("x", x.shape)) - 2)
    with np.errstate(all="ignore"):
        y = x.astype(np.promote_types(x.dtype, np.float64))
        for axis, (n, f) in enumerate(zip(x.shape[2:], factors, strict=True), start=2):
            positions = np.clip((np.arange(n * f) + 0.5) / f - 0.5, 0, n - 1)
            before = positions.astype(int)
            weight = (positions - before).reshape(-1, *(1,) * (x.ndim - 1 - axis))
            near, far = y.take(before, axis), y.take(np.minimum(before + 1, n - 1), axis)
            # An element of weight 0 is left out, so that an infinity is not multiplied by zero.
            y = np.where(weight == 0, near, (1 - weight) * near + weight * far)
        return y.astype(x.dtype)


def bilinear_kernel(factor: Numbers, channels: int, rank: int) -> Array:
    """Return the kernel with which `conv_transpose` scales up linearly.

    With stride f, padding ceil((f - 1) / 2) and ``groups=channels``, `conv_transpose` gives what
    `interpolate` gives, except near the border.

    Parameters
    ----------
    factor
        One whole number f for all axes, or one for each.
    channels
        The number of channels.
    rank
        The number of spatial axes.

    Returns
    -------
    Array
        (channels, 1, *k) in float32, with k = 2 f - f % 2 along an axis of factor f.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks" (2015), section 3.3.
    """
    kernel = np.ones((channels, 1))
    for f in per_axis("factor", factor, rank):
        k = 2 * f - f % 2
        kernel = kernel[..., None] * (1 - np.abs(np.arange(k) - (k - 1) / 2) / f)
    return kernel.astype(np.float32)
