import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();

/** As a language model does. */
async function invoke<T>(name: string, input: object = {}): Promise<T> {
  const text = await test.workbench.driver.evaluate(
    async (vscode, tool, question) => {
      const { content } = await vscode.lm.invokeTool(tool, { input: question, toolInvocationToken: undefined });
      return (content as readonly { readonly value: string }[]).map(({ value }) => value).join("");
    },
    name,
    input,
  );
  return JSON.parse(text);
}

interface Findings {
  readonly run: { readonly id: string; readonly script: string; readonly steps: number };
}

describe("a language model", () => {
  it("asks about the run on screen", async () => {
    const { workbench, runs } = test;
    await workbench.train("short.js");
    await expect.poll(() => runs.list().map(({ status }) => status), { timeout: 60_000 }).toEqual(["completed"]);
    await workbench.command("layerscope.openRun", runs.newest().folder);
    const first = runs.newest();
    const { run } = await invoke<Findings>("layerscope_findings");
    expect(run).toMatchObject({ id: first.id, steps: 40 });
    const { layers } = await invoke<{ layers: readonly { name: string; source: string; numbers: object }[] }>(
      "layerscope_layers",
    );
    const norm = layers.find(({ name }) => name === "norm");
    expect(basename(norm?.source ?? "")).toMatch(/^model\.js:\d+:\d+$/);
    const series = await invoke<{ points: readonly { step: number; value: number[] }[] }>("layerscope_series", {
      layer: "norm",
      statistic: "batchMean",
      points: 1000,
    });
    const saved = runs.series(first.id, "norm", "batchMean");
    expect(series.points.map(({ step }) => step)).toEqual([...saved.keys()]);
  });

  it("asks about the run that was chosen, though another one has just been started", async () => {
    const { workbench, runs } = test;
    const first = runs.newest();
    await workbench.driver.evaluate(
      async (vscode, script, folder) => {
        await vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(script));
        await vscode.commands.executeCommand("layerscope.openRun", folder);
      },
      workbench.path("long.js"),
      first.folder,
    );
    const trained = () => runs.list().find(({ script }) => script.endsWith("long.js"))?.steps;
    await expect.poll(trained, { timeout: 60_000 }).toBeGreaterThan(20);
    expect((await invoke<Findings>("layerscope_findings")).run.id).toBe(first.id);
    const { run } = await invoke<Findings>("layerscope_findings", { run: "latest" });
    expect(run.id).not.toBe(first.id);
    await workbench.command("layerscope.openRun", runs.newest().folder);
    await workbench.command("layerscope.stop");
    expect((await invoke<Findings>("layerscope_findings")).run.id).toBe(run.id);
    await workbench.command("layerscope.openRun", first.folder);
    expect((await invoke<Findings>("layerscope_findings")).run.id).toBe(first.id);
  });

  it("is told what it got and wanted", async () => {
    await expect(invoke("layerscope_layers", { layer: "nose" })).rejects.toThrow(/No layer nose in run .*norm/);
  });
});

describe("runs that a run started", () => {
  it("are below it in the list, and one click away", async () => {
    const { workbench, runs } = test;
    await workbench.train("forks.js");
    const family = () => runs.list().filter(({ script }) => script.endsWith("forks.js"));
    await expect
      .poll(() => family().map(({ status }) => status), { timeout: 60_000 })
      .toEqual(["completed", "completed"]);
    const [child, parent] = family();
    await workbench.command("layerscope.openRun", parent?.folder);
    await workbench.command("layerscope.openRelatedRun");
    expect((await invoke<Findings>("layerscope_findings")).run.id).toBe(child?.id);
    await workbench.command("layerscope.openRelatedRun");
    expect((await invoke<Findings>("layerscope_findings")).run.id).toBe(parent?.id);
    const choices = (await workbench.dashboard.frame()).locator("option", { hasText: "forks.js" });
    await expect.poll(() => choices.allTextContents(), { timeout: 30_000 }).toHaveLength(2);
    expect((await choices.allTextContents()).map((text) => text.includes("└"))).toEqual([false, true]);
    await workbench.driver.evaluate((vscode) => void vscode.commands.executeCommand("layerscope.openRun"));
    const entries = workbench.page.locator(".quick-input-widget .quick-input-list-entry");
    await expect.poll(() => entries.nth(1).innerText(), { timeout: 30_000 }).toMatch(/└.*forks\.js/s);
    expect(await entries.nth(0).innerText()).not.toContain("└");
    await workbench.screenshot("run-tree");
    await workbench.page.keyboard.press("Escape");
  });
});
