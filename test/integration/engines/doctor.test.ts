import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DoctorOptions, type DoctorReport, doctor, type EngineName } from "../../../src/engines/doctor.js";
import { managedKey } from "../../../src/engines/managed.js";

const modules = join(import.meta.dirname, "../../../node_modules");
let root: string;
let embeddedFolder: string;
let cache: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "layerscope-doctor-"));
  cache = join(root, "cache");
  embeddedFolder = join(root, "embedded");
  mkdirSync(embeddedFolder);
  for (const file of ["main.cjs", "tfjs-backend-wasm-simd.wasm"]) writeFileSync(join(embeddedFolder, file), "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function look(cwd: string, options: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  return doctor({ cwd, embeddedFolder, env: { ...process.env, LAYERSCOPE_CACHE: cache }, ...options });
}

function verdict(report: DoctorReport, name: EngineName) {
  const found = report.engines.find((engine) => engine.name === name);
  if (!found) throw new Error(`no verdict on ${name}`);
  return found;
}

function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, "project-"));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

const tfjsNode = (index: string) => ({
  "node_modules/@tensorflow/tfjs-node/package.json": '{"name":"@tensorflow/tfjs-node","version":"4.22.0"}',
  "node_modules/@tensorflow/tfjs-node/index.js": index,
  "node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node": "",
});

it("a folder without TensorFlow.js can be trained in, on the embedded engine", async () => {
  const report = await look(project({}));
  expect(report).toMatchObject({ ok: true, chosen: "embedded", tfjs: [], notes: [] });
  expect(report.node).toMatchObject({ path: process.execPath, version: process.version, usable: true });
  expect(report.engines.map(({ name, usable }) => [name, usable])).toEqual([
    ["project", false],
    ["managed", false],
    ["embedded", true],
    ["javascript", false],
  ]);
  expect(verdict(report, "managed").action).toContain("layerscope engine install");
});

it("a tfjs-node whose addon was never downloaded is told apart from one that is not there", async () => {
  const folder = project({});
  symlinkSync(modules, join(folder, "node_modules"));
  const report = await look(folder);
  expect(verdict(report, "project")).toMatchObject({
    usable: false,
    reason: expect.stringMatching(/^@tensorflow\/tfjs-node 4\.22\.0 has no native addon/),
    action: expect.stringContaining("layerscope engine install"),
  });
  expect(verdict(report, "javascript").usable).toBe(true);
  expect(report.tfjs.map((copy) => copy.package)).toContain("@tensorflow/tfjs-core");
  expect(report.chosen).toBe("embedded");
});

it.each([
  [
    "throws",
    'throw new Error("libtensorflow.so.2: cannot open shared object file");',
    /cannot open shared object file/,
  ],
  ["ends its process", 'process.kill(process.pid, "SIGSEGV");', /ended by a signal/],
  ["is silent", "module.exports = {};", /does not load: .*not a function/],
])("a tfjs-node that %s is broken, with the reason", async (_, index, reason) => {
  const report = await look(project(tfjsNode(index)));
  expect(verdict(report, "project")).toMatchObject({ usable: false, reason: expect.stringMatching(reason) });
  expect(report.chosen).toBe("embedded");
});

it("a tfjs-node that computes is chosen", async () => {
  const index = `
    const scalar = () => ({ dataSync: () => [2] });
    module.exports = { scalar, add: scalar, getBackend: () => "tensorflow" };`;
  const report = await look(project(tfjsNode(index)));
  expect(verdict(report, "project")).toMatchObject({ usable: true, action: null });
  expect(report.chosen).toBe("project");
});

it("several versions of tfjs-core are noted with their places", async () => {
  const copy = (folder: string, version: string) => ({
    [`${folder}/package.json`]: JSON.stringify({ name: "@tensorflow/tfjs-core", version }),
  });
  const folder = project({
    ...copy("node_modules/@tensorflow/tfjs-core", "4.22.0"),
    ...copy("app/node_modules/@tensorflow/tfjs-core", "3.21.0"),
  });
  const report = await look(join(folder, "app"));
  expect(report.notes).toEqual([expect.stringMatching(/several versions.*3\.21\.0 in .*4\.22\.0 in /)]);
});

it("a damaged managed engine is named so", async () => {
  const damaged = join(root, "damaged");
  const key = managedKey("2.21.0");
  mkdirSync(join(damaged, "engines"), { recursive: true });
  writeFileSync(join(damaged, "engines", `${key}.json`), "{");
  const report = await look(project({}), { env: { ...process.env, LAYERSCOPE_CACHE: damaged } });
  expect(verdict(report, "managed")).toMatchObject({ usable: false, reason: expect.stringContaining("It is damaged") });
});

it("missing files of the embedded engine are named", async () => {
  const report = await look(project({}), { embeddedFolder: join(root, "nowhere") });
  expect(report).toMatchObject({ ok: false, chosen: null });
  expect(verdict(report, "embedded")).toMatchObject({
    usable: false,
    reason: expect.stringContaining("main.cjs and tfjs-backend-wasm-simd.wasm are missing"),
    action: "Install Layerscope again.",
  });
});

it.each([
  ["is not there", null, /there is no program/],
  ["is something else", "#!/bin/sh\necho hello\n", /is not Node: it answered "hello/],
  [
    "is too old",
    '#!/bin/sh\necho \'{"version":"v18.20.0","platform":"linux","arch":"x64","napi":9,"simd":true}\'\n',
    /v18\.20\.0 is too old; Layerscope needs Node 20/,
  ],
])("a Node that %s makes everything unusable, and says so once", async (_, script, reason) => {
  const node = join(mkdtempSync(join(root, "node-")), "node");
  if (script !== null) {
    writeFileSync(node, script);
    chmodSync(node, 0o755);
  }
  const report = await look(project({}), { node });
  expect(report.ok).toBe(false);
  expect(report.node).toMatchObject({ usable: false, reason: expect.stringMatching(reason) });
  expect(report.engines.every(({ usable, action }) => !usable && action === null)).toBe(true);
});
