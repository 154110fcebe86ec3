// A library of one function for the program of libraries of JavaScript.
"use strict";

console.log("what a library prints");
let starts = 0;
module.exports = {
  name: "fake",
  version: "1.2",
  dtypes: ["float32", "float64"],
  names: {
    times: (tensor, n) => ({ ...tensor, values: tensor.values.map((value) => value * n) }),
    fail: () => { throw new Error("it does not like that"); },
    trap: () => { throw new WebAssembly.RuntimeError("out of bounds"); },
    started: (tensor) => ({ ...tensor, values: tensor.values.map(() => starts) }),
  },
  start: () => { starts += 1; },
  tensor: (array) => array,
  array: async (tensor) => tensor,
};
