import { type ProcessOptions, runProcess } from "./runProcess.js";

export interface NodeFacts {
  readonly version: string;
  readonly major: number;
  readonly platform: string;
  readonly arch: string;
  /** Newest Node-API. */
  readonly napi: number;
  /** WebAssembly with SIMD, which the embedded engine is compiled for. */
  readonly simd: boolean;
}

/** A module with one v128 instruction; it validates only where SIMD is there. */
const simdModule = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11];

const question = `
const simd = typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(${JSON.stringify(simdModule)}));
process.stdout.write(JSON.stringify({ version: process.version, platform: process.platform, arch: process.arch,
  napi: Number(process.versions.napi), simd }));
`;

/** Asks a Node what it is; null with the reason where it cannot be run. */
export async function inspectNode(path: string, run: ProcessOptions): Promise<NodeFacts | string> {
  const outcome = await runProcess(path, ["-e", question], { ...run, timeoutMs: 20_000 });
  if (!outcome.started) return `there is no program ${path}`;
  try {
    const value = JSON.parse(outcome.stdout) as Omit<NodeFacts, "major">;
    return { ...value, major: Number(/^v(\d+)/.exec(value.version)?.[1]) };
  } catch {
    return `${path} is not Node: it answered ${JSON.stringify((outcome.stdout + outcome.stderr).slice(0, 100))}`;
  }
}
