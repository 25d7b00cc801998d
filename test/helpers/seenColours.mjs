/**
 * Sent to a page: the colour of an element as it is seen on the page's background, and that background; red, green, blue.
 * @param {Element} element
 */
export function seenColours(element) {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const seen = (/** @type {string[]} */ ...styles) => {
    for (const style of styles) {
      if (context !== null) context.fillStyle = style;
      context?.fillRect(0, 0, 1, 1);
    }
    return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
  };
  const ground = getComputedStyle(document.body).getPropertyValue("--vscode-editor-background");
  return { ground: seen(ground), line: seen(ground, getComputedStyle(element).color) };
}
