/** What `assembly/distribution.as` exports. Pointers are byte offsets in the memory it works in. */
export interface DistributionExports {
  gather(at: number, length: number, to: number, size: number): void;
  distribute(
    at: number,
    length: number,
    integer: boolean,
    bits: number,
    counts: number,
    numbers: number,
    spare: number,
    sets: number,
    out: number,
  ): void;
  decode(key: number, integer: boolean): number;
  countUpper(at: number, length: number, counts: number, integer: boolean): void;
  countLower(at: number, length: number, numbers: number, counts: number, integer: boolean): void;
  countBins(
    at: number,
    length: number,
    counts: number,
    low: number,
    high: number,
    scale: number,
    integer: boolean,
    allFinite: boolean,
  ): void;
}
