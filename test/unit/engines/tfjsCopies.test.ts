import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findTfjsCopies, ownCopy } from "../../../src/engines/tfjsCopies.js";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-copies-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(folder: string, name: string, version: string): string {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), JSON.stringify({ name, version }));
  return path;
}

describe("copies of TensorFlow.js packages", () => {
  it("are none in a folder without any", () => {
    expect(findTfjsCopies(root)).toEqual([]);
    expect(ownCopy([], "@tensorflow/tfjs-node", root)).toBeNull();
  });

  it("are found here, above and nested, nearest first", () => {
    const near = put("app/node_modules/@tensorflow/tfjs-core", "@tensorflow/tfjs-core", "4.22.0");
    const far = put("node_modules/@tensorflow/tfjs-core", "@tensorflow/tfjs-core", "3.21.0");
    const node = put("node_modules/@tensorflow/tfjs-node", "@tensorflow/tfjs-node", "4.1.0");
    const nested = put(
      "node_modules/@tensorflow/tfjs-node/node_modules/@tensorflow/tfjs-core",
      "@tensorflow/tfjs-core",
      "4.1.0",
    );
    const copies = findTfjsCopies(join(root, "app"));
    expect(copies.map(({ path }) => path)).toEqual([near, far, node, nested]);
    expect(ownCopy(copies, "@tensorflow/tfjs-core", join(root, "app"))?.version).toBe("4.22.0");
    expect(ownCopy(copies, "@tensorflow/tfjs-node", join(root, "app"))?.path).toBe(node);
  });

  it("are found once behind pnpm's links, neighbours included", () => {
    const store = "node_modules/.pnpm/tfjs@4.22.0/node_modules/@tensorflow";
    const tfjs = put(`${store}/tfjs`, "@tensorflow/tfjs", "4.22.0");
    const core = put(`${store}/tfjs-core`, "@tensorflow/tfjs-core", "4.22.0");
    mkdirSync(join(root, "node_modules/@tensorflow"), { recursive: true });
    symlinkSync(tfjs, join(root, "node_modules/@tensorflow/tfjs"));
    expect(findTfjsCopies(root).map(({ path }) => path)).toEqual([tfjs, core]);
  });

  it("that are broken or not TensorFlow.js's are left out", () => {
    mkdirSync(join(root, "node_modules/@tensorflow/tfjs-node"), { recursive: true });
    writeFileSync(join(root, "node_modules/@tensorflow/tfjs-node/package.json"), "{");
    put("node_modules/@tensorflow/models", "@tensorflow/models", "1.0.0");
    symlinkSync(join(root, "gone"), join(root, "node_modules/@tensorflow/tfjs"));
    expect(findTfjsCopies(root)).toEqual([]);
  });
});
