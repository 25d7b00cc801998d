// Records the corpus of test/fixtures/rules with several seeds and prints what each rule found and missed.
// Usage: node test/bench/rules.bench.mjs [--seeds 1,2,3] [--only TEXT] [--budget every] [--engine embedded]   (needs a built dist/)
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { corpus } from "../fixtures/rules/corpus.mjs";
import { bundleJudge, record } from "../fixtures/rules/judge.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1,2,3" },
    only: { type: "string", default: "" },
    budget: { type: "string", default: "every" },
    engine: { type: "string", default: "embedded" },
  },
});
const seeds = values.seeds.split(",").map(Number);
const runs = mkdtempSync(join(tmpdir(), "layerscope-rules-"));

/** @type {Map<string, { wanted: number, found: number, healthy: number, falseAlarms: number, surprises: number }>} */
const table = new Map();
/** @param {string} id */
function counts(id) {
  const known = table.get(id) ?? { wanted: 0, found: 0, healthy: 0, falseAlarms: 0, surprises: 0 };
  table.set(id, known);
  return known;
}

const { judge, ids } = await bundleJudge();
let cleanRuns = 0;
let healthyRuns = 0;
try {
  for (const [kind, cases] of Object.entries(corpus)) {
    for (const entry of cases.filter(({ name }) => name.includes(values.only))) {
      for (const seed of seeds) {
        const folder = await record(entry, { seed, runs, budget: values.budget, engine: values.engine });
        const findings = judge(folder);
        const serious = new Set(findings.filter(({ level }) => level !== "info").map(({ id }) => id));
        const infos = new Set(findings.filter(({ level }) => level === "info").map(({ id }) => id));
        const { finds = [], infos: wantedInfos = [], mayFind = [] } = entry;
        if (kind === "healthy") {
          healthyRuns++;
          if (serious.size === 0) cleanRuns++;
        }
        for (const id of ids) {
          const count = counts(id);
          if (finds.includes(id) || wantedInfos.includes(id)) {
            count.wanted++;
            if ((finds.includes(id) ? serious : infos).has(id)) count.found++;
            else console.log(`missed: ${id} in "${entry.name}", seed ${seed}`);
          } else if (!mayFind.includes(id)) {
            if (kind === "healthy") count.healthy++;
            if (!serious.has(id)) continue;
            if (kind === "healthy") count.falseAlarms++;
            else count.surprises++;
            for (const finding of findings.filter((one) => one.id === id)) {
              console.log(`false alarm: ${id} in "${entry.name}", seed ${seed}: ${finding.message}`);
            }
          }
        }
      }
    }
  }
} finally {
  rmSync(runs, { recursive: true, force: true });
}

const share = (part, whole) => (whole === 0 ? "   –" : (part / whole).toFixed(2));
console.log(`\n${"rule".padEnd(22)} found/runs  TPR   false/healthy  FPR   in other faults`);
for (const [id, { wanted, found, healthy, falseAlarms, surprises }] of table) {
  const hits = `${found}/${wanted}`.padStart(9);
  const alarms = `${falseAlarms}/${healthy}`.padStart(13);
  console.log(
    `${id.padEnd(22)} ${hits}  ${share(found, wanted)}  ${alarms}  ${share(falseAlarms, healthy)}  ${surprises}`,
  );
}
console.log(`\nhealthy runs without any warning: ${cleanRuns} of ${healthyRuns}`);
