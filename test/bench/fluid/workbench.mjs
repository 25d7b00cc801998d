import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { launchBrowser } from "../../helpers/browser.mjs";
import { makeDriver, packHelper } from "../../helpers/driver.mjs";
import { Failure } from "../../helpers/progress.mjs";
import { root } from "../../helpers/project.mjs";
import { findView } from "../../helpers/views.mjs";
import { installExtensions, makeProfile, startWorkbench } from "../../helpers/workbench.mjs";
import { workbenchTools } from "../../helpers/workbenchCache.mjs";

const patienceMs = 120_000;

/** @typedef {Awaited<ReturnType<typeof openWorkbench>>} Workbench */

/** VS Code with the packaged extension, in a headless browser with software rendering. */
export async function openWorkbench() {
  const tools = await workbenchTools();
  const profile = makeProfile();
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const extension = join(root, `${name}-${version}.vsix`);
  if (!existsSync(extension)) throw new Failure(`The bench wants the package: got no ${extension}. npm run package`);
  installExtensions(tools, profile, [extension, await packHelper("driverExtension", profile.folder)]);
  const driver = makeDriver(profile.driverFile);
  const server = await startWorkbench(tools, profile, { env: driver.env });
  const browser = await launchBrowser(tools.chromium);
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await page.goto(server.url);
  return {
    page,
    driver,
    workspace: profile.workspace,
    /** @param {string} id @param {unknown[]} args */
    command: (id, ...args) =>
      driver.evaluate(
        async (vscode, command, values) => {
          await vscode.commands.executeCommand(command, ...values);
        },
        id,
        args,
      ),
    /** @param {import("../../helpers/views.mjs").ViewName} view */
    async frame(view) {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const frame = await findView(page, view);
        if (frame !== null) return frame;
        if (Date.now() > deadline) throw new Failure(`The ${view} view did not open in ${patienceMs / 1000} s.`);
        await delay(50);
      }
    },
    /** Memory of the extension host. */
    hostBytes: () =>
      driver.evaluate(() => {
        // What is garbage depends on when it was last collected.
        process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
        process.getBuiltinModule("node:vm").runInNewContext("gc")();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      }),
    /** Processor time of the extension host. */
    hostTime: () => driver.evaluate(() => ({ cpu: process.cpuUsage(), atMs: Date.now() })),
    /** Resident memory of all renderers: their sum differs by what a view takes. */
    async rendererBytes() {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      await session.detach();
      const pages = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentBytes(id));
      return pages.reduce((sum, bytes) => sum + bytes, 0);
    },
    async close() {
      await browser.close();
      await server.stop();
      profile.remove();
    },
  };
}

/** Linux tells it in a file; elsewhere the row is left out. @param {number} processId */
function residentBytes(processId) {
  try {
    const status = readFileSync(`/proc/${processId}/status`, "utf8");
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}
