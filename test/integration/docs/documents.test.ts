import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { root } from "../../helpers/project.mjs";

const documents = ["README.md", "CONTRIBUTING.md"] as const;
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const titles: readonly string[] = Object.values(JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")));

function textOf(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

function allOf(document: string, pattern: RegExp): string[] {
  return [...textOf(document).matchAll(pattern)].map(([, found]) => found ?? "");
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function layerscope(args: readonly string[], folder: string) {
  return spawnSync(process.execPath, [join(root, "dist/cli.cjs"), ...args], { cwd: folder, encoding: "utf8" });
}

describe.each(documents)("%s", (document) => {
  it("names scripts that package.json has", () => {
    const named = allOf(document, /npm run (\w+)/g);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(scripts).toHaveProperty(name);
  });

  it("links to files that are there", () => {
    for (const link of allOf(document, /\]\((?!https?:)([^)#]+)\)/g)) {
      expect(existsSync(join(root, link)), link).toBe(true);
    }
  });
});

describe("README.md", () => {
  it("names commands by their titles", () => {
    const named = allOf("README.md", /Layerscope: ([A-Z][^*]+)\*/g).map((name) => name.replaceAll(/\s+/g, " "));
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(titles).toContain(name);
  });

  it("has a first script that trains as it stands", () => {
    const [script = ""] = allOf("README.md", /```js\n([\s\S]*?)```/g);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "first.js"), script);
    const trained = layerscope(["train", "first.js"], folder);
    expect(trained.status, trained.stderr).toBe(0);
    const shown = layerscope(["show", "latest", "--json"], folder);
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: "completed", steps: 320 });
  });

  it("has commands that run as they stand", () => {
    const named = allOf("README.md", /^node dist\/cli\.cjs (.*)$/gm);
    expect(named.length).toBeGreaterThan(1);
    const runs = temporaryFolder();
    for (const command of named) {
      const ran = layerscope([...command.split(" "), "--runs", runs], root);
      expect(ran.status, `${command}: ${ran.stderr}`).toBe(0);
    }
  });
});
