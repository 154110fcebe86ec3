"""Assert in a test suite that an implementation of (transposed) convolution is right.

A passing assertion takes little more than one answer of the oracle, which for real numbers is one
in float64. A failing one names the convention that the implementation has, as
`conformance.diagnose` does. Importing this module imports no framework.
"""

from collections.abc import Mapping
from typing import Any

from conformance.answers import diagnosis
from conformance.answers.submission import Layouts, Submission, submission_of
from conformance.authoring.call_files import CannotUse
from conformance.question import Operator

__all__ = ["assert_conv", "assert_conv_transpose"]


def assert_conv_transpose(
    y: Any,
    x: Any,
    kernel: Any,
    *,
    api: str | None = None,
    x_layout: str | None = None,
    kernel_layout: str | None = None,
    y_layout: str | None = None,
    output_gradient: Any = None,
    x_gradient: Any = None,
    kernel_gradient: Any = None,
    bias_gradient: Any = None,
    **arguments: Any,
) -> None:
    """Assert that an answer, and its gradients, are those of a transposed convolution.

    Whole numbers are compared with ``==`` where all sums are exact, and others within rounding.

    Parameters
    ----------
    y
        The answer, an array (N, C_out, *out), or in the layout of x.
    x
        Array (N, C_in, *space), or in the layout of the API.
    kernel
        Array (C_in, C_out / groups, *k), or in the layout of the API.
    api
        The API in whose words the arguments are; None for ``stride`` and so on.
    x_layout, kernel_layout, y_layout
        Layouts such as ``NHWC`` or ``HWOI``, where they are not those of the API.
    output_gradient
        The gradient of a loss by y, in its shape and layout, for the gradients that follow.
    x_gradient, kernel_gradient, bias_gradient
        The gradients of the same loss by x, by the kernel and by the bias, each in the shape and
        layout of its array; None for those that are not compared.
    **arguments
        ``stride``, ``padding``, ``output_padding``, ``dilation``, ``groups``, ``bias``, or the
        words of the API.

    Raises
    ------
    AssertionError
        If one of them is another one, with the convention that explains it.
    ValueError
        For a word that is not known, a value that has no meaning, and arrays that do not fit each
        other.
    """
    _assert(
        "conv_transpose",
        {"x": x, "kernel": kernel, **arguments},
        api,
        Layouts(x=x_layout, kernel=kernel_layout, y=y_layout),
        {
            "y": y,
            "x_gradient": x_gradient,
            "kernel_gradient": kernel_gradient,
            "bias_gradient": bias_gradient,
        },
        output_gradient,
    )


def assert_conv(
    y: Any,
    x: Any,
    kernel: Any,
    *,
    api: str | None = None,
    x_layout: str | None = None,
    kernel_layout: str | None = None,
    y_layout: str | None = None,
    output_gradient: Any = None,
    x_gradient: Any = None,
    kernel_gradient: Any = None,
    bias_gradient: Any = None,
    **arguments: Any,
) -> None:
    """Assert that an answer, and its gradients, are those of a convolution.

    Parameters
    ----------
    y
        The answer, an array (N, C_out, *out), or in the layout of x.
    x
        Array (N, C_in, *space), or in the layout of the API.
    kernel
        Array (C_out, C_in / groups, *k), or in the layout of the API.
    api, x_layout, kernel_layout, y_layout, output_gradient, x_gradient, kernel_gradient
        As of `assert_conv_transpose`.
    bias_gradient, **arguments
        As of `assert_conv_transpose`; there is no ``output_padding``.

    Raises
    ------
    AssertionError, ValueError
        As of `assert_conv_transpose`.
    """
    _assert(
        "conv",
        {"x": x, "kernel": kernel, **arguments},
        api,
        Layouts(x=x_layout, kernel=kernel_layout, y=y_layout),
        {
            "y": y,
            "x_gradient": x_gradient,
            "kernel_gradient": kernel_gradient,
            "bias_gradient": bias_gradient,
        },
        output_gradient,
    )


_WANTED = {
    "y": "",
    "x_gradient": "_input_gradient",
    "kernel_gradient": "_kernel_gradient",
    "bias_gradient": "_bias_gradient",
}
"""What is compared, and the end of the name of its operator."""


def _assert(
    operator: Operator,
    values: Mapping[str, Any],
    api: str | None,
    layouts: Layouts,
    answers: Mapping[str, Any],
    output_gradient: Any,
) -> None:
    """Compare each answer that is not None, and raise the diagnosis of the first wrong one."""
    __tracebackhide__ = True
    for name, answer in answers.items():
        if answer is None:
            continue
        gradient = None if name == "y" else output_gradient
        asked = {**values, "y": answer, "gradient": gradient, "op": operator + _WANTED[name]}
        submission = _submission(asked, api, layouts)
        if not diagnosis.is_close(submission):
            raise AssertionError(f"{name}: {diagnosis.diagnosis_of(submission)}")


def _submission(values: Mapping[str, Any], api: str | None, layouts: Layouts) -> Submission:
    try:
        return submission_of(values, api, layouts=layouts)
    except CannotUse as error:
        raise ValueError(str(error)) from None
