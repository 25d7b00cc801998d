// npm start [-- --check]: the sample, training, in a real workbench, on a machine that has only Node, npm and git.
import { checkStart } from "./helpers/checkStart.mjs";
import { runDesktop, usableDesktop } from "./helpers/desktop.mjs";
import { packHelper } from "./helpers/driver.mjs";
import { report, step } from "./helpers/progress.mjs";
import { installDependencies, packExtension, requireNode } from "./helpers/project.mjs";
import { installExtensions, makeProfile, startWorkbench } from "./helpers/workbench.mjs";
import { workbenchTools } from "./helpers/workbenchCache.mjs";

const check = process.argv.includes("--check");

let isServing = false;
/** @type {Promise<void>} */
const askedToEnd = new Promise((resolve) => {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (!isServing) process.exit(1); // nothing is running yet that has to be ended with care
      resolve();
    });
  }
});

/** @param {import("./helpers/workbench.mjs").Profile} profile */
async function packExtensions(profile) {
  await installDependencies();
  return [await packExtension(), await packHelper("driverExtension", profile.folder)];
}

/** @param {import("./helpers/workbench.mjs").Profile} profile */
async function serve(profile) {
  const [tools, packages] = await Promise.all([workbenchTools(), packExtensions(profile)]);
  await step("install the extension", () => installExtensions(tools, profile, packages));
  const env = { LAYERSCOPE_DRIVER_FILE: profile.driverFile, LAYERSCOPE_DRIVER_START: "1" };
  isServing = true;
  const workbench = await step("start the workbench", () => startWorkbench(tools, profile, { env }));
  try {
    if (check) await Promise.race([checkStart(workbench.url, tools.chromium), askedToEnd]);
    else {
      console.log(`\nOpen ${workbench.url} to see the sample train. Ctrl+C ends it.`);
      await Promise.race([askedToEnd, workbench.ended]);
    }
  } finally {
    await workbench.stop();
  }
}

/**
 * @param {string} command
 * @param {import("./helpers/workbench.mjs").Profile} profile
 */
async function openDesktop(command, profile) {
  const packages = await packExtensions(profile);
  isServing = true;
  await runDesktop(command, profile, packages, askedToEnd);
}

async function main() {
  requireNode();
  const profile = makeProfile();
  process.once("exit", profile.remove);
  const desktop = check ? null : usableDesktop();
  await (desktop === null ? serve(profile) : openDesktop(desktop, profile));
}

try {
  await main();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
