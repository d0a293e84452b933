/** The steps of a run as they came: previews, undecided cells, confidence. Knows nothing of the screen or of what is
 * shown. */

import { download } from "./picture.js";
import { bitsOf } from "./tokens.js";

const NO_STEP = 0xffff;
const SIGHT = 1.25; // times what is new: the tile's surroundings
const LEAST_SIGHT = 24; // picture pixels; less is a blur

/**
 * @typedef {{run: string, variations: number[], step: number, finish: boolean, pass: number, window: number[],
 *   unknown: Uint8Array[], confidence: Uint8Array[], blobs: Promise<Blob | null>[]}} Moment
 * one step, or a look at what is being finished after the last: all lists by variation of this trace, `variations` says
 * which of `run` each one is; window in picture pixels
 */
/**
 * @typedef {{kind: "all"} | {kind: "box", box: number[]} | {kind: "outside", size: number[]} |
 *   {kind: "mask", box: number[], canvas: HTMLCanvasElement}} Cut
 * what of a preview is new, in picture pixels
 */

/** Bytes of a hex string. @param {string} hex @param {number} count */
function bytesOf(hex, count) {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16) || 0;
  return bytes;
}

/** A square about what is new and a quarter more, moved and cut to lie within a picture or window: left, top, right,
 * bottom. @param {number[]} box @param {number[]} within @returns {number[]} */
export function sightOf(box, within) {
  const wanted = Math.max(SIGHT * Math.max(box[2] - box[0], box[3] - box[1]), LEAST_SIGHT);
  const [[left, right], [top, bottom]] = [0, 1].map((axis) => {
    const [first, last] = [within[axis], within[axis + 2]];
    const side = Math.min(wanted, last - first);
    const start = Math.min(Math.max((box[axis] + box[axis + 2] - side) / 2, first), last - side);
    return [start, start + side];
  });
  return [left, top, right, bottom];
}

export class Trace {
  /** @param {string} run @param {string} mode @param {Cut} cut @param {Uint8Array | null} hole cells to regenerate,
   * where one window was planned */
  constructor(run, mode, cut, hole) {
    this.run = run;
    this.mode = mode;
    this.cut = cut;
    this.hole = hole;
    /** @type {Uint8Array | null} all cells that this run and those it was made from regenerate */
    this.region = hole;
    /** @type {number[] | null} picture pixels, the last pass's */
    this.window = null;
    this.grid = 16; // rows of cells of the model that it runs on
    this.steps = 0;
    this.passes = 1; // windows
    this.count = 0;
    /** @type {number[]} size of the canvas that comes out */
    this.canvas = [0, 0];
    this.offset = [0, 0];
    /** @type {Moment[]} */
    this.moments = [];
  }

  /** Takes over what an earlier run's variation tells of this one: its window and, for each variation here, its steps
   * up to a position. @param {Trace} parent @param {number} position @param {number} variation @param {number} count of
   * variations here */
  begin(parent, position, variation, count) {
    const [first] = parent.moments;
    this.window = parent.window;
    this.grid = parent.grid;
    this.region = parent.region || (first ? parent.holeOf(first, variation) : null);
    const same = (/** @type {any[]} */ list) =>
      Array.from({ length: count }, () => list[Math.min(variation, list.length - 1)]);
    this.moments = parent.moments.slice(0, position).map((each) => ({
      ...each,
      variations: same(each.variations),
      unknown: same(each.unknown),
      confidence: same(each.confidence),
      blobs: same(each.blobs),
    }));
    this.steps = parent.steps;
    this.canvas = parent.canvas;
    this.offset = parent.offset;
    this.count = count;
  }

  /** Keeps a step; its previews are fetched now, while the server has them.
   * @param {import("./wire.js").Step} message */
  add(message) {
    this.grid = message.grid;
    const cells = this.grid ** 2;
    const [ox, oy] = message.offset;
    const [l, t, r, b] = message.window;
    this.steps = message.steps;
    this.passes = message.passes;
    this.count = message.variation_count;
    this.canvas = message.canvas;
    this.offset = message.offset;
    if (!message.urls.length) return; // being finished, and no one window shows all
    this.window = [l - ox, t - oy, r - ox, b - oy];
    this.moments.push({
      run: message.run,
      variations: message.urls.map((_, i) => i),
      step: message.step,
      finish: !!message.finish,
      pass: message.pass_index,
      window: this.window,
      unknown: message.unknown.map((hex) => bitsOf(hex, cells)),
      confidence: (message.confidence || []).map((hex) => bytesOf(hex, cells)),
      blobs: message.urls.map((url) => download(url).catch(() => null)),
    });
  }

