import { join } from "node:path";

let told = false;

/**
 * Another of our bundles, loaded when it is wanted; null where it is gone. An update or removal of the extension while a
 * process runs must not cost the script anything but its statistics.
 */
export function loadPart(file: "engine.cjs" | "hooks.cjs"): unknown {
  try {
    return require(join(__dirname, file));
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split("\n");
    if (!told) process.stderr.write(`layerscope: not watching this process: ${reason}\n`);
    told = true;
    return null;
  }
}
