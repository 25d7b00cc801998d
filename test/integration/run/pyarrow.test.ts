import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { exportRun } from "../../../src/run/export/exportRun.js";
import { RunReader, rowsOf } from "../../../src/run/runReader.js";
import type { Row } from "../../../src/stats/catalogue.js";
import { newWriter } from "../../unit/run/newRun.js";

const cache = resolve(".cache/pyarrow");
const installTimeoutMs = 180_000;

/** A Python that has pyarrow: the machine's, else one of our own beside the other caches; null where there is none. */
function findPython(): string | null {
  const works = (python: string) => spawnSync(python, ["-c", "import pyarrow"], { timeout: 60_000 }).status === 0;
  if (works("python3")) return "python3";
  const own = join(cache, "bin", "python");
  if (existsSync(own) && works(own)) return own;
  if (spawnSync("python3", ["-m", "venv", cache], { timeout: 60_000 }).status !== 0) return null;
  spawnSync(own, ["-m", "pip", "install", "--quiet", "pyarrow"], { timeout: installTimeoutMs });
  return works(own) ? own : null;
}

const readStream = `
import json, math, sys
import pyarrow.ipc as ipc
def plain(value):
    if isinstance(value, list): return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
batches = []
with open(sys.argv[1], "rb") as file:
    reader = ipc.open_stream(file)
    while True:
        try: batches.append(reader.read_next_batch())
        except (StopIteration, OSError, ValueError): break
for batch in batches: batch.validate(full=True)
print(json.dumps([{k: plain(v) for k, v in row.items() if v is not None} for batch in batches for row in batch.to_pylist()]))
`;
const readFile = `
import sys
import pyarrow.ipc as ipc, pyarrow.parquet as parquet
arrow = ipc.open_file(sys.argv[1]).read_all()
arrow.validate(full=True)
table = parquet.read_table(sys.argv[2])
table.validate(full=True)
for name in arrow.schema.names:
    a, b = arrow.column(name).to_pylist(), table.column(name).to_pylist()
    assert repr(a) == repr(b), name
print(arrow.num_rows)
`;

const pythonNames: Record<string, string> = { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" };

function plain(row: Row): Record<string, unknown> {
  const number = (value: number) => (Number.isFinite(value) ? value : pythonNames[String(value)]);
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" ? number(value) : Array.from(value as ArrayLike<number>, number),
    ]),
  );
}

describe("a run folder", () => {
  it("is read by pyarrow, torn tail included", { timeout: installTimeoutMs + 120_000 }, (context) => {
    const python = findPython();
    if (python === null) {
      console.log("Left out: there is no pyarrow, and it could not be installed.");
      context.skip();
      return;
    }
    const writer = newWriter();
    for (let step = 1; step <= 50; step++) {
      const value = step === 20 ? Number.NaN : step === 21 ? Number.NEGATIVE_INFINITY : step / 7;
      writer.append(
        "activations",
        step,
        step % 3,
        step % 4 === 0 ? { mean: value, channelMean: [value, step] } : { min: value },
      );
      if (step % 9 === 0) writer.flush();
    }
    writer.flush();
    exportRun(writer.folder, "arrow", join(writer.folder, "export.arrow"));
    exportRun(writer.folder, "parquet", join(writer.folder, "export.parquet"));
    const path = join(writer.folder, "activations.0.arrow");
    appendFileSync(path, readFileSync(path).subarray(0, 1000));

    const run = (script: string, ...args: string[]): unknown => {
      const { stdout, stderr, status } = spawnSync(python, ["-c", script, ...args], {
        encoding: "utf8",
        timeout: 60_000,
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    const rows = [...rowsOf(new RunReader(writer.folder).poll().batches)];
    expect(rows).toHaveLength(50);
    expect(run(readStream, path)).toEqual(rows.map(({ step, series, row }) => ({ step, series, ...plain(row) })));
    expect(run(readFile, join(writer.folder, "export.arrow"), join(writer.folder, "export.parquet"))).toBe(50);
  });
});
