"""Models of each framework, recorded in its own process: every call, and nothing changed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import conformance
from conformance.cli.app import main
from conformance.environments.definitions import Environment
from conformance.workers.interpreter import Interpreter

MODELS = {
    "torch": """
import warnings
import torch
warnings.filterwarnings("error", "__array__")  # NumPy's, of an array that is no array
model = torch.nn.Sequential(
    torch.nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1),
    torch.nn.ReLU(),
    torch.nn.ConvTranspose1d(3, 1, 2, dilation=2, bias=False),
)
x = torch.ones(1, 2, 4)
run = lambda: model(x).detach().numpy()
""",
    "keras": """
import keras
model = keras.Sequential([
    keras.layers.Conv1DTranspose(
        3, 3, strides=2, padding="same", activation="relu", bias_initializer="ones"
    ),
    keras.layers.Conv1DTranspose(1, 2, use_bias=False),
])
x = np.ones((1, 4, 2), np.float32)
run = lambda: keras.ops.convert_to_numpy(model(x))
""",
    "tensorflow": """
import tensorflow as tf
w = np.arange(18, dtype=np.float32).reshape(3, 3, 2)
v = np.arange(6, dtype=np.float32).reshape(2, 1, 3)
@tf.function
def model(x):
    y = tf.nn.conv1d_transpose(x, w, [1, 8, 3], 2)
    return tf.nn.conv_transpose(y, v, tf.constant([1, 9, 1]), 1, padding="VALID")
x = np.ones((1, 4, 2), np.float32)
run = lambda: model(x).numpy()
""",
    "jax": """
import jax
w = np.arange(18, dtype=np.float32).reshape(3, 2, 3)
v = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
@jax.jit
def model(x):
    y = jax.lax.conv_transpose(x, w, (2,), "SAME")
    return jax.lax.conv_transpose(y, v, [1], [(0, 1)], dimension_numbers=("NWC", "OIW", "NWC"))
x = np.ones((1, 4, 2), np.float32)
run = lambda: np.asarray(model(x))
""",
}
"""Models of two layers each, and a function that runs them on an input."""
SCRIPT = """
import json, sys
import numpy as np
{model}
from conformance import capture
before = run()
with capture(f"{{sys.argv[1]}}/calls.npz") as calls:
    during = run()
print(json.dumps([before.tolist(), during.tolist(), run().tolist(), len(calls)]))
"""
ARGUMENTS = {
    "torch": [{"stride": 2, "padding": 1, "dilation": 1}, {"stride": 1, "dilation": 2}],
    "keras": [{"strides": 2, "padding": "same"}, {"strides": 1, "padding": "valid"}],
    "tensorflow": [{"strides": 2}, {"strides": 1, "padding": "VALID"}],
    "jax": [{"strides": 2, "padding": "SAME"}, {"strides": 1}],
}
"""Some arguments of the two layers, in the API's words."""


def _variables(environment: Environment) -> dict[str, str]:
    """The variables of a process that records in an environment."""
    backend = {"KERAS_BACKEND": environment.backend} if environment.backend else {}
    package = {"PYTHONPATH": str(Path(conformance.__file__).parents[1])}
    return {**os.environ, **environment.variables, **backend, **package}


RUNNER = """
import contextlib, io, pathlib, sys, traceback
def carry_out(path):
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(path.read_text("utf-8"), path, "exec"), globals())
    except Exception:
        path.with_suffix(".error").write_text(traceback.format_exc(), "utf-8")
    path.with_suffix(".out").write_text(printed.getvalue(), "utf-8")
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    carry_out(path)
"""
"""A program that runs scripts as its main module, as people run theirs."""


def scripts_of(environment: Environment) -> dict[str, str]:
    """What is recorded in an environment, by the name of the script."""
    name = environment.framework
    scripts = {}
    if name in MODELS:
        scripts["model"] = SCRIPT.format(model=MODELS[name])
    if name in WAYS:
        setup, _ = WAYS[name]
        ways = ways_of(environment).items()
        functions = ", ".join(f"{name!r}: lambda: {text}" for name, (text, _, _) in ways)
        scripts["ways"] = WAYS_SCRIPT.format(setup=setup, ways=functions)
    if name == "jax":
        scripts["transformed"] = TRANSFORMED
    if environment.backend == "torch":  # torch and Keras are in one environment only
        scripts["port"] = PORT
    return scripts


