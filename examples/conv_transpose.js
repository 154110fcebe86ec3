// A transposed convolution in JavaScript, asked by `conformance run --command "node conv_transpose.js"`.
"use strict";

const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

function decode({ dtype, shape, data }) {
  const bytes = Buffer.from(data, "base64");
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { dtype, shape, values: new TYPES[dtype](copy) };
}

function encode({ dtype, shape, values }) {
  return { dtype, shape, data: Buffer.from(values.buffer).toString("base64") };
}

function refuseIf(condition, words) {
  if (condition) throw new Error(words);
}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

// All indices of a space, the last axis fastest.
function* indices(space) {
  for (let flat = 0; flat < product(space); flat++) {
    const index = new Array(space.length);
    for (let axis = space.length - 1, rest = flat; axis >= 0; axis--) {
      index[axis] = rest % space[axis];
      rest = Math.floor(rest / space[axis]);
    }
    yield [flat, index];
  }
}

// Where an element of x meets an element of the kernel; -1 outside of the output.
function target(input, offset, space, q) {
  let flat = 0;
  for (let axis = 0; axis < space.length; axis++) {
    const at = input[axis] * q.stride[axis] + offset[axis] * q.dilation[axis] - q.padding[axis][0];
    if (at < 0 || at >= space[axis]) return -1;
    flat = flat * space[axis] + at;
  }
  return flat;
}

function convTranspose(q) {
  const [x, kernel, bias] = [q.x, q.kernel, q.bias].map((array) => array && decode(array));
  const [batch, inputs, ...space] = x.shape;
  const [, perGroup, ...window] = kernel.shape;
  const outputs = perGroup * q.groups;
  const longest = q.stride.map((s, axis) => Math.max(s, q.dilation[axis]));
  refuseIf(Math.min(...q.stride, ...q.dilation, q.groups) < 1, "stride, dilation and groups are at least 1");
  refuseIf(q.output_padding.some((p, axis) => p < 0 || p >= longest[axis]), "output padding is too long");
  refuseIf(kernel.shape[0] !== inputs || inputs % q.groups, "the channels do not fit");
  refuseIf(bias && bias.values.length !== outputs, "there is one bias for each output channel");
  const size = space.map((n, axis) => {
    const [begin, end] = q.padding[axis];
    const full = (n - 1) * q.stride[axis] + (window[axis] - 1) * q.dilation[axis] + 1;
    return full - begin - end + q.output_padding[axis];
  });
  refuseIf(Math.min(...size) < 1, `an output of ${size}`);
  const sums = new Float64Array(batch * outputs * product(size)); // rounded once, at the end
  if (bias) sums.forEach((_, i) => (sums[i] = bias.values[Math.floor(i / product(size)) % outputs]));
  for (const [from, input] of indices(space)) {
    for (const [tap, offset] of indices(window)) {
      const to = target(input, offset, size, q);
      if (to < 0) continue;
      for (let n = 0; n < batch; n++)
        for (let i = 0; i < inputs; i++) {
          const value = x.values[(n * inputs + i) * product(space) + from];
          const group = Math.floor(i / (inputs / q.groups));
          for (let o = 0; o < perGroup; o++) {
            const weight = kernel.values[(i * perGroup + o) * product(window) + tap];
            sums[(n * outputs + group * perGroup + o) * product(size) + to] += value * weight;
          }
        }
    }
  }
  return encode({ dtype: q.dtype, shape: [batch, outputs, ...size], values: TYPES[q.dtype].from(sums) });
}

function reply(message) {
  if (message.kind === "hello")
    return { kind: "ready", name: "example.js", version: "1.0", ops: ["conv_transpose"], dtypes: Object.keys(TYPES) };
  const { id } = message;
  if (message.op !== "conv_transpose") return { kind: "skip", id, words: `there is no ${message.op}` };
  if (typeof message.padding === "string") return { kind: "skip", id, words: "padding takes numbers" };
  try {
    return { kind: "answer", id, y: convTranspose(message) };
  } catch (error) {
    return { kind: "refusal", id, words: error.message };
  }
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => console.log(JSON.stringify(reply(JSON.parse(line)))));
