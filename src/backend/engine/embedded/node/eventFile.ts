import { mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32, crcTable } from "./crc.js";
import { double, float, integer, message, nested } from "./protobuf.js";

const castagnoli = crcTable(0x82f63b78);
const float32Type = 1;
let filesMade = 0;

/** A TensorBoard event file: TFRecords of Event messages, written at once, so that nothing is lost. */
export class EventFile {
  readonly #file: number;

  constructor(folder: string, suffix: string) {
    mkdirSync(folder, { recursive: true });
    const seconds = Math.floor(Date.now() / 1000);
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesMade++}${suffix}`;
    this.#file = openSync(join(folder, name), "a");
    this.#write(message(double(1, Date.now() / 1000), nested(3, "brain.Event:2")));
  }

  scalar(step: number, name: string, value: number): void {
    this.#summary(step, message(nested(1, name), float(2, value)));
  }

  /** `buckets`: left edge, right edge and count, one after the other. */
  histogram(step: number, name: string, buckets: ArrayLike<number>, description = ""): void {
    const plugin = message(nested(1, "histograms"), nested(2, integer(1, 0)));
    const metadata = message(nested(1, plugin), nested(3, description));
    const size = (length: number) => nested(2, integer(1, length));
    const values = new Uint8Array(Float32Array.from(buckets).buffer);
    const tensor = message(
      integer(1, float32Type),
      nested(2, message(size(buckets.length / 3), size(3))),
      nested(4, values),
    );
    this.#summary(step, message(nested(1, name), nested(9, metadata), nested(8, tensor)));
  }

  #summary(step: number, value: Uint8Array): void {
    this.#write(message(double(1, Date.now() / 1000), integer(2, step), nested(5, nested(1, value))));
  }

  /** https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details */
  #write(event: Uint8Array): void {
    const length = Buffer.alloc(8);
    length.writeUInt32LE(event.length, 0);
    writeSync(this.#file, Buffer.concat([length, masked(length), event, masked(event)]));
  }
}

function masked(bytes: Uint8Array): Buffer {
  const crc = crc32(castagnoli, bytes);
  const result = Buffer.alloc(4);
  result.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
  return result;
}
