import * as tf from "@tensorflow/tfjs";
import { bindEmbedded } from "../main.js";

export * from "@tensorflow/tfjs";

export const version = { ...tf.version, "tfjs-node": tf.version["tfjs-core"] };

bindEmbedded(true);
