/** A run while it decodes, and variations to choose from afterwards, as pictures. Knows nothing of the page around the
 * canvas. */

import { Film } from "./film.js";
import { context2d, download, makeCanvas, Picture } from "./picture.js";
import { sightOf } from "./trace.js";
import { ORDERS } from "./wording.js";

const TILE_SIDE = 224; // pixels of a small picture, for 112 of a fine screen
const MOST_HELD = 64e6; // pixels of loaded variations kept at a time

/** Draws a part of a source picture into a small canvas. @param {CanvasImageSource} source
 * @param {number[]} from left, top, width, height in the source @param {number} [side] of the canvas, the longer one
 * @returns {HTMLCanvasElement} */
export function tileOf(source, from, side = TILE_SIDE) {
  const scale = side / Math.max(from[2], from[3]);
  const tile = makeCanvas(Math.round(from[2] * scale), Math.round(from[3] * scale));
  context2d(tile).drawImage(source, from[0], from[1], from[2], from[3], 0, 0, tile.width, tile.height);
  return tile;
}

/** A run that is decoding. */
export class Running {
  /** @param {import("./trace.js").Trace} trace @param {import("./wire.js").From | null} from
   * @param {Review | null} family whose strip its result joins */
  constructor(trace, from, family) {
    this.trace = trace;
    this.run = trace.run;
    this.mode = trace.mode;
    this.from = from;
    this.family = family;
    this.film = new Film(trace);
    /** @type {import("./orders.js").Order | null} what it was asked for; null where it goes on from another run */
    this.order = null;
    /** Whether the stage is for something else meanwhile. */
    this.aside = false;
    this.heard = performance.now();
    this.step = 0;
    this.steps = 0;
    this.finishing = false; // all steps are done
    /** @type {[number, number] | null} which window of all, and their number; null where there is one */
    this.windows = null;
    this.passIndex = 0; // of the cells below
    /** @type {number | null} */
    this.secondsLeft = null;
    /** @type {import("../common/messages").Waiting | null} its place among others, before it begins */
    this.place = null;
    this.index = 0;
    this.picked = false; // the index, by a person
    /** @type {number[] | null} picture pixels (of the picture as it is, not the grown one) */
    this.window = null;
    /** @type {Uint8Array | null} */
    this.unknown = null;
    /** @type {Map<number, number>} cell -> time at which it was decided, this pass */
    this.decided = new Map();
    /** @type {HTMLCanvasElement[]} */
    this.tiles = [];
  }

  get canvas() {
    return this.trace.canvas;
  }

  /** Whether it is decoded beside the picture under review instead of on it. */
  get beside() {
    return !!this.from && ["baseline", "more", "pins"].includes(this.from.how);
  }

  /** It is behind others. @param {import("../common/messages").Waiting} message */
  wait(message) {
    this.heard = performance.now();
    this.place = message;
  }

  /** It was heard of at work. */
  begin() {
    this.heard = performance.now();
    this.place = null;
  }

  /** How far it is. @param {import("./wire.js").Step} message */
  reach(message) {
    this.begin();
    this.step = message.step;
    this.steps = message.steps;
    this.finishing = !!message.finish;
    this.windows = message.passes > 1 ? [message.pass_index, message.passes] : null;
    this.secondsLeft = numberOr(message.seconds_left);
  }

  /** The newest step's cells, and when each was decided. */
  advance() {
    const { trace } = this;
    const moment = trace.moments[trace.moments.length - 1];
    if (!moment) return;
    const unknown = moment.unknown[Math.min(this.index, moment.unknown.length - 1)];
    if (moment.pass !== this.passIndex || !this.unknown) this.decided.clear();
    else {
      const now = performance.now();
      for (const [i, was] of this.unknown.entries()) if (was && !unknown[i]) this.decided.set(i, now);
    }
    this.passIndex = moment.pass;
    this.window = moment.window;
    this.unknown = unknown;
  }

  /** Loads what the newest step looks like. @returns {Promise<boolean>} false where a newer one overtook it */
  async draw() {
    const position = this.trace.moments.length;
    const previews = await this.film.previews(position);
    if (!(await this.film.show(position, this.index))) return false;
    this.tiles = previews.flatMap((each) => (each ? [tileOf(each, this.seen(each))] : []));
    return true;
  }

