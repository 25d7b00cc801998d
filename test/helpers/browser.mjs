import { chromiumCommand } from "./chromiumFiles.mjs";
import { Failure } from "./progress.mjs";

const flags = [
  // It opens our own page only, and neither root nor a container lets it have a sandbox.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/**
 * A headless Chromium: the cached one, else the Chrome that is installed here.
 * @param {string | null} chromium folder of the cached one
 */
export async function launchBrowser(chromium) {
  const { chromium: launcher } = await import("playwright-core");
  if (chromium !== null) {
    const { executablePath, env } = chromiumCommand(chromium);
    return launcher.launch({ executablePath, env, args: flags });
  }
  try {
    return await launcher.launch({ channel: "chrome", args: flags });
  } catch (cause) {
    throw new Failure(
      `No headless browser: npm carries one for Linux on x64 only (this is ${process.platform} on ${process.arch}), ` +
        `and Google Chrome is not installed. Install it and try again.`,
      { cause },
    );
  }
}
