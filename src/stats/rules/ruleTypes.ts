/** The rules' own view of a run; `RunFile`, `LayerInfo`, `WeightInfo` and `RunEvent` fit it. */
export interface RuleRun {
  readonly layers: readonly RuleLayer[];
  readonly weights: readonly RuleWeight[];
}

export interface RuleLayer {
  readonly index: number;
  readonly name: string;
  readonly className: string;
  readonly model: string;
  readonly path: string;
  /** Which of the layer's calls in a pass this is; 1 where absent. */
  readonly call?: number;
  readonly source: SourceLine | null;
  readonly config: RuleLayerConfig;
  readonly inputShape: readonly (number | null)[] | null;
  readonly outputShape: readonly (number | null)[] | null;
  readonly inbound: readonly number[];
  readonly isOutput: boolean;
  readonly weights: readonly number[];
}

export interface RuleLayerConfig {
  readonly activation?: string;
  readonly useBias?: boolean;
  readonly rate?: number;
  readonly trainable?: boolean;
  readonly axis?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
  readonly scale?: boolean;
  readonly center?: boolean;
}

export interface RuleWeight {
  readonly index: number;
  readonly name: string;
  readonly layer: number | null;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

export type RuleEvent = { readonly step: number } & (
  | { readonly type: "phase"; readonly phase: "predict" | "evaluate" | "save"; readonly model: string }
  | {
      readonly type: "nonfinite";
      readonly where: "output" | "input" | "gradient" | "weight" | "running" | "loss";
      readonly layer: number | null;
      readonly weight: number | null;
      readonly channel: number | null;
      readonly nanCount: number;
      readonly infCount: number;
    }
  | {
      readonly type: "flags";
      readonly layers: readonly { readonly layer: number }[];
      readonly weights: readonly { readonly weight: number }[];
    }
  | { readonly type: "fastPath"; readonly stepMs: number; readonly batchNormMs: number; readonly fusedMs: number }
  | { readonly type: "epoch" | "note" }
);

export interface SourceLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

export type FindingLevel = "info" | "warning" | "error";

/** What a rule says of a run, complete for a person to read. */
export interface Finding {
  /** Id of the rule, as in definitions §5. */
  readonly id: string;
  readonly level: FindingLevel;
  /** Index in the run's layers. */
  readonly layer: number | null;
  readonly channel: number | null;
  readonly step: number;
  /** Names layer, source line, channel and step; got and wanted. */
  readonly message: string;
  /** What to do next. */
  readonly action: string;
  readonly source: SourceLine | null;
}

/** What a rule's check yields; the engine adds where, and the rule's action unless the problem has its own. */
export interface Problem {
  readonly level: FindingLevel;
  readonly layer: number | null;
  readonly channel?: number;
  /** Default: the last step of the run. */
  readonly step?: number;
  /** Got and wanted, without the place. */
  readonly message: string;
  readonly action?: string;
}
