import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { EngineError } from "./engineError.js";

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

export interface ExtractOptions {
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
  /** Also onto the disk itself, for what a power cut must not leave half written. */
  readonly flush?: boolean;
}

const endSignature = 0x06054b50;
const directorySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const longestComment = 65_535;

/**
 * The central directory of a zip file (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 and
 * 4.3.16). Zip64 is not read: a wheel of more than 4 GB is none of ours.
 */
export async function readZipDirectory(path: string): Promise<readonly ZipEntry[]> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const tail = await readAt(file, Math.max(0, size - endBytes - longestComment), size);
    const end = findEnd(tail);
    if (end < 0) throw notZip(path, "its end record is missing");
    const count = tail.readUInt16LE(end + 10);
    const bytes = tail.readUInt32LE(end + 12);
    const offset = tail.readUInt32LE(end + 16);
    if (offset + bytes > size) throw notZip(path, "its directory lies outside the file");
    return parseDirectory(await readAt(file, offset, offset + bytes), count, path);
  } finally {
    await file.close();
  }
}

/** Streams one member out to `target`, which appears there only when complete. */
export async function extractZipEntry(
  archive: string,
  entry: ZipEntry,
  target: string,
  options: ExtractOptions,
): Promise<void> {
  const part = `${target}.part`;
  const file = await open(archive, "r");
  try {
    const header = await readAt(file, entry.headerOffset, entry.headerOffset + 30);
    if (header.length < 30 || header.readUInt32LE(0) !== localSignature)
      throw notZip(archive, `${entry.name} has no header`);
    const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const written = await unpack(archive, entry, start, part, options);
    if (written !== entry.bytes)
      throw notZip(archive, `${entry.name} has ${written} bytes, its directory says ${entry.bytes}`);
    await rename(part, target);
  } finally {
    await file.close();
  }
}

async function unpack(
  archive: string,
  entry: ZipEntry,
  start: number,
  part: string,
  options: ExtractOptions,
): Promise<number> {
  let written = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      options.onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
  const output = createWriteStream(part, { flush: options.flush ?? false });
  if (entry.compressedBytes === 0) {
    output.end();
    await pipeline(count.end(), output, { signal: options.signal });
    return 0;
  }
  const input = createReadStream(archive, { start, end: start + entry.compressedBytes - 1, highWaterMark: 1 << 20 });
  switch (entry.method) {
    case 0:
      await pipeline(input, count, output, { signal: options.signal });
      return written;
    case 8:
      await pipeline(input, createInflateRaw({ chunkSize: 1 << 18 }), count, output, { signal: options.signal });
      return written;
    default:
      throw notZip(archive, `${entry.name} is compressed by method ${entry.method}; 0 and 8 can be read`);
  }
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length - endBytes; at >= 0; at--) {
    // The comment after it may contain the signature, too: the right one says where the file ends.
    if (tail.readUInt32LE(at) === endSignature && at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return -1;
}

function parseDirectory(directory: Buffer, count: number, path: string): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < count) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== directorySignature) {
      throw notZip(path, `its directory ends after ${entries.length} of ${count} members`);
    }
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      compressedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, end - start));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

function notZip(path: string, problem: string): EngineError {
  return new EngineError(
    "badArchive",
    `${path} is not a whole zip archive: ${problem}.`,
    "Delete it and run `layerscope engine install` again.",
  );
}
