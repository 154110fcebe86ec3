// ONNX Runtime for JavaScript, in the package that the second argument names.
"use strict";

const ort = require(process.argv[3]);
ort.env.wasm.numThreads = 1;

module.exports = {
  name: process.argv[3],
  version: ort.env.versions[process.argv[3].replace("onnxruntime-", "")] ?? ort.env.versions.common,
  dtypes: ["float16", "float32", "float64"],
  names: { ort },
  tensor: ({ dtype, shape, values }) => new ort.Tensor(dtype, values, shape),
  array: ({ type, dims, data }) => ({ dtype: type, shape: dims, values: data }),
};
