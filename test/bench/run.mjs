// npm run bench: every bench of this folder, found by looking.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNode } from "../helpers/node.mjs";
import { step } from "../helpers/progress.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const benches = readdirSync(here).filter((file) => file.endsWith(".bench.mjs"));
for (const bench of benches.sort()) await step(bench, () => runNode([join(here, bench)]));
