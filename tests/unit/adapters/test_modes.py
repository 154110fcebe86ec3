"""APIs that are derived from another one: the same call, with other lines around."""

from __future__ import annotations

import numpy as np
from fakes.frameworks import api

from conformance.adapters.call_source import CallSource, Inexpressible
from conformance.adapters.modes import made_of_layer, mapped, mode, traced
from conformance.question import Question

LAYER = api(
    id="layer",
    native=lambda _: CallSource("layer(x)", setup=("layer = make(w)",), kernel="layer.w"),
    recipe=lambda _: CallSource("f(x, w)"),
)


def question(bias: float | None = None) -> Question:
    return Question(
        op="conv_transpose",
        x=np.ones((1, 1, 2)),
        kernel=np.ones((1, 1, 2)),
        bias=None if bias is None else np.array([bias]),
        stride=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        dilation=(1,),
    )


def test_a_mode_of_a_function_calls_what_is_made_of_it() -> None:
    jitted = mode(LAYER, "jit", traced("jit({function})"), needs="jit")
    assert (jitted.id, jitted.twin, jitted.exists) == (
        "layer(jit)",
        "layer",
        f"jit and {LAYER.exists}",
    )
    assert jitted.recipe(question()) == CallSource("jit(lambda x, w: f(x, w))(x, w)")
    assert jitted.recipe(question(1)) == CallSource("jit(lambda x, w, b: f(x, w))(x, w, b)")


def test_a_mapped_function_gets_two_of_each_tensor() -> None:
    call_source = mode(LAYER, "map", mapped("vmap({function})", "stack"), needs="vmap").recipe(
        question()
    )
    assert call_source == CallSource("vmap(lambda x, w: f(x, w))(stack((x, x)), stack((w, w)))[1]")


def test_a_mode_of_a_layer_is_made_after_the_layer() -> None:
    scripted = mode(LAYER, "script", made_of_layer("mode = script(layer)"), needs="script")
    assert scripted.native(question()) == CallSource(
        "mode(x)", setup=("layer = make(w)", "mode = script(layer)"), kernel="layer.w"
    )


def test_what_the_twin_cannot_express_the_mode_cannot_either() -> None:
    reason = Inexpressible("no")
    twin = api(id="none", native=lambda _: reason, recipe=lambda _: reason)
    assert mode(twin, "jit", traced("{function}"), needs="jit").native(question()) is reason
