/** A trace as pictures: decodes the previews of one position and cuts them to what is new. Knows no steps beyond the
 * asked one. */

import { context2d, makeCanvas } from "./picture.js";

const MOST_BITMAPS = 160;

/** Keeps of what is drawn only what a run makes new. @param {CanvasRenderingContext2D} pen in picture pixels
 * @param {import("./trace.js").Cut} cut */
function keepNew(pen, cut) {
  if (cut.kind === "all") return;
  if (cut.kind === "outside") {
    pen.globalCompositeOperation = "destination-out";
    pen.fillRect(0, 0, cut.size[0], cut.size[1]);
    return;
  }
  pen.globalCompositeOperation = "destination-in";
  const [l, t, r, b] = cut.box;
  if (cut.kind === "box") {
    pen.beginPath();
    pen.rect(l, t, r - l, b - t);
    pen.fill();
  } else pen.drawImage(cut.canvas, l, t, r - l, b - t);
}

export class Film {
  /** @param {import("./trace.js").Trace} trace */
  constructor(trace) {
    this.trace = trace;
    /** @type {{box: number[], canvas: HTMLCanvasElement}[]} the previews to lay over the picture, one a pass */
    this.layers = [];
    /** @type {Map<Promise<Blob | null>, Promise<ImageBitmap | null>>} in the order of use */
    this.bitmaps = new Map();
    this.asked = 0;
    this.closed = false;
  }

  /** @param {Promise<Blob | null>} blob @returns {Promise<ImageBitmap | null>} */
  bitmap(blob) {
    const found = this.bitmaps.get(blob);
    this.bitmaps.delete(blob);
    const bitmap = found || blob.then((each) => (each ? createImageBitmap(each) : null)).catch(() => null);
    this.bitmaps.set(blob, bitmap);
    for (const [old, spare] of this.bitmaps) {
      if (this.bitmaps.size <= MOST_BITMAPS) break;
      this.bitmaps.delete(old);
      void spare.then((each) => each?.close());
    }
    return bitmap;
  }

  /** Makes the layers those of a position. @param {number} position @param {number} variation
   * @returns {Promise<boolean>} false where something else was asked for meanwhile */
  async show(position, variation) {
    const asked = ++this.asked;
    /** @type {Map<number, import("./trace.js").Moment>} */
    const last = new Map();
    for (const moment of this.trace.moments.slice(0, position)) last.set(moment.pass, moment);
    const wanted = await Promise.all(
      [...last.values()].map(async (moment) => ({
        box: moment.window,
        bitmap: await this.bitmap(moment.blobs[Math.min(variation, moment.blobs.length - 1)]),
      }))
    );
    if (asked !== this.asked || this.closed) return false;
    this.layers = wanted
      .filter(({ bitmap }) => bitmap)
      .map(({ box, bitmap }, i) => this.layer(box, /** @type {ImageBitmap} */ (bitmap), i));
    return true;
  }

  /** @param {number[]} box @param {ImageBitmap} bitmap @param {number} index
   * @returns {{box: number[], canvas: HTMLCanvasElement}} */
  layer(box, bitmap, index) {
    const side = Math.max(16, Math.min(512, box[2] - box[0]));
    const old = this.layers[index];
    const canvas = old && old.canvas.width === side ? old.canvas : makeCanvas(side, side);
    const pen = context2d(canvas);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, side, side);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, 0, 0, side, side);
    const scale = side / (box[2] - box[0]);
    pen.setTransform(scale, 0, 0, scale, -box[0] * scale, -box[1] * scale);
    keepNew(pen, this.trace.cut);
    return { box, canvas };
  }

  /** Whole previews of a position, one a variation, for tiles. @param {number} position
   * @returns {Promise<(ImageBitmap | null)[]>} */
  async previews(position) {
    const moment = this.trace.at(position);
    return moment ? Promise.all(moment.blobs.map((blob) => this.bitmap(blob))) : [];
  }

  close() {
    this.closed = true;
    this.layers = [];
    for (const bitmap of this.bitmaps.values()) void bitmap.then((each) => each?.close());
    this.bitmaps.clear();
  }
}
