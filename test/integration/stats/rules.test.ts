import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../src/stats/rules/ruleTypes.js";
import { type Case, corpus } from "../../fixtures/rules/corpus.mjs";
import { bundleJudge, record } from "../../fixtures/rules/judge.mjs";

/** Real trainings on dist/, one seed; `node test/bench/rules.bench.mjs` runs the corpus with several. */
const limit = { timeout: 240_000 };
let runs = "";
let judge: (folder: string) => Finding[];

beforeAll(async () => {
  runs = mkdtempSync(join(tmpdir(), "layerscope-rules-"));
  ({ judge } = await bundleJudge());
});
afterAll(() => rmSync(runs, { recursive: true, force: true }));

async function findingsOf(entry: Case): Promise<Finding[]> {
  const folder = join(runs, entry.name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  return judge(await record(entry, { seed: 1, runs: folder }));
}

const idsAbove = (findings: readonly Finding[], isInfo: boolean) => [
  ...new Set(findings.filter(({ level }) => (level === "info") === isInfo).map(({ id }) => id)),
];

describe("healthy runs get no warning", () => {
  test.concurrent.for(corpus.healthy.filter(({ benchOnly }) => !benchOnly))(
    "$name",
    limit,
    async (entry, { expect: check }) => {
      const serious = (await findingsOf(entry)).filter(({ level }) => level !== "info");
      check(serious.map(({ message }) => message)).toEqual([]);
    },
  );
});

describe("faulty runs get their findings, and no others", () => {
  test.concurrent.for(corpus.faulty.filter(({ benchOnly }) => !benchOnly))(
    "$name",
    limit,
    async (entry, { expect: check }) => {
      const { finds = [], infos = [], mayFind = [] } = entry;
      const findings = await findingsOf(entry);
      const serious = idsAbove(findings, false);
      check(serious).toEqual(expect.arrayContaining(finds));
      check(idsAbove(findings, true)).toEqual(expect.arrayContaining(infos));
      check(serious.filter((id) => !finds.includes(id) && !mayFind.includes(id))).toEqual([]);
      for (const { message, action, source } of findings) {
        check(message).toMatch(/step \d+: .*(wanted|changed)/);
        check(action).not.toBe("");
        if (source !== null) check(source.line).toBeGreaterThan(0);
      }
    },
  );
});
