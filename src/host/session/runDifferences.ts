import type { RunDifference } from "../../protocol/views.js";
import type { LayerInfo, RunFile } from "../../run/format.js";
import type { SessionView } from "./sessionView.js";

/** Two models that have nothing in common would list every layer of both. */
const mostDifferences = 500;

type Facts = ReadonlyMap<string, string>;

/** In what the runs differ: script, arguments, engine, budget, process, rates, and the configuration of their layers. */
export function runDifferences(sessions: readonly SessionView[]): RunDifference[] {
  const runs = sessions.map(({ run }) => run);
  const ofRuns = differing(
    null,
    sessions.map((session) => (session.run === null ? new Map() : runFacts(session.run, session))),
  );
  const paths = new Set(runs.flatMap((run) => run?.layers.map(({ path, call }) => layerName(path, call)) ?? []));
  const byPath = runs.map((run) => new Map(run?.layers.map((layer) => [layerName(layer.path, layer.call), layer])));
  const ofLayers = [...paths].flatMap((path) =>
    differing(
      path,
      byPath.map((layers) => layerFacts(layers.get(path))),
    ),
  );
  return [...ofRuns, ...ofLayers].slice(0, mostDifferences);
}

function layerName(path: string, call: number): string {
  return call > 1 ? `${path} #${call}` : path;
}

function differing(layer: string | null, facts: readonly Facts[]): RunDifference[] {
  const names = new Set(facts.flatMap((of) => [...of.keys()]));
  return [...names].flatMap((name) => {
    const values = facts.map((of) => of.get(name) ?? null);
    return new Set(values).size > 1 ? [{ layer, name, values }] : [];
  });
}

function runFacts(run: RunFile, session: SessionView): Facts {
  const { script, engine, process: about } = run;
  return new Map([
    ["script", script.path],
    ["workingFolder", script.workingFolder],
    ...argumentFacts(script.arguments),
    ["engine", engine === null ? "" : `${engine.name}${engine.fast === true ? ", fast" : ""}`],
    ...Object.entries(engine?.versions ?? {}),
    ["budget", run.budget],
    ["node", about.node],
    ["platform", about.platform],
    ["host", about.host],
    ...present("epochs", run.epoch?.total),
    ...present("stepsPerEpoch", run.epoch?.stepsPerEpoch),
    ...present("learningRate", spanOf(session, "learningRate")),
    ...present("batchSize", spanOf(session, "batchSize")),
  ]);
}

function layerFacts(layer: LayerInfo | undefined): Facts {
  if (layer === undefined) return new Map();
  const sizes = (shape: LayerInfo["outputShape"]) => shape?.map((size) => size ?? "·").join(" × ");
  return new Map([
    ["className", layer.className],
    ...present("inputShape", sizes(layer.inputShape)),
    ...present("outputShape", sizes(layer.outputShape)),
    ...Object.entries(layer.config).map(([name, value]): [string, string] => [name, String(value)]),
  ]);
}

/** `--rate 0.1`, `--rate=0.1` and `-r 0.1` by their name, everything else by its place. */
export function argumentFacts(args: readonly string[]): [string, string][] {
  const facts: [string, string][] = [];
  let place = 0;
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] as string;
    const option = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(argument);
    if (option === null) {
      facts.push([`#${++place}`, argument]);
      continue;
    }
    const next = args[at + 1];
    const takesNext = option[2] === undefined && next !== undefined && !/^--?[A-Za-z]/.test(next);
    if (takesNext) at++;
    facts.push([option[1] as string, option[2] ?? (takesNext ? next : "✓")]);
  }
  return facts;
}

function present(name: string, value: string | number | null | undefined): [string, string][] {
  return value === null || value === undefined || value === "" ? [] : [[name, String(value)]];
}

/** The one value of a number that seldom changes, or its lowest and highest; null where it was not recorded. */
function spanOf(session: SessionView, statistic: "learningRate" | "batchSize"): string | null {
  const extent = session.extent();
  if (extent.to < extent.from) return null;
  const width = 2 ** Math.ceil(Math.log2(extent.to + 2));
  const { min, max } = session.series({ layer: -1, statistic }, extent, width);
  const lowest = Math.min(...min);
  const highest = Math.max(...max);
  if (!Number.isFinite(lowest)) return null;
  return lowest === highest ? short(lowest) : `${short(lowest)} … ${short(highest)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
