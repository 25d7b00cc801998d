import { h } from "./h.js";

const tailLetters = 9;

/** A layer's name as text that is cut before its end: names of one model differ there. The whole name is the tooltip. */
export function layerName(name: string, title = name): HTMLElement {
  const letters = [...name];
  const split = letters.length > 2 * tailLetters ? letters.length - tailLetters : letters.length;
  const head = h("span", { class: "name-head" }, letters.slice(0, split).join(""));
  const tail = split === letters.length ? null : h("span", { class: "name-tail" }, letters.slice(split).join(""));
  return h("bdi", { class: "name", title }, head, tail);
}

/** The class, unless the name says it already, as tfjs's own names do. */
export function classBeside(name: string, className: string): string {
  return bare(name).includes(bare(className)) ? "" : className;
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll("_", "");
}
