import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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

describe("installing the native engine", () => {
  it("makes one that computes, reports its steps in order, and leaves nothing else behind", async () => {
    const cache = lab.freshCache();
    const run = lab.install(cache);
    expect(await run.end).toMatchObject({ outcome: "installed" });
    const engine = lab.found(cache);
    if (!engine) throw new Error("no engine was found");
    expect(lab.answer(engine)).toBe("42");
    expect(engine.manifest).toMatchObject({
      source: "wheel",
      versions: { "tfjs-node": "4.22.0", tensorflow: "2.21.0" },
    });
    const steps = run.reports.map(({ step }) => step).filter((step, index, all) => step !== all[index - 1]);
    expect(steps).toEqual(["check", "packages", "official", "download", "extract", "compile", "verify", "switch"]);
    const fractions = run.reports.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(readdirSync(join(cache, "engines")).sort()).toEqual(
      [engine.manifest.folder, `${engine.manifest.key}.json`].sort(),
    );
    expect(existsSync(join(engine.packageFolder, "dist/index.js.map")), "source maps are removed").toBe(false);
  });

  it("does nothing when one is there, and makes it anew when forced", async () => {
    const cache = lab.freshCache();
    const first = await lab.install(cache).end;
    expect(await lab.install(cache).end).toMatchObject({ outcome: "already", folder: first?.folder });
    const again = await lab.install(cache, { force: true }).end;
    expect(again?.outcome).toBe("installed");
    expect(again?.folder).not.toBe(first?.folder);
    expect(existsSync(first?.folder ?? ""), "the old one is removed").toBe(false);
  });

  it("goes on by itself when the connection breaks, from the byte where it broke", async () => {
    const cache = lab.freshCache();
    Object.assign(lab.index, { cutAfterBytes: 3_000_000, pauseMs: 50 });
    expect(await lab.install(cache).end).toMatchObject({ outcome: "installed" });
    const [first, second] = lab.index.requests;
    expect(first?.from).toBe(0);
    expect(second?.from).toBeGreaterThan(1_000_000);
  });

  it("goes on where a cancelled installation stopped, with packages and wheel", async () => {
    const cache = lab.freshCache();
    lab.index.pauseMs = 100;
    const run = lab.install(cache);
    await run.until(({ step, bytes }) => step === "download" && (bytes ?? 0) > 2_000_000);
    run.child.stdin?.write("cancel\n");
    expect(await run.end).toMatchObject({ code: "cancelled" });
    expect(lab.found(cache)).toBeNull();
    lab.index.pauseMs = 0;
    lab.index.requests.length = 0;
    const again = lab.install(cache);
    expect(await again.end).toMatchObject({ outcome: "installed" });
    expect(again.reports.map(({ step }) => step)).not.toContain("packages");
    expect(lab.index.requests.map(({ from }) => from > 1_000_000)).toEqual([true]);
  });

  it("takes tfjs-node's own download where that answers", async () => {
    const cache = lab.freshCache();
    lab.index.officialStatus = 200;
    const end = await lab.install(cache).end;
    expect(end).toMatchObject({ outcome: "installed", manifest: { source: "official", compiler: null } });
    expect(lab.index.requests, "no wheel was asked for").toEqual([]);
    const engine = lab.found(cache);
    expect(engine && lab.answer(engine)).toBe("42");
  });

  it("fetches a compiler where the system has none", async () => {
    const cache = lab.freshCache();
    const PATH = lab.pathWith(["node", "npm", "python3"]);
    const end = await lab.install(cache, { env: { PATH } }).end;
    expect(end).toMatchObject({ outcome: "installed", manifest: { compiler: "zig c++" } });
    const engine = lab.found(cache);
    expect(engine && lab.answer(engine)).toBe("42");
    expect(existsSync(join(engine?.folder ?? "", "zig")), "the compiler is removed").toBe(false);
  });
});
