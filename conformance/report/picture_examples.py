"""Define the small questions on which pictures show conventions."""

from collections.abc import Sequence

import numpy as np

from conformance.question import Array, Question


def _question(
    x: Sequence[object] | Array, kernel: Sequence[object] | Array, **arguments: object
) -> Question:
    dtype = str(arguments.get("dtype", "float32")).replace("bfloat16", "float32")
    x, kernel = (np.array(array, dtype) for array in (x, kernel))
    rank = x.ndim - 2
    defaults = {
        "stride": (1,) * rank,
        "padding": ((0, 0),) * rank,
        "output_padding": (0,) * rank,
        "dilation": (1,) * rank,
    }
    return Question(op="conv_transpose", x=x, kernel=kernel, **{**defaults, **arguments})  # type: ignore[arg-type]


_X, _W = [[[1, 2, 3]]], [[[1, 10, 100]]]
_SQUARE = np.array([[[[1, 2], [3, 4]]]])
EXAMPLES: tuple[Question, ...] = (
    _question(_X, _W),
    _question(_X, _W, stride=(2,)),
    _question(_X, _W, stride=(2,), padding=((2, 2),)),
    _question(_X, _W, stride=(2,), padding=((1, 0),)),
    _question(_X, _W, stride=(2,), padding="same"),
    _question(_X, [[[1, 10]]], stride=(3,)),
    _question(_X, _W, padding="valid"),
    _question(_X, [[[1, 10]]], stride=(3,), padding="same"),
    _question(_X, _W, dilation=(2,), padding="same"),
    _question(_X, [[[1, np.inf]]]),
    _question(_X, _W, padding="circular"),
    _question(_X, [[[1, 10]]], padding="circular"),
    _question(_X, _W, stride=(2,), padding="circular"),
    _question(_X, _W, stride=(2,), padding=((1, 1),), output_padding=(1,)),
    _question(_X, _W, stride=(2,), padding="same", output_padding=(1,)),
    _question(_X, [[[1, 10]]], stride=(2,), padding="same", output_padding=(1,)),
    _question(_X, [[[1, 10]]], dilation=(2,)),
    _question(_X, [[[1, 10]]], stride=(3,), dilation=(2,)),
    _question(_X, [[[1, 10]]], bias=np.array([5], np.float32)),
    _question([[[1, 2], [3, 4]]], [[[1, 10]], [[100, 1000]]]),
    _question([[[1, 2], [3, 4]]], [[[1], [10]], [[100], [1000]]]),
    _question(
        [[[1], [2], [3], [4]]],
        [[[1], [10]], [[100], [1000]], [[2], [20]], [[200], [2000]]],
        groups=2,
    ),
    _question(
        [[[1], [2], [3], [4]]],
        [[[1]], [[10]], [[100]], [[1000]]],
        groups=2,
        bias=np.array([5, 7], np.float32),
    ),
    _question(_SQUARE, [[[[1, 10], [100, 1000]]]]),
    _question(_SQUARE, [[[[1, 10], [100, 1000]]]], stride=(1, 2)),
    _question(np.eye(1, 8).reshape(1, 1, 2, 2, 2), np.arange(1, 9).reshape(1, 1, 2, 2, 2)),
    _question([[[2**24 + 1, 1]]], [[[1]]], dtype="float64"),
    _question([[[1, 1, 1]]], [[[2**11, 1, 1]]], dtype="float16"),
    _question([[[1, 1, 1]]], [[[2**8, 1, 1]]], dtype="bfloat16"),
)
"""The examples, the simplest first; a convention is shown on the first one that it changes."""
