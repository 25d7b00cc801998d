import * as tf from "@tensorflow/tfjs";
import { ProgbarLogger } from "@tensorflow/tfjs-node/dist/callbacks";
import { nodeFileSystemRouter } from "@tensorflow/tfjs-node/dist/io/file_system";
import * as nodeIo from "@tensorflow/tfjs-node/dist/io/index";
import { node as tfjsNode } from "@tensorflow/tfjs-node/dist/node";

// The JavaScript part of tfjs-node on the embedded engine: its own files, with stand-ins for what calls its addon.
export * from "@tensorflow/tfjs";

export const version = { ...tf.version, "tfjs-node": tf.version["tfjs-core"] };
export const io = { ...tf.io, ...nodeIo };
export const node = tfjsNode;

tf.io.registerLoadRouter(nodeFileSystemRouter);
tf.io.registerSaveRouter(nodeFileSystemRouter);
tf.registerCallbackConstructor(1, ProgbarLogger);
// As tfjs-node does, so that `tf.getBackend()` has an answer in the next line.
void tf.setBackend("wasm");
