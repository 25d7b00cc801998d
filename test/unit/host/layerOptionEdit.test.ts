import { describe, expect, it } from "vitest";
import { layerOptionEdit } from "../../../src/host/editor/layerOptionEdit.js";

function edited(text: string, needle: string, name: string, value: string, isTypeScript = false): string | null {
  const offset = text.indexOf(needle);
  const before = text.slice(0, offset).split("\n");
  const position = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const edit = layerOptionEdit(text, isTypeScript, position, { name, value });
  return edit === null ? null : text.slice(0, edit.start) + edit.replacement + text.slice(edit.end);
}

describe("layerOptionEdit", () => {
  it("adds an option at the end of the object", () => {
    expect(edited("m.add(tf.layers.dense({ units: 4 }));", "dense", "useBias", "false")).toBe(
      "m.add(tf.layers.dense({ units: 4, useBias: false }));",
    );
  });

  it("keeps the indentation of an object over several lines", () => {
    expect(edited("tf.layers.dense({\n    units: 4,\n});", "dense", "useBias", "false")).toBe(
      "tf.layers.dense({\n    units: 4,\n    useBias: false,\n});",
    );
  });

  it("replaces the value that is there", () => {
    expect(edited("tf.layers.batchNormalization({ momentum: 0.1, axis: -1 })", "batchN", "momentum", "0.9")).toBe(
      "tf.layers.batchNormalization({ momentum: 0.9, axis: -1 })",
    );
  });

  it("writes out a shorthand", () => {
    expect(edited("tf.layers.dense({ units, useBias })", "dense", "useBias", "false")).toBe(
      "tf.layers.dense({ units, useBias: false })",
    );
  });

  it("gives a call without arguments its options", () => {
    expect(edited("tf.layers.batchNormalization()", "batchN", "momentum", "0.9")).toBe(
      "tf.layers.batchNormalization({ momentum: 0.9 })",
    );
  });

  it("takes the call at the position, not the one around it", () => {
    const text = "tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2 }) })";
    expect(edited(text, "dense", "useBias", "false")).toBe(
      "tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2, useBias: false }) })",
    );
  });

  it("works on `new` and on TypeScript", () => {
    expect(edited("const l: Layer = new Dense({ units: 2 } as Args);", "new", "useBias", "false", true)).toBeNull();
    expect(edited("const l: Layer = new Dense({ units: 2 });", "new", "useBias", "false", true)).toBe(
      "const l: Layer = new Dense({ units: 2, useBias: false });",
    );
  });

  it("does not touch options that are made elsewhere", () => {
    expect(edited("tf.layers.dense(options)", "dense", "useBias", "false")).toBeNull();
  });
});
