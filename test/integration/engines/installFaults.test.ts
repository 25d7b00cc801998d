import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstallStep } from "../../../src/engines/installProgress.js";
import { inspectManagedEngine } from "../../../src/engines/managed.js";
import { EngineLab } from "./engineLab.js";

let lab: EngineLab;
beforeAll(async () => {
  lab = await EngineLab.open();
});
afterAll(() => lab.close());
beforeEach(() => {
  Object.assign(lab.index, { cutAfterBytes: null, altered: false, pauseMs: 0, officialStatus: 403 });
  lab.index.requests.length = 0;
});

/** Whatever went wrong: nothing is found, and once the fault is gone an installation succeeds in the same cache. */
async function expectRecovery(cache: string): Promise<void> {
  expect(lab.found(cache)).toBeNull();
  expect(await lab.install(cache).end).toMatchObject({ outcome: "installed" });
  const engine = lab.found(cache);
  expect(engine && lab.answer(engine)).toBe("42");
}

describe("a part that is missing is named, with what to do", () => {
  it.each([
    { missing: "npm", code: "noNpm", PATH: ["python3", "c++"], says: /npm was not found.*Put npm on the PATH/ },
    { missing: "Python", code: "noPython", PATH: ["npm", "c++"], says: /No Python 3\.8 or newer.*LAYERSCOPE_PYTHON/ },
  ])("$missing", async ({ code, PATH, says }) => {
    const cache = lab.freshCache();
    const path = lab.pathWith(["node", ...PATH]);
    const end = await lab.install(cache, { env: { PATH: path }, node: join(path, "node") }).end;
    expect(end?.code).toBe(code);
    expect(end?.message).toMatch(says);
    await expectRecovery(cache);
  });

  it("an old Python is no Python", async () => {
    const folder = lab.folderWith("python", "#!/bin/sh\necho 3.7\necho pip 20.0\n");
    chmodSync(join(folder, "python"), 0o755);
    const end = await lab.install(lab.freshCache(), { env: { LAYERSCOPE_PYTHON: join(folder, "python") } }).end;
    expect(end).toMatchObject({ code: "noPython", message: expect.stringContaining("is 3.7") });
  });

  it("pip, where Python does not carry it either", async () => {
    const folder = lab.folderWith("python", '#!/bin/sh\necho 3.11\necho "No module named ensurepip" >&2\nexit 1\n');
    chmodSync(join(folder, "python"), 0o755);
    const end = await lab.install(lab.freshCache(), { env: { LAYERSCOPE_PYTHON: join(folder, "python") } }).end;
    expect(end).toMatchObject({ code: "noPip", message: expect.stringMatching(/has no pip.*-m ensurepip/) });
  });

  it("a compiler that cannot compile is replaced by one that can", async () => {
    const cache = lab.freshCache();
    const folder = lab.folderWith(
      "broken",
      '#!/bin/sh\n[ "$1" = --version ] && echo "broken 1.0"\n[ "$1" = --version ]\n',
    );
    chmodSync(join(folder, "broken"), 0o755);
    const end = await lab.install(cache, { env: { CXX: join(folder, "broken") } }).end;
    expect(end).toMatchObject({ outcome: "installed", manifest: { compiler: "zig c++" } });
  });

  it("no compiler can be had", async () => {
    const cache = lab.freshCache();
    const path = lab.pathWith(["node", "npm", "python3"]);
    const spec = { ...lab.engine.spec, zig: null };
    const end = await lab.install(cache, { env: { PATH: path }, spec }).end;
    expect(end).toMatchObject({ code: "noCompiler", message: expect.stringMatching(/g\+\+ or clang/) });
    await expectRecovery(cache);
  });

  it("nothing is missing where tfjs-node's own download answers", async () => {
    const cache = lab.freshCache();
    lab.index.officialStatus = 200;
    const end = await lab.install(cache, { spec: { ...lab.engine.spec, wheel: null } }).end;
    expect(end).toMatchObject({ outcome: "installed", manifest: { source: "official" } });
  });

  it("a platform without libraries", async () => {
    const end = await lab.install(lab.freshCache(), { spec: { ...lab.engine.spec, wheel: null } }).end;
    expect(end?.code).toBe("unsupported");
    expect(end?.message).toMatch(/answers 403.*embedded engine/);
  });
});

