// Evaluates calls of a JavaScript library for a worker, by the lines of docs/any-program.md.
// The module in the first argument says which library: its name and version, the names that a call
// sees, and how its tensors are made and read.
"use strict";

const TYPES = {
  float16: Uint16Array, // its bits, as not every Node has a type for them
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
};
const AsyncFunction = (async () => {}).constructor;
console.log = console.error; // what a library prints is no line of ours
const library = require(process.argv[2]);

function decode({ dtype, shape, data }) {
  const bytes = Buffer.from(data, "base64");
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { dtype, shape, values: new TYPES[dtype](copy) };
}

function encode({ dtype, shape, values }) {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return { dtype, shape, data: bytes.toString("base64") };
}

async function call({ source, kind, id, op, dtype, ...fields }) {
  const names = { ...library.names };
  for (const [name, value] of Object.entries(fields))
    names[name] = value?.data === undefined ? value : library.tensor(decode(value));
  const run = new AsyncFunction(...Object.keys(names), `return ${source}`);
  return encode(await library.array(await run(...Object.values(names))));
}

async function reply(message) {
  if (message.kind === "hello") {
    await library.start?.();
    const { name, version, dtypes } = library;
    return { kind: "ready", name, version, ops: [], dtypes };
  }
  const { id } = message;
  try {
    return { kind: "answer", id, y: await call(message) };
  } catch (error) {
    // Its memory is worth nothing after that.
    if (error instanceof WebAssembly.RuntimeError) await library.start?.();
    return { kind: "refusal", id, words: String(error?.message ?? error) };
  }
}

let last = Promise.resolve();
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    last = last.then(async () => process.stdout.write(`${JSON.stringify(await reply(JSON.parse(line)))}\n`));
  });
