import type { RunFile } from "./format.js";

export interface TreeRun<T> {
  readonly entry: T;
  /** 0 for a run that no other one of these started. */
  readonly depth: number;
}

interface Entry {
  readonly run: Pick<RunFile, "id" | "parent" | "startedAt">;
}

/**
 * Runs with those that their processes started (workers, forks, cluster) below them: roots in the given order, children
 * as they started. A run whose parent is not among them is a root.
 */
export function runTree<T extends Entry>(runs: readonly T[]): TreeRun<T>[] {
  const known = new Set(runs.map(({ run }) => run.id));
  const children = new Map<string, T[]>();
  const roots: T[] = [];
  for (const entry of runs) {
    const { id, parent } = entry.run;
    if (parent === null || parent === id || !known.has(parent)) roots.push(entry);
    else children.set(parent, [...(children.get(parent) ?? []), entry]);
  }
  const tree = new Map<T, TreeRun<T>>();
  const place = (entry: T, depth: number): void => {
    if (tree.has(entry)) return;
    tree.set(entry, { entry, depth });
    for (const child of (children.get(entry.run.id) ?? []).sort(byStart)) place(child, depth + 1);
  };
  for (const root of roots) place(root, 0);
  // Files that name each other as parents belong to no root; they are shown all the same.
  for (const rest of [...children.values()].flat()) place(rest, 0);
  return [...tree.values()];
}

/** The part of the tree that holds this run: its root and everything below that. Empty for a run that is not there. */
export function runFamily<T extends Entry>(runs: readonly T[], isIt: (entry: T) => boolean): TreeRun<T>[] {
  const tree = runTree(runs);
  const at = tree.findIndex(({ entry }) => isIt(entry));
  if (at < 0) return [];
  const from = tree.findLastIndex(({ depth }, index) => index <= at && depth === 0);
  const end = tree.findIndex(({ depth }, index) => index > at && depth === 0);
  return tree.slice(from, end < 0 ? tree.length : end);
}

function byStart(a: Entry, b: Entry): number {
  return a.run.startedAt < b.run.startedAt ? -1 : a.run.startedAt > b.run.startedAt ? 1 : 0;
}
