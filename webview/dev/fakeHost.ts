import type { FromView, RunHeader, RunState, SubscribeMessage, ToView } from "../../src/protocol/views.js";
import { FakeComparison } from "./fakeComparison.js";
import type { FakeRun } from "./fakeRun.js";

export interface FakeHostOptions {
  readonly state: RunState;
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly selectedLayer: number | null;
  /** So many runs are compared; 0: none. */
  readonly compared: number;
  readonly isReading: boolean;
}

const noLabel = { name: null, tags: [], isKept: false };

const sentences: Readonly<Record<RunState, readonly [string, { label: string; command: string } | null]>> = {
  none: [
    "No run yet. Train the sample or a script of your own.",
    { label: "Open Sample", command: "layerscope.openSample" },
  ],
  waiting: ["train.js has started; no training step yet.", { label: "Show Log", command: "layerscope.showLog" }],
  running: ["train.js is training.", { label: "Stop", command: "layerscope.stop" }],
  stalled: ["train.js has not made a step for 34 seconds.", { label: "Stop", command: "layerscope.stop" }],
  completed: ["train.js has finished after 2 000 steps.", { label: "Train Again", command: "layerscope.trainAgain" }],
  failed: [
    "train.js threw at step 734: TypeError: Cannot read properties of undefined (reading 'shape').",
    { label: "Show Log", command: "layerscope.showLog" },
  ],
  stopped: ["You stopped train.js.", { label: "Train Again", command: "layerscope.trainAgain" }],
  interrupted: [
    "The process of train.js is gone without a word; everything up to step 734 is kept.",
    { label: "Train Again", command: "layerscope.trainAgain" },
  ],
};

const tickMs = 100;

/** Plays a run through the messages of the extension host, with its rules: snapshot, then deltas. */
export class FakeHost {
  /** Everything the view has said. */
  readonly posted: FromView[] = [];
  private step: number;
  private epochs = 0;
  private subscription: SubscribeMessage | null = null;
  private sent = 0;
  private comparison: FakeComparison;

  constructor(
    private readonly run: FakeRun,
    private readonly options: FakeHostOptions,
    private readonly send: (message: ToView) => void,
  ) {
    this.comparison = new FakeComparison(run, options.compared);
    this.step = options.state === "none" || options.state === "waiting" ? 0 : options.steps;
    if (options.state === "running" && options.stepsPerSecond > 0) setInterval(() => this.tick(), tickMs);
  }

  /** Plays on by hand, for tests and benches. */
  advance(steps: number): void {
    this.step += steps;
    const { subscription } = this;
    if (subscription !== null && subscription.range === null) this.sendSeries(subscription, true);
    this.send({ type: "summaries", summaries: this.run.summaries(this.step) });
    const epochs = this.run.epochs(this.step);
    if (epochs.length > this.epochs && epochs.length <= 100) {
      this.epochs = epochs.length;
      this.send({ type: "metrics", epochs });
    }
  }

  receive(message: FromView): void {
    this.posted.push(message);
    switch (message.type) {
      case "ready":
        this.snapshot();
        return;
      case "subscribe":
        this.subscription = message;
        this.sendSeries(message, false);
        return;
      case "compare":
        this.comparison = new FakeComparison(this.run, message.folders.length);
        this.send(this.comparison.message(this.step));
        return;
      case "channels": {
        const step = message.step ?? this.step;
        this.send({ type: "channels", layer: message.layer, step, values: this.run.channels(message.layer, step) });
        return;
      }
      case "healthMap": {
        const { from, to } = message.range ?? { from: 0, to: this.step };
        const { columns, statistic } = message;
        const layers = this.run.layers.map(({ index }) => index);
        const values = new Float64Array(layers.length * columns);
        layers.forEach((layer, row) => {
          for (let column = 0; column < columns; column++) {
            const step = Math.floor(from + ((column + 0.5) / columns) * (to - from));
            const value = this.run.isCaptured(step)
              ? this.run.value({ layer, statistic }, step)
              : Number.NEGATIVE_INFINITY;
            values[row * columns + column] = Number.isNaN(value)
              ? Number.POSITIVE_INFINITY
              : value === Number.NEGATIVE_INFINITY
                ? Number.NaN
                : value;
          }
        });
        this.send({ type: "healthMap", statistic, layers, columns, from, to, values });
        return;
      }
      case "histograms": {
        const { from, to } = message.range ?? { from: 0, to: this.step };
        const bins = 64;
        const count = Math.min(message.columns, Math.max(1, to - from));
        const step = Float64Array.from({ length: count }, (_, i) => Math.floor(from + (i / count) * (to - from)));
        const each = [...step].map((at) => this.run.histogram(message.layer, at, bins));
        const low = Float64Array.from(each, (histogram) => histogram.low);
        const high = Float64Array.from(each, (histogram) => histogram.high);
        const counts = Float64Array.from(each.flatMap((histogram) => histogram.counts));
        this.send({ type: "histograms", layer: message.layer, bins: bins + 2, step, low, high, counts });
        return;
      }
      default:
        return;
    }
  }

