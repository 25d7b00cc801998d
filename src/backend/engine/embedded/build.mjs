// Fills dist/embedded/: one CommonJS file per tfjs package (used where the project lacks it), the engine, its kernels.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { compileAssembly } from "./assembly.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../../..");
const defaultOutput = join(root, "dist/embedded");
const assembled = join(root, "node_modules/.cache/layerscope/training.wasm");
const modules = join(root, "node_modules/@tensorflow");

/**
 * Packages with a bundle of their own. Each asks for the others by name, so that a project's own copy is used where
 * there is one. Of tfjs itself the files for Node are taken (ES5, so that classes compiled to ES5 can extend them).
 */
/** @type {Readonly<Record<string, string | null>>} */
const packages = {
  "tfjs-core": null,
  "tfjs-backend-cpu": null,
  "tfjs-layers": null,
  "tfjs-converter": null,
  "tfjs-data": null,
  "tfjs-backend-wasm": "packages/tfjsBackendWasm.ts",
  tfjs: null,
  "tfjs-node": "packages/tfjsNode.ts",
};

/** Other packages stay outside; this package and deep paths are bundled. */
const keepOthersOutside = (/** @type {string} */ own) => ({
  name: "keep-others-outside",
  setup(/** @type {import("esbuild").PluginBuild} */ { onResolve, onLoad }) {
    // There is no WebGL in Node; tfjs's union asks for its backend all the same.
    onResolve({ filter: /^@tensorflow\/tfjs-backend-webgl$/ }, ({ path }) => ({ path, namespace: "nothing" }));
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "module.exports = {}", loader: "js" }));
    onResolve({ filter: /^@tensorflow\/tfjs[\w-]*$/ }, ({ path }) =>
      path === `@tensorflow/${own}` ? undefined : { path, external: true },
    );
    // Node has had fetch since 18.
    onResolve({ filter: /^node-fetch$/ }, () => ({ path: "node-fetch", namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: "module.exports = globalThis.fetch",
      loader: "js",
    }));
  },
});

/**
 * tfjs-node's files, from their TypeScript (the published JavaScript has ES5 classes, which cannot extend tfjs's), with
 * stand-ins for what they ask TensorFlow for.
 */
/** @type {esbuild.Plugin} */
const nodeStandIns = {
  name: "node-stand-ins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@tensorflow\/tfjs-node\/dist\// }, ({ path }) => ({
      path: `${join(modules, "..", path.replace("/dist/", "/src/"))}.ts`,
    }));
    onLoad({ filter: /tfjs-node[\\/]src[\\/]callbacks\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("import * as ProgressBar", "import ProgressBar"),
      loader: "ts",
    }));
    onResolve({ filter: /^\.\/nodejs_kernel_backend$/ }, () => ({ path: join(here, "node/nodeBackend.ts") }));
    onResolve({ filter: /^\.\/saved_model$/ }, () => ({ path: join(here, "node/savedModel.ts") }));
  },
};

/** The engine's own helpers in place of tfjs-core, and nothing of emscripten's asynchronous glue. */
/** @type {esbuild.Plugin} */
const onHelpers = {
  name: "on-helpers",
  setup(/** @type {import("esbuild").PluginBuild} */ { onResolve, onLoad }) {
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: join(here, "coreHelpers.ts") }));
    onResolve({ filter: /\/wasm-out\// }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: "export default undefined; export const wasmWorkerContents = '';",
    }));
  },
};

/** esbuild exports through getters; tfjs's own bundles export plain properties, which the hooks replace. */
const plainExports =
  "{const m=module;m.exports=Object.assign(Object.defineProperty({},'__esModule',{value:true}),m.exports)}";

/**
 * Node's CommonJS lexer looks for names to import in the text.
 * @param {readonly string[]} names
 */
function nameList(names = []) {
  return `0&&(module.exports={${names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default").join(",")}});`;
}

