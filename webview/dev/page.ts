/** Runs before a view's own script: gives it a host that plays a run. Choices are in the page's address. */

import type { FromView, RunState, ToView } from "../../src/protocol/views.js";
import { strings } from "../shared/strings.js";
import { FakeHost } from "./fakeHost.js";
import { FakeRun } from "./fakeRun.js";
import { applyTheme, type ThemeName } from "./themes.js";

const choices = new URLSearchParams(location.search);
const read = (name: string, fallback: string) => choices.get(name) ?? fallback;
const number = (name: string, fallback: number) => Number(read(name, String(fallback)));

const view = read("view", "dashboard");
applyTheme(read("theme", "dark") as ThemeName, view);
if (read("reduceMotion", "") !== "") document.body.classList.add("vscode-reduce-motion");

if (read("locale", "") === "pseudo") {
  const accented: Readonly<Record<string, string>> = {
    a: "ä",
    e: "é",
    i: "ï",
    o: "ö",
    u: "ü",
    A: "Å",
    E: "Ë",
    S: "Š",
    n: "ñ",
  };
  const pseudo = (text: string) => `⟦${text.replace(/[aeiouAESn]/g, (letter) => accented[letter] ?? letter)}⟧`;
  const table = document.createElement("script");
  table.type = "application/json";
  table.id = "l10n";
  table.textContent = JSON.stringify(Object.fromEntries(Object.values(strings).map((text) => [text, pseudo(text)])));
  document.head.append(table);
}

const run = new FakeRun({
  layers: number("layers", 5),
  nanFromStep: choices.has("nan") ? number("nan", 0) : null,
  names: read("names", "plain") === "hostile" ? "hostile" : "plain",
  channels: number("channels", 32),
  burstSteps: number("bursts", 0),
});
const host = new FakeHost(
  run,
  {
    state: read("state", "running") as RunState,
    steps: number("steps", 734),
    stepsPerSecond: number("speed", 0),
    compared: number("compared", 0),
    isReading: choices.has("reading"),
    selectedLayer: choices.has("selected") ? number("selected", 0) : null,
  },
  (message: ToView) => window.postMessage(message, "*"),
);

const storageKey = `layerscope ${view}`;
let state: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? "null") ?? undefined;
Object.assign(window, {
  layerscopeDev: { host, run, applyTheme: (name: ThemeName) => applyTheme(name, view) },
  acquireVsCodeApi: () => ({
    postMessage: (message: FromView) => host.receive(structuredClone(message)),
    getState: () => state,
    setState: (next: unknown) => {
      state = structuredClone(next);
      sessionStorage.setItem(storageKey, JSON.stringify(next));
    },
  }),
});
