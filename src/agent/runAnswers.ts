import type { LayerInfo, RunFile, SourcePosition } from "../run/format.js";
import { readNamedSeries } from "../run/inputChannels.js";
import { readWholeRun } from "../run/readWholeRun.js";
import { describeRun, type LayerDescription, type RunDescription } from "../run/runDescription.js";
import { findRun, type ListedRun, listRuns } from "../run/runList.js";
import { RunReader } from "../run/runReader.js";
import type { StatisticValue } from "../run/runSummary.js";
import { namedSeries, unknownLayer } from "../run/seriesName.js";
import type { SeriesPoint } from "../run/seriesReader.js";

/** Where an agent's questions are answered from. */
export interface RunSource {
  /** Folders that hold run folders, the nearest first. */
  readonly runsFolders: () => readonly string[];
  /** The run that is on screen; null where nothing is. */
  readonly shown: () => string | null;
}

/** A question that cannot be answered as it was asked; the message is for the agent. */
export class QuestionError extends Error {}

const mostRuns = 50;
const mostLayers = 200;
const mostChannels = 32;
const mostPoints = 1000;
const usualPoints = 60;

/** The runs, newest first. */
export function answerRuns(source: RunSource): object {
  const runs = allRuns(source);
  return {
    shown: source.shown(),
    total: runs.length,
    runs: runs.slice(0, mostRuns).map(({ folder, run, status }) => ({
      id: run.id,
      folder,
      script: run.script.path,
      arguments: run.script.arguments,
      status,
      startedAt: run.startedAt,
      steps: run.steps,
      engine: run.engine?.name ?? null,
      parent: run.parent,
    })),
  };
}

/** What is wrong in a run, where in the source, and what to do. */
export function answerFindings(source: RunSource, run: string | undefined): object {
  const description = describeRun(openRun(source, run));
  return { run: aboutRun(description), findings: description.findings };
}

/** The layers of a run with their last numbers; with all numbers of one where it is named. */
export function answerLayers(source: RunSource, run: string | undefined, layer: string | undefined): object {
  const reader = openRun(source, run);
  const description = describeRun(reader);
  const findings = description.findings.map(({ id, level, layer: name, message }) => ({
    id,
    level,
    layer: name,
    message,
  }));
  if (layer === undefined) {
    return {
      run: aboutRun(description),
      total: description.layers.length,
      layers: description.layers.slice(0, mostLayers).map((one) => ({
        ...aboutLayer(one),
        numbers: numbers(one.last),
        findings: findings.filter((finding) => finding.layer === one.name).map(({ id }) => id),
      })),
    };
  }
  const found =
    description.layers.find(({ path }) => path === layer) ?? description.layers.find(({ name }) => name === layer);
  if (found === undefined) throw new QuestionError(unknownLayer(reader.readRun(), layer));
  return {
    run: aboutRun(description),
    layer: {
      ...aboutLayer(found),
      ...graphOf(reader.readRun(), found),
      numbers: numbers(found.last),
      weights: found.weights.map(({ name, last }) => ({ name, numbers: numbers(last) })),
      findings: findings.filter((finding) => finding.layer === found.name),
    },
  };
}

export interface SeriesQuestion {
  readonly run: string | undefined;
  readonly layer: string | undefined;
  readonly statistic: string;
  readonly channel: number | undefined;
  readonly points: number | undefined;
}

/** One statistic over the steps; where there are more values than asked for, evenly chosen ones, and it says so. */
export function answerSeries(source: RunSource, question: SeriesQuestion): object {
  const reader = openRun(source, question.run);
  const { run } = readWholeRun(reader, undefined, false);
  const named = namedSeries(run, question.statistic, question.layer);
  const { channel } = question;
  const all = readNamedSeries(reader, run, named, channel === undefined ? {} : { channel });
  const chosen = evenly(all, Math.min(question.points ?? usualPoints, mostPoints));
  return {
    run: run.id,
    layer: question.layer ?? null,
    statistic: named.statistic,
    ...(channel === undefined ? {} : { channel }),
    captured: all.length,
    shown: chosen.length,
    points: chosen.map(({ step, value }) => ({ step, value: shortened(value) })),
  };
}

function allRuns(source: RunSource): ListedRun[] {
  return source
    .runsFolders()
    .flatMap(listRuns)
    .sort((a, b) => (a.run.startedAt < b.run.startedAt ? 1 : a.run.startedAt > b.run.startedAt ? -1 : 0));
}

/** Without a name: what is on screen, else the newest. */
function openRun(source: RunSource, reference: string | undefined): RunReader {
  const folders = source.runsFolders();
  const named = reference === undefined || reference === "" ? (source.shown() ?? "latest") : reference;
  if (named === "latest") {
    const newest = allRuns(source)[0];
    if (newest === undefined) throw new QuestionError(`No run in ${folders.join(", ") || "any folder"} yet.`);
    return new RunReader(newest.folder);
  }
  const folder = folders.find((candidate) => listRuns(candidate).some(({ run }) => run.id.startsWith(named)));
  const first = folder ?? folders[0] ?? process.cwd();
  return new RunReader(findRun(named, first, process.cwd()));
}

function aboutRun({ id, folder, script, status, exitCode, error, engine, steps, loss, notes }: RunDescription): object {
  const { path, arguments: scriptArguments } = script;
  const what = {
    id,
    folder,
    script: path,
    arguments: scriptArguments,
    status,
    exitCode,
    error: error?.message ?? null,
  };
  return { ...what, engine: engine?.name ?? null, steps, loss, notes };
}

function aboutLayer({ name, path, className, source, steps }: LayerDescription): object {
  return { name, path, className, source: place(source), steps };
}

function place(source: SourcePosition | null): string | null {
  return source === null ? null : `${source.file}:${source.line}:${source.column}`;
}

/** How the layer is set up and what comes before it. */
function graphOf({ layers }: RunFile, { path }: LayerDescription): object {
  const layer: LayerInfo | undefined = layers.find((candidate) => candidate.path === path);
  if (layer === undefined) return {};
  const { config, inputShape, outputShape, inbound } = layer;
  return { config, inputShape, outputShape, inputsFrom: inbound.map((index) => layers[index]?.name ?? null) };
}

/** What was captured; of a list over channels its extent, unless it is short. */
function numbers(last: Readonly<Record<string, StatisticValue | null>>): object {
  return Object.fromEntries(
    Object.entries(last).flatMap(([name, value]) => (value === null ? [] : [[name, shortened(value)]])),
  );
}

function shortened(value: StatisticValue | SeriesPoint["value"]): unknown {
  if (typeof value === "number" || value.length <= mostChannels) return value;
  const finite = value.filter(Number.isFinite);
  const sum = finite.reduce((total, one) => total + one, 0);
  return {
    channels: value.length,
    smallest: finite.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY),
    mean: sum / finite.length,
    largest: finite.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY),
    nonfinite: value.length - finite.length,
  };
}

/** The first, the last, and what lies evenly between. */
function evenly<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  if (most <= 1) return all.slice(-1);
  return Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))] as T);
}
