import { listColumns, modelProbes, type StatisticName, scalarColumns, type TableName } from "../stats/catalogue.js";
import { RuleEngine } from "../stats/rules/ruleEngine.js";
import type { Finding } from "../stats/rules/ruleTypes.js";
import type { LayerInfo, RunFile, RunStatus, SourcePosition } from "./format.js";
import { inputChannels, inputSource } from "./inputChannels.js";
import { readWholeRun } from "./readWholeRun.js";
import type { RunReader } from "./runReader.js";
import { RunSummary, type SeriesSummary, type StatisticValue } from "./runSummary.js";
import { shownLayers } from "./shownLayers.js";
import { showRules } from "./showRules.js";

type LastValues = Readonly<Record<string, StatisticValue | null>>;

export interface LayerDescription {
  readonly name: string;
  readonly className: string;
  readonly model: string;
  readonly path: string;
  readonly source: SourcePosition | null;
  readonly steps: number;
  readonly last: LastValues;
  readonly weights: readonly { readonly name: string; readonly last: LastValues }[];
}

/** What `show --json` prints. */
export interface RunDescription {
  readonly id: string;
  readonly folder: string;
  readonly script: RunFile["script"];
  readonly status: RunStatus;
  readonly exitCode: number | null;
  readonly error: RunFile["error"];
  readonly engine: RunFile["engine"];
  readonly steps: number;
  readonly overhead: RunFile["overhead"];
  readonly loss: number | null;
  /** Of the whole model, where probes ran. */
  readonly probes: LastValues | null;
  readonly notes: readonly string[];
  readonly layers: readonly LayerDescription[];
  readonly findings: readonly FindingDescription[];
}

/** A finding with the layer's name in place of its number. */
export type FindingDescription = Omit<Finding, "layer"> & { readonly layer: string | null };

export function describeRun(reader: RunReader): RunDescription {
  let summary = new RunSummary();
  let rules = new RuleEngine();
  const { run, status } = readWholeRun(reader, ({ run, batches, events, reset }) => {
    if (reset) {
      summary = new RunSummary();
      rules = new RuleEngine();
    }
    rules.setRun(run);
    for (const event of events) rules.event(event);
    for (const batch of batches) summary.add(batch);
    showRules(rules, batches);
  });
  const findings = rules.findings({ ended: status !== "running" });
  return {
    id: run.id,
    folder: reader.folder,
    script: run.script,
    status,
    exitCode: run.exitCode,
    error: run.error,
    engine: run.engine,
    steps: Math.max(run.steps, summary.steps),
    overhead: run.overhead,
    loss: summary.stepValue("loss"),
    probes: modelProbeValues(summary.series("probes", 0)),
    notes: [...run.notes, ...reader.damage],
    layers: shownLayers(run).map((layer) => describeLayer(layer, run, summary)),
    findings: findings.map((finding) => ({
      ...finding,
      layer: finding.layer === null ? null : (run.layers[finding.layer]?.name ?? null),
    })),
  };
}

function describeLayer(layer: LayerInfo, run: RunFile, summary: RunSummary): LayerDescription {
  const activations = summary.series("activations", layer.index);
  const batchNorm = summary.series("batchNorm", layer.index);
  const weights = layer.weights.flatMap((index) => run.weights[index] ?? []);
  const kernel = weights.find(({ trainable }) => trainable);
  return {
    name: layer.name,
    className: layer.className,
    model: layer.model,
    path: layer.path,
    source: layer.source,
    steps: Math.max(run.layerSteps[layer.index] ?? 0, activations?.steps ?? 0, batchNorm?.steps ?? 0),
    last: {
      ...lastValues("activations", activations),
      ...inputChannelsOf(layer, run, summary),
      ...(batchNorm === null ? {} : lastValues("batchNorm", batchNorm)),
      ...layerProbeValues(summary.series("probes", layer.index)),
      ...(kernel === undefined ? {} : lastValues("weights", summary.series("weights", kernel.index))),
    },
    weights: weights.map(({ name, index }) => ({
      name,
      last: lastValues("weights", summary.series("weights", index)),
    })),
  };
}

/** Channels of an input that is another layer's output stand in that layer's rows. */
function inputChannelsOf({ index }: LayerInfo, run: RunFile, summary: RunSummary): LastValues {
  const own = summary.series("activations", index);
  const source = own === null ? null : inputSource(run, index);
  const last = source === null ? undefined : summary.series("activations", source)?.last;
  return Object.fromEntries(
    Object.entries(inputChannels).flatMap(([name, ofOutput]) => {
      const value = own?.last.has(name as StatisticName) ? undefined : last?.get(ofOutput);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function modelProbeValues(summary: SeriesSummary | null): LastValues | null {
  const found = modelProbes.flatMap((name) => {
    const value = summary?.last.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** Of a layer; rows of series 0 hold those of the whole model too. */
function layerProbeValues(summary: SeriesSummary | null): LastValues {
  const ofModel: readonly string[] = modelProbes;
  return Object.fromEntries([...(summary?.last ?? [])].filter(([name]) => !ofModel.includes(name)));
}

/** Every statistic of the table; null for one that was never captured. */
function lastValues(table: TableName, summary: SeriesSummary | null): LastValues {
  const names = [...scalarColumns[table], ...listColumns[table]];
  return Object.fromEntries(names.map((name) => [name, summary?.last.get(name) ?? null]));
}