/** @returns {Record<string, readonly string[]>} */
function exportedNames() {
  const require = createRequire(join(modules, "tfjs-node/package.json"));
  /** @param {string} name */
  const namesOf = (name) => Object.keys(require(`@tensorflow/${name}`));
  const parts = ["tfjs-core", "tfjs-layers", "tfjs-converter", "tfjs-backend-cpu"];
  const union = [...new Set(parts.flatMap(namesOf)), "data", "version"];
  const own = Object.fromEntries([...parts, "tfjs-data"].map((name) => [name, namesOf(name)]));
  return { ...own, tfjs: union, "tfjs-node": [...union, "io", "node"] };
}

/** @satisfies {esbuild.BuildOptions} */
const common = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node18",
  mainFields: ["module", "main"],
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
});

const tfjsKernels = "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
const memorySection = 5;
const hasMaximum = 1;
const isShared = 2;

/**
 * The same module with its memory marked as shared (https://webassembly.github.io/threads/core/binary/types.html#limits),
 * so that helper threads can work in it.
 * @param {Buffer} wasm
 */
function withSharedMemory(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const section = wasm[at++];
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = wasm[at++] ?? 0;
      size |= (byte & 127) << shift;
      more = byte >= 128;
    }
    if (section === memorySection) {
      if (wasm[at] !== 1 || wasm[at + 1] !== hasMaximum) throw new Error("Wanted one memory with a maximum.");
      wasm[at + 1] = hasMaximum | isShared;
      return wasm;
    }
    at += size;
  }
  throw new Error("The kernels have no memory of their own.");
}

/** The engine alone: main.cjs and its kernels. */
export async function buildEngine({ minify = false, output = defaultOutput } = {}) {
  mkdirSync(output, { recursive: true });
  await compileAssembly(assembled);
  copyFileSync(assembled, join(output, "training.wasm"));
  writeFileSync(
    join(output, "tfjs-backend-wasm-simd.wasm"),
    withSharedMemory(readFileSync(join(modules, tfjsKernels))),
  );
  const { metafile } = await esbuild.build({
    ...common,
    minify,
    entryPoints: { main: join(here, "main.ts"), kernelThread: join(here, "kernelThread.ts") },
    outdir: output,
    outExtension: { ".js": ".cjs" },
    plugins: [onHelpers],
  });
  return metafile;
}

/**
 * One file for each tfjs package.
 * @param {{ minify: boolean, output: string }} options
 */
async function buildPackages({ minify, output }) {
  const names = exportedNames();
  const results = await Promise.all(
    Object.entries(packages).map(([name, entry]) => {
      const input = entry
        ? { entryPoints: [join(here, entry)], footer: { js: plainExports + nameList(names[name]) } }
        : {
            stdin: { contents: `module.exports = require("@tensorflow/${name}");`, resolveDir: modules },
            mainFields: ["main"],
            footer: { js: nameList(names[name]) },
          };
      const mark = { js: `globalThis[Symbol.for("layerscope.bundledCore")]=true;` };
      return esbuild.build({
        ...common,
        ...input,
        minify,
        outfile: join(output, "@tensorflow", name, "index.cjs"),
        plugins: [keepOthersOutside(name), nodeStandIns],
        banner: name === "tfjs-core" ? mark : {},
      });
    }),
  );
  for (const name of Object.keys(packages)) {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    const manifest = { name: `@tensorflow/${name}`, version, license, main: "index.cjs" };
    writeFileSync(join(output, "@tensorflow", name, "package.json"), `${JSON.stringify(manifest)}\n`);
  }
  // For Node's hook thread, which cannot know what is decided in the script's thread.
  writeFileSync(
    join(output, "@tensorflow/tfjs-node/import.cjs"),
    `{const m=module;m.exports=require("@tensorflow/tfjs-node")}${nameList(names["tfjs-node"])}\n`,
  );
  copyFileSync(join(here, "esmResolve.mjs"), join(output, "esmResolve.mjs"));
  return results.map((result) => result.metafile);
}

export async function buildEmbedded({ minify = false, output = defaultOutput } = {}) {
  const [engine, others] = await Promise.all([buildEngine({ minify, output }), buildPackages({ minify, output })]);
  return [engine, ...others];
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildEmbedded({ minify: process.argv.includes("--minify") });
