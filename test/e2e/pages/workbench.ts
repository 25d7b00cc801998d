import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Frame, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { launchBrowser } from "../../helpers/browser.mjs";
import { makeDriver, packHelper } from "../../helpers/driver.mjs";
import { resultsFolder, root } from "../../helpers/project.mjs";
import { installPseudoLocale } from "../../helpers/pseudoLocale.mjs";
import { installExtensions, makeProfile, type Profile, startWorkbench } from "../../helpers/workbench.mjs";
import { workbenchTools } from "../../helpers/workbenchCache.mjs";
import { View } from "./view.js";

export interface WorkbenchOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Workspace Trust as a user has it; else everything is trusted. */
  readonly asksForTrust?: boolean;
  /** For the workbench and what it starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** One more extension, which does nothing. */
  readonly withEmptyExtension?: boolean;
  /** In a language in which every text of ours stands in ⟦brackets⟧. */
  readonly isPseudoLocale?: boolean;
}

type Server = Awaited<ReturnType<typeof startWorkbench>>;
type Driver = ReturnType<typeof makeDriver>;

const scripts = join(root, "test/fixtures/e2e");

/** VS Code with the packaged extension, in a browser, on a workspace that holds the scripts of test/fixtures/e2e. */
export class Workbench {
  readonly live: View;
  readonly dashboard: View;
  /** Faults of our pages: exceptions, and what the content security policy refused. */
  readonly pageFaults: string[] = [];

  private constructor(
    readonly page: Page,
    readonly driver: Driver,
    private readonly profile: Profile,
    private readonly server: Server,
    private readonly browser: Browser,
  ) {
    this.live = new View(page, "live");
    this.dashboard = new View(page, "dashboard");
    page.on("pageerror", ({ message, stack }) => this.pageFaults.push(stack ?? message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.pageFaults.push(message.text());
    });
  }

  static async start(options: WorkbenchOptions = {}): Promise<Workbench> {
    const profile = makeProfile({ settings: options.settings ?? {} });
    try {
      return await Workbench.open(profile, options);
    } catch (error) {
      profile.remove();
      throw error;
    }
  }

  private static async open(profile: Profile, options: WorkbenchOptions): Promise<Workbench> {
    const tools = await workbenchTools();
    cpSync(scripts, profile.workspace, { recursive: true });
    const helpers = options.withEmptyExtension ? ["driverExtension", "emptyExtension"] : ["driverExtension"];
    const helperPackages = await Promise.all(helpers.map((helper) => packHelper(helper, profile.folder)));
    installExtensions(tools, profile, [packagedExtension(), ...helperPackages]);
    const driver = makeDriver(profile.driverFile);
    const args = options.asksForTrust ? [] : ["--disable-workspace-trust"];
    if (options.isPseudoLocale) args.push(...installPseudoLocale(profile));
    const server = await startWorkbench(tools, profile, { env: { ...options.env, ...driver.env }, args });
    const browser = await launchBrowser(tools.chromium);
    const page = await browser.newPage({
      viewport: { width: 1600, height: 1000 },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const workbench = new Workbench(page, driver, profile, server, browser);
    await page.goto(server.url);
    return workbench;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    this.profile.remove();
  }

  /** As a user reloads the window: what is open is saved, the page goes and comes back, the server stays. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load", { timeout: 60_000 });
    await this.driver.evaluate((vscode) => {
      setTimeout(() => void vscode.commands.executeCommand("workbench.action.reloadWindow"), 100);
    });
    await loaded;
  }

  path(...parts: readonly string[]): string {
    return join(this.profile.workspace, ...parts);
  }

  /** In the editor, as a click in the Explorer does. */
  async openFile(...parts: readonly string[]): Promise<void> {
    await this.driver.evaluate(
      async (vscode, path) => {
        await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
      },
      this.path(...parts),
    );
  }

  /** Runs a command and waits for it. */
  async command(id: string, ...args: readonly unknown[]): Promise<void> {
    await this.driver.evaluate(
      async (vscode, command, values) => {
        await vscode.commands.executeCommand(command, ...values);
      },
      id,
      args,
    );
  }

  /** As ▶ does, for a script of the workspace; does not wait, for a message may stay open until it is closed. */
  async train(script: string): Promise<void> {
    await this.driver.evaluate((vscode, path) => {
      void vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(path));
    }, this.path(script));
  }

  /** Changes a setting of the user; undefined: back to the default. */
  async set(name: string, value: unknown): Promise<void> {
    await this.driver.evaluate(
      async (vscode, setting, to) => {
        await vscode.workspace.getConfiguration().update(setting, to ?? undefined, vscode.ConfigurationTarget.Global);
      },
      name,
      value,
    );
  }

  /** Asks again until it says something: a window that is still being restored shows its own choice over ours. */
  async showLive(): Promise<void> {
    const show = async () => {
      await this.command("layerscope.live.focus");
      expect(await this.live.text()).not.toBe("");
    };
    await vi.waitFor(show, { interval: 1000, timeout: 90_000 });
  }

  /** Text of our item in the status bar; empty while it is hidden. */
  async status(): Promise<string> {
    const item = this.page.locator('[id="layerscope.layerscope.layerscope.status"]');
    return (await item.count()) > 0 ? item.innerText() : "";
  }

  /** Messages that are on the screen. */
  async notifications(): Promise<string[]> {
    return this.page.locator(".notification-list-item-message").allInnerTexts();
  }

  async closeNotifications(): Promise<void> {
    await this.command("notifications.clearAll");
  }

  /** All that the terminal that is shown has printed. */
  async terminal(): Promise<string> {
    const text = await this.driver.evaluate(async (vscode) => {
      await vscode.commands.executeCommand("workbench.action.terminal.selectAll");
      await vscode.commands.executeCommand("workbench.action.terminal.copyAndClearSelection");
      return vscode.env.clipboard.readText();
    });
    return text.replaceAll("\u00a0", " ");
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(resultsFolder, { recursive: true });
    await this.page.screenshot({ path: join(resultsFolder, `${name}.png`) });
  }

  /** What helps to understand a failure. */
  async keepEvidence(name: string): Promise<void> {
    await this.screenshot(name);
    const text = [this.server.log(), ...this.pageFaults, this.extensionLog()].join("\n");
    writeFileSync(join(resultsFolder, `${name}.log`), text);
    console.log(`Screenshot and log of the workbench: test-results/${name}.{png,log}`);
    for (const frame of this.page.frames()) console.log(await describeFrame(frame));
    for (const fault of this.pageFaults) console.log(fault);
  }

  private extensionLog(): string {
    const newest = this.profile.newestLog("Layerscope.log");
    return newest === null ? "" : readFileSync(newest, "utf8");
  }
}

/** Its address without the long arguments, and how its text begins. */
async function describeFrame(frame: Frame): Promise<string> {
  const text = await frame
    .evaluate(() => `${document.visibilityState} ${document.body?.innerText.replaceAll(/\s+/g, " ").slice(0, 300)}`)
    .catch((error: Error) => error.message);
  return `  frame ${frame.url().split("?")[0]}: ${text}`;
}

function packagedExtension(): string {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const path = join(root, `${name}-${version}.vsix`);
  if (!existsSync(path)) throw new Error(`End-to-end tests want the package: got no ${path}. Run \`npm run package\`.`);
  return path;
}
