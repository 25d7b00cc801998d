import { describe, expect, expectTypeOf, it } from "vitest";
import type { RunEvent, RunFile } from "../../../src/run/format.js";
import type { Row } from "../../../src/stats/catalogue.js";
import { RuleEngine } from "../../../src/stats/rules/ruleEngine.js";
import type { RuleSettings } from "../../../src/stats/rules/ruleSettings.js";
import { rules } from "../../../src/stats/rules/ruleTable.js";
import type { Finding, RuleEvent, RuleLayer, RuleRun, RuleWeight } from "../../../src/stats/rules/ruleTypes.js";
import { corpus } from "../../fixtures/rules/corpus.mjs";

function layer(index: number, className: string, more: Partial<RuleLayer> = {}): RuleLayer {
  return {
    index,
    name: `${className}${index}`,
    className,
    model: "net",
    path: `net/${className}${index}`,
    source: { file: "/home/someone/train.js", line: 10 + index, column: 3 },
    config: {},
    inputShape: [null, 8],
    outputShape: [null, 8],
    inbound: index === 0 ? [] : [index - 1],
    isOutput: false,
    weights: [],
    ...more,
  };
}

const normalization = (index: number, config: RuleLayer["config"] = {}, more: Partial<RuleLayer> = {}) =>
  layer(index, "BatchNormalization", { config: { axis: -1, momentum: 0.9, epsilon: 1e-3, ...config }, ...more });

const kernel = (index: number, of: number, more: Partial<RuleWeight> = {}): RuleWeight => ({
  index,
  name: `w${index}/kernel`,
  layer: of,
  shape: [8, 8],
  trainable: true,
  ...more,
});

/** What a healthy BatchNorm layer shows after a step. */
const healthyNorm: Row = {
  passes: 1,
  batchMean: [0, 1],
  batchVariance: [1, 1],
  runningMean: [0, 1],
  runningVariance: [1, 1],
  gamma: [1, 1],
  beta: [0, 0],
  valuesPerChannel: 32,
  meanShift: 0.05,
  logVarianceRatio: 0.05,
  betweenBatchVariance: 0.03,
  samplingNull: 0.04,
  warmup: 0,
};

interface Setup {
  readonly layers: RuleLayer[];
  readonly weights?: RuleWeight[];
  readonly steps?: number;
  readonly norm?: (step: number) => Row;
  readonly activations?: (step: number, layer: number) => Row | null;
  readonly updates?: (step: number, weight: number) => Row | null;
  readonly settings?: Partial<RuleSettings>;
}

function engineAfter({ layers, weights = [], steps = 120, norm, activations, updates, settings }: Setup): RuleEngine {
  const engine = new RuleEngine(settings);
  engine.setRun({ layers, weights });
  for (let step = 1; step <= steps; step++) {
    for (const { index, className } of layers) {
      const row = activations?.(step, index) ?? null;
      if (row !== null) engine.row("activations", step, index, row);
      if (className === "BatchNormalization" && norm !== undefined) engine.row("batchNorm", step, index, norm(step));
    }
    for (const { index } of weights) {
      const row = updates?.(step, index) ?? null;
      if (row !== null) engine.row("weights", step, index, row);
    }
    engine.row("steps", step, 0, { loss: 1 / step });
  }
  return engine;
}

function found(setup: Setup, id: string): Finding | undefined {
  return engineAfter(setup)
    .findings({ ended: true })
    .find((finding) => finding.id === id);
}

const norms = (change: Row, more: Partial<Setup> = {}): Setup => ({
  layers: [layer(0, "Dense"), normalization(1)],
  norm: (step) => ({ ...healthyNorm, runningMean: [1e-4 * step, 1], ...change }),
  ...more,
});

