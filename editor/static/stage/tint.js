/** The mask as the screen needs it: tinted bitmaps, kept in step with every stroke. Knows nothing of the view or of
 * tools. */

import { union } from "./mask.js";
import { context2d, makeCanvas } from "./picture.js";
import { softened } from "./soft.js";

/** @typedef {import("./mask.js").Rect} Rect */

const BAND = 1 << 20; // pixels turned into a bitmap at a time
const MOST_TINT = 16e6; // pixels; above it the tint starts at half size
const MOST_SOFT = 1e6; // pixels softened at a time, about a tenth of a second; larger holes are looked at smaller

/** @typedef {{width: number, height: number, step: number, data: Uint8Array,
 * canvas: HTMLCanvasElement | null}} Level */
/** @typedef {{key: string, level: Level, left: number, top: number}} Soft a part with a soft edge, and where it lies on
 * the canvas */

/** A pixel of the tint for each byte of the mask. @param {number[]} rgb */
function wordsOf(rgb) {
  const bytes = new Uint8Array(1024);
  for (let value = 0; value < 256; value++) bytes.set([...rgb, value], 4 * value);
  return new Uint32Array(bytes.buffer);
}

/** The mask as bitmaps at full size and its halvings; a halved pixel has the most of its four, so no stroke
 * vanishes. */
export class Tint {
  /** @param {import("./mask.js").Mask} mask @param {number[]} rgb */
  constructor(mask, rgb) {
    this.mask = mask;
    this.words = wordsOf(rgb);
    /** @type {Rect | null} what is other than when it was asked for last, on the canvas */
    this.fresh = null;
    /** @type {Soft | null} what was drawn last with a soft edge */
    this.soft = null;
    /** @type {Level[]} */
    this.levels = [];
    for (let step = 1, w = mask.width, h = mask.height; ; step *= 2, w = Math.ceil(w / 2), h = Math.ceil(h / 2)) {
      const shown = w * h <= MOST_TINT;
      this.levels.push({
        width: w,
        height: h,
        step,
        data: step === 1 ? mask.data : new Uint8Array(w * h),
        canvas: shown ? makeCanvas(w, h) : null,
      });
      if (Math.max(w, h) <= 512) break;
    }
  }

  /** @param {Rect} rect on the canvas */
  update(rect) {
    this.fresh = union(this.fresh, rect);
    this.soft = null;
    let [l, t, r, b] = rect;
    this.levels.forEach((level, index) => {
      if (index) {
        [l, t, r, b] = [l >> 1, t >> 1, Math.min((r + 1) >> 1, level.width), Math.min((b + 1) >> 1, level.height)];
        const below = this.levels[index - 1];
        for (let y = t; y < b; y++) {
          const upper = 2 * y * below.width;
          const lower = 2 * y + 1 < below.height ? upper + below.width : upper;
          for (let x = l; x < r; x++) {
            const a = 2 * x;
            const c = a + 1 < below.width ? a + 1 : a;
            const d = below.data;
            const high = Math.max(d[upper + a], d[upper + c]);
            const low = Math.max(d[lower + a], d[lower + c]);
            level.data[y * level.width + x] = Math.max(high, low);
          }
        }
      }
      if (level.canvas) this.paint(level, l, t, r, b);
    });
  }

  /** @param {{width: number, data: Uint8Array, canvas: HTMLCanvasElement | null}} level @param {number} l
   * @param {number} t
   * @param {number} r @param {number} b */
  paint(level, l, t, r, b) {
    if (l >= r) return;
    const pen = context2d(/** @type {HTMLCanvasElement} */ (level.canvas));
    const rows = Math.max(1, Math.floor(BAND / (r - l)));
    for (let top = t; top < b; top += rows) {
      const bottom = Math.min(top + rows, b);
      const image = new ImageData(r - l, bottom - top);
      const words = new Uint32Array(image.data.buffer);
      let n = 0;
      for (let y = top; y < bottom; y++) {
        for (let i = y * level.width + l, end = y * level.width + r; i < end; i++)
          words[n++] = this.words[level.data[i]];
      }
      pen.putImageData(image, l, top);
    }
  }

  /** @param {number[]} rgb */
  recolour(rgb) {
    this.words = wordsOf(rgb);
    this.update([0, 0, this.mask.width, this.mask.height]);
  }

  /** The level that a scale needs. @param {number} deviceScale @returns {Level | null} */
  levelFor(deviceScale) {
    /** @type {Level | null} */
    let best = null;
    for (const level of this.levels) if (level.canvas && (!best || 1 / level.step >= deviceScale)) best = level;
    return best;
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} deviceScale */
  draw(pen, deviceScale) {
    const level = this.levelFor(deviceScale);
    if (level) lay(pen, deviceScale, level, 0, 0);
  }

  /** The same with the soft edge that a result would have. @param {CanvasRenderingContext2D} pen
   * @param {number} deviceScale @param {number} feather pixels @param {Rect | null} box instead of the mask */
  drawSoft(pen, deviceScale, feather, box) {
    const hole = box ?? this.mask.bounds();
    let level = this.levelFor(deviceScale);
    if (!hole || !level) return;
    const area = (hole[2] - hole[0]) * (hole[3] - hole[1]);
    for (const each of this.levels) if (each.step > level.step && area > MOST_SOFT * level.step ** 2) level = each;
    const key = String([level.step, feather, box]);
    if (this.soft?.key !== key) this.soft = { key, ...this.softOf(level, feather, hole, box) };
    lay(pen, deviceScale, this.soft.level, this.soft.left, this.soft.top);
  }

  /** The part of a level around a hole, with its soft edge. @param {Level} level @param {number} feather
   * @param {Rect} hole @param {Rect | null} box */
  softOf({ step, data, width, height }, feather, hole, box) {
    const [l, t] = [hole[0], hole[1]].map((v) => Math.floor(v / step));
    const [r, b] = [hole[2], hole[3]].map((v) => Math.ceil(v / step));
    const [left, top] = [Math.max(l - 1, 0), Math.max(t - 1, 0)]; // beside the hole lies what it is softened against
    const [w, h] = [Math.min(r + 1, width) - left, Math.min(b + 1, height) - top];
    const plane = new Uint8Array(w * h);
    for (let y = t; y < b; y++) {
      const row = (y - top) * w + l - left;
      if (box) plane.fill(255, row, row + r - l);
      else plane.set(data.subarray(y * width + l, y * width + r), row);
    }
    const level = { width: w, height: h, step, data: softened(plane, w, h, feather, step), canvas: makeCanvas(w, h) };
    this.paint(level, 0, 0, w, h);
    return { level, left: left * step, top: top * step };
  }

  close() {
    for (const { canvas } of this.levels) if (canvas) canvas.width = canvas.height = 1;
  }
}

/** @param {CanvasRenderingContext2D} pen @param {number} deviceScale @param {Level} level
 * @param {number} left @param {number} top on the canvas */
function lay(pen, deviceScale, { width, height, step, canvas }, left, top) {
  if (!canvas) return;
  pen.imageSmoothingEnabled = deviceScale < 1;
  // A halving of an odd size reaches half a pixel past the picture.
  pen.drawImage(canvas, left, top, width * step, height * step);
}
