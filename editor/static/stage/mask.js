/** The brush mask: one byte a pixel, 1 = repaint, and how many pixels of each 32x32 block are set. Knows nothing of screens. */

const BLOCK = 32;

/** @typedef {[number, number, number, number]} Rect left, top, right, bottom; half-open */
/** @typedef {{rect: Rect, runs: Uint32Array}} Edit pixels that flipped, as run lengths inside rect; applying it twice is nothing */

/** Tells each stretch of ones, row by row, of run lengths that alternate 0, 1, 0, ... over rows of `width`.
 * @param {ArrayLike<number>} runs @param {number} width
 * @param {(row: number, left: number, right: number) => void} emit */
function eachSpan(runs, width, emit) {
  let at = 0;
  for (let n = 0; n < runs.length; n++) {
    let left = runs[n];
    if (n % 2 === 0) {
      at += left;
      continue;
    }
    while (left) {
      const column = at % width;
      const here = Math.min(left, width - column);
      emit(Math.floor(at / width), column, column + here);
      at += here;
      left -= here;
    }
  }
}

/** @param {Rect | null} a @param {Rect} b @returns {Rect} */
export function union(a, b) {
  return a ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : b;
}

/** Collects run lengths that alternate 0, 1, 0, 1, ... and start with zeros (the first may be 0 long). */
class Runs {
  constructor() {
    /** @type {number[]} */
    this.lengths = [];
    this.value = 0;
    this.length = 0;
  }

  /** @param {number} value @param {number} length */
  push(value, length) {
    if (value === this.value) {
      this.length += length;
    } else if (length) {
      this.lengths.push(this.length);
      this.value = value;
      this.length = length;
    }
  }

  /** @returns {number[]} */
  end() {
    if (this.length || !this.lengths.length) this.lengths.push(this.length);
    this.length = 0;
    return this.lengths;
  }
}

