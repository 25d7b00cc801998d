import { describe, expect, it } from "vitest";
import { runFamily, runTree } from "../../../src/run/runTree.js";
import { newRun } from "./newRun.js";

const run = (id: string, parent: string | null, second = 0) => ({
  run: newRun({ id, parent, startedAt: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z` }),
});
const lines = (tree: ReturnType<typeof runTree<ReturnType<typeof run>>>) =>
  tree.map(({ entry, depth }) => `${"-".repeat(depth)}${entry.run.id}`);

/** Newest first, as lists of runs are. */
const runs = [
  run("late", null, 9),
  run("second", "root", 3),
  run("grandchild", "first", 2),
  run("first", "root", 1),
  run("root", null, 0),
];

describe("tree of runs", () => {
  it.each([
    ["none", [], []],
    ["children as they started, below their parent", runs, ["late", "root", "-first", "--grandchild", "-second"]],
    ["a parent that is not there", [run("a", "gone"), run("b", "a")], ["a", "-b"]],
    ["a run that is its own parent", [run("a", "a")], ["a"]],
    ["two that are each other's parents", [run("a", "b"), run("b", "a")], ["a", "-b"]],
  ])("%s", (_, given, wanted) => {
    expect(lines(runTree(given))).toEqual(wanted);
  });

  it.each([
    ["root", ["root", "-first", "--grandchild", "-second"]],
    ["grandchild", ["root", "-first", "--grandchild", "-second"]],
    ["late", ["late"]],
    ["nobody", []],
  ])("family of %s", (id, wanted) => {
    expect(lines(runFamily(runs, (entry) => entry.run.id === id))).toEqual(wanted);
  });
});
