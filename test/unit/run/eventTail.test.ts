import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EventTail } from "../../../src/run/eventTail.js";

it("gives whole lines once, whatever the pieces they come in, and skips what is no event", () => {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-events-"));
  const tail = new EventTail(folder);
  expect(tail.poll()).toEqual([]);
  const events = [
    { type: "note", message: "größer → ∞", timeMs: 1, step: 1 },
    { type: "epoch", epoch: 2, logs: { loss: "NaN" }, timeMs: 2, step: 9 },
  ];
  const text = [
    JSON.stringify(events[0]),
    "{not json",
    '"text"',
    "null",
    '{"step":3}',
    "",
    JSON.stringify(events[1]),
  ].join("\n");
  const bytes = Buffer.from(`${text}\n{"type":"note","st`);
  const seen: unknown[] = [];
  for (const byte of bytes) {
    appendFileSync(join(folder, "events.jsonl"), Buffer.of(byte));
    seen.push(...tail.poll());
  }
  expect(seen).toEqual(events);
});
