/** The brush mask: one byte a pixel, how much of it to repaint, and what of each 32x32 block is set. Knows nothing of
 * screens. */

import { grown } from "./grown.js";
import { eachSpan, isSound, RunWriter } from "./runlength.js";
import { capsuleRows, polygonRows } from "./shapes.js";

const BLOCK = 32;
const LEVEL = 17; // bytes are 0, 17, 34, ... 255: few enough for short run lengths, too fine to see

/** @typedef {[number, number, number, number]} Rect left, top, right, bottom; half-open */
/** @typedef {{rect: Rect, runs: Uint32Array, values?: Uint8Array}} Edit bits that flipped, as runs inside rect;
 * applying it twice is nothing */
/** @typedef {"new" | "more" | "less"} Joining whether what comes replaces what is set, adds to it, or takes from it */
/** @typedef {{width: number, height: number, runs: number[], values?: number[]}} WireMask as it is sent and kept; see
 * runlength.js */

/** @param {Rect | null} a @param {Rect} b @returns {Rect} */
export function union(a, b) {
  return a ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : b;
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
    /** Pixels of each block above 0. */
    this.counts = new Uint16Array(this.columns * this.rows);
    /** Pixels of each block above 0 and below 255. */
    this.partial = new Uint16Array(this.columns * this.rows);
    /** @type {Rect | null} */
    this.dirty = null;
    /** @type {(rect: Rect) => void} */
    this.onchange = () => {};
  }

  /** Pixels above 0. */
  get painted() {
    let sum = 0;
    for (const n of this.counts) sum += n;
    return sum;
  }

  /** Whether any pixel is neither 0 nor 255. */
  get soft() {
    return this.partial.some(Boolean);
  }

  /** @param {number} y @param {number} left @param {number} right @param {number} value 0..255 */
  span(y, left, right, value) {
    const start = y * this.width;
    this.data.fill(value, start + Math.max(left, 0), start + Math.min(right, this.width));
  }

  /**
   * Paints (255) or erases (0) every pixel whose centre lies within `radius` of the segment a-b, and those that hold a
   * and b.
   * @param {number} ax @param {number} ay @param {number} bx @param {number} by @param {number} radius
   * @param {0 | 255} value @param {number} [hardness] 0..1: the part of the radius that is covered whole; beyond it the
   * cover falls to the rim, and what is there already stays where it is more (painting) or less (erasing)
   */
  capsule(ax, ay, bx, by, radius, value, hardness = 1) {
    const { width, height, data } = this;
    if (hardness >= 1) {
      capsuleRows(ax, ay, bx, by, radius, height, (y, left, right) => this.span(y, left, right, value));
    } else {
      const length = Math.hypot(bx - ax, by - ay);
      const ux = length ? (bx - ax) / length : 1;
      const uy = length ? (by - ay) / length : 0;
      const core = radius * Math.max(hardness, 0);
      capsuleRows(ax, ay, bx, by, radius, height, (y, left, right) => {
        const dy = y + 0.5 - ay;
        const end = Math.min(right, width);
        for (let x = Math.max(left, 0), i = y * width + x; x < end; x++, i++) {
          if (data[i] === value) continue;
          const dx = x + 0.5 - ax;
          const along = Math.min(Math.max(dx * ux + dy * uy, 0), length);
          const [across, down] = [dx - along * ux, dy - along * uy];
          const t = Math.min((radius - Math.sqrt(across * across + down * down)) / (radius - core), 1);
          // Every pixel in reach gets something, so that the ring of the cursor shows what is touched.
          const level = LEVEL * Math.max(1, Math.ceil(15 * t * t * (3 - 2 * t) - 1e-9));
          data[i] = value ? Math.max(data[i], level) : Math.min(data[i], 255 - level);
        }
      });
    }
    for (const [px, py] of [
      [ax, ay],
      [bx, by],
    ]) {
      const x = Math.floor(px);
      const y = Math.floor(py);
      if (x >= 0 && y >= 0 && x < width && y < height) data[y * width + x] = value;
    }
    this.touch([
      Math.floor(Math.min(ax, bx) - radius - 1),
      Math.floor(Math.min(ay, by) - radius - 1),
      Math.ceil(Math.max(ax, bx) + radius + 1),
      Math.ceil(Math.max(ay, by) + radius + 1),
    ]);
  }

  /** Fills a closed outline, even-odd. @param {number[][]} points [x, y] each @param {0 | 255} value */
  polygon(points, value) {
    /** @type {Rect | null} */
    let rect = null;
    polygonRows(points, this.height, (y, left, right) => {
      this.span(y, left, right, value);
      rect = union(rect, [left, y, right, y + 1]);
    });
    if (rect) this.touch(rect);
  }

  /** @param {Rect} rect @param {number} value */
  rectangle(rect, value) {
    const [left, top, right, bottom] = this.clamped(rect);
    for (let y = top; y < bottom; y++) this.span(y, left, right, value);
    this.touch([left, top, right, bottom]);
  }

  invert() {
    const { data } = this;
    for (let i = 0; i < data.length; i++) data[i] ^= 255;
    this.touch([0, 0, this.width, this.height]);
  }

  /** Grows what is set by so many pixels all around; shrinks it where negative, but not away from the picture's border.
   * @param {number} pixels -254..254 */
  grow(pixels) {
    const box = this.bounds();
    const by = Math.abs(pixels);
    if (!box || !by) return;
    const [left, top, right, bottom] = this.clamped([box[0] - by, box[1] - by, box[2] + by, box[3] + by]);
    const part = new Uint8Array((right - left) * (bottom - top));
    const turned = pixels < 0 ? 255 : 0; // to shrink what is set is to grow what is not
    const rows = (/** @type {(at: number, from: number, to: number) => void} */ each) => {
      for (let y = top; y < bottom; y++)
        each((y - top) * (right - left), y * this.width + left, y * this.width + right);
    };
    rows((at, from, to) => part.set(this.data.subarray(from, to), at));
    for (let i = 0; turned && i < part.length; i++) part[i] ^= turned;
    const out = grown(part, right - left, bottom - top, by);
    for (let i = 0; turned && i < out.length; i++) out[i] ^= turned;
    rows((at, from, to) => this.data.set(out.subarray(at, at + to - from), from));
    this.touch([left, top, right, bottom]);
  }

  clear() {
    const box = this.bounds();
    if (box) this.rectangle(box, 0);
  }

  /** @param {Rect} rect @returns {Rect} */
  clamped(rect) {
    const within = (/** @type {number} */ v, /** @type {number} */ max) => Math.min(Math.max(v, 0), max);
    return [
      within(rect[0], this.width),
      within(rect[1], this.height),
      within(rect[2], this.width),
      within(rect[3], this.height),
    ];
  }

  /** Recounts the blocks under a changed rectangle and tells whoever draws. @param {Rect} rect */
  touch(rect) {
    const [left, top, right, bottom] = this.clamped(rect);
    if (left >= right || top >= bottom) return;
    const { width, height, columns, data, counts, partial } = this;
    for (let row = Math.floor(top / BLOCK); row * BLOCK < bottom; row++) {
      const last = Math.min((row + 1) * BLOCK, height);
      for (let column = Math.floor(left / BLOCK); column * BLOCK < right; column++) {
        const x0 = column * BLOCK;
        const x1 = Math.min(x0 + BLOCK, width);
        let set = 0;
        let whole = 0;
        for (let y = row * BLOCK; y < last; y++) {
          for (let i = y * width + x0, end = y * width + x1; i < end; i++) {
            set += (data[i] + 255) >> 8;
            whole += (data[i] + 1) >> 8;
          }
        }
        counts[row * columns + column] = set;
        partial[row * columns + column] = set - whole;
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
    const writer = new RunWriter();
    let value = 0;
    let length = 0;
    for (let y = rect[1]; y < rect[3]; y++) {
      const from = y * width + rect[0];
      const end = y * width + rect[2];
      for (let i = from; i < end; i++) {
        if ((data[i] ^ committed[i]) === value) length++;
        else {
          writer.push(value, length);
          value = data[i] ^ committed[i];
          length = 1;
        }
      }
      committed.set(data.subarray(from, end), from);
    }
    writer.push(value, length);
    const { runs, values } = writer.end();
    if (runs.length < 2 && !values) return null;
    return { rect, runs: Uint32Array.from(runs), ...(values && { values: Uint8Array.from(values) }) };
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

  /** Flips the bits of an edit: undoes it, or does it again. @param {Edit} edit */
  apply(edit) {
    const { rect } = edit;
    eachSpan(edit, rect[2] - rect[0], (row, left, right, value) => {
      const start = (rect[1] + row) * this.width + rect[0];
      for (let i = start + left; i < start + right; i++) {
        this.data[i] ^= value;
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

  /** The whole mask as it is sent and kept, row by row. @returns {WireMask} */
  wire() {
    const { data, width, height, soft } = this;
    const writer = new RunWriter();
    for (let y = 0; y < height; y++) {
      let at = 0;
      this.rowRuns(y, 0, width, (left, right) => {
        writer.push(0, left - at);
        at = right;
        if (!soft) return writer.push(255, right - left);
        const base = y * width;
        for (let x = left, from = left; x < right; from = x) {
          const value = data[base + x];
          while (++x < right && data[base + x] === value);
          writer.push(value, x - from);
        }
      });
      writer.push(0, width - at);
    }
    return { width, height, ...writer.end() };
  }

  /** Takes over a mask whose corner lies at (dx, dy) here; all else becomes 0. @param {WireMask} mask
   * @param {number} [dx] @param {number} [dy] @returns {boolean} false, and nothing is changed, where it is no mask */
  load(mask, dx = 0, dy = 0) {
    if (!this.take(mask, dx, dy)) return false;
    this.committed.set(this.data);
    this.dirty = null;
    return true;
  }

  /** The same as an edit in progress. @param {WireMask} mask @param {number} [dx] @param {number} [dy]
   * @returns {boolean} */
  take(mask, dx = 0, dy = 0) {
    if (!isSound(mask, mask.width * mask.height)) return false;
    this.data.fill(0);
    eachSpan(mask, mask.width, (row, left, right, value) => {
      const y = row + dy;
      const level = Math.max(LEVEL, LEVEL * Math.round(value / LEVEL));
      if (y >= 0 && y < this.height) this.span(y, left + dx, Math.max(right + dx, 0), level);
    });
    this.touch([0, 0, this.width, this.height]);
    return true;
  }

  /** Joins what another mask of this size has set, as an edit in progress. @param {WireMask} mask @param {Joining} how
   * @returns {boolean} false, and nothing is changed, where it is no mask of this size */
  join(mask, how) {
    const { width, height } = this;
    if (mask.width !== width || mask.height !== height || !isSound(mask, width * height)) return false;
    if (how === "new") this.clear();
    /** @type {Rect | null} */
    let rect = null;
    eachSpan(mask, width, (row, left, right) => {
      this.span(row, left, right, how === "less" ? 0 : 255);
      rect = union(rect, [left, row, right, row + 1]);
    });
    if (rect) this.touch(rect);
    return true;
  }

  /** FNV-1a over the bytes: tests compare it. */
  hash() {
    let hash = 0x811c9dc5;
    for (const byte of this.data) hash = Math.imul(hash ^ byte, 0x01000193);
    return (hash >>> 0).toString(16).padStart(8, "0");
  }
}
