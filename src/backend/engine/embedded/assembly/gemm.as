// Matrix product on float32, AssemblyScript with SIMD. All pointers are byte offsets in the engine's memory, all strides
// and sizes count float32 elements.
//
// C[m, n] = Σ_k A[m, k] · B[k, n], C row-major. A is read in place through two strides, B is packed into panels of eight
// columns, `depthBlock` deep: a panel stays in the first-level cache while all rows of A pass over it, and partial sums
// of at most `depthBlock` terms are added up, which also keeps rounding small.

const depthBlock: i32 = 256;

/** Bytes of scratch memory that `gemm` needs. */
export function gemmScratch(n: i32, k: i32): i32 {
  return (k < depthBlock ? k : depthBlock) * ((n + 7) & ~7) * 4;
}

export function gemm(
  a: usize, aRow: i32, aDepth: i32,
  b: usize, bDepth: i32, bColumn: i32,
  c: usize, m: i32, n: i32, k: i32,
  scratch: usize,
): void {
  for (let from = 0; from < k; from += depthBlock) {
    const depth = min(depthBlock, k - from);
    packColumns(b + ((from * bDepth) << 2), bDepth, bColumn, n, depth, scratch);
    const block = a + ((from * aDepth) << 2);
    for (let column = 0; column < n; column += 8) {
      const panel = scratch + ((column * depth) << 2);
      const width = min(8, n - column);
      let row = 0;
      for (; row + 4 <= m; row += 4) {
        fourRows(block + ((row * aRow) << 2), aRow << 2, aDepth << 2, panel, c + ((row * n + column) << 2), n << 2, depth, width, from > 0);
      }
      for (; row < m; row++) {
        oneRow(block + ((row * aRow) << 2), aDepth << 2, panel, c + ((row * n + column) << 2), depth, width, from > 0);
      }
    }
  }
}

/** Rows from to until − 1 of C, with scratch memory for each thread. */
export function gemmRows(
  from: i32, until: i32, thread: i32,
  a: usize, aRow: i32, aDepth: i32,
  b: usize, bDepth: i32, bColumn: i32,
  c: usize, n: i32, k: i32,
  scratch: usize,
): void {
  const own = scratch + thread * gemmScratch(n, k);
  gemm(a + ((from * aRow) << 2), aRow, aDepth, b, bDepth, bColumn, c + ((from * n) << 2), until - from, n, k, own);
}

/** B[depth, n] to panels [n/8][depth][8], the last one filled up with zeros. */
export function packColumns(b: usize, bDepth: i32, bColumn: i32, n: i32, depth: i32, to: usize): void {
  for (let column = 0; column < n; column += 8) {
    const width = min(8, n - column);
    let from = b + ((column * bColumn) << 2);
    if (width == 8 && bColumn == 1) {
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        from += bDepth << 2;
        to += 32;
      }
    } else {
      for (let k = 0; k < depth; k++) {
        let value = from;
        for (let j = 0; j < 8; j++) {
          f32.store(to + (j << 2), j < width ? f32.load(value) : 0);
          if (j + 1 < width) value += bColumn << 2;
        }
        from += bDepth << 2;
        to += 32;
      }
    }
  }
}

function fourRows(a: usize, aRow: usize, aDepth: usize, panel: usize, c: usize, cRow: usize, depth: i32, width: i32, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let a0 = a;
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    const s0 = v128.load32_splat(a0);
    c00 = f32x4.add(c00, f32x4.mul(s0, b0));
    c01 = f32x4.add(c01, f32x4.mul(s0, b1));
    const s1 = v128.load32_splat(a1);
    c10 = f32x4.add(c10, f32x4.mul(s1, b0));
    c11 = f32x4.add(c11, f32x4.mul(s1, b1));
    const s2 = v128.load32_splat(a2);
    c20 = f32x4.add(c20, f32x4.mul(s2, b0));
    c21 = f32x4.add(c21, f32x4.mul(s2, b1));
    const s3 = v128.load32_splat(a3);
    c30 = f32x4.add(c30, f32x4.mul(s3, b0));
    c31 = f32x4.add(c31, f32x4.mul(s3, b1));
    panel += 32;
    a0 += aDepth;
    a1 += aDepth;
    a2 += aDepth;
    a3 += aDepth;
  }
  put(c, c00, c01, width, add);
  put(c + cRow, c10, c11, width, add);
  put(c + 2 * cRow, c20, c21, width, add);
  put(c + 3 * cRow, c30, c31, width, add);
}

function oneRow(a: usize, aDepth: usize, panel: usize, c: usize, depth: i32, width: i32, add: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  for (let k = 0; k < depth; k++) {
    const s = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(panel)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(panel, 16)));
    panel += 32;
    a += aDepth;
  }
  put(c, c0, c1, width, add);
}

/** Writes the first `width` of eight values, or adds them to what is there. */
// @ts-ignore: decorator
@inline
export function put(to: usize, low: v128, high: v128, width: i32, add: bool): void {
  if (width == 8) {
    if (add) {
      low = f32x4.add(low, v128.load(to));
      high = f32x4.add(high, v128.load(to, 16));
    }
    v128.store(to, low);
    v128.store(to, high, 16);
  } else {
    putSome(to, low, high, width, add);
  }
}

function putSome(to: usize, low: v128, high: v128, width: i32, add: bool): void {
  let values = low;
  for (let j = 0; j < width; j++) {
    if (j == 4) values = high;
    const value = f32x4.extract_lane(values, 0);
    f32.store(to, add ? f32.load(to) + value : value);
    values = i8x16.shuffle(values, values, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    to += 4;
  }
}
