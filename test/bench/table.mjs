import { availableParallelism, cpus } from "node:os";

/** A Markdown table with aligned columns, numbers to the right. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function markdownTable(head, rows) {
  const all = [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  return all.map(line).join("\n");
}

export function machineLine() {
  const date = new Date().toISOString().slice(0, 10);
  return `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, Node ${process.version}, ${date}`;
}
