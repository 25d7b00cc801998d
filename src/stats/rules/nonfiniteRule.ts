import type { Rule } from "./rule.js";
import type { NonfiniteEvent, RuleContext } from "./ruleContext.js";
import type { Problem } from "./ruleTypes.js";

type Place = NonfiniteEvent["where"];

interface Sighting {
  readonly step: number;
  readonly where: Place;
  readonly layer: number | null;
  readonly weight: number | null;
  readonly channel: number | null;
  readonly nan: number;
  readonly inf: number;
  /** A weight that was bad before the forward pass: what the layers made of it follows. */
  readonly isBefore?: boolean;
}

/** In the order in which they are computed in a step. */
const order: readonly Place[] = ["input", "output", "running", "loss", "gradient", "weight"];

export const nonfinite: Rule = {
  id: "nonfinite",
  title: "NaN or Inf",
  level: "error",
  timing: "always",
  action:
    "Look at this layer at this step first: everything after it follows. Lower the learning rate, or check the data.",
  reference: "definitions §5",
  *check(context) {
    const sightings = collect(context).toSorted(byPlace);
    const [first] = sightings;
    if (first === undefined) return;
    const places = new Set(sightings.flatMap(({ layer }) => layer ?? []));
    const others = places.size - (first.layer === null ? 0 : 1);
    const spread =
      others > 0 ? ` ${others} other ${others === 1 ? "layer" : "layers"} had such values too, later.` : "";
    yield { ...problem(context, first), message: `${describe(context, first)}, wanted none.${spread}` };
  },
};

function collect({ nonfiniteEvents, activations, weights, run }: RuleContext): Sighting[] {
  return [
    ...nonfiniteEvents.map(({ nanCount, infCount, ...event }) => ({
      ...event,
      nan: nanCount,
      inf: infCount,
      isBefore: event.where === "weight",
    })),
    ...[...activations].flatMap(([layer, { nonfinite }]) =>
      nonfinite === null ? [] : { ...nonfinite, layer, weight: null, channel: null },
    ),
    ...[...weights].flatMap(([weight, { nonfinite }]) =>
      nonfinite === null
        ? []
        : {
            ...nonfinite,
            layer: run.weights[weight]?.layer ?? null,
            weight,
            channel: null,
            nan: nonfinite.count,
            inf: 0,
          },
    ),
  ];
}

/**
 * Earliest step, then what is computed first: forward through the layers, then back for gradients. Of one layer, the
 * sighting that knows the channel.
 */
function byPlace(a: Sighting, b: Sighting): number {
  return (
    a.step - b.step ||
    rank(a) - rank(b) ||
    ((a.layer ?? 0) - (b.layer ?? 0)) * (a.where === "gradient" ? -1 : 1) ||
    order.indexOf(a.where) - order.indexOf(b.where) ||
    Number(a.channel === null) - Number(b.channel === null)
  );
}

/** Forward pass before the loss before the update. */
function rank({ where, isBefore = false }: Sighting): number {
  if (isBefore) return -1;
  return where === "input" || where === "output" || where === "running" ? 0 : order.indexOf(where);
}

function describe({ run }: RuleContext, { where, weight, nan, inf }: Sighting): string {
  const name = weight === null ? "" : ` of ${run.weights[weight]?.name ?? `weight ${weight}`}`;
  if (where === "loss") return "loss became NaN or Inf";
  const values = where === "gradient" || where === "weight" ? `${nan + inf} NaN or Inf` : `${nan} NaN and ${inf} Inf`;
  return `${where === "running" ? "running statistics" : where}${name} got ${values} values`;
}

function problem(context: RuleContext, { layer, channel, step, where }: Sighting): Omit<Problem, "message"> {
  const isData = where === "input" && layer !== null && context.run.layers[layer]?.inbound.length === 0;
  return {
    level: "error",
    layer,
    step,
    ...(channel === null ? {} : { channel }),
    ...(isData ? { action: "Check the data and what prepares it: the values came in with it." } : {}),
  };
}
