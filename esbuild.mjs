// Usage: node esbuild.mjs [--watch | --minify]
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
// Loaded by address: its AssemblyScript compiler would bring ambient types of its own into this file's.
/** @type {{ buildEmbedded: (options: { minify: boolean }) => Promise<import("esbuild").Metafile[]> }} */
const { buildEmbedded } = await import(pathToFileURL(join(root, "src/backend/engine/embedded/build.mjs")).href);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Bundles are loaded by their place in dist/, so that each process loads only what it needs. */
const ownBundles = [
  "./backend.cjs",
  "./engine.cjs",
  "./hooks.cjs",
  "./recorder.cjs",
  "./reducer.cjs",
  "./lookout.cjs",
  "./cli.cjs",
  "./embedded/*",
];

/** @typedef {{ entry: string, output: string, options: import("esbuild").BuildOptions }} Bundle */

/** What runs in the user's Node; the floor below 20 lets an old Node get as far as our own message. */
/** @type {import("esbuild").BuildOptions} */
const node = { platform: "node", format: "cjs", target: "node14", external: ownBundles };
/** @type {import("esbuild").BuildOptions} */
const host = { ...node, target: "node20", external: ["vscode", ...ownBundles] };
/** @type {import("esbuild").BuildOptions} */
const webview = { platform: "browser", format: "iife", target: "chrome120" };

/** @type {readonly Bundle[]} */
const bundles = [
  { entry: "src/extension.ts", output: "dist/extension.cjs", options: host },
  { entry: "src/host/lookout/thread.ts", output: "dist/lookout.cjs", options: host },
  { entry: "src/backend/preload.ts", output: "dist/backend.cjs", options: node },
  { entry: "src/backend/engine/resolver.ts", output: "dist/engine.cjs", options: node },
  { entry: "src/backend/hooks/main.ts", output: "dist/hooks.cjs", options: node },
  { entry: "src/backend/recorder/worker.ts", output: "dist/recorder.cjs", options: node },
  { entry: "src/backend/reduction/thread.ts", output: "dist/reducer.cjs", options: node },
  { entry: "src/cli/main.ts", output: "dist/cli.cjs", options: node },
  { entry: "webview/dashboard/main.ts", output: "dist/webview/dashboard.js", options: webview },
  { entry: "webview/live/main.ts", output: "dist/webview/live.js", options: webview },
];

/**
 * @param {Bundle} bundle
 * @param {boolean} minify
 * @returns {import("esbuild").BuildOptions & { metafile: true }}
 */
function settings({ entry, output, options }, minify) {
  return {
    ...options,
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    minify,
    keepNames: minify && options.platform === "node",
    legalComments: "none",
    sourcemap: minify ? false : "linked",
    metafile: true,
    logLevel: "warning",
    loader: { ".wasm": "binary" },
    define: { __LAYERSCOPE_VERSION__: JSON.stringify(version) },
  };
}

function presentBundles() {
  return bundles.filter((bundle) => {
    const present = existsSync(join(root, bundle.entry));
    if (!present) console.log(`left out ${bundle.output}: ${bundle.entry} is not there`);
    return present;
  });
}

/** What esbuild's table cannot make: kernels, and the embedded engine with tfjs's packages beside it. */
async function prepare(minify = false) {
  const kernels = join(root, "src/kernels/build.mjs");
  if (existsSync(kernels)) await (await import(pathToFileURL(kernels).href)).buildKernels();
  return await buildEmbedded({ minify });
}

/** Fills dist/; the metafiles tell what went into it. */
export async function build({ minify = false } = {}) {
  if (minify) rmSync(join(root, "dist"), { recursive: true, force: true });
  const embedded = await prepare(minify);
  const results = await Promise.all(presentBundles().map((bundle) => esbuild.build(settings(bundle, minify))));
  return [...embedded, ...results.map((result) => result.metafile)];
}

/** Lines that the problem matcher of .vscode/tasks.json understands. */
const watchLines = {
  name: "watch-lines",
  setup(/** @type {import("esbuild").PluginBuild} */ { onStart, onEnd }) {
    onStart(() => console.log("[watch] build started"));
    onEnd(({ errors }) => {
      for (const { text, location } of errors) {
        console.error(`✘ [ERROR] ${text}\n    ${location?.file}:${location?.line}:${location?.column}:`);
      }
      console.log("[watch] build finished");
    });
  },
};

async function watch() {
  await prepare();
  for (const bundle of presentBundles()) {
    const context = await esbuild.context({ ...settings(bundle, false), logLevel: "silent", plugins: [watchLines] });
    await context.watch();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes("--watch")) await watch();
    else await build({ minify: process.argv.includes("--minify") });
  } catch (error) {
    if (!(error instanceof Error && "errors" in error)) console.error(error); // esbuild has printed its own
    process.exitCode = 1;
  }
}
