import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayerInfo, RunFile } from "../../../src/run/format.js";
import { newRunFile } from "../../../src/run/runFile.js";
import { RunWriter } from "../../../src/run/runWriter.js";

export function newFolder(): string {
  return join(mkdtempSync(join(tmpdir(), "layerscope-run-")), "run");
}

export function newRun(patch: Partial<RunFile> = {}): RunFile {
  return {
    ...newRunFile({
      id: "a-run",
      launch: null,
      parent: null,
      script: { path: "/train.js", arguments: [], workingFolder: "/" },
      startedAt: "2026-01-02T03:04:05.000Z",
      processId: process.pid,
      budget: "5",
    }),
    ...patch,
  };
}

export function newWriter(folder = newFolder(), diskLimitBytes = 2 ** 31, run = newRun()): RunWriter {
  return new RunWriter({ folder, run, diskLimitBytes });
}

/** Of a run that has just begun. */
export function liveWriter(folder: string, patch: Partial<RunFile> = {}): RunWriter {
  return newWriter(folder, undefined, newRun({ startedAt: new Date().toISOString(), ...patch }));
}

/** A BatchNorm layer of two channels. */
export const normLayer = newLayer(0, "norm", {
  className: "BatchNormalization",
  source: { file: "/w/train.js", line: 7, column: 3 },
  config: { momentum: 0.99, epsilon: 1e-3, axis: -1 },
  inputShape: [null, 2],
  outputShape: [null, 2],
});

export function newLayer(index: number, name: string, patch: Partial<LayerInfo> = {}): LayerInfo {
  return {
    index,
    name,
    className: "Dense",
    model: "model",
    path: `model/${name}`,
    call: 1,
    source: null,
    config: {},
    inputShape: null,
    outputShape: null,
    inbound: [],
    isOutput: false,
    weights: [],
    ...patch,
  };
}
