import { h } from "./h.js";

const tailLetters = 9;

/**
 * A layer's name as text that is cut before its end: names of one model differ there. The whole name is the tooltip.
 * Text is whole and in one piece for screen readers and the clipboard; what is seen of the end is generated content.
 */
export function layerName(name: string, title = name): HTMLElement {
  const letters = [...name.replace(/\s+/gu, " ")];
  const isLong = letters.length > 2 * tailLetters;
  const split = isLong ? letters.length - tailLetters : letters.length;
  const tail = letters.slice(split).join("");
  const rest = isLong ? h("span", { class: "name-rest" }, tail) : null;
  const head = h("span", { class: "name-head" }, letters.slice(0, split).join(""), rest);
  return h("bdi", { class: "name", title, "data-tail": isLong ? tail : null }, head);
}

/** The class, unless the name says it already, as tfjs's own names do. */
export function classBeside(name: string, className: string): string {
  return bare(name).includes(bare(className)) ? "" : className;
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll("_", "");
}
