import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly keybindings: readonly MenuItem[];
  };
}

const root = new URL("../../../", import.meta.url);
const { contributes }: Manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const { commands, menus, keybindings } = contributes;
/** There is always something to open, or at least to read. */
const alwaysPossible = ["layerscope.openDashboard", "layerscope.openRun", "layerscope.showLog"];

describe("commands", () => {
  it("are off where they cannot do anything, in the palette as well", () => {
    const palette = new Map(menus.commandPalette?.map(({ command, when }) => [command, when]));
    for (const { command, enablement } of commands) {
      if (alwaysPossible.includes(command)) continue;
      expect(enablement, command).toMatch(/\w/);
      expect(palette.get(command), command).toMatch(/\w/);
    }
  });

  it("have a condition in every menu and for every key, and are known", () => {
    const known = new Set(commands.map(({ command }) => command));
    for (const { command, when } of [...Object.values(menus).flat(), ...keybindings]) {
      expect(known).toContain(command);
      expect(when, command).toMatch(/\w/);
    }
  });

  it("are there for every action of the dashboard", () => {
    const views = readFileSync(new URL("src/protocol/views.ts", root), "utf8");
    const union = /export type ViewAction =([^;]+);/.exec(views)?.[1] ?? "";
    const actions = [...union.matchAll(/"(\w+)"/g)].map(([, action]) => `layerscope.${action}`);
    expect(actions.length).toBeGreaterThan(10);
    const inDashboard = "activeWebviewPanelId == layerscope.dashboard";
    const ofDashboard = commands.filter(({ enablement }) => enablement === inDashboard).map(({ command }) => command);
    expect(ofDashboard.sort()).toEqual(actions.sort());
  });
});
