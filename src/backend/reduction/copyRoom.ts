import type { KernelHome } from "../../kernels/home.js";
import { isFloat32, type KernelValues } from "../../kernels/measured.js";

/** What finds no room is reduced at once, or what is there before it. */
const roomBytes = 16 * 2 ** 20;
/** Every copy begins at a multiple of it: TensorFlow writes only to such places. */
const alignment = 64;

/** Memory for copies of tensors that lie where a helper cannot read them. */
export class CopyRoom {
  private start: number | null = null;
  private used = 0;

  constructor(private readonly home: KernelHome) {}

  hasRoomFor(values: KernelValues): boolean {
    return values.BYTES_PER_ELEMENT === 4 && this.used + values.byteLength <= roomBytes;
  }

  /** Byte offset of a place of so many bytes; null where there is no room. */
  reserve(bytes: number): number | null {
    if (this.used + bytes > roomBytes) return null;
    this.start ??= Math.ceil(this.home.allocate(roomBytes + alignment) / alignment) * alignment;
    const at = this.start + this.used;
    this.used += Math.ceil(bytes / alignment) * alignment;
    return at;
  }

  /**
   * Byte offset of the copy.
   * @throws RangeError where there is no room for it
   */
  put(values: KernelValues): number {
    const at = this.reserve(values.byteLength);
    if (at === null) throw new RangeError(`There is no room for ${values.byteLength} bytes.`);
    const Target = isFloat32(values) ? Float32Array : Int32Array;
    new Target(this.home.memory.buffer, at, values.length).set(values);
    return at;
  }

  /** Lets go what was reserved at `at`, and all that was reserved after it. */
  giveBack(at: number): void {
    if (this.start !== null) this.used = at - this.start;
  }

  clear(): void {
    this.used = 0;
  }
}
