import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { buildEngine } from "../../../src/backend/engine/embedded/build.mjs";
import { bindEmbedded } from "../../../src/backend/engine/engineBinding.js";

/** The embedded engine on this process's tfjs, built from the sources as they are. */
export async function startEmbedded(): Promise<typeof tf> {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-embedded-"));
  await buildEngine({ output: folder });
  bindEmbedded(tf.engine(), folder);
  await tf.setBackend("wasm");
  return tf;
}
