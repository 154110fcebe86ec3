"""The names by which people call an API."""

from __future__ import annotations

import pytest

from conformance.adapters.registry import APIS, api_and_rank


@pytest.mark.parametrize(
    ("name", "id_", "rank"),
    [
        ("torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose", 2),
        ("torch.nn.functional.conv_transpose1d", "torch.nn.functional.conv_transpose", 1),
        ("keras.layers.Conv3DTranspose", "keras.layers.ConvTranspose", 3),
        ("tf.keras.layers.Conv2DTranspose", "keras.layers.ConvTranspose", 2),
        ("tf.nn.conv2d_transpose", "tf.nn.convNd_transpose", 2),
        ("tf.raw_ops.Conv2DBackpropInput", "tf.raw_ops.ConvNdBackpropInput", 2),
        ("haiku.Conv1DTranspose", "haiku.ConvTranspose", 1),
        # These are ids already, or nothing that there is.
        ("tinygrad.nn.ConvTranspose2d", "tinygrad.nn.ConvTranspose2d", None),
        ("chainer.functions.deconvolution_2d", "chainer.functions.deconvolution_2d", None),
        ("torch.nn.ConvTranspose4d", "torch.nn.ConvTranspose4d", None),
        ("2d", "2d", None),
        ("", "", None),
    ],
)
def test_a_name_with_a_number_of_axes_stands_for_an_api(
    name: str, id_: str, rank: int | None
) -> None:
    assert api_and_rank(name) == (id_, rank)


def test_an_id_stands_for_itself() -> None:
    assert [id_ for id_ in APIS if api_and_rank(id_) != (id_, None)] == []
