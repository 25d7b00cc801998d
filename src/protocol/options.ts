/**
 * Launcher → preload: how a process that preloads `dist/backend.cjs` is told what to do.
 * Travels as JSON in one environment variable, so that the script's argv stays its own and children inherit it.
 */

import type { ProbeOptions } from "../run/probes.js";

export const optionsVariable = "LAYERSCOPE_OPTIONS";

/** VS Code → command line: comes back as `launch` in run.json, so that the run is found again. */
export const launchVariable = "LAYERSCOPE_LAUNCH";

/** VS Code → command line: when a training was taken up again after a window reload. ISO 8601. */
export const takenUpVariable = "LAYERSCOPE_TAKEN_UP";

/** In a claimed run folder: what the script died of before it had loaded TensorFlow.js, as JSON {message, stack}. */
export const scriptErrorFileName = "error.json";

export type EngineChoice = "auto" | "native" | "embedded";

export type FastPart = "batchNorm" | "reluGradient" | "inputGradients" | "adam" | "convolution";

export interface BackendOptions {
  /** Folder that holds run folders. Absolute. */
  readonly runs: string;
  readonly engine: EngineChoice;
  /** `scalars`, `every`, or a percentage as a decimal string. */
  readonly budget: string;
  /** Found again in run.json. */
  readonly launch: string | null;
  /**
   * A run folder already made by the launcher for the first process whose main script is `script`;
   * null: each process makes its own when it starts to train.
   */
  readonly claim: { readonly id: string; readonly folder: string; readonly script: string } | null;
  /** Run of the parent process. */
  readonly parent: string | null;
  /** Train by faster kernels, which round differently: fused BatchNorm and what else `FastPart` names. */
  readonly fast: boolean;
  /** Parts of the fast path that stay off: what a benchmark sees each of them by. */
  readonly fastWithout?: readonly FastPart[];
  /** Stop in an attached debugger where a layer first goes non-finite. */
  readonly breakOnAnomaly: boolean;
  /** Absent: none. */
  readonly probes?: ProbeOptions;
  readonly diskLimitBytes: number;
  /** Only provide the engine, watch nothing: where nothing can be written, and the bare run that a benchmark or test compares with. */
  readonly engineOnly?: boolean;
}