def ways_of(environment: Environment) -> dict[str, tuple[str, int, list[str]]]:
    """The ways to run a model of the framework that its backend has."""
    _, ways = WAYS[environment.framework]
    trains = environment.backend not in ("numpy", "openvino")
    return {name: way for name, way in ways.items() if trains or name != "fit"}


@pytest.fixture(scope="module")
def ran(
    environment: Environment, interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of what all scripts recorded: in one process, as some take seconds to start."""
    folder = tmp_path_factory.mktemp("recorded")
    scripts = scripts_of(environment)
    for name, script in scripts.items():
        (folder / f"{name}.py").write_text(script, encoding="utf-8")
    if scripts:
        words = [interpreter.executable, "-c", RUNNER, str(folder)]
        subprocess.run(words, env=_variables(environment), check=True)
    return folder


def lines_of(ran: Path, name: str, environment: Environment) -> list[Any]:
    """What a script printed, if it is there and ended well."""
    if not (ran / f"{name}.py").exists():
        pytest.skip(f"nothing of {environment.framework} is recorded so")
    error = ran / f"{name}.error"
    assert not error.exists(), error.read_text("utf-8")
    printed = (ran / f"{name}.out").read_text("utf-8").splitlines()
    return [json.loads(line) for line in printed if line.startswith("[")]


@pytest.fixture
def recorded(ran: Path, environment: Environment) -> dict[str, np.ndarray]:
    ((before, during, after, count),) = lines_of(ran, "model", environment)
    assert before == during == after
    assert count == 2
    return dict(np.load(ran / "calls.npz"))


def test_every_call_is_recorded_with_its_arguments(
    recorded: dict[str, np.ndarray], environment: Environment
) -> None:
    for index, arguments in enumerate(ARGUMENTS[environment.framework]):
        call = {name[4:]: a for name, a in recorded.items() if name.startswith(f"00{index}/")}
        assert {name: call[name].ravel()[0] for name in arguments} == arguments
        module = {"tensorflow": "tf"}.get(environment.framework, environment.framework)
        assert str(call["api"]).startswith(f"{module}.")
        assert {call["y"].ndim, *(a.ndim for a in call.values() if a.size > 5)} == {3}


def test_the_recorded_answers_are_right_or_named(
    recorded: dict[str, np.ndarray], environment: Environment, tmp_path: Path
) -> None:
    """JAX reads the kernel of its naive call in the other direction."""
    np.savez(tmp_path / "calls.npz", **recorded)
    result = CliRunner().invoke(main, ["diagnose", str(tmp_path / "calls.npz"), "--json"])
    first, second = json.loads(result.output)
    if environment.framework == "jax":
        assert first["conventions"] == [["kernel flip: flipped"]]
    else:
        assert [first["status"], second["status"]] == ["right", "right"]


def test_a_layers_answer_is_the_next_layers_input(recorded: dict[str, np.ndarray]) -> None:
    (name,) = (n for n in ("input", "inputs", "lhs") if f"001/{n}" in recorded)
    assert recorded["000/y"].size == recorded[f"001/{name}"].size


WAYS_SCRIPT = """
import json, sys, warnings
import numpy as np
from conformance import capture
{setup}
ways = {{{ways}}}
for name, run in ways.items():
    before = np.asarray(run())
    with warnings.catch_warnings(), capture(f"{{sys.argv[1]}}/way-{{name}}.npz") as calls:
        warnings.filterwarnings("ignore", ".*transposed convolutions were not recorded")
        during = np.asarray(run())
    after = np.asarray(run())
    same = bool((before == during).all() and (before == after).all())
    print(json.dumps([name, len(calls), calls.unrecorded, same]))
"""
TORCH_WAYS = """
import threading, torch
from torch.func import functional_call, grad, jacrev, jvp
model = torch.nn.Sequential(
    torch.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1), torch.nn.ReLU()
).eval()
for p in model.parameters():
    p.data = p.data.mul(8).round()
complex_layer = torch.nn.ConvTranspose1d(2, 1, 3, dtype=torch.complex64)
x, v = torch.ones(1, 2, 5, 5), torch.ones(1, 2, 5, dtype=torch.complex64)
scripted, traced = torch.jit.script(model), torch.jit.trace(model, x)
frozen = torch.jit.optimize_for_inference(torch.jit.script(model))
exported = torch.export.export(model, (x,)).module()
compiled = torch.compile(model, backend="aot_eager")
weights = dict(model.named_parameters())
numbers = lambda y: y.detach().resolve_conj().numpy()
loss = lambda x: model(x).pow(2).sum()
def inferred():
    with torch.inference_mode():
        return model(x)
