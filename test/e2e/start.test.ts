import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { markedProcesses } from "../helpers/markedProcesses.mjs";
import { resultsFolder, root } from "../helpers/project.mjs";

const limitMs = 240_000;

const markVariable = "STARTED_BY_TEST";

/** `npm start`, and all that it started and that is still there. */
function start(args: readonly string[]) {
  const mark = randomUUID();
  const child = spawn(process.execPath, [join(root, "test/start.mjs"), ...args], {
    cwd: root,
    env: { ...process.env, [markVariable]: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
  return { child, ended, output: () => output, processes: () => markedProcesses(mark, markVariable) };
}

describe("npm start", () => {
  it(
    "-- --check sees BatchNorm layers drawn, and leaves a screenshot",
    async () => {
      const screenshot = join(resultsFolder, "start-check.png");
      rmSync(screenshot, { force: true });
      const { ended, output, processes } = start(["--check"]);
      const code = await ended;
      expect(code, output()).toBe(0);
      expect(processes()).toEqual([]);
      expect(output()).toMatch(/Live view:\n {2}norm\d .*batchMean/);
      expect(output()).toMatch(/Dashboard:\n {2}norm\d .*runningMean/);
      expect(readFileSync(screenshot).subarray(1, 4).toString()).toBe("PNG");
    },
    limitMs,
  );

  it(
    "serves the workbench until it is asked to end, and leaves nothing behind",
    async () => {
      const { child, ended, output, processes } = start([]);
      await expect.poll(output, { timeout: limitMs / 2 }).toMatch(/^Open http\S+ to see/m);
      const [, url = ""] = /^Open (http\S+)/m.exec(output()) ?? [];
      expect((await fetch(url)).status).toBe(200);
      expect(processes().length).toBeGreaterThan(1);
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
      expect(processes()).toEqual([]);
      const folder = new URL(url).searchParams.get("folder") ?? "";
      expect(existsSync(folder)).toBe(false);
    },
    limitMs,
  );
});
