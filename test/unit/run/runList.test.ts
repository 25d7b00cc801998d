import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { RunFile } from "../../../src/run/format.js";
import { effectiveStatus, RunFolderError, readRunFile } from "../../../src/run/runFile.js";
import { prepareRunsFolder } from "../../../src/run/runFolder.js";
import { findRun, listRuns } from "../../../src/run/runList.js";
import { RunReader } from "../../../src/run/runReader.js";
import { newRun } from "./newRun.js";

function runsWith(...runs: readonly Partial<RunFile>[]): string {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-runs-"));
  for (const patch of runs) {
    const run = newRun(patch);
    mkdirSync(join(folder, run.id));
    writeFileSync(join(folder, run.id, "run.json"), JSON.stringify(run));
  }
  return folder;
}

const nobody = 2 ** 22 + 12_345;
const now = new Date().toISOString();
const here = { id: process.pid, host: hostname(), node: "v20", platform: "linux" };

describe("status", () => {
  const old = new Date(Date.now() - 3_600_000).toISOString();
  it.each<[string, Partial<RunFile>, string]>([
    ["a process that lives", { process: here, heartbeatAt: now }, "running"],
    ["a process that is gone", { process: { ...here, id: nobody }, heartbeatAt: now }, "interrupted"],
    ["a number that another process has now", { process: here, heartbeatAt: old }, "interrupted"],
    ["another machine, lately", { process: { ...here, id: nobody, host: "elsewhere" }, heartbeatAt: now }, "running"],
    ["another machine, long ago", { process: { ...here, host: "elsewhere" }, heartbeatAt: old }, "interrupted"],
    [
      "a process that was asked to stop",
      { process: { ...here, id: nobody }, heartbeatAt: now, stopRequestedAt: now },
      "stopped",
    ],
    ["a heartbeat that is no time", { process: here, heartbeatAt: "yesterday" }, "interrupted"],
    ["a run that ended", { process: { ...here, id: nobody }, status: "failed" }, "failed"],
  ])("of %s", (_, patch, status) => {
    expect(effectiveStatus(newRun({ status: "running", ...patch }))).toBe(status);
  });
});

describe("list of runs", () => {
  it("is newest first and leaves out what is no run", () => {
    const runs = runsWith(
      { id: "a", startedAt: "2026-01-01" },
      { id: "c", startedAt: "2026-03-01" },
      { id: "b", startedAt: "2026-02-01" },
    );
    mkdirSync(join(runs, "empty"));
    mkdirSync(join(runs, "torn"));
    writeFileSync(join(runs, "torn", "run.json"), '{"format":1,"id":');
    writeFileSync(join(runs, "file"), "");
    expect(listRuns(runs).map(({ run }) => run.id)).toEqual(["c", "b", "a"]);
    expect(listRuns(join(runs, "nowhere"))).toEqual([]);
  });

  it("finds a run by id, beginning, folder and as the latest", () => {
    const runs = runsWith(
      { id: "20260101-aaa", startedAt: "2026-01-01" },
      { id: "20260301-bbb", startedAt: "2026-03-01" },
    );
    expect(findRun("latest", runs, "/")).toBe(join(runs, "20260301-bbb"));
    expect(findRun("20260101-aaa", runs, "/")).toBe(join(runs, "20260101-aaa"));
    expect(findRun("20260301", runs, "/")).toBe(join(runs, "20260301-bbb"));
    expect(findRun("./20260101-aaa", "/nowhere", runs)).toBe(join(runs, "20260101-aaa"));
    expect(() => findRun("2026", runs, "/")).toThrow("2 runs begin with 2026");
    expect(() => findRun("zzz", runs, "/")).toThrow(/No run zzz in .*layerscope runs/);
    expect(() => findRun("latest", "/nowhere", "/")).toThrow(/No run in \/nowhere yet/);
    expect(() => findRun(".", "/nowhere", runs)).toThrow("it has no run.json");
  });
});