  /** The part of a preview that its tile shows: left, top, width, height. @param {ImageBitmap} preview */
  seen({ width, height }) {
    const { window, sight } = this.trace;
    if (!window || !sight) return [0, 0, width, height];
    const k = width / (window[2] - window[0]);
    return [
      (sight[0] - window[0]) * k,
      (sight[1] - window[1]) * k,
      (sight[2] - sight[0]) * k,
      (sight[3] - sight[1]) * k,
    ];
  }

  close() {
    this.film.close();
  }
}

/**
 * @typedef {{run: string, trace: import("./trace.js").Trace | null, branchable: boolean, draft: boolean,
 *   seconds: number | null, from: import("./wire.js").From | null, settings: Record<string, any>,
 *   pins: Map<number, number>}} Outcome
 * what is known of a finished run; pins: cell -> code, fixed in it
 */
/**
 * @typedef {{url: string, seed: number, score: number | null, seam: number | null, shift: number | null,
 *   fit: number | null, worth: number | null, rank: number | null, changed_outside: number | null, note: string,
 *   place: number, outcome: Outcome, dropped: boolean, starred: boolean}} Variation
 * place = its number in its own run; rank = how many of that run are better, and worth = what they were compared by,
 * null where they were not
 */
/** @typedef {"drawn" | "best" | "seam"} Order */
/** @typedef {{message: import("./wire.js").Result, pins: [number, number][]}} Share a result, as it came */
/** @typedef {{parts: Share[], head: number | null, index: number, order: Order, dropped: boolean[],
 *   starred?: boolean[], number?: number, hole?: number[] | null,
 *   asked?: import("./mask.js").WireMask | null}} StoredReview */

/** @param {any} value */
const numberOr = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Variations to choose from: those of a run and of all that was made from it, which share its window. */
export class Review {
  /** @param {import("./wire.js").Result} message @param {import("./trace.js").Trace | null} trace
   * @param {number | null} head the version that it repaints */
  constructor(message, trace, head) {
    this.width = message.canvas[0];
    this.height = message.canvas[1];
    this.offset = /** @type {number[]} */ (message.offset || [0, 0]);
    this.head = head;
    this.number = 1; // of the runs of its document
    /** @type {number[] | null} the box that holds what is new, in pixels of the picture it repaints */
    this.hole = null;
    this.index = 0;
    /** @type {Order} */
    this.order = "drawn";
    /** @type {import("./mask.js").WireMask | null} what was painted for it */
    this.asked = null;
    /** @type {boolean} an accept is on its way */
    this.sent = false;
    this.closed = false;
    /** @type {Variation[]} */
    this.variations = [];
    /** @type {Share[]} the results that it was made of */
    this.parts = [];
    /** @type {(Blob | null)[]} */
    this.blobs = [];
    /** @type {(Picture | null)[]} */
    this.pictures = [];
    /** @type {(HTMLCanvasElement | null)[]} of the last preview until the picture itself is loaded */
    this.tiles = [];
    /** @type {Set<number>} those whose tile shows the picture itself */
    this.ownTiles = new Set();
    this.add(message, trace);
  }

  /** Takes the variations of a result in. @param {import("./wire.js").Result} message
   * @param {import("./trace.js").Trace | null} trace
   * @param {Map<number, number>} [pins] @returns {number} the first of them */
  add(message, trace, pins = new Map()) {
    const first = this.variations.length;
    this.parts.push({ message, pins: [...pins] });
    /** @type {Outcome} */
    const outcome = {
      run: message.run,
      trace,
      pins,
      branchable: !!message.branchable,
      draft: !!message.draft,
      seconds: numberOr(message.seconds),
      from: message.from || null,
      settings: message.settings || {},
    };
    const ranking = Array.isArray(message.ranking) ? message.ranking : null;
    message.variations.forEach((each, place) => {
      this.variations.push({
        url: each.url,
        seed: each.seed,
        score: numberOr(each.score),
        seam: numberOr(each.seam),
        shift: numberOr(each.shift),
        fit: numberOr(each.fit),
        worth: numberOr(each.worth),
        rank: ranking?.indexOf(place) ?? null,
        changed_outside: numberOr(each.changed_outside),
        note: typeof each.note === "string" ? each.note : "",
        place,
        outcome,
        dropped: false,
        starred: false,
      });
      this.blobs.push(null);
      this.pictures.push(null);
      this.tiles.push(null);
    });
    return first;
  }

