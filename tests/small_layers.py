"""A small layer of PyTorch, for the tests of translations and of what proves them."""

import numpy as np

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.adapters.runtime import ANY
from conformance.question import Question
from conformance.translate.translation import Place

TORCH = Place(FRAMEWORKS["torch"], ANY, APIS["torch.nn.functional.conv_transpose"])


def layer(**changes: object) -> Question:
    plain = Question(
        op="conv_transpose",
        x=np.zeros((1, 2, 4, 5), np.float32),
        kernel=np.zeros((2, 3, 3, 2), np.float32),
    )
    return plain.but(**changes)