describe("RuleEngine", () => {
  it("says nothing of a run without rows, nor of a healthy BatchNorm layer", () => {
    expect(new RuleEngine().findings({ ended: true })).toEqual([]);
    expect(engineAfter(norms({})).findings({ ended: true })).toEqual([]);
  });

  it("names layer, source line, channel and step, what it got and what it wanted", () => {
    const change = (step: number): Row => (step < 7 ? {} : { runningVariance: [1, Number.NaN] });
    const finding = found(norms({}, { norm: (step) => ({ ...healthyNorm, ...change(step) }) }), "bn-nonfinite");
    expect(finding).toMatchObject({ level: "error", layer: 1, channel: 1, step: 7 });
    expect(finding?.message).toBe(
      "net/BatchNormalization1 (train.js:11), channel 1, step 7: running variance became NaN, wanted a number ≥ 0.",
    );
    expect(finding?.action).toContain("Reset");
    expect(finding?.source?.line).toBe(11);
  });

  it.each<[string, Row, Finding["level"] | null]>([
    ["initial values weigh 21 %", { warmup: 0.21 }, "warning"],
    ["initial values weigh 15 %", { warmup: 0.15 }, "info"],
    ["initial values weigh 9 %", { warmup: 0.09 }, null],
    ["shift of 0.3 σ while settling", { warmup: 0.09, meanShift: 0.3 }, "warning"],
    ["shift of 1.2 σ while settling", { warmup: 0.09, meanShift: 1.2 }, "error"],
    ["shift of 0.3 σ that chance explains", { warmup: 0.09, meanShift: 0.3, samplingNull: 0.2 }, null],
    ["variance ratio 1.6", { warmup: 0.09, logVarianceRatio: Math.log(1.6) }, "warning"],
    ["variance ratio 4.5", { warmup: 0.09, logVarianceRatio: Math.log(4.5) }, "error"],
  ])("bn-not-converged: %s", (_, change, level) => {
    expect(found(norms(change), "bn-not-converged")?.level ?? null).toBe(level);
    expect(found(norms({ ...change, warmup: 0.01 }), "bn-not-converged")).toBeUndefined();
  });

  it("bn-ema-lag: the same once the initial values are forgotten", () => {
    expect(found(norms({ warmup: 0.01, meanShift: 0.3 }), "bn-ema-lag")?.level).toBe("warning");
    expect(found(norms({ warmup: 0.01, meanShift: 1.3 }), "bn-ema-lag")?.level).toBe("error");
    expect(found(norms({ warmup: 0.06, meanShift: 0.3 }), "bn-ema-lag")).toBeUndefined();
  });

  it("only remarks on running statistics after very few passes, and not at all with momentum 1", () => {
    expect(found(norms({ warmup: 0.9 }, { steps: 10 }), "bn-not-converged")?.level).toBe("info");
    const fixed = norms(
      { warmup: 1, meanShift: 5 },
      { layers: [layer(0, "Dense"), normalization(1, { momentum: 1 })] },
    );
    expect(found(fixed, "bn-not-converged")).toBeUndefined();
    const initial = (meanShift: number): Setup => ({
      ...fixed,
      norm: () => ({ ...healthyNorm, runningMean: [0, 0], runningVariance: [1, 1], warmup: 1, meanShift }),
    });
    expect(found(initial(5), "bn-not-converged")?.level, "those that the layer was made with").toBe("error");
    expect(found(initial(0.1), "bn-not-converged")).toBeUndefined();
    const kept = norms({ warmup: 0.01, meanShift: 5, runningMean: [0, 1] });
    expect(found(kept, "bn-ema-lag"), "a momentum that was set to 1 later").toBeUndefined();
  });

  it("waits with what may still become right until the end, or until the model is used", () => {
    const setup = norms({ warmup: 0.5 }, { steps: 60 });
    const running = engineAfter(setup);
    expect(running.findings({ ended: false })).toEqual([]);
    running.event({ type: "phase", phase: "predict", model: "another", step: 60 });
    expect(running.findings({ ended: false })).toEqual([]);

    const used = engineAfter(setup);
    used.event({ type: "phase", phase: "save", model: "net", step: 60 });
    expect(used.findings({ ended: false }).map(({ id }) => id)).toEqual(["bn-not-converged"]);
    for (let step = 61; step <= 90; step++) used.row("batchNorm", step, 1, healthyNorm);
    used.event({ type: "phase", phase: "predict", model: "net", step: 61 });
    expect(used.findings({ ended: false }), "an event that is long past judges nothing").toHaveLength(1);
    used.event({ type: "phase", phase: "predict", model: "net", step: 90 });
    expect(used.findings({ ended: false })).toEqual([]);
  });

  it("waits for rows up to the step of an event that comes before them", () => {
    const engine = engineAfter(norms({ warmup: 0.5 }, { steps: 40 }));
    engine.event({ type: "phase", phase: "evaluate", model: "net", step: 50 });
    expect(engine.findings({ ended: false })).toEqual([]);
    engine.row("batchNorm", 50, 1, { ...healthyNorm, warmup: 0.4 });
    expect(engine.findings({ ended: false }).map(({ step }) => step)).toEqual([50]);
  });

  it("leaves out disabled rules and takes other thresholds", () => {
    const setup = norms({ warmup: 0.5 });
    expect(found({ ...setup, settings: { disabled: ["bn-not-converged"] } }, "bn-not-converged")).toBeUndefined();
    expect(found({ ...setup, settings: { warmup: [0.6, 0.7] } }, "bn-not-converged")).toBeUndefined();
  });

  it("sorts the worst first", () => {
    const layers = [layer(0, "Dense", { config: { useBias: true } }), normalization(1, { momentum: 0.1 })];
    const findings = engineAfter(norms({ runningMean: [0, Number.NaN] }, { layers })).findings({ ended: true });
    expect(findings.map(({ level }) => level)).toEqual(["error", "warning", "info"]);
  });
});

