import type { CompareMessage, SeriesMessage, SubscribeMessage, ViewAxis } from "../../src/protocol/views.js";
import type { FakeRun } from "./fakeRun.js";

const names = ["first", "rate ×5", "no BatchNorm", "batch 128", "sigmoid", "momentum 0.5", "seed 7", "seed 8"];
const stepsPerEpoch = 200;
const msPerStep = 84;

/** Runs like the given one: run i is i tenths higher and trains (1 − i/10) as many steps, i/10 slower. */
export class FakeComparison {
  constructor(
    private readonly run: FakeRun,
    private readonly count: number,
  ) {}

  message(step: number): CompareMessage {
    if (this.count < 2) return { type: "compare", runs: [], differences: [], distances: [] };
    const indexes = names.slice(0, this.count).map((_, i) => i);
    return {
      type: "compare",
      runs: indexes.map((i) => {
        const steps = this.stepsOf(i, step);
        return {
          folder: `/runs/${i}`,
          id: String(i),
          name: names[i] as string,
          label: { name: names[i] as string, tags: [], isKept: false },
          status: "completed",
          steps,
          loss: 0.1 + i / 10,
          epochs: this.run.epochs(steps),
          end: { step: steps, epoch: this.place(i, "epoch", steps), time: this.place(i, "time", steps) },
          missingLayers:
            i === 2 ? this.run.layers.filter(({ index }) => index % 6 === 4).map(({ index }) => index) : [],
        };
      }),
      differences: [
        { layer: null, name: "--rate", values: indexes.map((i) => String(0.01 * (i + 1))) },
        {
          layer: "sequential_1/<b>dense</b>",
          name: "activation",
          values: indexes.map((i) => (i === 2 ? null : "relu")),
        },
      ],
      distances: this.run.layers
        .map(({ index }) => ({ layer: index, sigma: 0.1 * ((index * 7) % 12) }))
        .sort((a, b) => b.sigma - a.sigma),
    };
  }

  series({ series, range, points, axis = "step" }: SubscribeMessage, step: number): SeriesMessage {
    const data = series.map((request) => {
      const { points: own, run = 0, ...key } = request;
      const last = this.stepsOf(run, step);
      const unit = this.place(run, axis, 1);
      const from = range === null ? 0 : Math.max(0, Math.floor(range.from / unit));
      const to = range === null ? last : Math.min(last, Math.ceil(range.to / unit));
      const found = this.run.series(key, from, to, own ?? points);
      const shift = (values: Float64Array) => values.map((value) => value + run / 10);
      const place = (at: number) => this.place(run, axis, at);
      return {
        key: { ...key, run },
        step: found.step.map(place),
        mean: shift(found.mean),
        min: shift(found.min),
        max: shift(found.max),
        nonfinite: found.nonfinite.map(place),
      };
    });
    const to = Math.max(...names.slice(0, this.count).map((_, i) => this.place(i, axis, this.stepsOf(i, step))));
    return { type: "series", from: range?.from ?? 0, to: range?.to ?? to, append: false, data };
  }

  private stepsOf(run: number, step: number): number {
    return Math.round(step * (1 - run / 10));
  }

  private place(run: number, axis: ViewAxis, step: number): number {
    if (axis === "step") return step;
    return axis === "epoch" ? (1000 * step) / stepsPerEpoch : step * msPerStep * (1 + run / 10);
  }
}
