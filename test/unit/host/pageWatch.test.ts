import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PageWatch } from "../../../src/host/views/pageWatch.js";

const dayMs = 86_400_000;

describe("a page's watch", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("has a page that stays silent made anew, a few times, later each time", () => {
    const waits: number[] = [];
    const watch = new PageWatch((afterMs) => {
      waits.push(afterMs);
      watch.expect();
    });
    watch.expect();
    vi.advanceTimersByTime(dayMs);
    expect(waits).toHaveLength(3);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });

  it("leaves a page alone that answers, that nobody sees, or whose view is no more", () => {
    const remake = vi.fn();
    const watch = new PageWatch(remake);
    watch.expect();
    watch.answered();
    watch.expect();
    watch.rest();
    watch.dispose();
    watch.expect();
    vi.advanceTimersByTime(dayMs);
    expect(remake).not.toHaveBeenCalled();
  });

  it("begins to wait again when the user sees the page again", () => {
    const remake = vi.fn();
    const watch = new PageWatch(remake);
    watch.expect();
    watch.rest();
    watch.expect();
    vi.advanceTimersByTime(dayMs);
    expect(remake).toHaveBeenCalledOnce();
  });
});
