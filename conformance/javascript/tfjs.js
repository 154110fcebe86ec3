// TensorFlow.js, on the backend that TFJS_BACKEND names.
"use strict";

const tf = require("@tensorflow/tfjs-core");
const { layers } = require("@tensorflow/tfjs-layers");
const backend = process.env.TFJS_BACKEND ?? "cpu";
require(`@tensorflow/tfjs-backend-${backend}`);

module.exports = {
  name: "tfjs",
  version: tf.version_core,
  dtypes: ["float32"],
  names: { tf: { ...tf, layers } },
  async start() {
    const engine = tf.engine();
    if (backend in engine.registry) engine.registry[backend].dispose = () => {}; // which a broken one cannot
    engine.reset();
    if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
    await tf.ready();
  },
  tensor: ({ dtype, shape, values }) => tf.tensor(values, shape, dtype),
  array: async (tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, values: await tensor.data() }),
};
