// npm run bench: every bench of this folder, found by looking.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNode } from "../helpers/node.mjs";
import { step } from "../helpers/progress.mjs";

const here = fileURLToPath(import.meta.url);
const benches = readdirSync(dirname(here)).filter((file) => file.endsWith(".mjs") && file !== basename(here));
for (const bench of benches.sort()) await step(bench, () => runNode([join(dirname(here), bench)]));