def backward():
    y = model(x)
    y.sum().backward()
    return y
def threaded():
    answers = []
    thread = threading.Thread(target=lambda: answers.append(model(x)))
    thread.start()
    thread.join()
    return answers[0]
"""
JAX_WAYS = """
import jax
import jax.export
from jax import lax
from jax.lax import conv_transpose as imported
whole = lambda *shape: np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
x, w, grouped = whole(1, 4, 5), whole(6, 4, 3), whole(6, 2, 3)
axes = ("NCH", "OIH", "NCH")
def dilated(x, w=w, **words):
    pads = [(2, 1)]
    return lax.conv_general_dilated(x, w, (1,), pads, (2,), dimension_numbers=axes, **words)
in_groups = lambda x: dilated(x, grouped, feature_group_count=2)
loss = lambda x: (in_groups(x) ** 2).sum()
conv = lambda x: lax.conv_general_dilated(x, w, (2,), [(2, 1)], dimension_numbers=axes)
jitted, compiled = jax.jit(dilated), jax.jit(dilated).lower(x).compile()
exported = jax.export.export(jax.jit(dilated))(x)
last = np.moveaxis(x, 1, 2)
"""
KERAS_WAYS = """
import keras
layers = keras.layers
x = np.ones((2, 4, 4, 2), np.float32)
numbers = keras.ops.convert_to_numpy
def up(name):
    return layers.Conv2DTranspose(3, 3, strides=2, padding="same", name=name)
inputs = keras.Input((4, 4, 2))
functional = keras.Model(inputs, layers.Add()([up("a")(inputs), up("b")(inputs)]))
class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.layer = up("c")
    def call(self, x):
        return keras.ops.conv_transpose(self.layer(x), np.ones((3, 3, 2, 3), np.float32), 2)
subclassed = Subclassed()
def fitted():
    functional.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    functional.fit(x, np.zeros((2, 8, 8, 3), np.float32), batch_size=2, verbose=0)
    return functional.predict(x, verbose=0)
"""
TENSORFLOW_WAYS = """
import tensorflow as tf
from tensorflow.nn import conv2d_transpose as imported
whole = lambda *shape: np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
x, w = whole(1, 4, 5, 2), whole(3, 3, 4, 2)
pads = [[0, 0], [1, 0], [1, 1], [0, 0]]
def model(x, w=w):
    return tf.nn.conv2d_transpose(x, w, [1, 8, 10, 4], [1, 2, 2, 1], "SAME")
compiled = tf.function(model)
graph = tf.function(model).get_concrete_function(tf.constant(x), tf.constant(w))
def gradient():
    with tf.GradientTape() as tape:
        tape.watch(kernel := tf.constant(w))
        total = tf.reduce_sum(model(x, kernel))
    return tape.gradient(total, kernel)
def conv_gradient():
    with tf.GradientTape() as tape:
        tape.watch(image := tf.constant(whole(1, 8, 10, 4)))
        total = tf.reduce_sum(tf.nn.conv2d(image, w, 2, "SAME"))
    return tape.gradient(total, image)