  /** The box that holds all that is new, in picture pixels; null where that is no single box. */
  get newBox() {
    return this.cut.kind === "mask" || this.cut.kind === "box" ? this.cut.box : null;
  }

  /** Where a small picture should look, within the window; all of it where no box holds what is new. In picture pixels.
   * @returns {number[] | null} */
  get sight() {
    const { window, newBox } = this;
    if (!window || !newBox || this.passes > 1) return window;
    return sightOf(newBox, window);
  }

  /** Steps of this trace, those to come as well. */
  get expected() {
    return Math.max(this.moments.length, this.steps);
  }

  /** Steps that decided something: what comes after them is only finished. */
  get decoded() {
    return this.moments.filter((each) => !each.finish).length;
  }

  /** Forgets what came after the steps: the run was stopped in its finish, and what is kept is its last step. */
  unfinish() {
    this.moments = this.moments.filter((each) => !each.finish);
  }

  /** The step shown at a position: 0 is before the first, which has none. @param {number} position
   * @returns {Moment | null} */
  at(position) {
    return this.moments[position - 1] || null;
  }

  /** What one variation had undecided at a position. @param {number} position @param {number} variation
   * @returns {{window: number[], unknown: Uint8Array} | null} */
  undecided(position, variation) {
    const moment = this.at(position) || this.moments[0];
    if (!moment) return null;
    const unknown = position ? moment.unknown[variation] || moment.unknown[0] : this.holeOf(moment, variation);
    return { window: moment.window, unknown };
  }

  /** Cells that a pass regenerates; where no plan was kept, those that its first step left open or was unsure of.
   * @param {Moment} first @param {number} variation @returns {Uint8Array} */
  holeOf(first, variation) {
    const unknown = first.unknown[variation] || first.unknown[0];
    if (this.hole && this.passes === 1 && this.hole.length === unknown.length) return this.hole;
    const confidence = first.confidence[variation];
    return unknown.map((open, i) => (open || (confidence && confidence[i] < 255) ? 1 : 0));
  }

  /** The decoding steps of the pass that a position lies in, up to that position. @param {number} position
   * @returns {Moment[]} */
  passUntil(position) {
    const last = this.at(position);
    return last ? this.moments.slice(0, position).filter((each) => each.pass === last.pass && !each.finish) : [];
  }

  /** The share of the pass, 0 first to 1 last, at which each cell was decided; -1 where it is given or still open.
   * @param {number} position @param {number} variation @returns {Float32Array | null} */
  order(position, variation) {
    const moments = this.passUntil(position);
    if (!moments.length) return null;
    let open = this.holeOf(moments[0], variation);
    const decided = new Uint16Array(open.length).fill(NO_STEP);
    moments.forEach((moment, index) => {
      const unknown = moment.unknown[variation] || moment.unknown[0];
      for (const [i, still] of unknown.entries()) {
        if (open[i] && !still && decided[i] === NO_STEP) decided[i] = index;
      }
      open = unknown;
    });
    const pass = moments[0].pass;
    const last = Math.max(this.moments.filter((each) => each.pass === pass && !each.finish).length - 1, 1);
    return Float32Array.from(decided, (index) => (index === NO_STEP ? -1 : index / last));
  }

  /** Probability of each cell's code, 0..1; -1 where the cell is given or still open. @param {number} position
   * @param {number} variation @returns {Float32Array | null} */
  sureness(position, variation) {
    const moments = this.passUntil(position);
    const last = moments[moments.length - 1];
    const bytes = last?.confidence[variation];
    if (!last || !bytes) return null;
    const hole = this.holeOf(moments[0], variation);
    const unknown = last.unknown[variation] || last.unknown[0];
    return Float32Array.from(bytes, (byte, i) => (hole[i] && !unknown[i] ? byte / 255 : -1));
  }
}
