import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EngineError, throwIfCancelled } from "./engineError.js";
import type { WheelSpec } from "./engineSpec.js";
import type { PipTool } from "./engineTools.js";
import { explainToolFailure } from "./explainToolFailure.js";
import { runProcess } from "./runProcess.js";
import { adoptPartial, filesIn, keepPartial, removeAttempts, sizeOf, wheelFiles } from "./wheelPartials.js";

export interface DownloadContext {
  /** Where wheels lie; complete ones directly, interrupted ones in `attempt-*`. */
  readonly folder: string;
  readonly pip: PipTool;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const pollIntervalMs = 250;
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
  const attempt = join(context.folder, `attempt-${process.pid}-${Date.now().toString(36)}`);
  await mkdir(join(attempt, "temporary"), { recursive: true });
  const got = await fetchWhole(wheel, attempt, context);
  const sha256 = await sha256Of(got, context.signal);
  if (sha256 !== wheel.sha256) {
    await removeAttempts(context.folder);
    throw wrongHash(wheel, sha256);
  }
  await rename(got, target);
  await removeAttempts(context.folder);
  return target;
}

/** A file that should be the wheel; goes on by itself where the connection breaks off but moves. */
async function fetchWhole(wheel: WheelSpec, attempt: string, context: DownloadContext): Promise<string> {
  const resumed = await resumeWhileGrowing(wheel, attempt, context);
  if (resumed) return resumed;
  try {
    return await downloadAll(wheel, attempt, context);
  } catch (error) {
    throwIfCancelled(context.signal);
    const rest = await resumeWhileGrowing(wheel, attempt, context);
    if (rest) return rest;
    throw error;
  }
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
  const { pip, env, signal } = context;
  const outcome = await watched(attempt, wheel, context, () =>
    runProcess(
      pip.program,
      [...pip.arguments, ...args, ...targetOptions(wheel), "--dest", output, `${wheel.name}==${wheel.version}`],
      { env: temporaryIn(attempt, env), signal },
    ),
  );
  const file = outcome.exitCode === 0 ? (await filesIn(output)).find((name) => name.endsWith(".whl")) : undefined;
  if (file === undefined) throw explainToolFailure("pip", outcome, context.folder);
  return join(output, file);
}

/** Null where there is nothing to go on with, or it does not work. */
async function resumeWhileGrowing(wheel: WheelSpec, attempt: string, context: DownloadContext): Promise<string | null> {
  const part = await adoptPartial(wheel, attempt, context.folder);
  if (part === null) return null;
  const { pip, env, signal } = context;
  const script =
    pip.arguments[0] === "-m" ? resumeScript : `import sys; sys.path.insert(0, ${pythonPath(pip)})\n${resumeScript}`;
  const args = ["-c", script, part, `${wheel.name}==${wheel.version}`, ...targetOptions(wheel)];
  for (let before = -1, bytes = await sizeOf(part); ; before = bytes, bytes = await sizeOf(part)) {
    if (bytes === wheel.bytes && (await isWhole(part, wheel, signal))) return part;
    if (bytes === null || bytes >= wheel.bytes) break;
    if (bytes === before) return null;
    await watched(attempt, wheel, context, () =>
      runProcess(pip.program, args, { env: temporaryIn(attempt, env), signal }),
    );
  }
  await rm(part, { force: true });
  return null;
}

/** The wheel that `ensurepip` carries, as a Python literal. */
function pythonPath(pip: PipTool): string {
  return JSON.stringify(dirname(pip.arguments[0] ?? ""));
}

function targetOptions(wheel: WheelSpec): readonly string[] {
  const target = ["--platform", wheel.platform, "--implementation", "cp", "--python-version", pythonVersion];
  // pip before 20 does not derive it from the version.
  const abi = /-(cp\d+)-[^-]+\.whl$/.exec(wheel.file)?.[1];
  if (abi !== undefined) target.push("--abi", abi);
  return ["--no-cache-dir", "--no-deps", "--only-binary", ":all:", ...target];
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
    await keepPartial(attempt, wheel, found);
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

async function isWhole(path: string, wheel: WheelSpec, signal?: AbortSignal): Promise<boolean> {
  return (await sizeOf(path)) === wheel.bytes && (await sha256Of(path, signal)) === wheel.sha256;
}

async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal ? { signal } : {});
  return hash.digest("hex");
}

function wrongHash(wheel: WheelSpec, got: string): EngineError {
  return new EngineError(
    "wrongHash",
    `${wheel.file} was truncated or altered on its way: its SHA-256 is ${got}, published was ${wheel.sha256}. It was deleted.`,
    "Run `layerscope engine install` again; if it stays, ask who runs the package index or proxy that `pip config list` names.",
  );
}