describe("the network", () => {
  it("is not there", async () => {
    const cache = lab.freshCache();
    const end = await lab.install(cache, { env: { PIP_INDEX_URL: "http://127.0.0.1:9/simple/", PIP_RETRIES: "0" } })
      .end;
    expect(end?.code).toBe("noNetwork");
    expect(end?.message).toMatch(/pip cannot reach.*run `layerscope engine install` again/);
    await expectRecovery(cache);
  });

  it("brings an altered wheel", async () => {
    const cache = lab.freshCache();
    lab.index.altered = true;
    const end = await lab.install(cache).end;
    expect(end).toMatchObject({
      code: "wrongHash",
      message: expect.stringContaining(lab.engine.spec.wheel?.sha256 ?? ""),
    });
    lab.index.altered = false;
    await expectRecovery(cache);
  });

  it("has left a truncated wheel, which is fetched again without a word", async () => {
    const cache = lab.freshCache();
    const { wheel } = lab.engine.spec;
    if (!wheel) throw new Error("the spec has no wheel");
    const kept = join(cache, "engines", "downloads", wheel.file);
    mkdirSync(join(kept, ".."), { recursive: true });
    writeFileSync(kept, readFileSync(join(lab.engine.wheels, wheel.file)));
    truncateSync(kept, wheel.bytes - 1000);
    await expectRecovery(cache);
  });

  it("serves an index that lacks the wheel", async () => {
    const { wheel } = lab.engine.spec;
    const spec = { ...lab.engine.spec, wheel: wheel && { ...wheel, version: "9.9" } };
    const end = await lab.install(lab.freshCache(), { spec }).end;
    expect(end).toMatchObject({
      code: "downloadFailed",
      message: expect.stringMatching(/does not have.*pip config list/),
    });
  });
});

describe("the disk", () => {
  it("has too little space: said before anything is fetched", async () => {
    const cache = lab.freshCache();
    const packages = { ...lab.engine.spec.packages, unpackedBytes: 1e15 };
    const end = await lab.install(cache, { spec: { ...lab.engine.spec, packages } }).end;
    expect(end).toMatchObject({
      code: "diskFull",
      message: expect.stringMatching(/needs 1000000\.\d GB.*LAYERSCOPE_CACHE/),
    });
    expect(lab.index.requests).toEqual([]);
    await expectRecovery(cache);
  });

  it("is full in the middle of the download", async (context) => {
    const mount = mounted("size=80m");
    context.skip(mount === null, cannotMount);
    const cache = lab.freshCache();
    lab.index.pauseMs = 100;
    const run = lab.install(cache, { prefix: mount ?? [] });
    await run.until(({ step, bytes }) => step === "download" && (bytes ?? 0) > 500_000);
    const inside = join("/proc", String(run.child.pid), "root", cache);
    execFileSync("sh", ["-c", `head -c 200000000 /dev/zero > '${inside}/filler' 2>/dev/null || true`]);
    expect(await run.end).toMatchObject({
      code: "diskFull",
      message: expect.stringMatching(/is full.*Free some space/),
    });
  });

  it("is read-only", async (context) => {
    const cache = lab.freshCache();
    chmodSync(cache, 0o555);
    // Who may do everything is stopped by a disk only.
    const mount = process.getuid?.() === 0 ? mounted("ro") : [];
    context.skip(mount === null, cannotMount);
    const end = await lab.install(cache, { prefix: mount ?? [] }).end;
    expect(end).toMatchObject({
      code: "readOnly",
      message: expect.stringMatching(/cannot be written.*LAYERSCOPE_CACHE/),
    });
    expect(readdirSync(cache)).toEqual([]);
    chmodSync(cache, 0o755);
  });
});

const cannotMount = "no disk of its own can be mounted here (unshare -rm)";

/** A command in front of another, for which the cache is a disk with these options; null where that is not allowed. */
function mounted(options: string): readonly string[] | null {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$LAYERSCOPE_CACHE"`;
  const prefix = ["unshare", "-rm", "sh", "-c", `${mount} && exec "$@"`, "sh"];
  const env = { ...process.env, LAYERSCOPE_CACHE: lab.freshCache() };
  return spawnSync(prefix[0] as string, [...prefix.slice(1), "true"], { env }).status === 0 ? prefix : null;
}

describe("an installation that is killed", () => {
  it.each<InstallStep>(["packages", "download", "extract", "compile", "verify"])(
    "in step %s leaves the engine that was there, and the next one succeeds",
    async (step) => {
      const cache = lab.freshCache();
      const old = (await lab.install(cache).end)?.folder;
      const run = lab.install(cache, { force: true });
      await run.until((progress) => progress.step === step);
      run.child.kill("SIGKILL");
      await run.end;
      const kept = lab.found(cache);
      expect(kept?.folder).toBe(old);
      expect(kept && lab.answer(kept)).toBe("42");
      const next = await lab.install(cache, { force: true }).end;
      expect(next).toMatchObject({ outcome: "installed" });
      const now = lab.found(cache);
      expect(now?.folder).not.toBe(old);
      expect(now && lab.answer(now)).toBe("42");
    },
  );
});

describe("an installation that is killed at any moment", () => {
  it("leaves the engine that was there or the new one, and the next one succeeds", async () => {
    const cache = lab.freshCache();
    const from = performance.now();
    await lab.install(cache).end;
    const wholeMs = performance.now() - from;
    for (let part = 0.05; part < 1.1; part += 0.12 + 0.12 * Math.random()) {
      const run = lab.install(cache, { force: true });
      await delay(part * wholeMs);
      run.child.kill("SIGKILL");
      await run.end;
      const kept = lab.found(cache);
      expect(kept && lab.answer(kept), `killed after ${part.toFixed(3)} of ${wholeMs.toFixed()} ms`).toBe("42");
    }
    expect(await lab.install(cache, { force: true }).end).toMatchObject({ outcome: "installed" });
    const engine = lab.found(cache);
    expect(engine && lab.answer(engine)).toBe("42");
    expect(readdirSync(join(cache, "engines")).sort(), "nothing half done is left").toEqual(
      [engine?.manifest.folder, `${engine?.manifest.key}.json`].sort(),
    );
  });
});

