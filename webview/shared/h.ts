/** Builds DOM without markup: everything that comes from a run is set as text or as an attribute, never parsed. */

type Listener = (event: Event) => void;
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Child = Node | string | null;

/** An element with attributes (null, undefined and false leave one out, true sets it empty) and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

export function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== null) element.append(child);
}

/** A push button; `label` is its accessible name and, without an icon, its text. */
export function button(label: string, onPress: () => void, options: { icon?: IconName; class?: string } = {}) {
  const content = options.icon === undefined ? label : icon(options.icon);
  const element = h("button", { type: "button", class: options.class ?? "button", title: label }, content);
  if (options.icon !== undefined) element.setAttribute("aria-label", label);
  on(element, "click", (event) => {
    event.stopPropagation();
    onPress();
  });
  return element;
}

export function on(target: EventTarget, type: string, listener: Listener, options?: AddEventListenerOptions): void {
  target.addEventListener(type, listener, options);
}

/** Sets text only when it differs, so that nothing is laid out or announced for no change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** 16 × 16 outlines, drawn with the text's colour. */
const iconPaths = {
  chevron: "M6 3.5 10.5 8 6 12.5",
  error: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM5.6 5.6l4.8 4.8m0-4.8-4.8 4.8",
  warning: "M8 2 14.5 13.5h-13ZM8 6.3v3.6m0 1.3v.9",
  info: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 7.2v4m0-6.4v1",
  healthy: "M3 8.6 6.4 12 13 4.6",
  table: "M2 3h12v10H2ZM2 6.4h12M2 9.7h12M6.4 3v10",
  chart: "M2 2v12h12M4.5 10.5 7.5 7l2.2 2 3.8-5",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  image: "M2 3h12v10H2Zm0 8 3.6-3.6 2.6 2.6 2-2L14 11.4M10.6 6.2v.1",
  numbers: "M3 2h7l3 3v9H3ZM5.5 7.5h5m-5 2.5h5m-5 2.5h3",
  close: "M4 4l8 8m0-8-8 8",
  pin: "M6 2h4l-.5 5L12 9.5H4L6.5 7ZM8 9.5V14",
  stop: "M3.5 3.5h9v9h-9Z",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  down: "M8 3v9.5m-4-4 4 4 4-4",
  source: "M5.5 4 2 8l3.5 4m5-8L14 8l-3.5 4",
  live: "M8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM4 4a5.7 5.7 0 0 0 0 8m8-8a5.7 5.7 0 0 1 0 8",
  expand: "M9.5 2.5h4v4m0-4-5 5m-2 6h-4v-4m0 4 5-5",
} as const;
export type IconName = keyof typeof iconPaths;

const svgNamespace = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Attributes, ...children: readonly Element[]): SVGElement {
  const element = document.createElementNS(svgNamespace, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Decoration: the element beside it carries the name. */
export function icon(name: IconName): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: iconPaths[name] }),
  );
}
