import { type StringKey, strings } from "./strings.js";

/** What the host put into the page: English text (or our key) → translation. */
const translations = readTranslations();

/** The text in the user's language, with {0}, {1}, … replaced. */
export function t(key: StringKey, ...values: readonly (string | number)[]): string {
  const english = strings[key];
  const template = translations[english] ?? translations[key] ?? english;
  return values.length === 0
    ? template
    : template.replace(/\{(\d+)\}/g, (_, index) => String(values[Number(index)] ?? ""));
}

function readTranslations(): Readonly<Record<string, string>> {
  const text = document.getElementById("l10n")?.textContent;
  if (!text?.trim()) return {};
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null) return {};
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
