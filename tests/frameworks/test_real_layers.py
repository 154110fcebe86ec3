"""Layers of real numbers, of 1 to 2,048 channels: a framework that is right is a match.

Sums that a framework rounds to a half as it forms them are a convention of its own; then the answer
is a mismatch that says so. What is wrong is no match: `test_real_values.py`.
"""

from __future__ import annotations

import pytest
from dead_ends import has_a_recipe
from real_layers import DTYPES, layer, prepared_case

from conformance.adapters.framework import Framework
from conformance.adapters.runtime import Runtime
from conformance.comparison import HALVES
from conformance.environments.definitions import Environment
from conformance.question import Dtype
from conformance.runs import calls, plan
from conformance.workers.worker_client import WorkerClient

INTERPRETED = 64
"""The channels of a layer, at most, where Python computes each product: beyond it takes minutes."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 64, 512, 2048])
@pytest.mark.parametrize(
    ("window", "bias"), [((1,), 1.0), ((9,), None), ((9,), 4.0), ((3, 3), 1.0)], ids=str
)
def test_a_recipe_is_a_match_or_sums_in_the_dtype(
    environment: Environment,
    framework: Framework,
    runtime: Runtime,
    client: WorkerClient,
    dtype: Dtype,
    channels: int,
    window: tuple[int, ...],
    bias: float | None,
) -> None:
    if environment.timeout_multiplier > 1 and channels > INTERPRETED:
        pytest.skip("an answer takes minutes")
    asked = prepared_case(layer(dtype, channels, window, bias, seed=channels))
    apis = [a for a in framework.apis if a.operator == "conv_transpose" and not a.is_variant]
    if not any(has_a_recipe(api, asked.case.question, runtime) for api in apis):
        pytest.skip(f"no API has {dtype}")
    items = plan.invocations(framework, runtime, apis, [asked])
    recipes = [one for one in calls.observe(client, items) if one.mode == "recipe"]
    rounded = ((f"{dtype} accumulation: in {dtype}",),)
    assert dtype in HALVES or "match" in {one.status for one in recipes}
    for one in recipes:
        sums = (one.status, one.explanations) == ("mismatch", rounded)
        assert sums or one.status in ("match", "rejected", "inexpressible"), one