  private tick(): void {
    this.advance(Math.max(1, Math.round((this.options.stepsPerSecond * tickMs) / 1000)));
    this.send({ type: "run", header: this.header() });
    this.send({ type: "findings", findings: this.run.findings(this.step) });
  }

  private snapshot(): void {
    const empty = this.options.state === "none" || this.options.state === "waiting";
    this.send({
      type: "snapshot",
      header: this.header(),
      layers: empty ? [] : this.run.layers,
      weights: empty ? [] : this.run.weights,
      summaries: empty || this.step === 0 ? [] : this.run.summaries(this.step),
      findings: empty ? [] : this.run.findings(this.step),
      selectedLayer: this.options.selectedLayer,
    });
    const epochs = this.run.epochs(Math.min(this.step, 20_000));
    this.epochs = epochs.length;
    if (!empty) this.send({ type: "metrics", epochs });
    const current = this.run.file("completed", this.step);
    const entry = {
      script: current.script.path,
      status: current.status,
      startedAt: current.startedAt,
      steps: this.step,
      label: noLabel,
      depth: 0,
    };
    const ids =
      this.options.state === "none" ? [] : [current.id, "2026-11-20_09-12-44_train", "2026-11-19_17-03-10_train"];
    this.send({
      type: "runs",
      runs: ids.map((id) => ({ ...entry, id, folder: `/home/you/digits/.layerscope/runs/${id}` })),
    });
    if (this.options.compared > 1) this.send(this.comparison.message(this.step));
  }

  private sendSeries({ series, range, points, axis = "step" }: SubscribeMessage, append: boolean): void {
    if (series.some(({ run }) => run !== undefined)) {
      this.send(this.comparison.series({ type: "subscribe", series, range, points, axis }, this.step));
      return;
    }
    const { from, to } = range ?? { from: 0, to: this.step };
    const coarser = Math.floor(Math.log2(Math.max(1, this.sent))) !== Math.floor(Math.log2(Math.max(1, to)));
    const delta = append && !coarser;
    const start = delta ? Math.max(0, this.sent - 1) : from;
    this.sent = to;
    const data = series.map(({ points: own, ...key }) => {
      const bucket = 2 ** Math.max(0, Math.ceil(Math.log2((to - from + 1) / Math.max(1, (own ?? points) - 1))));
      return this.run.series(key, delta ? Math.floor(start / bucket) * bucket : from, to, own ?? points, bucket);
    });
    this.send({ type: "series", from, to, append: delta, data });
  }

  private header(): RunHeader {
    const { state, stepsPerSecond } = this.options;
    const [sentence, action] = sentences[state];
    const status = state === "none" || state === "waiting" || state === "stalled" ? "running" : state;
    return {
      state,
      sentence,
      action,
      run: state === "none" ? null : this.run.file(status, this.step),
      label: { ...noLabel, name: this.options.compared > 1 ? "first" : null },
      isReading: this.options.isReading,
      loss: this.step === 0 ? null : this.run.value({ layer: -1, statistic: "loss" }, this.step),
      stepsPerSecond: state === "running" ? stepsPerSecond || 11.9 : null,
      elapsedMs: state === "none" ? null : this.step * 84,
      remainingMs: state === "running" ? Math.max(0, 2000 - this.step) * 84 : null,
    };
  }
}
