/**
 * Text as it is inside Markdown: nothing of it is formatting, a link, an icon or HTML. Unlike
 * `MarkdownString.appendText` it keeps its spaces breakable, so that long sentences wrap.
 */
export function markdownText(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_{}[\]()#+\-.!~|>$:]/g, "\\$&");
}
