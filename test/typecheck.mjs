// Type-checks every zone: each folder that has a tsconfig.json, found by looking, so that none is forgotten.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const noInputs = "TS18003";

/** @returns {string[]} folders with a tsconfig.json, relative to the root; "." is the root itself */
function zones() {
  const found = ["src", "webview", "test"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((path) => join(top, path)),
  );
  const own = found.filter((path) => path.endsWith("tsconfig.json") && !path.includes("fixtures"));
  return [".", ...["src", "webview", "test"], ...own.map((path) => dirname(path))].filter(
    (zone, at, all) => all.indexOf(zone) === at && existsSync(join(root, zone, "tsconfig.json")),
  );
}

let failed = 0;
for (const zone of zones()) {
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", zone, "--pretty", "false"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status === 0) continue;
  if (stdout.includes(noInputs)) {
    console.log(`left out ${zone}: it has no sources`);
    continue;
  }
  failed += 1;
  process.stdout.write(stdout);
}
console.log(failed === 0 ? "types are right in every zone" : `types are wrong in ${failed} zones`);
process.exitCode = failed === 0 ? 0 : 1;
