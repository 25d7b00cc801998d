import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder } from "../../../src/engines/enginePaths.js";
import { findManagedEngine, inspectManagedEngine, managedKey } from "../../../src/engines/managed.js";

describe("the cache folder", () => {
  it.each([
    [{ LAYERSCOPE_CACHE: "/big/disk" }, "linux", "/big/disk"],
    [{ LAYERSCOPE_CACHE: "/big/disk", XDG_CACHE_HOME: "/x" }, "linux", "/big/disk"],
    [{ XDG_CACHE_HOME: "/x" }, "linux", "/x/layerscope"],
    [{ XDG_CACHE_HOME: "not/absolute" }, "linux", join(homedir(), ".cache/layerscope")],
    [{}, "linux", join(homedir(), ".cache/layerscope")],
    [{}, "darwin", join(homedir(), "Library/Caches/layerscope")],
    [{ LOCALAPPDATA: "/local" }, "win32", "/local/layerscope"],
  ] as const)("%j on %s is %s", (env, platform, wanted) => {
    expect(cacheFolder(env, platform)).toBe(wanted);
  });
});

describe("the managed engine", () => {
  const key = managedKey("2.21.0");
  let env: { LAYERSCOPE_CACHE: string };
  let engines: string;
  const manifest = {
    format: 1,
    key,
    folder: `${key}-1`,
    source: "wheel",
    versions: { "tfjs-node": "4.22.0", tensorflow: "2.21.0" },
    package: "node_modules/@tensorflow/tfjs-node",
    addon: "addon.node",
    libraries: "lib",
    compiler: "c++",
    installedAt: "2026-01-01T00:00:00.000Z",
    bytes: 5,
    files: { "addon.node": 5 },
  };
  const write = (value: unknown) => writeFileSync(join(engines, `${key}.json`), JSON.stringify(value));

  beforeEach(() => {
    env = { LAYERSCOPE_CACHE: mkdtempSync(join(tmpdir(), "layerscope-cache-")) };
    engines = join(env.LAYERSCOPE_CACHE, "engines");
    mkdirSync(join(engines, manifest.folder), { recursive: true });
    writeFileSync(join(engines, manifest.folder, "addon.node"), "addon");
  });
  afterEach(() => rmSync(env.LAYERSCOPE_CACHE, { recursive: true }));

  it("is found with absolute paths", () => {
    write(manifest);
    expect(findManagedEngine(env)).toMatchObject({
      folder: join(engines, manifest.folder),
      packageFolder: join(engines, manifest.folder, manifest.package),
      addonPath: join(engines, manifest.folder, "addon.node"),
      libraryFolder: join(engines, manifest.folder, "lib"),
    });
  });

  it("is absent without a manifest, whatever folders lie about", () => {
    expect(inspectManagedEngine(env)).toEqual({ state: "absent" });
    expect(inspectManagedEngine({ LAYERSCOPE_CACHE: "/no/such/folder" })).toEqual({ state: "absent" });
  });

  it.each([
    ["is cut short", '{"format": 1', /not readable/],
    ["is empty", "", /not readable/],
    ["is of another format", JSON.stringify({ ...manifest, format: 2 }), /not readable/],
    ["leads out of the cache", JSON.stringify({ ...manifest, folder: "../elsewhere" }), /not readable/],
    ["names a file that is gone", JSON.stringify({ ...manifest, files: { gone: 1 } }), /gone is missing/],
    ["names a file of another size", JSON.stringify({ ...manifest, files: { "addon.node": 6 } }), /5 bytes; 6 were/],
  ])("is damaged when its manifest %s", (_, text, reason) => {
    writeFileSync(join(engines, `${key}.json`), text);
    expect(inspectManagedEngine(env)).toMatchObject({ state: "damaged", reason: expect.stringMatching(reason) });
    expect(findManagedEngine(env)).toBeNull();
  });

  it("of one version does not hide behind a damaged one of another", () => {
    write({ ...manifest, files: { gone: 1 } });
    const official = managedKey("2.9.1");
    writeFileSync(join(engines, `${official}.json`), JSON.stringify({ ...manifest, key: official }));
    expect(findManagedEngine(env)?.manifest.key).toBe(official);
  });
});