describe("rules of BatchNorm", () => {
  it.each([
    [3, "error"],
    [15, "warning"],
    [16, undefined],
  ])("bn-small-batch: %i values per channel", (valuesPerChannel, level) => {
    expect(found(norms({ valuesPerChannel }), "bn-small-batch")?.level).toBe(level);
  });

  it.each([
    [1, "error"],
    [3, "warning"],
    [4, undefined],
  ])("bn-single-value: a last batch of %i", (last, level) => {
    const norm = (step: number): Row => ({ ...healthyNorm, valuesPerChannel: step % 30 === 0 ? last : 32 });
    const finding = found(norms({}, { norm }), "bn-single-value");
    expect(finding?.level).toBe(level);
    if (level !== undefined) expect(finding?.step).toBe(30);
    expect(found(norms({}, { norm }), "bn-small-batch"), "the typical batch is large enough").toBeUndefined();
  });

  it("bn-momentum-swapped: warns, and is an error with small batches", () => {
    const layers = [layer(0, "Dense"), normalization(1, { momentum: 0.1 })];
    expect(found(norms({}, { layers }), "bn-momentum-swapped")?.level).toBe("warning");
    expect(found(norms({ valuesPerChannel: 8 }, { layers }), "bn-momentum-swapped")?.level).toBe("error");
    expect(found({ layers }, "bn-momentum-swapped")?.level, "before training").toBe("warning");
  });

  it("bn-frozen-moves: by what happens to γ, β and the running statistics, whatever the flags say", () => {
    const affine = ["gamma", "beta"].map((name, index) => kernel(index, 1, { name: `norm/${name}`, shape: [2] }));
    const weights = [...affine, kernel(2, 0)];
    const layers = [layer(0, "Dense", { weights: [2] }), normalization(1, {}, { weights: [0, 1] })];
    const moving = (step: number): Row => ({ ...healthyNorm, runningMean: [1e-3 * step, 1] });
    const trained = (step: number): Row => ({ ...moving(step), gamma: [1 + 1e-3 * step, 1] });
    const others = (_: number, weight: number) => (weight === 2 ? { updateRatio: 1e-3 } : null);
    const all = () => ({ updateRatio: 0, gradientNorm: 0 });
    const setup = { layers, weights, updates: others };

    expect(found({ ...setup, norm: moving }, "bn-frozen-moves")?.level).toBe("error");
    expect(found({ ...setup, norm: trained }, "bn-frozen-moves")).toBeUndefined();
    expect(found({ ...setup, norm: () => healthyNorm }, "bn-frozen-moves")).toBeUndefined();
    expect(found({ ...setup, updates: all, norm: moving }, "bn-frozen-moves"), "gradient 0").toBeUndefined();
    const flagged = weights.map((weight) => ({ ...weight, trainable: false }));
    expect(found({ ...setup, weights: flagged, updates: all, norm: moving }, "bn-frozen-moves")?.level).toBe("error");
  });

  it("bn-scale-center, bn-rank: before training, and not where training went well all the same", () => {
    const layers = [layer(0, "Dense"), normalization(1, { scale: false, center: false })];
    expect(found({ layers }, "bn-scale-center")?.message).toContain("scale and center is false");
    expect(found(norms({}, { layers }), "bn-scale-center")).toBeUndefined();
    const deep = [layer(0, "Conv3D"), normalization(1, {}, { inputShape: [null, 2, 2, 2, 4] })];
    expect(found({ layers: deep }, "bn-rank")?.level).toBe("error");
    expect(found({ layers: [layer(0, "Dense"), normalization(1)] }, "bn-rank")).toBeUndefined();
  });

  it.each<[number, (number | null)[] | null, boolean]>([
    [-1, [null, 4, 4, 3], false],
    [3, [null, 4, 4, 3], false],
    [1, [null, 4, 4, 3], true],
    [1, [null, 8], false],
    [-3, [null, 4, 4, 3], true],
    [1, null, false],
  ])("bn-axis: axis %i of %j", (axis, inputShape, isWrong) => {
    const layers = [layer(0, "Conv2D", { outputShape: inputShape }), normalization(1, { axis }, { inputShape })];
    expect(found({ layers }, "bn-axis")?.level).toBe(isWrong ? "error" : undefined);
  });

  it("bn-after-dropout: by the formula, looking through linear layers only", () => {
    const chain = (between: RuleLayer): RuleLayer[] => [
      layer(0, "Dense"),
      layer(1, "Dropout", { config: { rate: 0.5 } }),
      between,
      normalization(3),
    ];
    const input = (inputMean: number) => (_: number, index: number) =>
      index === 1 ? { inputMean, inputVariance: 1, inputCount: 256, mean: 0, variance: 1 } : null;
    const linear = chain(layer(2, "Dense"));
    // v/((c² + v)/p − c²) with v = 1, p = 1/2: 1/(c² + 2).
    expect(found({ layers: linear, activations: input(0) }, "bn-after-dropout")?.level).toBe("warning");
    expect(found({ layers: linear, activations: input(1) }, "bn-after-dropout")?.level).toBe("warning");
    const direct = chain(layer(2, "Flatten"));
    expect(found({ layers: direct, activations: input(1) }, "bn-after-dropout")?.level).toBe("error");
    expect(found({ layers: linear, activations: input(1) }, "bn-after-dropout")?.message).toContain("0.333");
    expect(found({ layers: linear }, "bn-after-dropout")?.level, "before training").toBe("info");
    const bent = chain(layer(2, "Dense", { config: { activation: "relu" } }));
    expect(found({ layers: bent, activations: input(1) }, "bn-after-dropout")).toBeUndefined();
    const off = linear.map((one) => (one.className === "Dropout" ? { ...one, config: { rate: 0 } } : one));
    expect(found({ layers: off, activations: input(1) }, "bn-after-dropout")).toBeUndefined();
  });

  it("bn-after-dropout: channel by channel, where they stand in the row of the layer before", () => {
    const layers = [layer(0, "Dense"), layer(1, "Dropout", { config: { rate: 0.5 } }), normalization(2)];
    // One channel of mean 0 and one of mean 2: as a whole mean 1 and variance 2, which gives 0.4.
    const activations = (_: number, index: number): Row =>
      index === 0 ? { mean: 1, channelMean: [0, 2], channelVariance: [1, 1] } : { inputMean: 1, inputVariance: 2 };
    expect(found({ layers, activations }, "bn-after-dropout")?.message).toContain("variance at inference is 0.25 of");
  });

  it("bn-redundant-bias: only straight before BatchNorm, and nowhere else", () => {
    const dense = layer(0, "Dense", { config: { useBias: true, activation: "linear" } });
    const id = "bn-redundant-bias";
    expect(found({ layers: [dense, normalization(1)] }, id)).toMatchObject({ level: "info", layer: 0 });
    const relu = { ...dense, config: { useBias: true, activation: "relu" } };
    expect(found({ layers: [relu, normalization(1)] }, id)).toBeUndefined();
    expect(found({ layers: [dense, normalization(1), layer(2, "Add", { inbound: [0, 1] })] }, id)).toBeUndefined();
    expect(found({ layers: [{ ...dense, config: { useBias: false } }, normalization(1)] }, id)).toBeUndefined();
  });

  it.each([
    [[1e-6, 1e-6], "error"],
    [[1e-6, 1], "warning"],
    [[1e-6, 1, 1, 1], "info"],
    [[1, 1], undefined],
  ])("bn-collapsed-channel: batch variance %j", (batchVariance, level) => {
    expect(found(norms({ batchVariance }), "bn-collapsed-channel")?.level).toBe(level);
    const briefly = norms({}, { norm: (step) => ({ ...healthyNorm, ...(step > 110 ? { batchVariance } : {}) }) });
    expect(found(briefly, "bn-collapsed-channel"), "fewer than 20 steps").toBeUndefined();
    const first = norms({ batchVariance }, { layers: [normalization(0)] });
    expect(found(first, "bn-collapsed-channel"), "constant features of the data").toBeUndefined();
  });

  it.each([
    [[1e-3, -1e-3], "warning"],
    [[1e-3, 1], "info"],
    [[0.02, 1], undefined],
  ])("bn-gamma-zero: γ %j", (gamma, level) => {
    expect(found(norms({ gamma }), "bn-gamma-zero")?.level).toBe(level);
    expect(found(norms({ gamma }, { steps: 50 }), "bn-gamma-zero"), "γ may begin at 0").toBeUndefined();
  });

  it("bn-never-trains: inference mode with initial running statistics, not a frozen layer", () => {
    const inference = { passes: 0, runningMean: [0, 0], runningVariance: [1, 1] };
    const setup = norms({}, { norm: () => inference, steps: 30 });
    expect(found(setup, "bn-never-trains")?.level).toBe("warning");
    expect(
      found({ ...setup, norm: () => ({ ...inference, runningMean: [0.3, 0] }) }, "bn-never-trains"),
    ).toBeUndefined();
    expect(found(norms({}), "bn-never-trains")).toBeUndefined();
  });

  it("bn-train-eval-gap: batches that are unlike each other", () => {
    expect(found(norms({ betweenBatchVariance: 0.4 }), "bn-train-eval-gap")?.level).toBe("warning");
    expect(found(norms({ betweenBatchVariance: 0.14 }), "bn-train-eval-gap")).toBeUndefined();
    const small = norms({ betweenBatchVariance: 0.4, valuesPerChannel: 8 });
    expect(found(small, "bn-train-eval-gap"), "5/8 is chance").toBeUndefined();
  });
});

