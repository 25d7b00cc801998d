import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bundleFile, extractStrings } from "../../helpers/extractStrings.mjs";

function readJson(file: string | URL): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

const root = new URL("../../../", import.meta.url);

/** Every `%key%` anywhere in a value. */
function keysIn(value: unknown): string[] {
  if (typeof value === "string") return /^%(.+)%$/.exec(value)?.slice(1, 2) ?? [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(keysIn) : [];
}

describe("translation", () => {
  it("has every text of the code in the bundle (else: node test/helpers/extractStrings.mjs)", () => {
    expect(readJson(bundleFile)).toEqual(extractStrings());
  });

  it("has every text of package.json in package.nls.json, and no other", () => {
    const used = new Set(keysIn(readJson(new URL("package.json", root))));
    const known = Object.keys(readJson(new URL("package.nls.json", root)) as object);
    expect(known.filter((key) => !used.has(key))).toEqual([]);
    expect([...used].filter((key) => !known.includes(key))).toEqual([]);
  });

  it("gives every command, view and setting a text that can be translated", () => {
    const { contributes } = readJson(new URL("package.json", root)) as {
      contributes: {
        commands: { title: string; category: string }[];
        views: Record<string, { name: string }[]>;
        configuration: { properties: Record<string, { markdownDescription: string }> };
      };
    };
    const texts = [
      ...contributes.commands.map(({ title }) => title),
      ...Object.values(contributes.views).flatMap((views) => views.map(({ name }) => name)),
      ...Object.values(contributes.configuration.properties).map((setting) => setting.markdownDescription),
    ];
    expect(texts.filter((text) => !/^%.+%$/.test(text))).toEqual([]);
    expect(contributes.commands.filter(({ category }) => category !== "Layerscope")).toEqual([]);
  });
});