  /** What a later page can have the same review of; the steps stay behind. @returns {StoredReview} */
  stored() {
    const { parts, head, index, order, asked, number, hole, variations } = this;
    const [dropped, starred] = [variations.map((each) => each.dropped), variations.map((each) => each.starred)];
    return { parts, head, index, order, asked, number, hole, dropped, starred };
  }

  /** @param {StoredReview} stored @returns {Review} */
  static revived({ parts, head, index, order, dropped, asked, starred, number, hole }) {
    const review = new Review(parts[0].message, null, head);
    for (const { message, pins } of parts.slice(1)) review.add(message, null, new Map(pins));
    for (const [i, each] of review.variations.entries())
      Object.assign(each, { dropped: !!dropped[i], starred: !!starred?.[i] });
    const known = { number: number ?? 1, hole: hole ?? null, asked: asked || null };
    return Object.assign(review, known, { index, order: order in ORDERS ? order : "drawn" });
  }

  get current() {
    return this.variations[this.index];
  }

  get run() {
    return this.current.outcome.run;
  }

  /** Bytes of loaded variations. */
  get bytes() {
    return this.blobs.reduce((sum, blob) => sum + (blob ? blob.size : 0), 0);
  }

  /** Where a small picture should look, in its own pixels. */
  get focus() {
    const { hole, width, height, offset } = this;
    const whole = [0, 0, width, height];
    return hole
      ? sightOf(
          hole.map((v, i) => v + offset[i % 2]),
          whole
        )
      : whole;
  }

  /** What was run for it, oldest first. @returns {Outcome[]} */
  get outcomes() {
    return [...new Set(this.variations.map(({ outcome }) => outcome))];
  }

  /** The variations that are not dropped, run by run, each in the order asked for. @returns {number[]} */
  ordered() {
    const kept = this.variations.flatMap((each, i) => (each.dropped ? [] : [i]));
    const runs = this.outcomes;
    const run = (/** @type {number} */ i) => runs.indexOf(this.variations[i].outcome);
    const rank = (/** @type {number} */ i) => {
      const { rank: better, seam } = this.variations[i];
      // A seam near 1 cannot be seen.
      if (this.order === "best") return better ?? Infinity;
      return this.order === "seam" ? (seam === null ? Infinity : Math.abs(seam - 1)) : i;
    };
    return kept.sort((a, b) => run(a) - run(b) || rank(a) - rank(b) || a - b);
  }

  /** The variation so many places on in the order shown. @param {number} by @returns {number} */
  neighbour(by) {
    const order = this.ordered();
    const at = order.indexOf(this.index);
    return order[(at + by + order.length) % order.length];
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
    this.sketch(index, picture);
  }

  /** Makes a variation's tile of its picture, once. @param {number} index @param {Picture} picture */
  sketch(index, picture) {
    if (this.ownTiles.has(index)) return;
    this.ownTiles.add(index);
    const [l, t, r, b] = this.focus;
    const source = /** @type {any} */ (picture.level(TILE_SIDE / Math.max(r - l, b - t)));
    const k = source.width / this.width;
    this.tiles[index] = tileOf(source, [l * k, t * k, (r - l) * k, (b - t) * k]);
  }

  /** A picture of its own of a variation, for a look. @param {number} index @returns {Promise<Picture>} */
  async look(index) {
    const blob = this.blobs[index] || (await download(this.variations[index].url));
    return Picture.decode(blob, this.width, this.height);
  }

  /** The picture to look at: the chosen variation once it is loaded. @returns {Picture | null} */
  get shown() {
    return this.pictures[this.index];
  }

  /** Hands out the picture to look at; it is loaded again when it is shown again. @returns {Picture | null} */
  take() {
    const { shown } = this;
    this.pictures[this.index] = null;
    return shown;
  }

  /** Takes back what it handed out. @param {Picture | null} picture */
  give(picture) {
    this.pictures[this.index] = picture;
  }

  /** Lets go of the pictures; what they are made of stays, so that the review can be shown again. */
  close() {
    this.closed = true;
    for (const picture of this.pictures) if (picture) picture.close();
    this.pictures = this.pictures.map(() => null);
    this.sent = false;
  }
}
