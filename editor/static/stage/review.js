/** A run while it decodes, and its variations afterwards, as pictures. Knows nothing of the page around the canvas. */

import { Picture, context2d, download, makeCanvas } from "./picture.js";
import { bitsOf } from "./tokens.js";

const MOST_HELD = 64e6; // pixels of loaded variations kept at a time

/** Draws at most a w x h region of a source picture into a canvas for a tile. @param {CanvasImageSource} source
 * @param {number[]} from left, top, width, height in the source @param {number} [side] */
function tileOf(source, from, side = 160) {
  const scale = side / Math.max(from[2], from[3]);
  const tile = makeCanvas(Math.round(from[2] * scale), Math.round(from[3] * scale));
  context2d(tile).drawImage(source, from[0], from[1], from[2], from[3], 0, 0, tile.width, tile.height);
  return tile;
}

/** What has been shown of a run so far. */
export class Running {
  /** @param {string} run @param {string} mode */
  constructor(run, mode) {
    this.run = run;
    this.mode = mode;
    this.started = performance.now();
    this.step = 0;
    this.steps = 0;
    this.passIndex = 0;
    this.passes = 1;
    /** @type {number | null} */
    this.secondsLeft = null;
    /** @type {number[] | null} window in picture pixels (of the picture as it is, not the grown one) */
    this.window = null;
    /** @type {Uint8Array | null} */
    this.unknown = null;
    /** @type {Map<number, number>} cell -> time at which it was decided, this pass */
    this.decided = new Map();
    /** @type {number[]} size of the canvas that comes out */
    this.canvas = [0, 0];
    this.offset = [0, 0];
    this.index = 0;
    /** @type {Map<number, {box: number[], frames: ImageBitmap[], canvas: HTMLCanvasElement}>} by pass */
    this.previews = new Map();
  }

  /**
   * @param {any} message of kind "step" @param {number} grid
   * @param {(pen: CanvasRenderingContext2D, box: number[]) => void} keepUnknown cuts the preview to what is repainted
   */
  async take(message, grid, keepUnknown) {
    const frames = await Promise.all(
      message.urls.map(async (/** @type {string} */ url) => createImageBitmap(await download(url)))
    );
    const [ox, oy] = message.offset;
    const [l, t, r, b] = message.window;
    const unknown = bitsOf(message.unknown, grid * grid);
    if (message.pass_index !== this.passIndex || !this.unknown) this.decided.clear();
    else {
      const now = performance.now();
      this.unknown.forEach((was, i) => was && !unknown[i] && this.decided.set(i, now));
    }
    this.step = message.step;
    this.steps = message.steps;
    this.passIndex = message.pass_index;
    this.passes = message.passes;
    this.secondsLeft = typeof message.seconds_left === "number" ? message.seconds_left : null;
    this.window = [l - ox, t - oy, r - ox, b - oy];
    this.unknown = unknown;
    this.canvas = message.canvas;
    this.offset = message.offset;
    const old = this.previews.get(this.passIndex);
    if (old) old.frames.forEach((frame) => frame.close());
    const side = Math.max(16, Math.min(512, r - l));
    this.previews.set(this.passIndex, { box: this.window, frames, canvas: old ? old.canvas : makeCanvas(side, side) });
    this.compose(keepUnknown);
  }

  /** @param {(pen: CanvasRenderingContext2D, box: number[]) => void} keepUnknown */
  compose(keepUnknown) {
    for (const { box, frames, canvas } of this.previews.values()) {
      const pen = context2d(canvas);
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.globalCompositeOperation = "source-over";
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.imageSmoothingQuality = "high";
      const frame = frames[Math.min(this.index, frames.length - 1)];
      if (frame) pen.drawImage(frame, 0, 0, canvas.width, canvas.height);
      const scale = canvas.width / (box[2] - box[0]);
      pen.setTransform(scale, 0, 0, scale, -box[0] * scale, -box[1] * scale);
      pen.globalCompositeOperation = "destination-in";
      keepUnknown(pen, box);
    }
  }

  /** One small canvas a variation. @returns {HTMLCanvasElement[]} */
  tiles() {
    const preview = this.previews.get(this.passIndex);
    return preview ? preview.frames.map((frame) => tileOf(frame, [0, 0, frame.width, frame.height])) : [];
  }

  close() {
    for (const { frames } of this.previews.values()) frames.forEach((frame) => frame.close());
    this.previews.clear();
  }
}

/** @typedef {{url: string, seed: number, score: number, changed_outside: number}} Variation */

/** The variations of a finished run. */
export class Review {
  /** @param {any} message of kind "result" @param {number[] | null} focus what tiles show, on the canvas that came out */
  constructor(message, focus) {
    this.run = /** @type {string} */ (message.run);
    this.variations = /** @type {Variation[]} */ (message.variations);
    this.width = message.canvas[0];
    this.height = message.canvas[1];
    this.offset = /** @type {number[]} */ (message.offset || [0, 0]);
    this.seconds = message.seconds;
    this.focus = focus || [0, 0, this.width, this.height];
    this.index = 0;
    /** @type {boolean} an accept is on its way */
    this.sent = false;
    this.closed = false;
    /** @type {(Blob | null)[]} */
    this.blobs = this.variations.map(() => null);
    /** @type {(Picture | null)[]} */
    this.pictures = this.variations.map(() => null);
    /** @type {(HTMLCanvasElement | null)[]} */
    this.tiles = this.variations.map(() => null);
  }

  get current() {
    return this.variations[this.index];
  }

  /** Loads one variation, and lets go of others where they are too large to hold. @param {number} index */
  async load(index) {
    if (this.pictures[index]) return;
    const blob = this.blobs[index] || (await download(this.variations[index].url));
    this.blobs[index] = blob;
    const picture = await Picture.decode(blob, this.width, this.height);
    if (this.closed) return picture.close();
    this.pictures[index] = picture;
    const held = this.pictures.filter(Boolean).length;
    if (held * this.width * this.height > MOST_HELD) {
      const spare = this.pictures.findIndex((each, i) => each && i !== index && i !== this.index);
      if (spare >= 0) {
        /** @type {Picture} */ (this.pictures[spare]).close();
        this.pictures[spare] = null;
      }
    }
    if (!this.tiles[index]) {
      const [l, t, r, b] = this.focus;
      const source = /** @type {any} */ (picture.level(160 / Math.max(r - l, b - t)));
      const k = source.width / this.width;
      this.tiles[index] = tileOf(source, [l * k, t * k, (r - l) * k, (b - t) * k]);
    }
  }

  /** The picture to look at: the chosen variation once it is loaded. @returns {Picture | null} */
  get shown() {
    return this.pictures[this.index];
  }

  /** Gives the chosen picture away and lets go of the rest. @param {string} url @returns {Picture | null} */
  taken(url) {
    const index = this.variations.findIndex((each) => each.url === url);
    if (index < 0) return null;
    const picture = this.pictures[index];
    this.pictures[index] = null;
    return picture;
  }

  close() {
    this.closed = true;
    for (const picture of this.pictures) if (picture) picture.close();
    this.pictures = this.pictures.map(() => null);
  }
}