describe("rules of weights and gradients", () => {
  const layers = [layer(0, "Dense", { weights: [0] }), layer(1, "Dense", { weights: [1] })];
  const weights = [kernel(0, 0), kernel(1, 1)];
  const healthy: Row = { gradientNorm: 1, gradientMeanAbs: 1e-2, updateRatio: 1e-3, weightNorm: 5 };
  const updates =
    (change: Row, of = 0) =>
    (_: number, weight: number) => ({ ...healthy, ...(weight === of ? change : {}) });
  const run = (change: Row, more: Partial<Setup> = {}): Setup => ({
    layers,
    weights,
    updates: updates(change),
    ...more,
  });

  it("says nothing of healthy updates", () => {
    expect(engineAfter(run({})).findings({ ended: true })).toEqual([]);
  });

  it.each<[string, Row, string, Finding["level"] | undefined]>([
    ["update of 5 %", { updateRatio: 0.05 }, "update-ratio", "warning"],
    ["update of 15 %", { updateRatio: 0.15 }, "update-ratio", "error"],
    ["update of 3 %", { updateRatio: 0.03 }, "update-ratio", undefined],
    ["mean gradient 1e-8", { gradientMeanAbs: 1e-8 }, "grad-vanishing", "warning"],
    ["mean gradient 1e-6", { gradientMeanAbs: 1e-6 }, "grad-vanishing", undefined],
    ["first norm 80 times the last", { gradientNorm: 80 }, "grad-exploding", "error"],
    ["first norm 60 times the last", { gradientNorm: 60 }, "grad-exploding", undefined],
    ["NaN in the gradient", { gradientNonfinite: 2 }, "grad-exploding", "error"],
  ])("%s", (_, change, id, level) => {
    expect(found(run(change), id)?.level).toBe(level);
  });

  it("judges kernels only, and not in the first steps of a run that goes on", () => {
    const biases = weights.map((weight) => ({ ...weight, name: "b/bias", shape: [8] }));
    expect(found(run({ updateRatio: 0.5 }, { weights: biases }), "update-ratio")).toBeUndefined();
    const short = engineAfter(run({ updateRatio: 0.15 }, { steps: 30 }));
    expect(short.findings({ ended: false })).toEqual([]);
    expect(short.findings({ ended: true }).map(({ id }) => id)).toEqual(["update-ratio"]);
  });

  it("takes updates somewhat too large for a note where a run that learns ends in its first steps", () => {
    const level = (updateRatio: number, loss: number, steps = 40) => {
      const engine = engineAfter(run({ updateRatio }, { steps }));
      for (let step = 1; step <= steps; step++) engine.row("steps", step, 0, { loss: step === 1 ? 1 : loss });
      return engine.findings({ ended: true }).find(({ id }) => id === "update-ratio")?.level;
    };
    expect(level(0.05, 0.1)).toBe("info");
    expect(level(0.05, 0.9)).toBe("warning");
    expect(level(0.15, 0.1)).toBe("error");
    expect(level(0.05, 0.1, 140)).toBe("warning");
  });

  it("judges by what was captured last: few captured steps reach back to the first ones", () => {
    const captured = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 50, 70, 90, 110, 118];
    const sparse = (first: number, since: number) => ({
      layers,
      weights,
      updates: (step: number) =>
        captured.includes(step) ? { ...healthy, updateRatio: step <= 12 ? first : since } : null,
    });
    expect(found(sparse(0.06, 0.005), "update-ratio"), "large at first, as in any run").toBeUndefined();
    expect(found(sparse(0.06, 0.06), "update-ratio")?.message).toContain("by 0.06 of its norm");
    expect(found(sparse(0.005, 0.06), "update-ratio"), "a few at the end").toBeUndefined();
    expect(found(sparse(0.06, 0.06), "update-ratio")?.step).toBe(118);
    const early = (step: number): Row | null => (step <= 12 ? { ...healthy, updateRatio: 0.06 } : null);
    expect(found({ layers, weights, updates: early }, "update-ratio")).toMatchObject({ level: "info", step: 12 });
  });

  it("remembers updates so large at the start that the initialisation was lost, if nothing was learned since", () => {
    const early = (large: number, loss: number, steps = 24) => {
      const updates = (step: number) => ({ ...healthy, updateRatio: step <= steps ? large : 1e-3 });
      const engine = engineAfter({ layers, weights, updates });
      for (let step = 121; step <= 140; step++) engine.row("steps", step, 0, { loss });
      return engine.findings({ ended: true }).find(({ id }) => id === "update-ratio")?.level;
    };
    expect(early(0.4, 0.9)).toBe("warning");
    expect(early(0.4, 0.1)).toBeUndefined();
    expect(early(0.1, 0.9)).toBeUndefined();
    expect(early(6, 0.9, 1)).toBe("warning");
    expect(early(2, 0.9, 1), "a kernel that starts at 0").toBeUndefined();
  });

  it("takes updates that were always tiny for too small only when nothing is learned and no BatchNorm follows", () => {
    const stuck = (loss: (step: number) => number, more: Partial<Setup> = {}): Finding | undefined => {
      const engine = engineAfter(run({ updateRatio: 1e-6 }, more));
      for (let step = 1; step <= 120; step++) engine.row("steps", step, 0, { loss: loss(step) });
      return engine.findings({ ended: true }).find(({ id }) => id === "update-ratio");
    };
    const flat = (): number => 1;
    expect(stuck(flat)?.level).toBe("warning");
    expect(stuck((step) => 1 / step)).toBeUndefined();
    expect(stuck(flat, { layers: [...layers.slice(0, 1), normalization(1)] })).toBeUndefined();
    const late = (step: number) => ({ ...healthy, updateRatio: step < 40 ? 1e-3 : 1e-6 });
    expect(found({ layers, weights, updates: late }, "update-ratio"), "the end of learning").toBeUndefined();
  });

  it("takes gradients that are small everywhere at a small loss for a minimum", () => {
    const small = () => ({ ...healthy, gradientMeanAbs: 1e-9 });
    expect(found({ layers, weights, updates: small }, "grad-vanishing")).toBeUndefined();
  });

  it("frozen-trains: flagged and yet changed in every update; alternating training is meant", () => {
    const frozen = [kernel(0, 0, { trainable: false }), kernel(1, 1)];
    expect(found(run({}, { weights: frozen }), "frozen-trains")?.level).toBe("warning");
    const alternating = (step: number, weight: number) => ({ ...healthy, updateRatio: (step + weight) % 2 ? 1e-3 : 0 });
    expect(found({ layers, weights: frozen, updates: alternating }, "frozen-trains")).toBeUndefined();
  });

  it("trainable-frozen: used in training, but never updated while others are", () => {
    const partly = (_: number, weight: number) => (weight === 1 ? healthy : null);
    const activations = () => ({ mean: 0, variance: 1 });
    expect(found({ layers, weights, updates: partly, activations }, "trainable-frozen")?.layer).toBe(0);
    expect(found({ layers, weights, updates: partly }, "trainable-frozen"), "never called").toBeUndefined();
    const flagged = [kernel(0, 0, { trainable: false }), kernel(1, 1)];
    expect(found({ layers, weights: flagged, updates: partly, activations }, "trainable-frozen")).toBeUndefined();
    const broken = () => ({ gradientNonfinite: 64, weightNonfinite: 64 });
    expect(
      found({ layers, weights, updates: broken, activations }, "trainable-frozen"),
      "changed to NaN",
    ).toBeUndefined();
  });
});

