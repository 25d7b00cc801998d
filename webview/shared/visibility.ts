/** One observer for all: tells elements when they come near the screen and when they leave it. */

const listeners = new WeakMap<Element, (visible: boolean) => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) listeners.get(entry.target)?.(entry.isIntersecting);
  },
  { rootMargin: "40px" },
);
const sizes = new WeakMap<Element, () => void>();
const sizeObserver = new ResizeObserver((entries) => {
  for (const entry of entries) sizes.get(entry.target)?.();
});

export function watchVisibility(element: Element, listener: (visible: boolean) => void): void {
  listeners.set(element, listener);
  observer.observe(element);
}

export function watchSize(element: Element, listener: () => void): void {
  sizes.set(element, listener);
  sizeObserver.observe(element);
}

export function unwatch(element: Element): void {
  observer.unobserve(element);
  sizeObserver.unobserve(element);
  listeners.delete(element);
  sizes.delete(element);
}
