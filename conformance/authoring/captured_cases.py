"""Turn a captured call into the fields of a case."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.adapters.framework import Api
from conformance.authoring import call_files
from conformance.authoring.call_files import ANSWERS, ARRAYS, CannotUse
from conformance.authoring.captures import RANGES, X_AXES, Capture
from conformance.question import TANGENTS, Array
from conformance.recipes import search
from conformance.recipes.search import LENGTH
from conformance.runs import lookup
from conformance.runs.lookup import NotFoundError


def choices(
    options: Mapping[str, Any], fields: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the arrays that the case may have, and remarks on their origin.

    ``options`` is the file, and the names, axes and limits that people say of it, by the names of
    the options of ``conformance new``. ``fields`` are the fields of the case so far; the arguments
    of the captured call are added to it. Raises ``CannotUse`` if the file is no such call, or the
    options contradict it.
    """
    for key in (*ARRAYS, "gradient", *TANGENTS):
        if key in fields:
            option = key.replace("_", "-")
            raise CannotUse(f"--{option} is said, and --from-npz has arrays of its own")
    file, api_id = options["npz"], options["api_id"]
    names = {key: options[f"{key}_name"] for key in ARRAYS}
    values = call_files.read(file, options["ignored"])
    if calls := call_files.recorded_calls(values):
        values = _layer(file, calls, options["layer"])
        api_id = str(values.pop("api"))
        if "dtype" in values:
            fields.setdefault("dtype", str(values.pop("dtype")))
    elif options["layer"] is not None:
        raise CannotUse(f"{file} has one call, and no layers")
    api = None if api_id is None else _api(api_id)
    arrays, arguments = call_files.split_arguments(values, names, api)
    api_defaults = {} if api is None else api.defaults
    has_length = LENGTH in arguments
    defaults = {
        key: value
        for key, value in api_defaults.items()
        if key not in {*fields, *arguments} and (value or has_length)
    }
    for key, value in {**arguments, **defaults}.items():
        fields.setdefault(key, value)
    if api is not None and api.operator != "conv_transpose":
        fields.setdefault("op", api.operator)
    op = fields.get("op", "conv_transpose")
    operator = "conv_transpose" if op.startswith("conv_transpose") else "conv"
    if api is not None and api.operator == "interpolate":
        raise CannotUse(
            f"{api.id} has no kernel; what is captured is a convolution or its transpose"
        )
    if api is not None and api.operator != operator:
        raise CannotUse(f"{api.id} is asked for {api.operator}, not for {op}")
    canonical = "in out *k" if operator == "conv_transpose" else "out in *k"
    groups = fields.get("groups", 1)
    capture = Capture.from_arrays(
        arrays,
        x_axes=options["x_layout"] or (api.layout if api else X_AXES),
        kernel_axes=options["kernel_layout"] or (api.kernel_axes if api else canonical),
        canonical=canonical,
        groups=groups if isinstance(groups, int) else 1,
        divides_inputs=api is not None and api.divides_inputs,
    )
    size = fields.get(LENGTH)
    if has_length and options["crop"] is not None:
        raise CannotUse("--crop changes the length of the output, which the call says")
    if isinstance(size, list) and len(size) == capture.x.ndim and api is not None:
        places = search.order(api.layout, X_AXES, capture.x.ndim - 2)
        fields[LENGTH] = [size[place] for place in places]
    omission = f" Left out: {', '.join(options['ignored'])}." if options["ignored"] else ""
    origin = f"{file.name}, a call of {api.id}" if api else file.name
    shapes = ", ".join(f"{key} {array.shape}" for key, array in capture.arrays.items())
    remarks = [f"Captured: {shapes} of {origin}.{omission}"]
    if api is not None and defaults:
        sentence = ", ".join(f"{key} {value}" for key, value in defaults.items())
        remarks.append(f"Not given, and so as {api.id} takes it: {sentence}.")
    if options["crop"] is not None:
        capture = capture.crop(options["crop"])
        remarks.append(
            f"Cut to the first {options['crop']} along each axis but the kernel's window."
        )
        if capture.groups != groups:
            fields["groups"] = capture.groups
    if "dtype" not in fields and capture.kernel.dtype != capture.x.dtype:
        fields.setdefault("kernel_dtype", capture.kernel.dtype.name)
    if capture.x.dtype != "float32":
        fields.setdefault("dtype", capture.x.dtype.name)
    if options["seed"] is None:
        return [capture.literal_fields(real=options["real"])], remarks
    remarks.append("The numbers are small whole ones in place of those captured.")
    return [capture.random_fields(options["seed"], *bounds) for bounds in RANGES], remarks


def _layer(
    file: Path, calls: Mapping[str, dict[str, Array]], layer: str | None
) -> dict[str, Array]:
    """Return the arguments of one recorded call, without its answer."""
    titles = {f"{number} {call.get('layer', '')}".strip(): number for number, call in calls.items()}
    found = call_files.layers_named(titles, layer)
    if len(found) != 1:
        raise CannotUse(f"{file} has several calls; --layer names one of {', '.join(titles)}")
    call = calls[titles[found[0]]]
    return {name: call[name] for name in call if name not in {"layer", *ANSWERS}}


def _api(name: str) -> Api:
    try:
        return lookup.api_named(name)[1]
    except NotFoundError as error:
        raise CannotUse(str(error)) from None
