// Compiles assembly/*.as (AssemblyScript; not named .ts, because it is another language to tsc and the linter).
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "assembly");
// Nothing of a runtime: the memory belongs to tfjs-backend-wasm, and these functions only use what they are given.
const options = [
  ...["--enable", "simd", "--enable", "threads", "--runtime", "stub", "--noAssert", "-O3", "--converge"],
  ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536", "--use", "abort="],
];

/**
 * Makes `output` (a .wasm file) from assembly/training.as, if a source is newer.
 * @param {string} output
 */
export async function compileAssembly(output) {
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(sources).map((file) => join(sources, file))];
  if (existsSync(output) && inputs.every((file) => statSync(file).mtimeMs <= statSync(output).mtimeMs)) return;
  const { main } = await import("assemblyscript/asc");
  /** @type {Uint8Array | undefined} */
  let binary;
  const { error, stderr } = await main(["training.ts", "--outFile", "training.wasm", ...options], {
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
    throw new Error(`training.as does not compile: ${error?.message ?? "no output"}\n${stderr.toString()}`);
  }
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(`${output}.${process.pid}`, binary);
  renameSync(`${output}.${process.pid}`, output);
}
