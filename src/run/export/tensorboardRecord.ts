/**
 * TensorBoard's event files by hand: TFRecord framing (length and data, each with a masked CRC-32C) around the
 * protobuf messages Event, Summary and HistogramProto (tensorflow/core/util/event.proto, framework/summary.proto).
 */

export interface HistogramValue {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Upper limit of each bucket, ascending. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: HistogramValue };

/** The first record of every event file. */
export function versionRecord(wallTimeSeconds: number): Uint8Array {
  const event = new ProtoWriter();
  event.double(1, wallTimeSeconds);
  event.string(3, "brain.Event:2");
  return framed(event.bytes());
}

/** All values of one step. */
export function summaryRecord(wallTimeSeconds: number, step: number, values: readonly SummaryValue[]): Uint8Array {
  const summary = new ProtoWriter();
  for (const value of values) {
    const message = new ProtoWriter();
    message.string(1, value.tag);
    if ("scalar" in value) message.float(2, value.scalar);
    else message.message(5, histogramMessage(value.histogram));
    summary.message(1, message);
  }
  const event = new ProtoWriter();
  event.double(1, wallTimeSeconds);
  event.varint(2, step);
  event.message(5, summary);
  return framed(event.bytes());
}

function histogramMessage(histogram: HistogramValue): ProtoWriter {
  const message = new ProtoWriter();
  message.double(1, histogram.min);
  message.double(2, histogram.max);
  message.double(3, histogram.count);
  message.double(4, histogram.sum);
  message.double(5, histogram.sumOfSquares);
  message.doubles(6, histogram.limits);
  message.doubles(7, histogram.counts);
  return message;
}

/** Protobuf's wire format, as far as it is needed here. */
class ProtoWriter {
  private readonly parts: Uint8Array[] = [];

  varint(field: number, value: number): void {
    this.parts.push(varintBytes(field * 8), varintBytes(value));
  }

  double(field: number, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.parts.push(varintBytes(field * 8 + 1), bytes);
  }

  float(field: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.parts.push(varintBytes(field * 8 + 5), bytes);
  }

  string(field: number, text: string): void {
    this.lengthDelimited(field, Buffer.from(text));
  }

  message(field: number, message: ProtoWriter): void {
    this.lengthDelimited(field, message.bytes());
  }

  doubles(field: number, values: readonly number[]): void {
    const bytes = Buffer.alloc(8 * values.length);
    for (const [at, value] of values.entries()) bytes.writeDoubleLE(value, 8 * at);
    this.lengthDelimited(field, bytes);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }

  private lengthDelimited(field: number, bytes: Uint8Array): void {
    this.parts.push(varintBytes(field * 8 + 2), varintBytes(bytes.length), bytes);
  }
}

/** For integers from 0 to 2^53. */
function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function framed(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Castagnoli's polynomial, reflected (RFC 3720). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
