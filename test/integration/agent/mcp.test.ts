import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { agentTools } from "../../../src/agent/agentTools.js";
import { cliJson, runCli, startCli, workspace } from "../cli/cliProcess.js";
import { trainingScript } from "../cli/scripts.js";

interface Answer {
  readonly id: number | string | null;
  readonly result?: Readonly<Record<string, unknown>> & {
    readonly isError?: boolean;
    readonly content?: readonly { readonly type: string; readonly text: string }[];
  };
  readonly error?: { readonly code: number; readonly message: string };
}

const steps = 80;
const cwd = workspace({
  "healthy.js": trainingScript(steps),
  // From step 30 on its input is NaN.
  "sick.js": trainingScript(40).replace('"float32", step);', '"float32", step).mul(step < 30 ? 1 : NaN);'),
});

/** What a client's messages are answered with by the real server, whose input then ends. */
async function ask(...messages: readonly (object | string)[]): Promise<readonly Answer[]> {
  const lines = messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message)));
  const { code, stdout, stderr } = await runCli(["mcp"], { cwd, stdin: `${lines.join("\n")}\n` });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function call<T>(name: string, input: object = {}): Promise<T> {
  const [answer] = await ask({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: input } });
  expect(answer?.result?.isError, JSON.stringify(answer)).toBe(false);
  return JSON.parse(answer?.result?.content?.[0]?.text ?? "");
}

async function refusal(name: string, input: object): Promise<string> {
  const [answer] = await ask({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: input } });
  expect(answer?.result?.isError).toBe(true);
  return answer?.result?.content?.[0]?.text ?? "";
}

