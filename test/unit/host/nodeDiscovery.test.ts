import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findNode, type NodeSearch } from "../../../src/host/launch/nodeDiscovery.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "layerscope node 'ü' "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A `node` that says this version, as a version manager's shim does. */
function makeNode(name: string, version: string): string {
  const path = join(folder, name, "node");
  makeProgram(path, `echo ${version}`);
  return path;
}

function makeProgram(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

function search(patch: Partial<NodeSearch>): NodeSearch {
  return {
    setting: "",
    environment: { PATH: "" },
    platform: "linux",
    retryAfterMs: 10,
    shellTimeoutMs: 2000,
    ...patch,
  };
}

describe.skipIf(process.platform === "win32")("findNode", () => {
  it("takes the setting before PATH", async () => {
    const setting = makeNode("own", "v22.1.0");
    const PATH = dirname(makeNode("path", "v24.0.0"));
    expect(await findNode(search({ setting, environment: { PATH } }))).toEqual({
      ok: true,
      node: { path: setting, version: "22.1.0", from: "setting" },
    });
  });

  it("never replaces a setting that does not work", async () => {
    const PATH = dirname(makeNode("path", "v24.0.0"));
    const missing = join(folder, "nowhere", "node");
    expect(await findNode(search({ setting: missing, environment: { PATH } }))).toMatchObject({
      ok: false,
      reason: "settingBroken",
      got: missing,
    });
    const old = makeNode("old", "v18.19.0");
    expect(await findNode(search({ setting: old, environment: { PATH } }))).toMatchObject({
      ok: false,
      reason: "tooOld",
      got: "18.19.0",
    });
  });

  it("passes over an old Node on PATH for a newer one behind it", async () => {
    const old = makeNode("old", "v16.20.2");
    const fresh = makeNode("new", "v20.0.0");
    const PATH = [join(folder, "nowhere"), dirname(old), dirname(fresh)].join(delimiter);
    expect(await findNode(search({ environment: { PATH } }))).toEqual({
      ok: true,
      node: { path: fresh, version: "20.0.0", from: "path" },
    });
  });

  it("asks the login shell, whatever its start files print", async () => {
    const node = makeNode("manager", "v22.0.0");
    const shell = join(folder, "shell");
    makeProgram(
      shell,
      `echo "Welcome to /usr/bin/node"\nPATH='${dirname(node).replaceAll("'", "'\\''")}':$PATH\neval "$2"`,
    );
    expect(await findNode(search({ environment: { PATH: "", SHELL: shell } }))).toEqual({
      ok: true,
      node: { path: node, version: "22.0.0", from: "shell" },
    });
  });

  it("asks once more without a login, where the start files of a login do not know of Node", async () => {
    const node = makeNode("manager", "v22.0.0");
    const shell = join(folder, "shell");
    makeProgram(shell, `[ "$1" = -ic ] && PATH='${dirname(node).replaceAll("'", "'\\''")}'\neval "$2"`);
    expect(await findNode(search({ environment: { PATH: "", SHELL: shell } }))).toEqual({
      ok: true,
      node: { path: node, version: "22.0.0", from: "shell" },
    });
  });

  it("gives up on a shell that never answers, and tells what was tried", async () => {
    const shell = join(folder, "shell");
    makeProgram(shell, "exec /bin/sleep 30");
    const found = await findNode(
      search({ environment: { PATH: join(folder, "empty"), SHELL: shell }, shellTimeoutMs: 200 }),
    );
    expect(found).toMatchObject({ ok: false, reason: "missing" });
    expect(found.ok ? [] : found.tried).toEqual([
      `PATH: ${join(folder, "empty")}`,
      expect.stringContaining("no answer in 200 ms"),
    ]);
  });

  it("says which version is too old where there is no other", async () => {
    const PATH = dirname(makeNode("old", "v14.0.0"));
    const found = await findNode(search({ environment: { PATH } }));
    expect(found).toMatchObject({ ok: false, reason: "tooOld", got: "14.0.0" });
  });

  it("does not take what is not an executable file", async () => {
    mkdirSync(join(folder, "a", "node"), { recursive: true });
    mkdirSync(join(folder, "b"));
    writeFileSync(join(folder, "b", "node"), "");
    const PATH = [join(folder, "a"), join(folder, "b")].join(delimiter);
    expect(await findNode(search({ environment: { PATH } }))).toMatchObject({ ok: false, reason: "missing" });
  });
});
