import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench({ settings: { "layerscope.openDashboardOnTrain": false } });
const script = "swappedMomentum.js";
/** 0-based line of the BatchNorm layer whose momentum is wrong. */
const faultLine = 5;

/** What stands behind the lines of the editor, as it is painted: decorations are no text of the page. */
function decorations(): Promise<string[]> {
  return test.workbench.page.locator(".view-lines .view-line span").evaluateAll((spans) =>
    spans
      .map((span) => getComputedStyle(span, "::after").content)
      .filter((content) => content !== "none" && content !== "normal" && content !== '""')
      .map((content) => JSON.parse(content) as string),
  );
}

describe("at the lines that made layers", () => {
  it("stand their numbers", async () => {
    const { workbench, runs } = test;
    await workbench.openFile(script);
    await workbench.train(script);
    await expect.poll(() => runs.list().map(({ status }) => status)).toEqual(["completed"]);
    await expect.poll(decorations).toHaveLength(3);
    for (const text of await decorations()) expect(text.replaceAll("\u00a0", " ")).toMatch(/^−?[\d.e−]+ ± [\d.e−]+ · /);
    await workbench.screenshot("source");
  });

  it("a hover has the numbers and a chart", async () => {
    const texts = await test.workbench.driver.evaluate(
      async (vscode, path, line) => {
        const hovers = await vscode.commands.executeCommand<import("vscode").Hover[]>(
          "vscode.executeHoverProvider",
          vscode.Uri.file(path),
          new vscode.Position(line, 10),
        );
        return hovers.flatMap(({ contents }) =>
          contents.map((content) => (typeof content === "string" ? content : content.value)),
        );
      },
      test.workbench.path(script),
      faultLine,
    );
    const hover = texts.find((text) => text.includes("swapped"));
    expect(hover).toContain("data:image/svg+xml");
    expect(hover).toMatch(/mean ± std \| −?[\d.]/);
    expect(hover).toContain("command:layerscope.openDashboard");
  });

  it("stand findings, in the Problems view too", async () => {
    const problems = () =>
      test.workbench.driver.evaluate(
        (vscode, path) =>
          vscode.languages
            .getDiagnostics(vscode.Uri.file(path))
            .filter(({ source }) => source === "Layerscope")
            .map(({ message, range, code }) => ({ message, line: range.start.line, code: JSON.stringify(code) })),
        test.workbench.path(script),
      );
    await expect.poll(problems).toContainEqual({
      message: expect.stringContaining("0.1"),
      line: faultLine,
      code: expect.stringContaining("bn-momentum-swapped"),
    });
  });

  it("the numbers of a file that was changed are marked, and stand at the lines where the layers are now", async () => {
    const { workbench } = test;
    await workbench.driver.evaluate(async (vscode, path) => {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(vscode.Uri.file(path), new vscode.Position(0, 0), "// one more line\n");
      await vscode.workspace.applyEdit(edit);
    }, workbench.path(script));
    await expect
      .poll(async () => (await decorations()).filter((text) => text.includes("before the last edit")))
      .toHaveLength(3);
    const behind = workbench.page.locator(".view-line", { hasText: "batchNormalization" }).locator("span");
    const contents = await behind.evaluateAll((spans) =>
      spans.map((span) => getComputedStyle(span, "::after").content),
    );
    expect(contents.join()).toContain("±");
    await workbench.command("undo");
  });

  it("can be taken away", async () => {
    await test.workbench.command("layerscope.clearDecorations");
    await expect.poll(decorations).toEqual([]);
  });
});

describe("the lens above a training call", () => {
  const lenses = (file: string) =>
    test.workbench.driver.evaluate(async (vscode, path) => {
      const uri = vscode.Uri.file(path);
      await vscode.workspace.openTextDocument(uri);
      const found = await vscode.commands.executeCommand<import("vscode").CodeLens[]>(
        "vscode.executeCodeLensProvider",
        uri,
        9,
      );
      return found.flatMap(({ command, range }) => (command?.command === "layerscope.train" ? [range.start.line] : []));
    }, test.workbench.path(file));

  it("is where a training is, and nowhere else", async () => {
    expect(await lenses(script)).toEqual([11]);
    expect(await lenses("noTensorFlow.js")).toEqual([]);
    writeFileSync(
      test.workbench.path("words.js"),
      '// model.fit(x, y)\nconst text = "model.fit(x, y)";\ntent.fit(text);\n',
    );
    expect(await lenses("words.js")).toEqual([]);
  });

  it("can be switched off", async () => {
    await test.workbench.set("layerscope.codeLens", false);
    await expect.poll(() => lenses(script)).toEqual([]);
    await test.workbench.set("layerscope.codeLens", undefined);
  });
});

describe("the tree of layers", () => {
  const rows = () => test.workbench.page.locator('.pane-body [role="treeitem"]').allInnerTexts();

  it("has models, layers and live numbers, and lets itself be filtered and sorted", async () => {
    const { workbench } = test;
    await workbench.command("layerscope.layers.focus");
    await expect.poll(async () => (await rows()).join("\n")).toMatch(/wide.*±.*swapped.*±.*last.*±/s);
    await workbench.command("layerscope.filterLayers", "swap");
    await expect.poll(async () => (await rows()).join("\n")).not.toContain("wide");
    expect((await rows()).join("\n")).toContain("swapped");
    await workbench.command("layerscope.clearLayerFilter");
    await workbench.command("layerscope.sortLayers");
    await expect.poll(async () => (await rows())[0]).toContain("swapped");
    await workbench.command("layerscope.sortLayers");
  });

  it("is copied as a table", async () => {
    await test.workbench.command("layerscope.copyLayers");
    const table = await test.workbench.driver.evaluate((vscode) => vscode.env.clipboard.readText());
    const lines = table.trim().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines.map((line) => line.split("\t").length)).toEqual(lines.map(() => (lines[0] ?? "").split("\t").length));
    expect(table).toMatch(/\bswapped\b/);
  });
});

describe("a script", () => {
  it("that was never saved is refused in one sentence", async () => {
    const { workbench } = test;
    await workbench.driver.evaluate(async (vscode) => {
      const document = await vscode.workspace.openTextDocument({ language: "javascript", content: "model.fit(x, y);" });
      void vscode.commands.executeCommand("layerscope.train", document.uri);
    });
    await expect.poll(() => workbench.notifications()).toEqual([expect.stringContaining("Save this file first")]);
    await workbench.closeNotifications();
  });

  it("with unsaved changes is saved, and what is trained is what is on screen", async () => {
    const { workbench, runs } = test;
    await workbench.driver.evaluate(async (vscode, path) => {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(vscode.Uri.file(path), new vscode.Position(0, 0), 'process.title = "changed";\n');
      await vscode.workspace.applyEdit(edit);
    }, workbench.path(script));
    const before = runs.list().length;
    await workbench.train(script);
    await expect.poll(() => runs.list().filter(({ status }) => status === "completed").length).toBe(before + 1);
    expect(readFileSync(workbench.path(script), "utf8")).toContain('process.title = "changed"');
  });

  it("outside of the workspace is trained, in a path that no shell would like", async () => {
    const { workbench } = test;
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'it\'s 100 % "ümläut" $HOME ')));
    try {
      const path = join(outside, "first.js");
      writeFileSync(path, readFileSync(workbench.path(script)));
      await workbench.driver.evaluate((vscode, file) => {
        void vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(file));
      }, path);
      await workbench.showLive();
      await expect(workbench.live).toSay("first.js completed after 40 steps.");
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});