old = tf.compat.v1.nn
"""
FLAX_WAYS = """
import jax
import flax.linen as nn
from flax import nnx
x = np.ones((1, 5, 4), np.float32)
linen = nn.ConvTranspose(6, (3,), strides=(2,))
weights = linen.init(jax.random.key(0), x)
layer = nnx.ConvTranspose(4, 6, (3,), strides=2, rngs=nnx.Rngs(0))
"""
HAIKU_WAYS = """
import haiku, jax
x = np.ones((1, 5, 4), np.float32)
model = haiku.without_apply_rng(haiku.transform(lambda x: haiku.Conv1DTranspose(6, 3, 2)(x)))
weights = model.init(jax.random.key(0), x)
"""
EQUINOX_WAYS = """
import equinox, jax
x = np.ones((4, 5), np.float32)
layer = lambda **words: equinox.nn.ConvTranspose1d(4, 6, 3, 2, key=jax.random.key(0), **words)
padded, grouped = layer(padding=1, output_padding=1), layer(groups=2)
"""
UNSEEN = "torch.nn.functional.conv_transpose in ConvTranspose2d"
WAYS: dict[str, tuple[str, dict[str, tuple[str, int, list[str]]]]] = {
    "torch": (
        TORCH_WAYS,
        {
            "scripted": ("numbers(scripted(x))", 1, []),
            "traced": ("numbers(traced(x))", 1, []),
            "optimized": ("numbers(frozen(x))", 1, []),
            "exported": ("numbers(exported(x))", 1, []),
            "compiled": ("numbers(compiled(x))", 1, []),
            "inference": ("inferred()", 1, []),
            "backward": ("numbers(backward())", 1, []),
            "functional_call": ("numbers(functional_call(model, weights, (x,)))", 1, []),
            "vmap": ("numbers(torch.vmap(lambda x: model(x[None])[0])(x))", 1, []),
            "grad": ("numbers(grad(loss)(x))", 1, []),
            "jacrev": ("numbers(jacrev(loss)(x))", 1, []),
            "jvp": ("numbers(jvp(model, (x,), (x,))[1])", 1, []),
            "complex": ("numbers(complex_layer(v))", 1, []),
            "thread": ("numbers(threaded())", 0, [UNSEEN]),
        },
    ),
    "jax": (
        JAX_WAYS,
        {
            "dilated": ("dilated(x)", 1, []),
            "jitted": ("jitted(x)", 1, []),
            "groups": ("in_groups(x)", 1, []),
            "vmap": ("jax.vmap(in_groups)(np.stack([x, x]))", 2, []),
            "grad": ("jax.jit(jax.grad(loss))(x)", 1, []),
            "conv": ("jax.grad(lambda x: conv(x).sum())(x)", 0, []),
            "imported": ("imported(last, w.transpose(2, 1, 0), (2,), 'SAME')", 1, []),
            "scan": ("lax.scan(lambda c, x: (c, dilated(x)), 0, np.stack([x, x]))[1]", 2, []),
            "compiled": ("compiled(x)", 0, ["a function that was compiled"]),
            "exported": ("exported.call(x)", 0, ["a function that was exported"]),
        },
    ),
    "keras": (
        KERAS_WAYS,
        {
            "functional": ("numbers(functional(x))", 2, []),
            "predict": ("functional.predict(x, verbose=0)", 2, []),
            "subclassed": ("numbers(subclassed(x))", 2, []),
            "fit": ("fitted()", 4, []),
        },
    ),
    "tensorflow": (
        TENSORFLOW_WAYS,
        {
            "eager": ("model(x)", 1, []),
            "compiled": ("compiled(x)", 1, []),
            "imported": ("imported(x, w, [1, 8, 10, 4], 2, pads)", 1, []),
            "old": ("old.conv2d_transpose(x, w, [1, 8, 10, 4], (1, 2, 2, 1))", 1, []),
            "gradient": ("gradient()", 1, []),
            "conv": ("conv_gradient()", 0, []),
            "graph": ("graph(tf.constant(x), tf.constant(w))", 0, ["the graph model"]),
        },
    ),
    "flax": (
        FLAX_WAYS,
        {
            "linen": ("jax.jit(linen.apply)(weights, x)", 1, []),
            "nnx": ("nnx.jit(lambda layer, x: layer(x))(layer, x)", 1, []),
        },
    ),
    "haiku": (HAIKU_WAYS, {"apply": ("jax.jit(model.apply)(weights, x)", 1, [])}),
    "equinox": (
        EQUINOX_WAYS,
        {
            "padded": ("equinox.filter_jit(padded)(x)", 1, []),
            "groups": ("jax.vmap(grouped)(x[None])", 1, []),
        },
    ),
}
"""For each framework a setup, and by name an expression, its calls, and what is not recorded."""


def test_in_every_way_to_run_a_model_a_call_is_recorded_or_named(
    ran: Path, environment: Environment
) -> None:
    found = {name: entries for name, *entries in lines_of(ran, "ways", environment)}
    ways = ways_of(environment)
    assert found == {name: [count, names, True] for name, (_, count, names) in ways.items()}
    for name, (_, count, _) in ways.items():
        if count:
            result = CliRunner().invoke(main, ["diagnose", str(ran / f"way-{name}.npz"), "--json"])
            for record in json.loads(result.output):
                is_flipped = any("kernel flip: flipped" in names for names in record["conventions"])
                assert record["status"] == "right" or is_flipped, name


TRANSFORMED = """
import sys
import numpy as np
import jax
from conformance import capture
x = np.arange(8, dtype=np.float32).reshape(2, 1, 4, 1)
w = np.ones((3, 1, 1), np.float32)
layer = lambda x, w: jax.lax.conv_transpose(x, w, (2,), "SAME")
loss = lambda w: (jax.vmap(layer, (0, None))(x, w) ** 2).sum()
run = lambda: np.asarray(jax.jit(jax.grad(loss))(w)).tolist()
before = run()
with capture(f"{sys.argv[1]}/transformed.npz") as calls:
    during = run()
