import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cliJson, runCli, workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

interface Shown {
  readonly id: string;
  readonly folder: string;
  readonly status: string;
  readonly exitCode: number;
  readonly engine: { readonly name: string; readonly reason: string; readonly versions: Record<string, string> };
  readonly steps: number;
  readonly overhead: { readonly percent: number };
  readonly loss: number;
  readonly layers: readonly {
    readonly name: string;
    readonly className: string;
    readonly model: string;
    readonly path: string;
    readonly source: { readonly file: string; readonly line: number; readonly column: number } | null;
    readonly steps: number;
    readonly last: Record<string, number | number[] | string | null>;
  }[];
  readonly findings: readonly { readonly id: string; readonly level: string; readonly layer: string | null }[];
}

type Series = readonly { readonly step: number; readonly value: number | number[] | string }[];

const steps = 40;
/** The first script is healthy; the second feeds NaN from step 30 on. */
const scripts = {
  "train.js": trainingScript(steps),
  "sick.js": trainingScript(steps).replace('"float32", step);', '"float32", step).mul(step < 30 ? 1 : NaN);'),
};

describe("reading runs", () => {
  const cwd = workspace(scripts);

  beforeAll(async () => {
    await runCli(["train", "train.js", "--budget", "every"], { cwd });
    await runCli(["train", "sick.js", "--budget", "every"], { cwd });
  });

  async function healthy(): Promise<string> {
    const runs = await cliJson<{ id: string }[]>(["runs"], cwd);
    return runs[1]?.id ?? "";
  }

  it("runs: newest first", async () => {
    const runs = await cliJson<Record<string, unknown>[]>(["runs"], cwd);
    expect(runs).toHaveLength(2);
    expect(Object.keys(runs[0] ?? {})).toEqual([
      "id",
      "folder",
      "script",
      "status",
      "startedAt",
      "steps",
      "engine",
      "parent",
    ]);
    expect(runs.map(({ script }) => script)).toEqual([join(cwd, "sick.js"), join(cwd, "train.js")]);
    expect(runs[1]).toMatchObject({ status: "completed", steps, engine: "embedded" });
    expect((await runCli(["runs"], { cwd })).stdout).toMatch(/^run +started +status +steps +engine +script\n/);
  });

  it("show: layers with their last statistics", async () => {
    const run = await cliJson<Shown>(["show", await healthy()], cwd);
    expect(run).toMatchObject({ status: "completed", exitCode: 0, steps, engine: { name: "embedded" } });
    expect(run.loss).toBeTypeOf("number");
    expect(run.overhead.percent).toBeTypeOf("number");
    expect(run.layers.map(({ name, className }) => [name, className])).toEqual([
      ["hidden", "Dense"],
      ["norm", "BatchNormalization"],
      ["out", "Dense"],
    ]);
    for (const layer of run.layers) {
      expect(layer.steps).toBe(steps);
      expect(layer.last.mean).toBeTypeOf("number");
      expect(layer.last.variance).toBeTypeOf("number");
      expect(layer.source).toMatchObject({ file: join(cwd, "train.js") });
    }
    const norm = run.layers[1]?.last ?? {};
    for (const name of ["batchMean", "batchVariance", "runningMean", "runningVariance", "gamma", "beta", "gap"]) {
      expect(norm[name], name).toHaveLength(4);
    }
    for (const name of ["meanShift", "logVarianceRatio", "betweenBatchVariance", "samplingNull", "warmup"]) {
      expect(norm[name], name).toBeTypeOf("number");
    }
    expect(norm.warmup).toBeCloseTo(0.99 ** steps, 12);
    expect(run.layers[0]?.last.gradientNorm).toBeTypeOf("number");
    const { stdout } = await runCli(["show", await healthy()], { cwd });
    expect(stdout).toMatch(/norm +BatchNormalization +40 /);
  });

  it("series: one value a step, as in show", async () => {
    const id = await healthy();
    const run = await cliJson<Shown>(["show", id], cwd);
    for (const [layer, name] of [
      ["norm", "batchMean"],
      ["net/norm", "meanShift"],
      ["hidden", "gradientNorm"],
      ["out", "variance"],
    ] as const) {
      const series = await cliJson<Series>(["series", id, "--layer", layer, "--stat", name], cwd);
      const shown = run.layers.find((one) => one.name === layer || one.path === layer)?.last[name];
      expect(series.at(-1)).toEqual({ step: steps, value: shown });
      expect(series.filter(({ step }) => step > 0).map(({ step }) => step)).toEqual(
        Array.from({ length: steps }, (_, at) => at + 1),
      );
    }
    const loss = await cliJson<Series>(["series", id, "--layer", "norm", "--stat", "loss"], cwd);
    expect(loss).toHaveLength(steps);
  });

  it("series: channels of an input that is the output of the layer before", async () => {
    const run = await healthy();
    const of = (layer: string, stat: string) => cliJson<Series>(["series", run, "--layer", layer, "--stat", stat], cwd);
    const channels = await of("out", "inputChannelMean");
    expect(channels).toHaveLength(steps);
    expect(channels).toEqual(await of("norm", "channelMean"));
    const { layers } = await cliJson<Shown>(["show", run], cwd);
    const last = layers.find(({ name }) => name === "out")?.last;
    expect(last?.inputChannelMean).toEqual(channels.at(-1)?.value);
    expect(last?.inputChannelVariance).toHaveLength(4);
  });

  it("series: NaN as text", async () => {
    const series = await cliJson<Series>(["series", "latest", "--layer", "norm", "--stat", "batchMean"], cwd);
    expect(series.find(({ step }) => step === 30)?.value).toEqual(["NaN", "NaN", "NaN", "NaN"]);
    expect(series.find(({ step }) => step === 29)?.value).toEqual(Array.from({ length: 4 }, () => expect.any(Number)));
  });

  it("check: exits by the worst finding", async () => {
    const sick = await runCli(["check", "latest", "--json"], { cwd });
    const findings = JSON.parse(sick.stdout) as Shown["findings"];
    expect(sick.code).toBe(2);
    expect(findings.filter(({ level }) => level === "error").map(({ id }) => id)).toContain("nonfinite");
    expect(findings.find(({ id }) => id === "nonfinite")?.layer).toBe("hidden");
    const plain = await runCli(["check", "latest"], { cwd });
    expect(plain.stdout).toMatch(/^error nonfinite: net\/hidden \(sick\.js:\d+\).*step 30/m);
    const { findings: shown } = await cliJson<Shown>(["show", "latest"], cwd);
    expect(shown).toEqual(findings);
  });

  it("export: writes the file, or says in one line why not", async () => {
    const done = await runCli(["export", await healthy(), "--format", "csv", "-o", "run.csv"], { cwd });
    expect(done).toMatchObject({ code: 0, stdout: "" });
    expect(readFileSync(join(cwd, "run.csv"), "utf8")).toMatch(/^table,step,layer,weight,timeMs,loss,/);
    await runCli(["export", "latest", "--format", "tensorboard", "-o", "logs"], { cwd });
    expect(existsSync(join(cwd, "logs"))).toBe(true);
  });

  it.each([
    [["show", "zzz"], 66, /No run zzz in .*layerscope runs/],
    [["show"], 64, /Missing RUN\. Usage: layerscope show RUN/],
    [["show", "."], 66, /is not a run: it has no run\.json/],
    [["series", "latest", "--layer", "norm"], 64, /Missing --stat/],
    [
      ["series", "latest", "--layer", "norm", "--stat", "colour"],
      64,
      /Got the statistic colour, wanted one of timeMs, loss/,
    ],
    [
      ["series", "latest", "--layer", "norn", "--stat", "mean"],
      64,
      /No layer norn in run .*; it has hidden, norm, out\./,
    ],
    [
      ["export", "latest", "--format", "xls", "-o", "x"],
      64,
      /Got --format xls, wanted csv, json, arrow, parquet, tensorboard/,
    ],
    [["export", "latest", "--format", "csv"], 64, /Missing --output/],
    [["export", "latest", "--format", "csv", "-o", "nowhere/x.csv"], 66, /No folder to write .*x\.csv into/],
    [["export", "latest", "--format", "csv", "-o", "."], 64, /is a folder, wanted a file/],
    [["runs", "extra"], 64, /Got extra, wanted no argument/],
  ])("refuses %j with %i and one line", async (args, exitCode, line) => {
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(line);
  });

  it("a damaged table: what can be read is given, and what cannot is said", async () => {
    const { folder } = await cliJson<Shown>(["show", await healthy()], cwd);
    const copy = join(cwd, "damaged");
    cpSync(folder, copy, { recursive: true });
    const table = join(copy, "activations.0.arrow");
    const bytes = readFileSync(table);
    const afterSchema = 8 + bytes.readUInt32LE(4);
    writeFileSync(table, bytes.fill(0xab, afterSchema, afterSchema + 8));
    const sentence = /activations\.0\.arrow is damaged at byte \d+/;
    const { notes } = await cliJson<{ notes: string[] }>(["show", copy], cwd);
    expect(notes.filter((note) => sentence.test(note))).toHaveLength(1);
    const whole = await runCli(["check", folder], { cwd });
    expect(whole.stderr).toBe("");
    for (const [exitCode, args] of [
      [whole.code, ["check", copy]],
      [0, ["series", copy, "--layer", "norm", "--stat", "mean"]],
      [0, ["export", copy, "--format", "csv", "-o", "damaged.csv"]],
    ] as const) {
      const { code, stderr } = await runCli(args, { cwd });
      expect(code, args[0]).toBe(exitCode);
      expect(stderr, args[0]).toMatch(sentence);
    }
  });
});