describe("rules of activations and data", () => {
  const chain = (activation: string): RuleLayer[] => [
    layer(0, "Dense", { config: { activation } }),
    layer(1, "Dense", { config: { activation } }),
    layer(2, "Dense", { isOutput: true, config: { activation: "sigmoid" } }),
  ];
  const rows =
    (change: Row, of = 1) =>
    (_: number, index: number) => ({ mean: 0, variance: 1, ...(index === of ? change : {}) });

  it.each<[string, string, Row, string, boolean]>([
    ["60 % saturated", "tanh", { saturatedFraction: 0.6 }, "act-saturated", true],
    ["40 % saturated", "tanh", { saturatedFraction: 0.4 }, "act-saturated", false],
    ["60 % dead", "relu", { deadFraction: 0.6 }, "act-dead", true],
    ["40 % dead", "relu", { deadFraction: 0.4 }, "act-dead", false],
    ["60 % zero in a tanh", "tanh", { deadFraction: 0.6 }, "act-dead", false],
    ["deviation 0.03", "relu", { variance: 9e-4 }, "act-scale", true],
    ["deviation 0.3", "relu", { variance: 0.09 }, "act-scale", false],
    ["deviation 20", "relu", { variance: 400 }, "act-scale", true],
    ["linear, deviation 20", "linear", { variance: 400 }, "act-scale", false],
  ])("%s", (_, activation, change, id, isFound) => {
    expect(found({ layers: chain(activation), activations: rows(change) }, id) !== undefined).toBe(isFound);
    expect(found({ layers: chain(activation), activations: rows(change, 2) }, id), "the output layer").toBeUndefined();
    expect(found({ layers: chain(activation), activations: rows(change), steps: 5 }, id), "5 steps").toBeUndefined();
  });

  it("takes a scale that was out of bounds only at first for no fault", () => {
    const settles = (early: number, late: number) => (step: number, index: number) =>
      step > 12 && step % 20 !== 0 ? null : { mean: 0, variance: index !== 1 ? 1 : step > 12 ? late : early };
    expect(found({ layers: chain("relu"), activations: settles(1e-4, 0.01) }, "act-scale")).toBeUndefined();
    expect(found({ layers: chain("relu"), activations: settles(1e-4, 1e-4) }, "act-scale")).toMatchObject({ layer: 1 });
    expect(found({ layers: chain("relu"), activations: settles(900, 4) }, "act-scale")).toBeUndefined();
  });

  it("compares the scales of a model's layers, and exempts what BatchNorm follows", () => {
    const apart = (_: number, index: number) => ({ mean: 0, variance: index === 0 ? 0.05 : 10 });
    expect(found({ layers: chain("relu"), activations: apart }, "act-scale")).toMatchObject({ layer: 0 });
    const followed = [
      layer(0, "Dense", { config: { activation: "relu" } }),
      layer(1, "MaxPooling2D"),
      normalization(2),
    ];
    expect(found({ layers: followed, activations: rows({ variance: 1e-6 }, 0) }, "act-scale")).toBeUndefined();
  });

  it("data-unshuffled: batch means that vary more than those of shuffled data", () => {
    const batches = (spread: number) => (step: number) => ({
      inputCount: 32 * 8,
      inputMean: 0,
      inputVariance: 1,
      inputChannelMean: Array.from({ length: 8 }, (_, channel) => spread * Math.sin(step * (channel + 1))),
      inputChannelVariance: new Array<number>(8).fill(1),
      mean: 0,
      variance: 1,
    });
    // sin has variance 1/2: spread 0.25 is what batches of 32 shuffled values with variance 1 show.
    expect(found({ layers: [layer(0, "Dense")], activations: batches(0.25) }, "data-unshuffled")).toBeUndefined();
    expect(found({ layers: [layer(0, "Dense")], activations: batches(0.6) }, "data-unshuffled")?.level).toBe("warning");
  });

  it("data-unshuffled: a small rest at the end of each epoch is no sign of it, and no mask", () => {
    const rests = (size: number, spread: (step: number) => number) => (step: number) => ({
      inputCount: step % 10 === 0 ? size : 32,
      inputMean: (step % 10 === 0 ? Math.sqrt(32 / size) : 1) * spread(step),
      inputVariance: 1,
    });
    const shuffled = (step: number) => 0.25 * Math.sin(step * 7);
    const layers = [layer(0, "Dense", { inputShape: [null, 1] })];
    expect(found({ layers, activations: rests(1, shuffled) }, "data-unshuffled")).toBeUndefined();
    const sorted = (step: number) => Math.sin(step / 3);
    expect(found({ layers, activations: rests(1, sorted) }, "data-unshuffled")?.level).toBe("warning");
  });

  it("data-unshuffled: nothing where the script acts on its predictions, nor of what a second call is given", () => {
    const sorted = (step: number) => ({ inputCount: 32, inputMean: Math.sin(step / 3), inputVariance: 1 });
    const single = { inputShape: [null, 1] };
    const ids = (engine: RuleEngine) => engine.findings({ ended: true }).map(({ id }) => id);
    const acting = engineAfter({ layers: [layer(0, "Dense", single)], activations: sorted });
    expect(ids(acting)).toContain("data-unshuffled");
    // Eight updates for each prediction.
    for (let step = 8; step <= 120; step += 8) acting.event({ type: "phase", phase: "predict", model: "net", step });
    expect(ids(acting)).not.toContain("data-unshuffled");
    const second = engineAfter({ layers: [layer(0, "Dense", { ...single, call: 2 })], activations: sorted });
    expect(ids(second)).not.toContain("data-unshuffled");
  });

  it("data-unshuffled: of models that work in the same steps, the one that gets the data", () => {
    const sorted = (step: number) => ({ inputCount: 32, inputMean: Math.sin(step / 3), inputVariance: 1 });
    const fed = (index: number, model: string, more: Partial<RuleLayer> = {}) =>
      layer(index, "Dense", { model, inbound: [], inputShape: [null, 1], ...more });
    const told = (layers: RuleLayer[], activations: Setup["activations"] = sorted) =>
      engineAfter({ layers, activations })
        .findings({ ended: true })
        .flatMap(({ id, layer }) => (id === "data-unshuffled" ? [layer] : []));
    expect(told([fed(0, "encoder"), fed(1, "decoder")])).toEqual([0]);
    expect(told([fed(0, ""), fed(1, "")]), "outside any model").toEqual([0]);
    expect(told([fed(0, "net"), fed(1, "net")]), "two inputs of one model").toEqual([0, 1]);
    const inTurns: Setup["activations"] = (step, index) => (step % 2 === index ? sorted(step) : null);
    expect(told([fed(0, "first"), fed(1, "second")], inTurns), "steps of their own").toEqual([0, 1]);
    const again = fed(2, "discriminator", { name: "Dense0#2", call: 2 });
    expect(told([fed(0, "discriminator"), fed(1, "generator"), again]), "a discriminator").toEqual([]);
  });

  it("data-unshuffled: a classifier's answers that follow the batch, though its inputs tell nothing", () => {
    const classifier = layer(1, "Dense", { config: { activation: "softmax" }, outputShape: [null, 3], isOutput: true });
    const answers = (batchMean: (step: number, channel: number) => number, within: number) => ({
      layers: [layer(0, "Conv2D"), classifier],
      activations: (step: number, index: number) =>
        index === 0
          ? { inputCount: 32, inputMean: 0, inputVariance: 1 }
          : {
              count: 96,
              mean: 1 / 3,
              variance: within,
              channelMean: [0, 1, 2].map((c) => batchMean(step, c)),
              channelVariance: [within, within, within],
            },
    });
    const sorted = (step: number, channel: number) => (Math.floor(step / 4) % 3 === channel ? 0.8 : 0.1);
    expect(found(answers(sorted, 0.02), "data-unshuffled")).toMatchObject({ layer: 1, level: "warning" });
    const shuffled = (step: number, channel: number) => 1 / 3 + 0.08 * Math.sin(step * (channel + 2));
    expect(found(answers(shuffled, 0.2), "data-unshuffled")).toBeUndefined();
    // Answers that swing while the loss grows are those of a sick network.
    const sick = engineAfter(answers(sorted, 0.02));
    for (let step = 121; step <= 140; step++) sick.row("steps", step, 0, { loss: 9 });
    expect(sick.findings({ ended: true }).map(({ id }) => id)).not.toContain("data-unshuffled");
    // One that does not tell classes apart yet only drifts.
    expect(
      found(
        answers((step, channel) => 1 / 3 + 0.001 * step * (channel - 1), 1e-4),
        "data-unshuffled",
      ),
    ).toBeUndefined();
  });

  it("nonfinite: the place where it began", () => {
    const engine = new RuleEngine();
    engine.setRun({ layers: chain("relu"), weights: [] });
    const event = { type: "nonfinite", where: "output", weight: null, nanCount: 3, infCount: 1 } as const;
    engine.event({ ...event, step: 9, layer: 2, channel: 0 });
    engine.event({ ...event, step: 9, layer: 1, channel: 5 });
    engine.event({ ...event, step: 12, layer: 0, channel: 0 });
    engine.row("activations", 9, 1, { nanCount: 3, infCount: 1 });
    const [finding, ...others] = engine.findings({ ended: false });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: "nonfinite", level: "error", layer: 1, channel: 5, step: 9 });
    expect(finding?.message).toContain("output got 3 NaN and 1 Inf values, wanted none. 2 other layers");
  });

  it("nonfinite: a weight that was bad before the pass, not what the layers made of it", () => {
    const engine = new RuleEngine();
    engine.setRun({ layers: chain("relu"), weights: [kernel(0, 2)] });
    engine.row("activations", 9, 1, { nanCount: 3, infCount: 1 });
    engine.event({
      type: "nonfinite",
      where: "weight",
      step: 9,
      layer: 2,
      weight: 0,
      channel: 0,
      nanCount: 6,
      infCount: 0,
    });
    expect(engine.findings({ ended: false })[0]).toMatchObject({ id: "nonfinite", layer: 2, channel: 0, step: 9 });
  });

  it("nonfinite: data that already holds NaN, a gradient, and a loss", () => {
    const layers = chain("relu");
    const data = found({ layers, activations: () => ({ inputNanCount: 2, nanCount: 9 }) }, "nonfinite");
    expect(data).toMatchObject({ layer: 0, step: 1 });
    expect(data?.message).toContain("input got 2 NaN");
    expect(data?.action).toContain("data");
    const weights = [kernel(0, 1)];
    const gradient = found({ layers, weights, updates: () => ({ gradientNonfinite: 4 }) }, "nonfinite");
    expect(gradient?.message).toContain("gradient of w0/kernel got 4 NaN or Inf values");
    // Gradients are computed backwards: the last layer's came first.
    const both = { layers, weights: [kernel(0, 1), kernel(1, 2)], updates: () => ({ gradientNonfinite: 4 }) };
    expect(found(both, "nonfinite")).toMatchObject({ layer: 2 });
    const engine = new RuleEngine();
    const none = { layer: null, weight: null, channel: null, nanCount: 1, infCount: 0 };
    engine.event({ type: "nonfinite", where: "loss", step: 3, ...none });
    expect(engine.findings({ ended: false })[0]).toMatchObject({ layer: null, step: 3, source: null });
  });
});

