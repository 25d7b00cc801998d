import { describe, expect, it } from "vitest";
import { markdownText } from "../../../src/host/editor/markdownText.js";

describe("markdownText", () => {
  it.each([
    ["a_b *c*", "a\\_b \\*c\\*"],
    ["<img src=x onerror=1> & more", "&lt;img src=x onerror=1\\> &amp; more"],
    ["[x](command:rm) $(error)", "\\[x\\]\\(command\\:rm\\) \\$\\(error\\)"],
    ["two\n\nlines | cell", "two lines \\| cell"],
    ["c:\\new", "c\\:\\\\new"],
  ])("%j is shown as it is", (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });
});
