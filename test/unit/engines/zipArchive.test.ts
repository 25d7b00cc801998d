import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractZipEntry, readZipDirectory } from "../../../src/engines/zipArchive.js";

const signal = new AbortController().signal;
const content = "layer ".repeat(50_000);
let folder: string;
let archive: string;

/** Made by another zip implementation: compressed, stored and empty members, and a comment at the end. */
const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("a/deflated.txt", sys.argv[2], zipfile.ZIP_DEFLATED)
    z.writestr("b/stored.txt", "stored", zipfile.ZIP_STORED)
    z.writestr("c/empty", "")
    z.comment = b"PK\\x05\\x06 is in the comment too"
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "layerscope-zip-"));
  archive = join(folder, "archive.zip");
  execFileSync("python3", ["-c", script, archive, content.slice(0, 100_000)]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("zip archives", () => {
  it("lists the members", async () => {
    const entries = await readZipDirectory(archive);
    expect(entries.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["a/deflated.txt", 100_000],
      ["b/stored.txt", 6],
      ["c/empty", 0],
    ]);
  });

  it("streams each out and counts the bytes", async () => {
    const counts: number[] = [];
    for (const entry of await readZipDirectory(archive)) {
      let count = 0;
      const target = join(folder, entry.name.replace("/", "-"));
      await extractZipEntry(archive, entry, target, {
        signal,
        onBytes: (bytes) => {
          count += bytes;
        },
      });
      counts.push(count);
    }
    expect(readFileSync(join(folder, "a-deflated.txt"), "utf8")).toBe(content.slice(0, 100_000));
    expect(readFileSync(join(folder, "b-stored.txt"), "utf8")).toBe("stored");
    expect(readFileSync(join(folder, "c-empty"), "utf8")).toBe("");
    expect(counts).toEqual([100_000, 6, 0]);
  });

  it.each([
    ["cut short", (path: string) => truncateSync(path, 300)],
    ["not an archive", (path: string) => writeFileSync(path, "x".repeat(1000))],
    ["empty", (path: string) => writeFileSync(path, "")],
  ])("says what is wrong with a file that is %s", async (_, damage) => {
    const damaged = join(folder, "damaged.zip");
    writeFileSync(damaged, readFileSync(archive));
    damage(damaged);
    await expect(readZipDirectory(damaged)).rejects.toMatchObject({
      code: "badArchive",
      message: /damaged\.zip is not a whole zip/,
    });
  });

  it("leaves no target behind when a member is damaged", async () => {
    const damaged = join(folder, "damaged.zip");
    const bytes = readFileSync(archive);
    bytes.fill(0xff, 60, 120);
    writeFileSync(damaged, bytes);
    const [entry] = await readZipDirectory(damaged);
    const target = join(folder, "never");
    if (!entry) throw new Error("the directory is empty");
    await expect(extractZipEntry(damaged, entry, target, { signal })).rejects.toThrow();
    expect(existsSync(target)).toBe(false);
  });

  it("stops when cancelled", async () => {
    const controller = new AbortController();
    controller.abort();
    const [entry] = await readZipDirectory(archive);
    if (!entry) throw new Error("the directory is empty");
    const target = join(folder, "cancelled");
    await expect(extractZipEntry(archive, entry, target, { signal: controller.signal })).rejects.toThrow();
    expect(existsSync(target)).toBe(false);
  });
});
