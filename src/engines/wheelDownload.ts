import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EngineError } from "./engineError.js";
import type { WheelSpec } from "./engineSpec.js";
import type { PipTool } from "./engineTools.js";
import { explainToolFailure } from "./explainToolFailure.js";
import { type ProcessOutcome, runProcess } from "./runProcess.js";

export interface DownloadContext {
  /** Where wheels lie; complete ones directly, interrupted ones in `attempt-*`. */
  readonly folder: string;
  readonly pip: PipTool;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const pollIntervalMs = 250;
const worthResumingBytes = 1_000_000;
/** The wheels are taken apart, never run by Python, so any tag of theirs will do for everybody's Python. */
const pythonVersion = "3.11";

/**
 * Goes on with an interrupted download through pip's own session, hence with the user's index, proxy, certificates and
 * logins. pip has no option for that and these are its internal names (the ones pip-tools has long relied on): whatever
 * goes wrong here ends in a non-zero exit, and the whole file is downloaded by the documented way.
 */
const resumeScript = `
import os, sys
from pip._internal.commands import create_command
from pip._internal.cli.cmdoptions import make_target_python
part, requirement = sys.argv[1:3]
command = create_command("download")
options, _ = command.parse_args(sys.argv[3:])
session = command._build_session(options, retries=2, timeout=20)
finder = command._build_package_finder(options, session, target_python=make_target_python(options))
name, version = requirement.split("==")
link = [c for c in finder.find_all_candidates(name) if str(c.version) == version][0].link
headers = {"Range": "bytes=%d-" % os.path.getsize(part), "Accept-Encoding": "identity"}
response = session.get(link.url_without_fragment, headers=headers, stream=True)
if response.status_code != 206:
    sys.exit("the server answered %d to a range request" % response.status_code)
with open(part, "ab") as file:
    for chunk in response.iter_content(1 << 20):
        file.write(chunk)
`;

/** Path of the wheel with the pinned hash: the one that is there, the rest of an interrupted one, or all of it. */
export async function downloadWheel(wheel: WheelSpec, context: DownloadContext): Promise<string> {
  const target = join(context.folder, wheel.file);
  if (await isWhole(target, wheel)) return target;
  await rm(target, { force: true });
  const partial = await largestPartial(wheel, context.folder);
  const attempt = join(context.folder, `attempt-${process.pid}-${Date.now().toString(36)}`);
  await mkdir(join(attempt, "temporary"), { recursive: true });
  if (partial && (await resume(wheel, partial, attempt, target, context))) {
    await removeAttempts(context.folder);
    return target;
  }
  const got = await downloadAll(wheel, attempt, context);
  const sha256 = await sha256Of(got, context.signal);
  if (sha256 !== wheel.sha256) {
    await removeAttempts(context.folder);
    throw wrongHash(wheel, sha256);
  }
  await rename(got, target);
  await removeAttempts(context.folder);
  return target;
}

async function downloadAll(wheel: WheelSpec, attempt: string, context: DownloadContext): Promise<string> {
  const output = join(attempt, "complete");
  const args = [
    "download",
    "--disable-pip-version-check",
    "--retries",
    "2",
    "--timeout",
    "20",
    "--progress-bar",
    "off",
  ];
  const outcome = await watched(attempt, wheel, context, () =>
    runPip([...args, ...targetOptions(wheel), "--dest", output, `${wheel.name}==${wheel.version}`], attempt, context),
  );
  const file = outcome.exitCode === 0 ? (await filesIn(output)).find((name) => name.endsWith(".whl")) : undefined;
  if (file === undefined) throw explainToolFailure("pip", outcome, context.folder);
  return join(output, file);
}

async function resume(
  wheel: WheelSpec,
  partial: string,
  attempt: string,
  target: string,
  context: DownloadContext,
): Promise<boolean> {
  // A copy: a pip that outlived its parent may still be writing to the original.
  const part = join(attempt, basename(target));
  await copyFile(partial, part);
  const { pip, env, signal } = context;
  const script =
    pip.arguments[0] === "-m" ? resumeScript : `import sys; sys.path.insert(0, ${pythonPath(pip)})\n${resumeScript}`;
  const args = ["-c", script, part, `${wheel.name}==${wheel.version}`, ...targetOptions(wheel)];
  const outcome = await watched(attempt, wheel, context, () =>
    runProcess(pip.program, args, { env: temporaryIn(attempt, env), signal }),
  );
  if (outcome.exitCode === 0 && (await isWhole(part, wheel, signal))) {
    await rename(part, target);
    return true;
  }
  await rm(part, { force: true });
  if (outcome.exitCode === 0) await removeOtherAttempts(attempt);
  return false;
}

/** The wheel that `ensurepip` carries, as a Python literal. */
function pythonPath(pip: PipTool): string {
  return JSON.stringify(dirname(pip.arguments[0] ?? ""));
}

function targetOptions(wheel: WheelSpec): readonly string[] {
  const target = ["--platform", wheel.platform, "--implementation", "cp", "--python-version", pythonVersion];
  return ["--no-cache-dir", "--no-deps", "--only-binary", ":all:", ...target];
}

function runPip(args: readonly string[], attempt: string, context: DownloadContext): Promise<ProcessOutcome> {
  const { pip, env, signal } = context;
  return runProcess(pip.program, [...pip.arguments, ...args], { env: temporaryIn(attempt, env), signal });
}

/** pip downloads to its temporary folder first: ours, so that progress can be seen and what it leaves can be used. */
function temporaryIn(attempt: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = join(attempt, "temporary");
  return { ...env, TMPDIR: folder, TEMP: folder, TMP: folder };
}

async function watched<Result>(
  attempt: string,
  wheel: WheelSpec,
  context: DownloadContext,
  work: () => Promise<Result>,
): Promise<Result> {
  let highest = 0;
  const look = async () => {
    const found = await wheelFiles(attempt);
    highest = Math.max(highest, ...found.map(({ bytes }) => Math.min(bytes, wheel.bytes)));
    context.onBytes(highest);
  };
  const timer = setInterval(() => void look(), pollIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** The longest beginning of the wheel that earlier attempts left. */
async function largestPartial(wheel: WheelSpec, folder: string): Promise<string | null> {
  const attempts = (await filesIn(folder)).filter((name) => name.startsWith("attempt-"));
  const found = (await Promise.all(attempts.map((name) => wheelFiles(join(folder, name))))).flat();
  const candidates = found.filter(
    ({ path, bytes }) => bytes >= worthResumingBytes && bytes <= wheel.bytes && basename(path) === wheel.file,
  );
  const [largest] = candidates.sort((a, b) => b.bytes - a.bytes);
  return largest?.path ?? null;
}

/** The wheels in an attempt's folder: its own copy, pip's temporary one, pip's finished one. */
async function wheelFiles(attempt: string): Promise<readonly { path: string; bytes: number }[]> {
  const temporary = join(attempt, "temporary");
  const folders = [
    attempt,
    join(attempt, "complete"),
    ...(await filesIn(temporary)).map((name) => join(temporary, name)),
  ];
  const found: { path: string; bytes: number }[] = [];
  for (const folder of folders) {
    for (const name of (await filesIn(folder)).filter((file) => file.endsWith(".whl"))) {
      const path = join(folder, name);
      const bytes = await sizeOf(path);
      if (bytes !== null) found.push({ path, bytes });
    }
  }
  return found;
}

async function isWhole(path: string, wheel: WheelSpec, signal?: AbortSignal): Promise<boolean> {
  return (await sizeOf(path)) === wheel.bytes && (await sha256Of(path, signal)) === wheel.sha256;
}

async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal ? { signal } : {});
  return hash.digest("hex");
}

async function removeAttempts(folder: string): Promise<void> {
  const attempts = (await filesIn(folder)).filter((name) => name.startsWith("attempt-"));
  await Promise.all(attempts.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** What resuming gave had another hash: its beginning is not to be used again. */
async function removeOtherAttempts(own: string): Promise<void> {
  const folder = dirname(own);
  const others = (await filesIn(folder)).filter((name) => name.startsWith("attempt-") && name !== basename(own));
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}

function wrongHash(wheel: WheelSpec, got: string): EngineError {
  return new EngineError(
    "wrongHash",
    `${wheel.file} was truncated or altered on its way: its SHA-256 is ${got}, published was ${wheel.sha256}. It was deleted.`,
    "Run `layerscope engine install` again; if it stays, ask who runs the package index or proxy that `pip config list` names.",
  );
}