describe("an installation that was killed in the middle of the switch", () => {
  it("leaves a manifest that the next one removes", async () => {
    const cache = lab.freshCache();
    await lab.install(cache).end;
    const engines = join(cache, "engines");
    const before = readdirSync(engines).sort();
    const manifest = before.find((name) => name.endsWith(".json")) ?? "";
    copyFileSync(join(engines, manifest), join(engines, `${manifest}.${randomUUID()}`));
    expect(await lab.install(cache, { force: true }).end).toMatchObject({ outcome: "installed" });
    expect(readdirSync(engines).filter((name) => name.startsWith(manifest))).toEqual([manifest]);
  });
});

describe("an installation that is cancelled", () => {
  it.each<InstallStep>(["check", "packages", "download", "compile", "verify"])(
    "in step %s ends soon and leaves nothing half done",
    async (step) => {
      const cache = lab.freshCache();
      const run = lab.install(cache);
      await run.until((progress) => progress.step === step);
      const from = Date.now();
      run.child.stdin?.write("cancel\n");
      const end = await run.end;
      if (step === "verify" && end?.outcome === "installed") return; // the test's verification is over in an instant
      expect(end).toMatchObject({ code: "cancelled", message: expect.stringContaining("again to go on from there") });
      expect(Date.now() - from).toBeLessThan(5000);
      await expectRecovery(cache);
    },
  );
});

describe("two installations at once", () => {
  it("let one through and tell the other who is at work", async () => {
    const cache = lab.freshCache();
    lab.index.pauseMs = 30;
    const first = lab.install(cache);
    await first.until(({ step }) => step === "packages");
    const second = await lab.install(cache).end;
    expect(second).toMatchObject({ code: "busy", message: expect.stringContaining(`process ${first.child.pid}`) });
    expect(await first.end).toMatchObject({ outcome: "installed" });
  });

  it("are not stopped by the lock of a process that is no more", async () => {
    const cache = lab.freshCache();
    const lock = join(cache, "engines", "lock");
    mkdirSync(join(cache, "engines"));
    const dead = { token: "dead", processId: 2 ** 22 + 1, host: hostname(), startedAt: "2026-01-01T00:00:00.000Z" };
    writeFileSync(lock, JSON.stringify(dead));
    expect(await lab.install(cache).end).toMatchObject({ outcome: "installed" });
  });

  it("clear away what a killed process left beside the lock, and nothing of one that is alive", async () => {
    const cache = lab.freshCache();
    const engines = join(cache, "engines");
    mkdirSync(engines);
    const holder = { token: "t", processId: 2 ** 22 + 1, host: hostname(), startedAt: "2026-01-01T00:00:00.000Z" };
    writeFileSync(join(engines, "lock.dead"), JSON.stringify(holder));
    writeFileSync(join(engines, "lock.alive"), JSON.stringify({ ...holder, processId: process.pid }));
    expect(await lab.install(cache).end).toMatchObject({ outcome: "installed" });
    expect(readdirSync(engines).filter((name) => name.startsWith("lock"))).toEqual(["lock.alive"]);
  });

  it("started together over a stale lock: exactly one installs", async () => {
    const cache = lab.freshCache();
    mkdirSync(join(cache, "engines"));
    writeFileSync(join(cache, "engines", "lock"), "not a lock");
    const ends = await Promise.all([1, 2, 3].map(() => lab.install(cache).end));
    expect(ends.filter((end) => end?.outcome === "installed")).toHaveLength(1);
    expect(ends.filter((end) => end?.outcome === "installed" || end?.code === "busy")).toHaveLength(3);
  });
});

describe("a cache from which something was deleted", () => {
  it.each(["deps/lib/libtensorflow_cc.so.2", "lib/napi-v8/tfjs_binding.node", "dist/index.js", "."])(
    "%s: the engine is not used, and installing makes it anew",
    async (deleted) => {
      const cache = lab.freshCache();
      await lab.install(cache).end;
      const engine = lab.found(cache);
      rmSync(join(engine?.packageFolder ?? "", deleted), { recursive: true });
      expect(lab.found(cache)).toBeNull();
      expect(inspectManagedEngine({ LAYERSCOPE_CACHE: cache })).toMatchObject({
        state: "damaged",
        reason: expect.stringContaining("is missing"),
      });
      await expectRecovery(cache);
    },
  );

  it("a library was cut short", async () => {
    const cache = lab.freshCache();
    await lab.install(cache).end;
    const library = join(lab.found(cache)?.libraryFolder ?? "", "libtensorflow_cc.so.2");
    truncateSync(library, 100);
    expect(inspectManagedEngine({ LAYERSCOPE_CACHE: cache })).toMatchObject({
      state: "damaged",
      reason: expect.stringMatching(/has 100 bytes; \d+ were installed/),
    });
    await expectRecovery(cache);
  });
});
