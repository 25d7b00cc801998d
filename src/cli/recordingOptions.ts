import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { type BackendOptions, type EngineChoice, launchVariable, takenUpVariable } from "../protocol/options.js";
import type { ProbeName, ProbeOptions } from "../run/probes.js";
import { defaultRunsFolder, prepareRunsFolder } from "../run/runFolder.js";
import { listRuns } from "../run/runList.js";
import { type CommandIo, usageError } from "./commandIo.js";
import type { CommandLine } from "./commandLine.js";

const takenUpLimitMs = 60_000;

/**
 * VS Code takes a running task up again after a window reload, but starts it anew if its process has ended meanwhile.
 * True for such a start; a person who starts the same task later is not meant.
 */
export function isStartedByReload({ runs, launch }: BackendOptions, io: CommandIo): boolean {
  const takenUpMs = Date.parse(io.env[takenUpVariable] ?? "");
  return Date.now() - takenUpMs < takenUpLimitMs && listRuns(runs).some(({ run }) => run.launch === launch);
}

export const recordingFlags = {
  engine: { type: "string" },
  runs: { type: "string" },
  budget: { type: "string" },
  node: { type: "string" },
  "disk-limit": { type: "string" },
  fast: { type: "boolean" },
  "break-on-anomaly": { type: "boolean" },
  probe: { type: "string" },
  "probe-every": { type: "string" },
} as const;

const engineChoices: readonly string[] = ["auto", "native", "embedded"] satisfies readonly EngineChoice[];
const defaultBudget = "5";
const defaultDiskLimitMegabytes = 2048;
const megabyte = 2 ** 20;

/** The options that `train` and `exec` share, checked; makes the folder of runs and says so where it cannot. */
export function recordingOptions(line: CommandLine, io: CommandIo): BackendOptions {
  const engine = engineChoice(line.values.get("engine") ?? "auto");
  const budget = budgetOf(line.values.get("budget") ?? defaultBudget);
  const diskLimitBytes = diskLimit(line.values.get("disk-limit"));
  const { folder, problem } = prepareRunsFolder(runsFolder(line, io));
  if (problem !== null) io.stderr(`layerscope: ${problem}\n`);
  return {
    runs: folder,
    engine,
    budget,
    launch: io.env[launchVariable] ?? randomUUID(),
    claim: null,
    parent: null,
    fast: line.flags.has("fast"),
    breakOnAnomaly: line.flags.has("break-on-anomaly"),
    diskLimitBytes,
    ...probes(line),
  };
}

const probeNames = ["gap", "precise", "shift", "landscape"] as const satisfies readonly ProbeName[];
const defaultProbeSteps = 100;

/** `--probe gap,precise --probe-every 50`: passes beyond those of the training, off by default. */
function probes(line: CommandLine): { readonly probes?: ProbeOptions } {
  const list = line.values.get("probe");
  const every = line.values.get("probe-every");
  if (list === undefined) {
    if (every !== undefined) throw usageError("Got --probe-every without --probe, wanted the names of probes.");
    return {};
  }
  const names = list === "all" ? probeNames : probeNames.filter((name) => list.split(",").includes(name));
  if (list !== "all" && names.length !== new Set(list.split(",")).size) {
    throw usageError(`Got --probe ${list}, wanted all or a list of ${probeNames.join(", ")}.`);
  }
  const everySteps = every === undefined ? defaultProbeSteps : Number(every);
  if (!(Number.isInteger(everySteps) && everySteps >= 1)) {
    throw usageError(`Got --probe-every ${every}, wanted a whole number of steps from 1.`);
  }
  return { probes: { names, everySteps } };
}

/** `--runs`, else the workspace's own. Absolute. */
export function runsFolder(line: CommandLine, io: CommandIo): string {
  const given = line.values.get("runs");
  return given === undefined ? defaultRunsFolder(io.cwd) : resolve(io.cwd, given);
}

export function budgetText(budget: string): string {
  return /^[\d.]+$/.test(budget) ? `budget ${budget} %` : `budget ${budget}`;
}

export function fastText({ fast }: BackendOptions): string {
  return fast ? ", fast BatchNorm and convolution on (rounding differs in the last bits)" : "";
}

function engineChoice(text: string): EngineChoice {
  if (!engineChoices.includes(text)) throw usageError(`Got --engine ${text}, wanted ${engineChoices.join(", ")}.`);
  return text as EngineChoice;
}

function budgetOf(text: string): string {
  if (text === "scalars" || text === "every") return text;
  const number = text.endsWith("%") ? text.slice(0, -1).trim() : text.trim();
  const percent = number === "" ? Number.NaN : Number(number);
  if (percent > 0 && percent <= 100) return String(percent);
  throw usageError(`Got --budget ${text}, wanted a percentage above 0 up to 100, scalars or every.`);
}

function diskLimit(text: string | undefined): number {
  const megabytes = text === undefined ? defaultDiskLimitMegabytes : Number(text);
  if (!(megabytes >= 1)) throw usageError(`Got --disk-limit ${text}, wanted a number of megabytes from 1.`);
  return megabytes * megabyte;
}
