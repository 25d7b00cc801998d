// Compiles the WebAssembly kernels (assembly/*.as, AssemblyScript) to generated/*.ts when a source is newer.
// The sources are not named .ts, because they are another language to tsc and the linter.
// Usage: node src/kernels/build.mjs
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const sources = join(folder, "assembly");
const generated = join(folder, "generated");
/** Kernels work in memory that they are given: the engine's, which holds the tensors and is shared, or some of our own. */
const options = [
  ...["--importMemory", "--use", "abort="],
  ...["--enable", "simd", "--runtime", "stub", "--noAssert", "-O3", "--converge"],
  ...["--enable", "threads", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
];

const kernels = ["statistics", "fast"];

/** @param {string} name */
function isCurrent(name) {
  const output = join(generated, `${name}Module.ts`);
  if (!existsSync(output)) return false;
  const made = statSync(output).mtimeMs;
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(sources).map((file) => join(sources, file))];
  return inputs.every((file) => statSync(file).mtimeMs <= made);
}

/** @param {string} name */
async function compile(name) {
  const { main } = await import("assemblyscript/asc");
  /** @type {Uint8Array | undefined} */
  let binary;
  const { error, stderr } = await main([`${name}.ts`, "--outFile", `${name}.wasm`, ...options], {
    readFile(file) {
      const path = join(sources, file.replace(/\.ts$/, ".as"));
      return existsSync(path) ? readFileSync(path, "utf8") : null;
    },
    writeFile(file, contents) {
      if (file.endsWith(".wasm") && typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) {
    throw new Error(`Kernel ${name}.as does not compile: ${error?.message ?? "no output"}\n${stderr.toString()}`);
  }
  const text = `export const ${name}Module = "${Buffer.from(binary).toString("base64")}";\n`;
  const output = join(generated, `${name}Module.ts`);
  mkdirSync(generated, { recursive: true });
  writeFileSync(`${output}.${process.pid}`, text);
  renameSync(`${output}.${process.pid}`, output);
}

/** Brings generated/ up to date; does nothing when it is. */
export async function buildKernels() {
  for (const name of kernels) if (!isCurrent(name)) await compile(name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels();
