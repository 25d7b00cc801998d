/**
 * The run folder, version 1.
 *
 *   <runs>/<id>/run.json              RunFile, replaced atomically
 *   <runs>/<id>/<table>.<n>.arrow     Arrow IPC streams, segments n = 0, 1, … of one table
 *   <runs>/<id>/events.jsonl          RunEvent, one JSON object a line
 *
 * Each table has the columns `step` (int32), `series` (int32: index in `RunFile.layers`, or in `RunFile.weights`
 * for the table `weights`, 0 for `steps`), a nullable float64 for each scalar of the catalogue, and a nullable
 * List<float32> for each list (`histogram` too). A step that is not there was not captured.
 * A torn last record batch or line (kill -9) is ignored by readers; what is damaged before it is told.
 *
 * Disk: a row of `activations` takes about 270 bytes, one of `batchNorm` 110, of `weights` 60, of `steps` 75, and 4 bytes
 * more for each number of its lists; a record batch (one each 200 ms) 1 to 5 kB. Beyond the disk limit closed segments
 * are thinned: two become one with every second step, so numbers of segments may be missing.
 *   <runs>/<id>/tiers.bin             cache of a reader, may be deleted
 *   <runs>/<id>/label.json            RunLabel, what the user has said about the run; run.json is the writer's alone
 */

import type { TableName } from "../stats/catalogue.js";
import type { ProbeOptions } from "./probes.js";

export const runFormatVersion = 1;

/** `running` in a folder whose process is gone is read as `interrupted`. */
export type RunStatus = "running" | "completed" | "failed" | "stopped" | "interrupted";

