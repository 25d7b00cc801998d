import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BackendOptions, optionsVariable } from "../../../src/protocol/options.js";
import type { RunEvent, RunFile } from "../../../src/run/format.js";
import { RunReader, type RunRow, rowsOf } from "../../../src/run/runReader.js";

export const preload = resolve("dist/backend.cjs");
const fixtures = resolve("test/fixtures/models");

export interface ScriptResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly runs: readonly RecordedRun[];
}

export interface RecordedRun {
  readonly run: RunFile;
  readonly rows: readonly RunRow[];
  readonly events: readonly RunEvent[];
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly arguments?: readonly string[];
  /** In front of the script, after our own preload. */
  readonly nodeArguments?: readonly string[];
  readonly workingFolder?: string;
  /** Without our preload. */
  readonly bare?: boolean;
}

/** Runs a script in a real Node with the preload, and reads back what it recorded. */
export function runScript(
  script: string,
  options: Partial<BackendOptions> = {},
  started: ProcessOptions = {},
): ScriptResult {
  const runs = mkdtempSync(join(tmpdir(), "layerscope-backend-"));
  const complete: BackendOptions = {
    runs,
    engine: "embedded",
    budget: "every",
    launch: null,
    claim: null,
    parent: null,
    fast: false,
    breakOnAnomaly: false,
    diskLimitBytes: 2e9,
    ...options,
  };
  try {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...(started.bare ? [] : ["--require", preload]),
        ...(started.nodeArguments ?? []),
        resolve(fixtures, script),
        ...(started.arguments ?? []),
      ],
      {
        encoding: "utf8",
        cwd: started.workingFolder ?? process.cwd(),
        env: { ...process.env, NODE_OPTIONS: "", ...started.env, [optionsVariable]: JSON.stringify(complete) },
        timeout: 55_000,
        maxBuffer: 2 ** 26,
      },
    );
    const recorded = readdirSync(runs).map((id) => readRun(join(runs, id)));
    return { exitCode: status, signal, stdout, stderr, runs: recorded };
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

function readRun(folder: string): RecordedRun {
  const reader = new RunReader(folder);
  const rows: RunRow[] = [];
  const events: RunEvent[] = [];
  for (;;) {
    const poll = reader.poll();
    rows.push(...rowsOf(poll.batches));
    events.push(...poll.events);
    if (!poll.more) return { run: poll.run, rows, events };
  }
}

/** The last line that a fixture prints: its result. */
export function resultOf({ stdout, stderr }: ScriptResult): Record<string, unknown> & { readonly steps: number } {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`No result on the last line of the output, got "${line}". Errors: ${stderr}`, { cause: error });
  }
}
