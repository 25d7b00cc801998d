import { beforeAll, describe, expect, test } from "vitest";
import { FastForecast, type Forecast } from "../../../src/backend/fast/fastForecast.js";
import type { BatchNormalizationLike, EngineLike } from "../../../src/backend/hooks/tensorflow.js";
import type { BatchNormCall } from "../../../src/backend/hooks/trainingStep.js";
import { startEmbedded } from "../engine/embeddedEngine.js";

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
}, 60_000);

const [batch, side, channels] = [16, 12, 8];

/** A layer with its weights, and the call that a step of it leaves. */
function normalization(options: object = {}): { layer: BatchNormalizationLike; call: BatchNormCall } {
  const layer = tf.layers.batchNormalization({ axis: -1, ...options });
  layer.build([null, side, side, channels]);
  const own = layer as unknown as BatchNormalizationLike;
  const vector = new Float64Array(channels);
  const statistics = { mean: vector, variance: vector, valuesPerChannel: batch * side * side };
  return { layer: own, call: { index: 0, layer: own, root: own, activation: null, statistics } as never };
}

/** Steps of `bareMs` until the forecast is final. */
function forecasts(forecast: FastForecast, call: BatchNormCall, bareMs: number, steps: number): [number, Forecast][] {
  const found: [number, Forecast][] = [];
  for (let step = 1; step <= steps; step++) {
    const next = forecast.stepEnded(bareMs, [call], () => [null, side, side, channels]);
    if (next !== null) found.push([step, next]);
  }
  return found;
}

const engine = (): EngineLike => tf.engine() as unknown as EngineLike;
const created = (share: number): FastForecast => {
  const forecast = FastForecast.create(engine(), share);
  if (forecast === null) throw new Error("No fast engine.");
  return forecast;
};

describe("what fused BatchNorm would bring", () => {
  test("is measured on the layer's shape, and told when there is something new to say", () => {
    const { call } = normalization();
    const found = forecasts(created(0.1), call, 10_000, 160);
    expect(found).toHaveLength(3);
    for (const [, { stepMs, batchNormMs, fusedMs }] of found) {
      expect(stepMs).toBe(10_000);
      expect(fusedMs).toBeGreaterThan(0);
      expect(batchNormMs).toBeGreaterThan(fusedMs);
      expect(batchNormMs).toBeLessThan(10_000);
    }
  });

  test("leaves no tensor, no variable and no random number behind, and weights as they were", () => {
    const { layer, call } = normalization();
    const values = () =>
      layer.weights.map((weight) => Array.from((weight.read() as unknown as { dataSync(): Float32Array }).dataSync()));
    const before = {
      ...tf.memory(),
      weights: values(),
      variables: Object.keys(tf.engine().registeredVariables).length,
    };
    const random = Math.random;
    let asked = 0;
    Math.random = () => {
      asked++;
      return random();
    };
    try {
      expect(forecasts(created(0.1), call, 10_000, 160)).toHaveLength(3);
    } finally {
      Math.random = random;
    }
    expect(asked).toBe(0);
    expect({
      ...tf.memory(),
      weights: values(),
      variables: Object.keys(tf.engine().registeredVariables).length,
    }).toEqual(before);
  });

  test("costs no more than its share of the training, but for the sample that was underestimated", () => {
    const { call } = normalization();
    const forecast = created(0.001);
    const { runKernel } = tf.engine();
    let isSampling = false;
    tf.engine().runKernel = function (this: unknown, ...parameters: Parameters<typeof runKernel>) {
      isSampling = true;
      return runKernel.apply(this as never, parameters);
    } as typeof runKernel;
    let [elapsedMs, spentMs, mostMs] = [0, 0, 0];
    try {
      for (let step = 0; step < 3000; step++) {
        isSampling = false;
        const startMs = performance.now();
        forecast.stepEnded(10, [call], () => [null, side, side, channels]);
        elapsedMs += 10;
        if (!isSampling) continue;
        const ms = performance.now() - startMs;
        spentMs += ms;
        mostMs = Math.max(mostMs, ms);
        expect(spentMs).toBeLessThanOrEqual(elapsedMs * 0.001 + mostMs);
      }
    } finally {
      Reflect.deleteProperty(tf.engine(), "runKernel");
    }
    expect(spentMs).toBeGreaterThan(0);
  });

  test.each([
    ["scale off", { scale: false }],
    ["another axis", { axis: 1 }],
  ])("says nothing of a layer that fused kernels do not serve: %s", (_, options) => {
    const layer = tf.layers.batchNormalization(options);
    layer.build([null, channels, side, channels]);
    const { call } = normalization();
    const found = forecasts(created(0.1), { ...call, layer: layer as unknown as BatchNormalizationLike }, 10_000, 40);
    expect(found).toEqual([]);
  });

  test("waits while tf.profile looks", async () => {
    const { call } = normalization();
    const forecast = created(0.1);
    const profile = await tf.profile(() => {
      expect(forecasts(forecast, call, 10_000, 160)).toEqual([]);
    });
    expect(profile.kernels).toEqual([]);
    expect(forecasts(forecast, call, 10_000, 160)).toHaveLength(3);
  });
});