it("bn-fast: the last measurement, where it is worth a word", () => {
  const fast = (batchNormMs: number, settings?: Partial<RuleSettings>): Finding | undefined => {
    const engine = new RuleEngine(settings);
    engine.event({ type: "fastPath", step: 700, stepMs: 20, batchNormMs: 19, fusedMs: 2 });
    engine.event({ type: "fastPath", step: 900, stepMs: 20, batchNormMs, fusedMs: 2 });
    return engine.findings({ ended: false })[0];
  };
  expect(fast(11)).toMatchObject({ id: "bn-fast", level: "info", layer: null, step: 900 });
  expect(fast(11)?.message).toBe(
    "step 900: BatchNorm takes 11 of a step's 20 ms, wanted 2 ms, which fused kernels take here: a step would take ×0.55.",
  );
  expect(fast(3.9)).toBeUndefined();
  expect(fast(3.9, { fastGain: 0.05 })?.message).toContain("×0.91");
});

it("has for every rule a real run that must trigger it", () => {
  const triggered = new Set(corpus.faulty.flatMap(({ finds = [], infos = [] }) => [...finds, ...infos]));
  expect(rules.map(({ id }) => id).filter((id) => !triggered.has(id))).toEqual([]);
});

it("takes the run folder's own types", () => {
  expectTypeOf<RunFile>().toExtend<RuleRun>();
  expectTypeOf<RunEvent>().toExtend<RuleEvent>();
});
