import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "./atomicFile.js";
import { labelFileName, type RunLabel } from "./format.js";

export const noLabel: RunLabel = { name: null, tags: [], isKept: false };

const longestName = 200;
const mostTags = 32;

/** What is missing or not as it should be is left out; a folder without a label has none of it. */
export function readRunLabel(folder: string): RunLabel {
  try {
    return parseRunLabel(JSON.parse(readFileSync(join(folder, labelFileName), "utf8")));
  } catch {
    return noLabel;
  }
}

/** A label that says nothing is taken away. Throws where the folder cannot be written. */
export function writeRunLabel(folder: string, label: RunLabel): void {
  const path = join(folder, labelFileName);
  const tidy = parseRunLabel(label);
  if (tidy.name === null && tidy.tags.length === 0 && !tidy.isKept) rmSync(path, { force: true });
  else writeFileAtomic(path, `${JSON.stringify(tidy)}\n`);
}

function parseRunLabel(value: unknown): RunLabel {
  if (typeof value !== "object" || value === null) return noLabel;
  const { name, tags, isKept } = value as Readonly<Record<string, unknown>>;
  const isTag = (tag: unknown): tag is string => typeof tag === "string";
  return {
    name: typeof name === "string" ? tidyText(name) : null,
    tags: [...new Set(Array.isArray(tags) ? tags.filter(isTag).map(tidyText) : [])]
      .filter((tag) => tag !== null)
      .slice(0, mostTags),
    isKept: isKept === true,
  };
}

/** One line without control characters; null where nothing is left. */
function tidyText(text: string): string | null {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, longestName);
  return line === "" ? null : line;
}
