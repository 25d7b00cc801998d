import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventFile } from "../../../src/backend/engine/embedded/node/eventFile.js";
import { histogramBuckets } from "../../../src/backend/engine/embedded/node/histogramBuckets.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "layerscope-events-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bit by bit, straight from the polynomial's definition. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (out ? 0x82f63b78 : 0);
    }
  }
  const value = ~crc >>> 0;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

function records(): Buffer[] {
  const [name = ""] = readdirSync(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.\d+\..*\.v2$/);
  const bytes = readFileSync(join(folder, name));
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const event = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc(event));
    found.push(event);
    at += length + 16;
  }
  return found;
}

/** Everything after the wall time (field 1, nine bytes). */
const rest = (event: Buffer | undefined) => event?.subarray(9).toString("hex");

describe("event file", () => {
  it("knows the checksum of RFC 3720", () => {
    const zeros = maskedCrc(new Uint8Array(32));
    expect(zeros).toBe((((0x8a9136aa >>> 15) | (0x8a9136aa << 17)) + 0xa282ead8) >>> 0);
  });

  it("is what TensorFlow writes, byte by byte", () => {
    const file = new EventFile(folder, ".v2");
    file.scalar(300, "epoch_loss", 1.5);
    const [version, scalar, ...others] = records();
    expect(others).toEqual([]);
    expect(version?.subarray(9).toString("latin1")).toBe("\x1a\x0dbrain.Event:2");
    // step 300; summary { value { tag: "epoch_loss", simple_value: 1.5 } }
    expect(rest(scalar)).toBe(
      `10ac02${"2a13"}${"0a11"}${"0a0a"}${Buffer.from("epoch_loss").toString("hex")}${"150000c03f"}`,
    );
  });

  it("writes histograms for TensorBoard's plugin", () => {
    new EventFile(folder, ".v2").histogram(2, "w", [0, 1, 3, 1, 2, 4]);
    const text = rest(records()[1]) ?? "";
    expect(text).toContain(Buffer.from("histograms").toString("hex"));
    // A float32 tensor of shape [2, 3], its values packed.
    expect(text).toContain("0801120812020802120208032218");
    expect(text.endsWith(Buffer.from(Float32Array.from([0, 1, 3, 1, 2, 4]).buffer).toString("hex"))).toBe(true);
  });
});

describe("histogram buckets", () => {
  it.each([
    { values: [], count: 3, wanted: [] },
    { values: [2, 2, 2], count: 3, wanted: [1.5, 2.5, 3] },
    { values: [0, 1, 2, 3, 4], count: 2, wanted: [0, 2, 2, 2, 4, 3] },
    { values: [-1, 1], count: 1, wanted: [-1, 1, 2] },
  ])("$values in $count", ({ values, count, wanted }) => {
    expect(histogramBuckets(values, count)).toEqual(wanted);
  });

  it("wants at least one", () => {
    expect(() => histogramBuckets([1], 0)).toThrow("strictly positive integer");
  });
});