assert before == during == run()
assert len(calls) == 2 and not calls.unreadable
assert [call["lhs"].ravel().tolist() for call in calls.calls] == x.reshape(2, 4).tolist()
"""


def test_inside_a_derivative_and_a_vmap_every_example_is_recorded(
    ran: Path, environment: Environment
) -> None:
    lines_of(ran, "transformed", environment)  # it has its own assertions


PORT = """
import sys
import numpy as np, torch, keras
from conformance import capture

VALID, CROPPED, WIDE = (
    {"stride": 2},
    {"stride": 2, "padding": 1},
    {"dilation": 2},
)
WORDS = {"stride": "strides", "dilation": "dilation_rate"}
kernel = lambda w: w.transpose(2, 3, 1, 0)
WRONG = {
    1: (VALID, {}, lambda w: kernel(w)[::-1, ::-1], 1),
    3: (CROPPED, {}, lambda w: kernel(w).swapaxes(2, 3), 1),
    5: (VALID, {}, lambda w: kernel(w).swapaxes(0, 1), 1),
    7: (CROPPED, {}, lambda w: w.reshape(3, 3, 4, 4), 1),
    9: (VALID, {}, kernel, 0),
    11: (CROPPED, {"output_padding": None}, kernel, 1),
    13: (VALID, {"strides": 1}, kernel, 1),
    15: (CROPPED, {"padding": "valid", "output_padding": None}, kernel, 1),
    17: (WIDE, {"dilation_rate": 1}, kernel, 1),
    19: (CROPPED, {}, kernel, 2),
}
random = np.random.default_rng(0)
whole = lambda *shape: random.integers(-3, 4, shape).astype(np.float32)
layers = []
for number in range(20):
    right = (VALID, CROPPED, WIDE)[number % 3], {}, kernel, 1
    arguments, mistake, turned, times = WRONG.get(number, right)
    w, b = whole(4, 4, 3, 3), whole(4)
    original = torch.nn.ConvTranspose2d(4, 4, 3, **arguments)
    original.weight.data, original.bias.data = torch.tensor(w), torch.tensor(b)
    words = {WORDS[name]: n for name, n in arguments.items() if name in WORDS}
    if "padding" in arguments:
        words |= {"padding": "same", "output_padding": 0}
    port = keras.layers.Conv2DTranspose(4, 3, **{**words, **mistake})
    port.build((None, 5, 6, 4))
    port.set_weights([np.ascontiguousarray(turned(w)), b * times])
    layers.append((original, port))
small = lambda y: y[:, :5, :6] % 5 - 2
x = whole(1, 5, 6, 4)
with capture(f"{sys.argv[1]}/torch.npz"):
    y = torch.tensor(x.transpose(0, 3, 1, 2).copy())
    for original, _ in layers:
        y = small(original(y).detach().movedim(1, -1)).movedim(-1, 1).contiguous()
with capture(f"{sys.argv[1]}/keras.npz"):
    y = x
    for _, port in layers:
        y = small(keras.ops.convert_to_numpy(port(y)))
"""
NAMES = {
    1: "kernel flip: flipped",
    3: "kernel channels: exchanged",
    5: "kernel axes: reversed",
    7: "kernel layout: ",
    9: "bias: dropped",
    11: "",
    13: "stride: ignored",
    15: "padding: ignored",
    17: "dilation: ignored",
    19: "bias: doubled",
}
"""The wrong layers of the port, each with the beginning of the name of its convention."""


def test_of_a_port_of_twenty_layers_every_wrong_one_is_named(
    ran: Path, environment: Environment
) -> None:
    lines_of(ran, "port", environment)
    words = ["diagnose", str(ran / "keras.npz"), "--against", str(ran / "torch.npz"), "--json"]
    records = json.loads(CliRunner().invoke(main, words).stdout)
    assert {n for n, record in enumerate(records) if record["status"] != "right"} == NAMES.keys()
    for number, name in NAMES.items():
        explanations = records[number]["conventions"]
        assert any(len(e) == 1 and e[0].startswith(name) for e in explanations), records[number]
