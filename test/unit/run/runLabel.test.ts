import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noLabel, readRunLabel, writeRunLabel } from "../../../src/run/runLabel.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "layerscope-label-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a run's label", () => {
  it("comes back as it was written, tidied", () => {
    writeRunLabel(folder, { name: "  rate\n×5 ", tags: ["paper", " paper", "", "second"], isKept: true });
    expect(readRunLabel(folder)).toEqual({ name: "rate ×5", tags: ["paper", "second"], isKept: true });
  });

  it("is no file where it says nothing", () => {
    writeRunLabel(folder, { name: "x", tags: [], isKept: false });
    writeRunLabel(folder, { name: " ", tags: [], isKept: false });
    expect(existsSync(join(folder, "label.json"))).toBe(false);
    expect(readRunLabel(folder)).toEqual(noLabel);
  });

  it.each([
    ["half written", '{"name":"a'],
    ["no object", "7"],
    ["of another kind", '{"name":3,"tags":{"a":1},"isKept":"yes"}'],
  ])("is none where the file is %s", (_, text) => {
    writeFileSync(join(folder, "label.json"), text);
    expect(readRunLabel(folder)).toEqual(noLabel);
  });

  it("keeps what can be read", () => {
    writeFileSync(join(folder, "label.json"), '{"name":"a","tags":["b",4],"later":true}');
    expect(readRunLabel(folder)).toEqual({ name: "a", tags: ["b"], isKept: false });
  });

  it("of a folder that is gone is none", () => {
    expect(readRunLabel(join(folder, "gone"))).toEqual(noLabel);
  });
});
