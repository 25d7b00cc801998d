import { EngineError } from "../engines/engineError.js";
import { installManagedEngine } from "../engines/install.js";
import { listManagedEngines, removeManagedEngines } from "../engines/managedEngines.js";
import { tryProjectEngine } from "../engines/projectEngine.js";
import { findTfjsCopies, ownCopy } from "../engines/tfjsCopies.js";
import { verifyManagedEngine } from "../engines/verifyEngine.js";
import { jsonText } from "../run/jsonText.js";
import { CommandError, type CommandIo, exitCodes, usageError } from "./commandIo.js";
import { type CommandLine, parseCommandLine } from "./commandLine.js";
import { installProgressLines } from "./installProgressLines.js";
import { textTable } from "./textTable.js";

export const engineUsage = "layerscope engine install [--force] | list | verify | remove [--json]";

const interruptedExit = 130;

/** `layerscope engine …`: the native tfjs-node that Layerscope keeps for all projects of this user. */
export async function runEngineCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const line = parseCommandLine(args, { json: { type: "boolean" }, force: { type: "boolean" } }, engineUsage);
  const [action, stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray} after ${action}, wanted nothing. Usage: ${engineUsage}`);
  if (line.flags.has("force") && action !== "install")
    throw usageError(`--force is for install. Usage: ${engineUsage}`);
  const { signal, close } = withTermination(io.signal);
  try {
    switch (action) {
      case "install":
        return await install(line, { ...bound(io), signal });
      case "list":
        return await list(line, io);
      case "verify":
        return await verify(line, { ...bound(io), signal });
      case "remove":
        return await remove(line, io);
      default:
        throw usageError(`Got ${action ?? "nothing"}, wanted install, list, verify or remove. Usage: ${engineUsage}`);
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CommandError(error.message, { exitCode: exitCodeOf(error), cause: error });
  } finally {
    close();
  }
}

async function install(line: CommandLine, io: CommandIo): Promise<number> {
  const force = line.flags.has("force");
  if (!force && (await projectWorks(line, io))) return 0;
  const lines = installProgressLines((text) => io.stderr(text), process.stderr.isTTY === true);
  const result = await installManagedEngine({
    env: io.env,
    signal: io.signal,
    force,
    onProgress: lines.report,
  }).finally(lines.end);
  const { engine, outcome } = result;
  if (line.flags.has("json")) {
    io.stdout(jsonText({ outcome, ...engine.manifest, folder: engine.folder }));
    return 0;
  }
  const { versions } = engine.manifest;
  const what = `tfjs-node ${versions["tfjs-node"]} with TensorFlow ${versions.tensorflow}`;
  io.stdout(
    outcome === "already"
      ? `${what} is installed already in ${engine.folder} (--force makes it anew).\n`
      : `${what} works and is installed in ${engine.folder}. \`layerscope train\` uses it wherever a project has none of its own that works.\n`,
  );
  return 0;
}

/** The first choice of all: a tfjs-node of the project's own needs no other. */
async function projectWorks(line: CommandLine, io: CommandIo): Promise<boolean> {
  const copy = ownCopy(findTfjsCopies(io.cwd), "@tensorflow/tfjs-node", io.cwd);
  const found = await tryProjectEngine(copy, process.execPath, { env: io.env, signal: io.signal });
  if (found.state !== "works") return false;
  const { package: name, version, path } = found.copy;
  if (line.flags.has("json"))
    io.stdout(jsonText({ outcome: "projectWorks", folder: path, versions: { [name]: version } }));
  else io.stdout(`This project's own ${name} ${version} works: nothing to install (--force installs all the same).\n`);
  return true;
}

async function list(line: CommandLine, io: CommandIo): Promise<number> {
  const found = await listManagedEngines(io.env);
  if (line.flags.has("json")) {
    io.stdout(jsonText(found));
    return 0;
  }
  if (found.engines.length === 0)
    io.stdout(`No native engine in ${found.folder}: \`layerscope engine install\` brings one.\n`);
  else {
    io.stdout(
      textTable(
        ["engine", "state", "installed", "MB", "folder"],
        found.engines.map((engine) => [
          engine.key,
          engine.reason ?? (engine.current ? "in use" : "of another version"),
          engine.installedAt?.slice(0, 10) ?? null,
          engine.bytes === null ? null : Math.round(engine.bytes / 1e6),
          engine.folder,
        ]),
      ),
    );
  }
  if (found.leftoverBytes > 1e6) {
    io.stdout(`${Math.round(found.leftoverBytes / 1e6)} MB of an interrupted installation, which the next one uses.\n`);
  }
  return 0;
}

async function verify(line: CommandLine, io: CommandIo): Promise<number> {
  const result = await verifyManagedEngine({ env: io.env, signal: io.signal });
  if (line.flags.has("json")) io.stdout(jsonText({ ok: true, ...result }));
  else {
    const { largestDifference, tolerance } = result;
    io.stdout(
      `The native engine trains the test network with the right numbers (largest difference ${largestDifference.toExponential(1)}, tolerance ${tolerance}).\n`,
    );
  }
  return 0;
}

async function remove(line: CommandLine, io: CommandIo): Promise<number> {
  const removed = await removeManagedEngines(io.env);
  if (line.flags.has("json")) io.stdout(jsonText({ removed }));
  else io.stdout(removed.length > 0 ? `Removed ${removed.join(", ")}.\n` : "There was no native engine to remove.\n");
  return 0;
}

function exitCodeOf(error: EngineError): number {
  if (error.code === "cancelled") return interruptedExit;
  return error.code === "notInstalled" ? exitCodes.missing : exitCodes.internal;
}

function bound(io: CommandIo): CommandIo {
  const { cwd, env, signal } = io;
  return { cwd, env, signal, stdout: (text) => io.stdout(text), stderr: (text) => io.stderr(text) };
}

/** A closed terminal or a `kill` must end npm, pip and the compiler too, which run in groups of their own. */
function withTermination(outer: AbortSignal): { readonly signal: AbortSignal; readonly close: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  outer.addEventListener("abort", abort, { once: true });
  if (outer.aborted) abort();
  process.once("SIGTERM", abort);
  process.once("SIGHUP", abort);
  return {
    signal: controller.signal,
    close: () => {
      outer.removeEventListener("abort", abort);
      process.off("SIGTERM", abort);
      process.off("SIGHUP", abort);
    },
  };
}
