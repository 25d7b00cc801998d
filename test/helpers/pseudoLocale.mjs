import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extractStrings } from "./extractStrings.mjs";
import { root } from "./project.mjs";

/** A language that nobody speaks: what is not in its brackets was not ready for translation. */
export const pseudoLanguage = "qps-ploc";

/** @type {Readonly<Record<string, string>>} */
const accented = { a: "ä", e: "é", i: "ï", o: "ö", u: "ü", A: "Å", E: "Ë", S: "Š" };

/** Markdown links and places for values stay as they are. @param {string} text */
function pseudo(text) {
  const letters = text.replace(/\]\(.*?\)|\{\d+\}|[aeiouAES]/g, (found) => accented[found] ?? found);
  return `⟦${letters}⟧`;
}

/** @param {Readonly<Record<string, string>>} texts */
function translated(texts) {
  return JSON.stringify(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, pseudo(text)])));
}

/**
 * Gives the installed extension the files that a translation would ship with, and the workbench a language without
 * translations of its own. Returns what the workbench has to be started with.
 * @param {import("./workbench.mjs").Profile} profile
 * @returns {string[]}
 */
export function installPseudoLocale(profile) {
  const installed = readdirSync(profile.extensions).find((name) => name.startsWith("layerscope.layerscope-"));
  if (installed === undefined) throw new Error(`Layerscope is not installed in ${profile.extensions}.`);
  const extension = join(profile.extensions, installed);
  mkdirSync(join(extension, "l10n"), { recursive: true });
  writeFileSync(join(extension, `l10n/bundle.l10n.${pseudoLanguage}.json`), translated(extractStrings()));
  const contributed = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8"));
  writeFileSync(join(extension, `package.nls.${pseudoLanguage}.json`), translated(contributed));
  const empty = join(profile.userData, "workbench.i18n.json");
  writeFileSync(empty, JSON.stringify({ version: "1.0.0", contents: {} }));
  // Without an extension that brings it the workbench does not start its extension host.
  const extensions = [{ extensionIdentifier: { id: "layerscope-test.pseudo" }, version: "0.0.1" }];
  const pack = { hash: "pseudo", label: "Pseudo", extensions, translations: { vscode: empty } };
  writeFileSync(join(profile.userData, "languagepacks.json"), JSON.stringify({ [pseudoLanguage]: pack }));
  return ["--locale", pseudoLanguage];
}
