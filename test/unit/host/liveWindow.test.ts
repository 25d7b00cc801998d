import { describe, expect, it } from "vitest";
import { LiveWindow } from "../../../src/host/views/liveWindow.js";

/** Rows only of steps that the extent has not had before. */
const none = Number.POSITIVE_INFINITY;

describe("LiveWindow", () => {
  it("sends everything once, then from the last bucket on", () => {
    const window = new LiveWindow(100);
    expect(window.next({ from: 1, to: 50 }, none)).toEqual({ range: { from: 1, to: 50 }, bucket: 1, append: false });
    expect(window.next({ from: 1, to: 50 }, none)).toBeNull();
    expect(window.next({ from: 1, to: 60 }, none)).toEqual({ range: { from: 50, to: 60 }, bucket: 1, append: true });
  });

  it("goes back to rows that come after others of their step", () => {
    const window = new LiveWindow(100);
    window.next({ from: 1, to: 40 }, 1);
    expect(window.next({ from: 1, to: 40 }, 33)).toEqual({ range: { from: 33, to: 40 }, bucket: 1, append: true });
    expect(window.next({ from: 1, to: 44 }, 37)).toEqual({ range: { from: 37, to: 44 }, bucket: 1, append: true });
  });

  it("continues at the start of the bucket that was not full", () => {
    const window = new LiveWindow(10);
    expect(window.next({ from: 0, to: 37 }, none)?.bucket).toBe(4);
    expect(window.next({ from: 0, to: 39 }, none)).toEqual({ range: { from: 36, to: 39 }, bucket: 4, append: true });
  });

  it("sends a run of a million steps whole only some twenty times, and never more points than asked for", () => {
    const window = new LiveWindow(500);
    let whole = 0;
    let points = 0;
    for (let to = 0; to < 1_000_000; to += 37) {
      const plan = window.next({ from: 0, to }, none);
      if (plan === null) continue;
      const count = Math.floor(plan.range.to / plan.bucket) - Math.floor(plan.range.from / plan.bucket) + 1;
      points = Math.max(points, count);
      if (!plan.append) whole++;
    }
    expect(points).toBeLessThanOrEqual(500);
    expect(whole).toBeLessThanOrEqual(Math.ceil(Math.log2(1_000_000 / 500)) + 1);
  });

  it("starts afresh when told, and when the run is another", () => {
    const window = new LiveWindow(100);
    window.next({ from: 0, to: 50 }, none);
    window.reset();
    expect(window.next({ from: 0, to: 51 }, none)?.append).toBe(false);
    expect(window.next({ from: 0, to: 20 }, none)?.append).toBe(false);
    expect(window.next({ from: 5, to: 21 }, none)?.append).toBe(false);
    expect(window.next({ from: 0, to: -1 }, none)).toBeNull();
  });
});
