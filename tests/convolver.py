"""A framework in three lines of NumPy, for tests that ask one: in one dimension, at stride 1.

It has an API for each thing that can come of a question.
"""

from conformance.adapters.call_source import CallSource, Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.question import Question


def _api(name: str, expression: str, *setup: str, flips: bool = False) -> Api:
    def spell(q: Question) -> CallSource | Inexpressible:
        if any(q.output_padding):
            return Inexpressible("there is no parameter for output padding")
        return CallSource(expression, setup=setup, parameters="w.size")

    return Api(
        id=f"convolver.{name}",
        operator="conv_transpose",
        exists="np",
        layout="N C *s",
        kernel_axes="in out *k",
        native=spell,
        recipe=spell,
        reads_kernel_reversed=flips,
        has_parameters=True,
    )


def _no_gradient(_spelling: CallSource, _by: str) -> tuple[str, ...]:
    return ()


RIGHT = "np.convolve(x[0, 0], w[0, 0])[None, None]"
FRAMEWORK = Framework(
    name="convolver",
    title="Convolver",
    prelude="import numpy as np",
    version="'1.0'",
    interops={None: TensorInterop(imports=(), tensor="{v}", array="{v}", gradient=_no_gradient)},
    apis=(
        _api("right", RIGHT),
        _api("flipped", "np.convolve(x[0, 0], w[0, 0, ::-1])[None, None]", flips=True),
        _api("refusing", RIGHT, "raise ValueError('no such call is possible')"),
        _api("longer", f"np.append({RIGHT}, x[:, :, :1] * 0, 2)"),
        _api("wider", f"{RIGHT}.astype(np.float64)"),
        _api("nearly", f"np.nextafter({RIGHT}, np.float32(9))"),
        _api("off", f"{RIGHT} * np.float32(1.5)"),
    ),
)
