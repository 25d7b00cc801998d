import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type RunFile, type RunStatus, runFileName, runFormatVersion } from "./format.js";

/** Why a folder cannot be shown as a run. `message` is one sentence for the user. */
export class RunFolderError extends Error {
  readonly kind: "missing" | "notARun" | "newer" | "damaged";

  constructor(message: string, options: ErrorOptions & { readonly kind: RunFolderError["kind"] }) {
    super(message, options);
    this.kind = options.kind;
  }
}

/** A process that has not renewed its heartbeat for this long is taken for dead. */
const staleHeartbeatMs = 60_000;

export function readRunFile(folder: string): RunFile {
  const path = join(folder, runFileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (!isFolder(folder)) {
      throw new RunFolderError(`The run folder ${folder} is not there (deleted or moved).`, { kind: "missing", cause });
    }
    throw new RunFolderError(`${folder} is not a run: it has no ${runFileName}.`, { kind: "notARun", cause });
  }
  return parseRunFile(text, path);
}

/** Null where it cannot be read, or is none. */
export function readRunOrNull(folder: string): RunFile | null {
  try {
    return readRunFile(folder);
  } catch {
    return null;
  }
}

/** Throws a RunFolderError; `path` is for its message. */
export function parseRunFile(text: string, path: string): RunFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RunFolderError(`${path} is damaged: it is not complete JSON.`, { kind: "damaged", cause });
  }
  if (typeof value !== "object" || value === null) {
    throw new RunFolderError(`${path} is not a run: got ${text.slice(0, 20)}, wanted an object.`, { kind: "notARun" });
  }
  const run = value as Partial<RunFile>;
  if (typeof run.format !== "number" || typeof run.id !== "string" || typeof run.startedAt !== "string") {
    throw new RunFolderError(`${path} is not a run: it lacks format, id or startedAt.`, { kind: "notARun" });
  }
  if (run.format > runFormatVersion) {
    const wanted = `this Layerscope reads up to ${runFormatVersion}: update Layerscope to open it`;
    throw new RunFolderError(`${path} has run format ${run.format}, ${wanted}.`, { kind: "newer" });
  }
  return { ...emptyRun, ...run } as RunFile;
}

/** What a field is taken for that an older writer did not write. */
const emptyRun = {
  launch: null,
  parent: null,
  script: { path: "", arguments: [], workingFolder: "" },
  status: "interrupted",
  exitCode: null,
  signal: null,
  error: null,
  endedAt: null,
  heartbeatAt: "",
  stopRequestedAt: null,
  process: { id: 0, host: "", node: "", platform: "" },
  engine: null,
  budget: "",
  control: null,
  steps: 0,
  epoch: null,
  overhead: { percent: null, skippedSteps: 0 },
  layers: [],
  layerSteps: [],
  weights: [],
  notes: [],
} as const satisfies Omit<RunFile, "format" | "id" | "startedAt">;

export interface NewRun {
  readonly id: string;
  readonly launch: string | null;
  readonly parent: string | null;
  readonly script: RunFile["script"];
  readonly startedAt: string;
  readonly processId: number;
  readonly budget: string;
  readonly probes?: RunFile["probes"];
}

/** The run.json of a run that has just begun. */
export function newRunFile(start: NewRun): RunFile {
  return {
    ...emptyRun,
    format: runFormatVersion,
    id: start.id,
    launch: start.launch,
    parent: start.parent,
    script: start.script,
    status: "running",
    startedAt: start.startedAt,
    heartbeatAt: new Date().toISOString(),
    process: { id: start.processId, host: hostname(), node: process.version, platform: process.platform },
    budget: start.budget,
    probes: start.probes ?? null,
  };
}

/** The status as it is, not as a process that was killed left it. */
export function effectiveStatus(run: RunFile, nowMs = Date.now()): RunStatus {
  if (run.status !== "running") return run.status;
  const heartbeatMs = Date.parse(run.heartbeatAt);
  const stale = !(nowMs - heartbeatMs < staleHeartbeatMs);
  const alive = run.process.host === hostname() ? !stale && isAlive(run.process.id) : !stale;
  if (alive) return "running";
  return run.stopRequestedAt === null ? "interrupted" : "stopped";
}

function isAlive(processId: number): boolean {
  if (processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
