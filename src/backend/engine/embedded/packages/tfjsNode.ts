import * as tf from "@tensorflow/tfjs";

export * from "@tensorflow/tfjs";

export const version = { ...tf.version, "tfjs-node": tf.version["tfjs-core"] };

// As tfjs-node does, so that `tf.getBackend()` has an answer in the next line.
void tf.setBackend("wasm");