export interface SourcePosition {
  /** Absolute path of the file as the author wrote it (through source maps where there are any). */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

export interface EngineInfo {
  /** What computes: `tfjs-node` (own or managed addon), `embedded` (our WebAssembly engine), or a tfjs backend's own name. */
  readonly name: string;
  /** One sentence: why this engine and not a faster one. */
  readonly reason: string;
  /** True where the fast path trained, whose rounding differs in the last bits. */
  readonly fast?: boolean;
  /** Package name → version, as far as known. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface LayerInfo {
  /** Index in `RunFile.layers`; `series` of the tables `activations` and `batchNorm`. */
  readonly index: number;
  /** The layer's own name; calls after the first in one pass get `#2`, `#3`, … */
  readonly name: string;
  readonly className: string;
  /** Name of the outermost model that holds the layer; empty when it is used outside any model. */
  readonly model: string;
  /** `model/nested/layer`. */
  readonly path: string;
  /** Which call of the layer within one pass, from 1. */
  readonly call: number;
  readonly source: SourcePosition | null;
  /** What rules need of the layer's configuration. */
  readonly config: LayerConfig;
  /** With null for a dynamic size. */
  readonly inputShape: readonly (number | null)[] | null;
  readonly outputShape: readonly (number | null)[] | null;
  /** Indexes of the layers whose outputs feed this one, as far as the model's graph tells. */
  readonly inbound: readonly number[];
  /** True where the layer's output is an output of its outermost model. */
  readonly isOutput: boolean;
  /** Indexes in `RunFile.weights`. */
  readonly weights: readonly number[];
}

export interface LayerConfig {
  /** Activation name as tfjs serialises it (`relu`, `linear`, …) for layers that have one. */
  readonly activation?: string;
  readonly useBias?: boolean;
  /** Dropout rate. */
  readonly rate?: number;
  readonly trainable?: boolean;
  readonly axis?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
  readonly scale?: boolean;
  readonly center?: boolean;
}

export interface WeightInfo {
  /** Index in `RunFile.weights`; `series` of the table `weights`. */
  readonly index: number;
  /** The variable's own name, e.g. `dense_Dense1/kernel`. */
  readonly name: string;
  /** Index of the layer that owns it; null for a variable of the script's own. */
  readonly layer: number | null;
  readonly shape: readonly number[];
  /** The flag; what the optimizer really updates is seen in the table. */
  readonly trainable: boolean;
}

export interface RunFile {
  readonly format: number;
  readonly id: string;
  /** Set by whoever launched the process, so that it finds the run again. */
  readonly launch: string | null;
  /** Run that started this process (worker, fork, cluster); null for a root. */
  readonly parent: string | null;
  readonly script: { readonly path: string; readonly arguments: readonly string[]; readonly workingFolder: string };
  readonly status: RunStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What the script died of, or why nothing was recorded; one sentence, and the stack where there is one. */
  readonly error: { readonly message: string; readonly stack: string | null } | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Renewed about once a second by the training process. */
  readonly heartbeatAt: string;
  /** When someone asked through the control socket that the run end; its status is then `stopped`, however it died. */
  readonly stopRequestedAt: string | null;
  readonly process: { readonly id: number; readonly host: string; readonly node: string; readonly platform: string };
  /** Null until TensorFlow.js is loaded. */
  readonly engine: EngineInfo | null;
  /** `scalars`, `every`, or a percentage. */
  readonly budget: string;
  /** Absent or null: none were asked for. */
  readonly probes?: ProbeOptions | null;
  /** Path of the control socket (named pipe on Windows) while the process lives. */
  readonly control: string | null;
  readonly steps: number;
  /** `current`: the epoch that runs, from 1; the last one once all have ended. */
  readonly epoch: {
    readonly current: number;
    readonly total: number | null;
    readonly stepsPerEpoch: number | null;
  } | null;
  /** Measured: time spent in our code against the rest of the training steps. */
  readonly overhead: { readonly percent: number | null; readonly skippedSteps: number };
  readonly layers: readonly LayerInfo[];
  /** For each of `layers`: steps in which it had a training pass, captured or not. */
  readonly layerSteps: readonly number[];
  readonly weights: readonly WeightInfo[];
  /** Things the reader should know about this recording (recorder switched off, subset captured, thinned). */
  readonly notes: readonly string[];
}

export interface Flags {
  readonly trainable: boolean;
  /** Of BatchNorm layers. */
  readonly momentum?: number;
}

export interface FlagChange<Value> {
  readonly before: Value;
  readonly after: Value;
}

/** One line of `events.jsonl`. `timeMs` counts from the start of the run. */
export type RunEvent = { readonly timeMs: number; readonly step: number } & (
  | { readonly type: "epoch"; readonly epoch: number; readonly logs: Readonly<Record<string, number | string>> }
  | { readonly type: "phase"; readonly phase: "predict" | "evaluate" | "save"; readonly model: string }
  | {
      readonly type: "nonfinite";
      readonly where: "output" | "input" | "gradient" | "weight" | "running" | "loss";
      /** Index in layers; null when the loss itself is the first place. */
      readonly layer: number | null;
      readonly weight: number | null;
      readonly channel: number | null;
      readonly nanCount: number;
      readonly infCount: number;
    }
  /** Where fused kernels could train BatchNorm: measured milliseconds of a step, of BatchNorm in it, and fused. The last one holds. */
  | {
      readonly type: "fastPath";
      readonly stepMs: number;
      readonly batchNormMs: number;
      readonly fusedMs: number;
    }
  /** Flags that the script changed before this step: from it on, what is told here holds. Up to 20 times for each layer. */
  | {
      readonly type: "flags";
      /** By index in layers. */
      readonly layers: readonly (FlagChange<Flags> & { readonly layer: number })[];
      /** By index in weights: whether it is trainable. */
      readonly weights: readonly (FlagChange<boolean> & { readonly weight: number })[];
    }
  | { readonly type: "note"; readonly message: string }
);

/** What the user has said about a run. */
export interface RunLabel {
  /** Null: the run has no name of its own. */
  readonly name: string | null;
  readonly tags: readonly string[];
  /** A kept run is never cleaned up, and deleted only after its mark was taken away. */
  readonly isKept: boolean;
}

export const runFileName = "run.json";
export const labelFileName = "label.json";
export const eventsFileName = "events.jsonl";
export function segmentFileName(table: TableName, segment: number): string {
  return `${table}.${segment}.arrow`;
}