export class Mask {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
    /** The mask as of the last commit; what differs from it is the edit in progress. */
    this.committed = new Uint8Array(width * height);
    this.columns = Math.ceil(width / BLOCK);
    this.rows = Math.ceil(height / BLOCK);
    this.counts = new Uint16Array(this.columns * this.rows);
    /** @type {Rect | null} */
    this.dirty = null;
    /** @type {(rect: Rect) => void} */
    this.onchange = () => {};
  }

  /** Pixels set. */
  get painted() {
    let sum = 0;
    for (const n of this.counts) sum += n;
    return sum;
  }

  /** @param {number} y @param {number} left @param {number} right @param {number} value */
  span(y, left, right, value) {
    const start = y * this.width;
    this.data.fill(value, start + Math.max(left, 0), start + Math.min(right, this.width));
  }

  /**
   * Sets every pixel whose centre lies within `radius` of the segment a-b, and the pixels that hold a and b.
   * @param {number} ax @param {number} ay @param {number} bx @param {number} by @param {number} radius
   * @param {number} value
   */
  capsule(ax, ay, bx, by, radius, value) {
    const length = Math.hypot(bx - ax, by - ay);
    const ux = length ? (bx - ax) / length : 1;
    const uy = length ? (by - ay) / length : 0;
    const top = Math.max(Math.floor(Math.min(ay, by) - radius - 1), 0);
    const bottom = Math.min(Math.ceil(Math.max(ay, by) + radius + 1), this.height);
    for (let y = top; y < bottom; y++) {
      let low = Infinity;
      let high = -Infinity;
      const disc = (/** @type {number} */ cx, /** @type {number} */ cy) => {
        const square = radius * radius - (y + 0.5 - cy) ** 2;
        if (square < 0) return;
        const half = Math.sqrt(square);
        low = Math.min(low, cx - half);
        high = Math.max(high, cx + half);
      };
      disc(ax, ay);
      if (length) {
        disc(bx, by);
        // The straight part: |across| <= radius and 0 <= along <= length, both linear in x on this row.
        const dy = y + 0.5 - ay;
        let l = -Infinity;
        let h = Infinity;
        const bound = (/** @type {number} */ slope, /** @type {number} */ offset, /** @type {number} */ min, /** @type {number} */ max) => {
          if (Math.abs(slope) < 1e-12) {
            if (offset < min || offset > max) h = -Infinity;
            return;
          }
          const p = (min - offset) / slope;
          const q = (max - offset) / slope;
          l = Math.max(l, Math.min(p, q));
          h = Math.min(h, Math.max(p, q));
        };
        bound(uy, -dy * ux, -radius, radius);
        bound(ux, dy * uy, 0, length);
        if (l <= h) {
          low = Math.min(low, ax + l);
          high = Math.max(high, ax + h);
        }
      }
      if (low <= high) this.span(y, Math.ceil(low - 0.5), Math.floor(high - 0.5) + 1, value);
    }
    for (const [px, py] of [[ax, ay], [bx, by]]) {
      const x = Math.floor(px);
      const y = Math.floor(py);
      if (x >= 0 && y >= 0 && x < this.width && y < this.height) this.data[y * this.width + x] = value;
    }
    this.touch([
      Math.floor(Math.min(ax, bx) - radius - 1),
      top,
      Math.ceil(Math.max(ax, bx) + radius + 1),
      bottom,
    ]);
  }

  /** @param {Rect} rect @param {number} value */
  rectangle(rect, value) {
    const [left, top, right, bottom] = this.clamped(rect);
    for (let y = top; y < bottom; y++) this.span(y, left, right, value);
    this.touch([left, top, right, bottom]);
  }

  invert() {
    const { data } = this;
    for (let i = 0; i < data.length; i++) data[i] ^= 1;
    this.touch([0, 0, this.width, this.height]);
  }

  clear() {
    const box = this.bounds();
    if (box) this.rectangle(box, 0);
  }

  /** @param {Rect} rect @returns {Rect} */
  clamped(rect) {
    const within = (/** @type {number} */ v, /** @type {number} */ max) => Math.min(Math.max(v, 0), max);
    return [within(rect[0], this.width), within(rect[1], this.height), within(rect[2], this.width), within(rect[3], this.height)];
  }

  /** Recounts the blocks under a changed rectangle and tells whoever draws. @param {Rect} rect */
  touch(rect) {
    const [left, top, right, bottom] = this.clamped(rect);
    if (left >= right || top >= bottom) return;
    const { width, height, columns, data, counts } = this;
    for (let row = Math.floor(top / BLOCK); row * BLOCK < bottom; row++) {
      const last = Math.min((row + 1) * BLOCK, height);
      for (let column = Math.floor(left / BLOCK); column * BLOCK < right; column++) {
        const x0 = column * BLOCK;
        const x1 = Math.min(x0 + BLOCK, width);
        let sum = 0;
        for (let y = row * BLOCK; y < last; y++) {
          for (let i = y * width + x0, end = y * width + x1; i < end; i++) sum += data[i];
        }
        counts[row * columns + column] = sum;
      }
    }
    this.dirty = union(this.dirty, [left, top, right, bottom]);
    this.onchange([left, top, right, bottom]);
  }

  /** Ends the edit in progress. @returns {Edit | null} null where nothing differs */
  commit() {
    const rect = this.dirty;
    this.dirty = null;
    if (!rect) return null;
    const { data, committed, width } = this;
    /** @type {number[]} */
    const runs = [];
    let value = 0;
    let length = 0;
    for (let y = rect[1]; y < rect[3]; y++) {
      const from = y * width + rect[0];
      const end = y * width + rect[2];
      for (let i = from; i < end; i++) {
        if ((data[i] ^ committed[i]) === value) length++;
        else {
          runs.push(length);
          value ^= 1;
          length = 1;
        }
      }
      committed.set(data.subarray(from, end), from);
    }
    if (!runs.length) return null;
    runs.push(length);
    return { rect, runs: Uint32Array.from(runs) };
  }

  /** Drops the edit in progress. */
  rollback() {
    const rect = this.dirty;
    if (!rect) return;
    for (let y = rect[1]; y < rect[3]; y++) {
      const from = y * this.width + rect[0];
      this.data.set(this.committed.subarray(from, y * this.width + rect[2]), from);
    }
    this.touch(rect);
    this.dirty = null;
  }

  /** Flips the pixels of an edit: undoes it, or does it again. @param {Edit} edit */
  apply(edit) {
    const { rect, runs } = edit;
    eachSpan(runs, rect[2] - rect[0], (row, left, right) => {
      const start = (rect[1] + row) * this.width + rect[0];
      for (let i = start + left; i < start + right; i++) {
        this.data[i] ^= 1;
        this.committed[i] = this.data[i];
      }
    });
    this.touch(rect);
    this.dirty = null;
  }

  /** Calls emit(left, right) for each run of set pixels of a row, in order. @param {number} y
   * @param {number} left @param {number} right @param {(left: number, right: number) => void} emit */
  rowRuns(y, left, right, emit) {
    const { data, counts, columns, width, height } = this;
    const row = Math.floor(y / BLOCK);
    const tall = Math.min(BLOCK, height - row * BLOCK);
    const base = y * width;
    let start = -1;
    for (let column = Math.floor(left / BLOCK); column * BLOCK < right; column++) {
      const x0 = Math.max(column * BLOCK, left);
      const x1 = Math.min((column + 1) * BLOCK, right);
      const count = counts[row * columns + column];
      const whole = tall * (Math.min((column + 1) * BLOCK, width) - column * BLOCK);
      if (count === 0) {
        if (start >= 0) emit(start, x0);
        start = -1;
      } else if (count === whole) {
        if (start < 0) start = x0;
      } else {
        for (let x = x0; x < x1; x++) {
          if (data[base + x]) {
            if (start < 0) start = x;
          } else if (start >= 0) {
            emit(start, x);
            start = -1;
          }
        }
      }
    }
    if (start >= 0) emit(start, right);
  }

  /** The smallest box that holds every set pixel. @returns {Rect | null} */
  bounds() {
    const { counts, columns, rows } = this;
    /** @type {Rect | null} */
    let blocks = null;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (counts[row * columns + column]) blocks = union(blocks, [column, row, column + 1, row + 1]);
      }
    }
    if (!blocks) return null;
    /** @type {Rect} */
    const area = this.clamped([blocks[0] * BLOCK, blocks[1] * BLOCK, blocks[2] * BLOCK, blocks[3] * BLOCK]);
    /** @type {Rect | null} */
    let box = null;
    for (let y = area[1]; y < area[3]; y++) {
      // Rows far from the edges can only widen the box, and the block columns bound how much.
      this.rowRuns(y, area[0], area[2], (l, r) => (box = union(box, [l, y, r, y + 1])));
    }
    return box;
  }

  /** The whole mask as run lengths 0, 1, 0, 1, ..., row by row. @returns {number[]} */
  runs() {
    const runs = new Runs();
    for (let y = 0; y < this.height; y++) {
      let at = 0;
      this.rowRuns(y, 0, this.width, (left, right) => {
        runs.push(0, left - at);
        runs.push(1, right - left);
        at = right;
      });
      runs.push(0, this.width - at);
    }
    return runs.end();
  }

  /** Sets the mask from run lengths of a `width` x `height` mask that lies at (dx, dy) here; the rest is 0.
   * @param {ArrayLike<number>} runs @param {number} width @param {number} [dx] @param {number} [dy] */
  load(runs, width, dx = 0, dy = 0) {
    this.data.fill(0);
    eachSpan(runs, width, (row, left, right) => {
      const y = row + dy;
      if (y >= 0 && y < this.height) this.span(y, left + dx, Math.max(right + dx, 0), 1);
    });
    this.touch([0, 0, this.width, this.height]);
    this.committed.set(this.data);
    this.dirty = null;
  }

  /** FNV-1a over the bytes: tests compare it. */
  hash() {
    let hash = 0x811c9dc5;
    for (const byte of this.data) hash = Math.imul(hash ^ byte, 0x01000193);
    return (hash >>> 0).toString(16).padStart(8, "0");
  }
}