describe("a folder that is no run that can be read", () => {
  const kindOf = (folder: string) => {
    try {
      readRunFile(folder);
      return "readable";
    } catch (error) {
      return error instanceof RunFolderError ? `${error.kind}: ${error.message}` : error;
    }
  };

  it("is told by one sentence", () => {
    const runs = runsWith({ id: "newer", format: 99 });
    const write = (name: string, text: string) => {
      mkdirSync(join(runs, name));
      writeFileSync(join(runs, name, "run.json"), text);
    };
    write("half", '{"format":1,"id":"x","started');
    write("other", '{"name":"a package"}');
    write("array", "[1]");
    write("nothing", "null");
    expect(kindOf(join(runs, "gone"))).toMatch(/^missing: .* is not there/);
    expect(kindOf(runs)).toMatch(/^notARun: .* it has no run.json/);
    expect(kindOf(join(runs, "newer"))).toMatch(/^newer: .*run format 99.*update Layerscope/);
    expect(kindOf(join(runs, "half"))).toMatch(/^damaged: /);
    expect(kindOf(join(runs, "other"))).toMatch(/^notARun: .* lacks format/);
    expect(kindOf(join(runs, "array"))).toMatch(/^notARun: /);
    expect(kindOf(join(runs, "nothing"))).toMatch(/^notARun: .*got null/);
  });

  it("keeps the last run.json while a new one is half written, and says when the folder goes", () => {
    const runs = runsWith({ id: "a", steps: 5 });
    const folder = join(runs, "a");
    const reader = new RunReader(folder);
    expect(reader.poll().run.steps).toBe(5);
    const text = readFileSync(join(folder, "run.json"), "utf8");
    writeFileSync(join(folder, "run.json"), text.slice(0, 100));
    expect(reader.poll().run.steps).toBe(5);
    writeFileSync(join(folder, "run.json"), text.replace('"steps":5', '"steps":66'));
    expect(reader.poll().run.steps).toBe(66);
    rmSync(folder, { recursive: true });
    expect(() => reader.poll()).toThrow(RunFolderError);
  });
});

describe("folder of runs", () => {
  it("ignores itself in git", () => {
    const workspace = mkdtempSync(join(tmpdir(), "layerscope-workspace-"));
    const { folder, problem } = prepareRunsFolder(join(workspace, ".layerscope", "runs"));
    expect(problem).toBeNull();
    expect(folder).toBe(join(workspace, ".layerscope", "runs"));
    expect(readFileSync(join(workspace, ".layerscope", ".gitignore"), "utf8")).toBe("*\n");
    writeFileSync(join(workspace, ".layerscope", ".gitignore"), "mine\n");
    prepareRunsFolder(folder);
    expect(readFileSync(join(workspace, ".layerscope", ".gitignore"), "utf8")).toBe("mine\n");
  });

  it("is a temporary one where it cannot be made", () => {
    const workspace = mkdtempSync(join(tmpdir(), "layerscope-workspace-"));
    writeFileSync(join(workspace, "file"), "");
    const { folder, problem } = prepareRunsFolder(join(workspace, "file", "runs"));
    expect(folder.startsWith(tmpdir())).toBe(true);
    expect(problem).toMatch(/^cannot write to .*file.runs \(\w+\), so the run is recorded in /);
  });

  it.skipIf(process.platform === "win32")("is found a place also where TMPDIR names a folder that is not there", () => {
    const workspace = mkdtempSync(join(tmpdir(), "layerscope-workspace-"));
    writeFileSync(join(workspace, "file"), "");
    vi.stubEnv("TMPDIR", join(workspace, "nowhere"));
    const { folder } = prepareRunsFolder(join(workspace, "file", "runs"));
    vi.unstubAllEnvs();
    expect(folder).toContain("layerscope-runs-");
    expect(existsSync(folder)).toBe(true);
  });
});
