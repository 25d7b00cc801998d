import type { KernelHome } from "../../kernels/home.js";
import { isFloat32, type KernelValues } from "../../kernels/measured.js";

/** Of one pass; what finds no room is reduced at once. */
const roomBytes = 16 * 2 ** 20;

/** Memory for copies of tensors that lie where a helper cannot read them; they are all let go at once. */
export class CopyRoom {
  private at: number | null = null;
  private used = 0;

  constructor(private readonly home: KernelHome) {}

  hasRoomFor(values: KernelValues): boolean {
    return values.BYTES_PER_ELEMENT === 4 && this.used + values.byteLength <= roomBytes;
  }

  /** Byte offset of the copy. */
  put(values: KernelValues): number {
    this.at ??= this.home.allocate(roomBytes);
    const at = this.at + this.used;
    const Target = isFloat32(values) ? Float32Array : Int32Array;
    new Target(this.home.memory.buffer, at, values.length).set(values);
    this.used += Math.ceil(values.byteLength / 16) * 16;
    return at;
  }

  clear(): void {
    this.used = 0;
  }
}
