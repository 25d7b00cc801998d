import type { EngineInfo } from "../../run/format.js";

/** Set on the embedded engine's backend object. */
export const embeddedMarker: unique symbol = Symbol.for("layerscope.embedded") as never;

interface DescribedEngine {
  readonly backendName: string | null;
  readonly registry: Readonly<Record<string, { readonly [embeddedMarker]?: true; readonly binding?: unknown }>>;
}

/**
 * A script may have switched backends, so what really computes is read from the engine, not from what was prepared.
 * `failure`: why the embedded engine, which was to compute, could not start.
 */
export function describe(
  sentence: string,
  versions: Readonly<Record<string, string>>,
  failure: string | null,
): EngineInfo {
  const engine = (globalThis as { _tfengine?: DescribedEngine })._tfengine;
  const name = engine?.backendName ?? null;
  if (engine === undefined || name === null) return { name: "none", reason: sentence, versions };
  const backend = engine.registry[name];
  if (backend?.[embeddedMarker]) return { name: "embedded", reason: sentence, versions };
  if (name === "tensorflow") {
    const { TF_Version: tensorflow } = (backend?.binding ?? {}) as { TF_Version?: string };
    return { name: "tfjs-node", reason: sentence, versions: tensorflow ? { ...versions, tensorflow } : versions };
  }
  return { name, reason: failure === null ? slowerReason(name) : failedReason(name, failure), versions };
}

/** Ratios measured by `npm run bench`: the MLP and the LSTM at the lower end, the digits CNN at the upper. */
const gain = "10 times as fast for dense and recurrent networks, over 300 times for convolutional ones";

function failedReason(name: string, failure: string): string {
  const instead = `${backendText(name)} computes, which is slower: the embedded engine is about ${gain}`;
  return `The embedded engine could not start (${failure.replace(/\.$/, "")}), so ${instead}.`;
}

function backendText(name: string): string {
  return name === "cpu" ? "TensorFlow.js's plain JavaScript backend" : `TensorFlow.js's backend "${name}"`;
}

function slowerReason(name: string): string {
  const what = backendText(name);
  const how = "`--engine embedded`, or the setting layerscope.engine";
  if (name !== "cpu") return `The script runs on ${what} by its own choice; to switch: ${how}.`;
  return `The script runs on ${what} by its own choice. The embedded engine is about ${gain}; to switch: ${how}.`;
}
