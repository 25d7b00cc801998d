import { dirname, join } from "node:path";
import { EngineError } from "./engineError.js";
import { type ProcessOptions, runProcess } from "./runProcess.js";

/** pip as a command line: any Python from 3.8 on, whatever its version. */
export interface PipTool {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly version: string;
}

export interface CompilerTool {
  readonly program: string;
  readonly arguments: readonly string[];
  /** First line of `--version`. */
  readonly version: string;
}

const probeTimeoutMs = 20_000;
const oldestPython = [3, 8] as const;

const pythonQuestion = `
import sys
print("%d.%d" % sys.version_info[:2])
try:
    import pip
    print("pip " + pip.__version__)
except Exception:
    import ensurepip, glob, os
    print("wheel " + sorted(glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl")))[-1])
`;

/** The first Python that can run pip: as a module, or out of the wheel that `ensurepip` carries. */
export async function findPip(options: ProcessOptions): Promise<PipTool> {
  const seen: string[] = [];
  let python: string | null = null;
  for (const program of pythonCandidates(options.env)) {
    const outcome = await runProcess(program, ["-c", pythonQuestion], { ...options, timeoutMs: probeTimeoutMs });
    const [version = "", source = ""] = outcome.stdout.split(/\r?\n/);
    const numbers = /^(\d+)\.(\d+)$/.exec(version);
    if (!numbers) continue;
    if (!atLeast([Number(numbers[1]), Number(numbers[2])], oldestPython)) {
      seen.push(`${program} is ${version}`);
      continue;
    }
    python ??= program;
    if (source.startsWith("pip ")) return { program, arguments: ["-m", "pip"], version: source };
    if (source.startsWith("wheel ")) {
      const wheel = source.slice("wheel ".length);
      return { program, arguments: [`${wheel}/pip`], version: wheel };
    }
  }
  if (python) {
    throw new EngineError(
      "noPip",
      `${python} has no pip, which fetches TensorFlow's libraries.`,
      `Install it (\`${python} -m ensurepip --user\`, or your system's package python3-pip) and run \`layerscope engine install\` again.`,
    );
  }
  throw new EngineError(
    "noPython",
    `No Python 3.8 or newer was found${seen.length > 0 ? ` (${seen.join(", ")})` : ""}; its pip fetches TensorFlow's libraries.`,
    "Install Python, or set LAYERSCOPE_PYTHON to its path, and run `layerscope engine install` again.",
  );
}

function pythonCandidates(env: NodeJS.ProcessEnv): readonly string[] {
  const own = env.LAYERSCOPE_PYTHON;
  return own ? [own] : ["python3", "python", ...(process.platform === "win32" ? ["py"] : [])];
}

function atLeast(got: readonly [number, number], wanted: readonly [number, number]): boolean {
  return got[0] > wanted[0] || (got[0] === wanted[0] && got[1] >= wanted[1]);
}

/** npm of PATH, else the one beside `node`. */
export async function findNpm(node: string, options: ProcessOptions): Promise<string> {
  const name = process.platform === "win32" ? "npm.cmd" : "npm";
  for (const program of [name, join(dirname(node), name)]) {
    const outcome = await runProcess(program, ["--version"], { ...options, timeoutMs: probeTimeoutMs });
    if (outcome.started && outcome.exitCode === 0) return program;
  }
  throw new EngineError(
    "noNpm",
    "npm was not found; it fetches the JavaScript part of tfjs-node.",
    "Put npm on the PATH (it comes with Node) and run `layerscope engine install` again.",
  );
}

/** The system's C++ compilers, best first; none is no error, since one can be downloaded. */
export async function findCompilers(options: ProcessOptions): Promise<readonly CompilerTool[]> {
  const names = options.env.CXX ? [options.env.CXX] : ["c++", "clang++", "g++"];
  if (process.platform === "darwin" && !(await hasCommandLineTools(options))) return [];
  const found: CompilerTool[] = [];
  for (const program of names) {
    const outcome = await runProcess(program, ["--version"], { ...options, timeoutMs: probeTimeoutMs });
    const version = outcome.stdout.split("\n")[0]?.trim() ?? "";
    const known = found.some((tool) => tool.version.replace(/^\S+/, "") === version.replace(/^\S+/, ""));
    if (outcome.exitCode === 0 && !known) found.push({ program, arguments: [], version });
  }
  return found;
}

/** On macOS without them `c++` is a stub that opens a dialog. */
async function hasCommandLineTools(options: ProcessOptions): Promise<boolean> {
  const outcome = await runProcess("xcode-select", ["-p"], { ...options, timeoutMs: probeTimeoutMs });
  return outcome.exitCode === 0;
}