describe("layerscope mcp", () => {
  beforeAll(async () => {
    await runCli(["train", "healthy.js", "--budget", "scalars"], { cwd });
    await runCli(["train", "sick.js", "--budget", "every"], { cwd });
  });

  it("shakes hands, lists its tools, and answers nothing to notifications", async () => {
    const answers = await ask(
      { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-03-26", capabilities: {} } },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: "ping", method: "ping" },
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
    );
    expect(answers.map(({ id }) => id)).toEqual([0, "ping", 1]);
    expect(answers[0]?.result).toMatchObject({
      protocolVersion: "2025-03-26",
      capabilities: { tools: {} },
      serverInfo: { name: "layerscope" },
    });
    expect(answers[1]?.result).toEqual({});
    const tools = answers[2]?.result?.tools as readonly Record<string, unknown>[];
    expect(tools.map(({ name }) => name)).toEqual(agentTools.map(({ name }) => name));
    for (const tool of tools)
      expect(tool).toMatchObject({ annotations: { readOnlyHint: true }, inputSchema: { type: "object" } });
  });

  it("tells which layer is sick in the newest run, and where it is in the code", async () => {
    const { run, findings } = await call<{
      run: { script: string; steps: number };
      findings: readonly { id: string; layer: string; step: number; source: { file: string; line: number } }[];
    }>("layerscope_findings");
    expect(run).toMatchObject({ script: join(cwd, "sick.js"), steps: 40 });
    const nonfinite = findings.find(({ id }) => id === "nonfinite");
    expect(nonfinite).toMatchObject({ layer: "hidden", step: 30, source: { file: join(cwd, "sick.js"), line: 4 } });
    expect(findings).toEqual(await cliJsonFindings());
  });

  it("gives the layers' numbers and lines, and all of one layer", async () => {
    const runs = await call<{ runs: readonly { id: string; script: string }[] }>("layerscope_runs");
    expect(runs.runs.map(({ script }) => script)).toEqual([join(cwd, "sick.js"), join(cwd, "healthy.js")]);
    const healthy = runs.runs[1]?.id;
    const { layers } = await call<{ layers: readonly Record<string, unknown>[] }>("layerscope_layers", {
      run: healthy,
    });
    expect(layers.map(({ name, source }) => [name, source])).toEqual(
      [4, 5, 6].map((line, at) => [["hidden", "norm", "out"][at], `${join(cwd, "healthy.js")}:${line}:21`]),
    );
    const { layer } = await call<{ layer: Record<string, unknown> }>("layerscope_layers", {
      run: healthy,
      layer: "norm",
    });
    expect(layer).toMatchObject({
      className: "BatchNormalization",
      steps,
      inputsFrom: ["hidden"],
      config: { momentum: 0.99 },
    });
    const shown = await cliJson<{ layers: { name: string; last: Record<string, unknown> }[] }>(
      ["show", healthy ?? ""],
      cwd,
    );
    const last = shown.layers.find(({ name }) => name === "norm")?.last;
    expect(layer.numbers).toMatchObject({ batchMean: last?.batchMean, runningMean: last?.runningMean, gap: last?.gap });
    expect((layer.weights as { name: string }[]).map(({ name }) => name)).toContain("norm/gamma");
  });

  it("gives a statistic over the steps, and says how much of it", async () => {
    const runs = await call<{ runs: readonly { id: string }[] }>("layerscope_runs");
    const run = runs.runs[1]?.id;
    const all = await cliJson<{ step: number; value: number[] }[]>(
      ["series", run ?? "", "--layer", "norm", "--stat", "batchMean"],
      cwd,
    );
    const few = await call<Record<string, unknown>>("layerscope_series", {
      run,
      layer: "norm",
      statistic: "batchMean",
      channel: 2,
      points: 5,
    });
    const wanted = [0, 20, 40, 59, 79].map((at) => ({ step: all[at]?.step, value: all[at]?.value[2] }));
    expect(few).toEqual({
      run,
      layer: "norm",
      statistic: "batchMean",
      channel: 2,
      captured: steps,
      shown: 5,
      points: wanted,
    });
    const loss = await call<{ points: readonly unknown[] }>("layerscope_series", {
      run,
      statistic: "loss",
      points: 1000,
    });
    expect(loss.points).toHaveLength(steps);
    const sick = await call<{ points: readonly { value: unknown }[] }>("layerscope_series", { statistic: "loss" });
    expect(sick.points.at(-1)?.value).toBe("NaN");
  });

  it("tells an agent what it got and wanted, and goes on", async () => {
    expect(await refusal("layerscope_layers", { layer: "nose" })).toMatch(
      /^No layer nose in run .*it has hidden, norm, out\.$/,
    );
    expect(await refusal("layerscope_series", { layer: "norm", statistic: "colour" })).toMatch(
      /^Got the statistic colour, wanted/,
    );
    expect(await refusal("layerscope_series", { statistic: "mean" })).toMatch(/^Missing a layer/);
    expect(await refusal("layerscope_series", {})).toMatch(/^Missing `statistic`/);
    expect(await refusal("layerscope_series", { statistic: 3 })).toMatch(/^Got 3 for `statistic`, wanted a text/);
    expect(await refusal("layerscope_findings", { run: "yesterday" })).toMatch(/^No run yesterday/);
    const answers = await ask("no JSON", { jsonrpc: "2.0", id: 1, method: "dance" }, "[]", {
      ...{ jsonrpc: "2.0", id: 2, method: "tools/call" },
      params: { name: "nothing" },
    });
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [1, -32601],
      [null, -32600],
      [2, -32602],
    ]);
  });

  it("answers about a run that goes on", async () => {
    const running = workspace({ "long.js": trainingScript(1e7) });
    const training = startCli(["train", "long.js"], { cwd: running });
    const seen = async () => {
      const { stdout } = await runCli(["mcp"], { cwd: running, stdin: `${JSON.stringify(findingsCall)}\n` });
      const text = (JSON.parse(stdout) as Answer).result?.content?.[0]?.text ?? "{}";
      return text.startsWith("{") ? (JSON.parse(text).run as { status: string; steps: number; id: string }) : null;
    };
    let run = await seen();
    for (const until = Date.now() + 30_000; (run?.steps ?? 0) < 5 && Date.now() < until; ) run = await seen();
    expect(run).toMatchObject({ status: "running" });
    training.child.kill("SIGTERM");
    await training.end;
  });
});

const findingsCall = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "layerscope_findings" } };

async function cliJsonFindings(): Promise<unknown> {
  const { stdout } = await runCli(["check", "latest", "--json"], { cwd });
  return JSON.parse(stdout);
}
