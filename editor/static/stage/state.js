/** What is open, marked, running and shown, as plain values, and the questions that follow from them. Knows no drawing
 * and no gesture. */

import { Observed } from "./observed.js";

/** @typedef {import("./mask.js").Mask} Mask */
/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./review.js").Running} Running */
/** @typedef {import("./review.js").Review} Review */
/** @typedef {{outside: number | null, seam: number | null, shift: number | null}} Proof what was measured of a
 * result */
/**
 * @typedef {"paint" | "view" | "history" | "brush" | "overlay" | "timeline" | "comparison" | "split" | "cells" |
 *   "sources" | "tiles" | "tree" | "versions" | "cursor" | "motion" | "queue"} Part
 * what changes beside the values here: paint = what the mask holds; split = the line of the comparison; tiles = small
 * pictures of variations; cursor = what the hand is about to do; motion = an animation goes on; queue = edits that wait
 */
/** @typedef {keyof State | Part} Name */

export const MODES = ["fill", "replace", "extend", "generate", "sweep"];
/** @type {Record<string, string[]>} */
export const TOOLS = {
  fill: ["brush", "eraser", "rectangle", "lasso", "select", "token", "inspect", "crop", "hand"],
  replace: ["box", "brush", "eraser", "rectangle", "lasso", "select", "token", "inspect", "crop", "hand"],
  extend: ["extend", "inspect", "crop", "hand"],
  generate: ["hand", "inspect", "crop"],
  sweep: ["brush", "eraser", "rectangle", "lasso", "select", "token", "crop", "hand"],
};

export class State extends Observed {
  // ---- the document -------------------------------------------------------------------------------------------------
  /** @type {Picture | null} */
  picture = null;
  /** @type {Mask | null} */
  mask = null;
  /** @type {import("./tint.js").Tint | null} */
  tint = null;
  /** @type {string | null} */
  doc = null;
  name = "";
  format = "png"; // of the file that was opened
  alpha = false;
  opening = false;
  /** @type {Proof | null} of the result that was kept last */
  proof = null;
  /** @type {import("./tokens.js").Model & {id: string | null}} id of the model that the page's controls are for */
  model = { id: null, pixels: 128, grid: 16, context: 2, coverage: 0 };

  // ---- what is marked -----------------------------------------------------------------------------------------------
  mode = "fill";
  tool = "brush";
  /** @type {number[] | null} */
  box = null;
  extend = [0, 0, 0, 0];
  /** @type {number[] | null} window whose cells the token pen toggles; the plan keeps to it */
  pinned = null;
  /** @type {{passes: import("./tokens.js").Pass[], seconds: number | null, local: boolean}} */
  plan = { passes: [], seconds: null, local: true };
  /** @type {{box: number[], degrees: number, aspect: string} | null} the crop that is being chosen; aspect of
   * `SHAPES` */
  crop = null;
  /** @type {number[] | null} the smallest box that holds what is painted */
  painted = null;
  marksSeen = 0; // of the history, when the variations under review came

  // ---- what is run --------------------------------------------------------------------------------------------------
  /** @type {Running | null} */
  running = null;
  /** @type {Review | null} */
  review = null;
  /** @type {Running | null} the finished run, shown until its result is loaded */
  held = null;
  /** @type {{picture: Picture, offset: number[]} | null} a variation that someone only looks at */
  peek = null;

  hint = ""; // what a first visit is told, until the first run

  // ---- what the hand does, and what it wants to see -----------------------------------------------------------------
  gridOn = false;
  /** Whether the numbers that only an expert reads are shown. */
  numbers = false;
  comparing = false;
  dragging = false;
  /** True once someone paints while a run or its result is shown: the tint comes back. */
  painting = false;
  /** @type {[number, number] | null} CSS pixels */
  pointer = null;
  /** @type {[number, number] | null} the picture pixel that the crosshair points at */
  aim = null;
  /** @type {{rect: number[], erase: boolean} | null} the rectangle being drawn */
  rubber = null;
  /** @type {import("./outliner.js").Lasso | null} the outline being drawn, or an open line */
  lasso = null;
  /** @type {number | null} of the soft edge, in pixels, while someone chooses it */
  feather = null;
  /** True while the server looks for what a gesture means. */
  selecting = false;
  /** @type {number | null} how like colours have to be, while a drag changes it */
  tolerance = null;

  /** @param {Partial<State>} values */
  change(values) {
    super.change(values);
  }

  /** @param {...Name} names */
  tell(...names) {
    super.tell(...names);
  }

  hasCanvas() {
    return !!this.picture || !!this.review || !!this.front?.step;
  }

  /** Whether brush strokes mean something now. */
  paintable() {
    return !!this.mask && !["extend", "generate"].includes(this.mode);
  }

  toolsHere() {
    return this.hasCanvas() ? TOOLS[this.mode] : TOOLS.fill;
  }

  /** The picture with its new border, in picture pixels. */
  grown() {
    const { width, height } = /** @type {Mask} */ (this.mask);
    const [l, t, r, b] = this.extend;
    return [-l, -t, width + r, height + b];
  }

  /** What fits into the viewport. */
  frame() {
    const { front } = this;
    if (this.crop && this.mask) return [0, 0, this.mask.width, this.mask.height];
    const review = this.review || front?.family;
    if (review)
      return [-review.offset[0], -review.offset[1], review.width - review.offset[0], review.height - review.offset[1]];
    if (front?.step && front.mode === "generate") return [0, 0, ...front.canvas];
    if (this.mode === "extend" && this.mask) return this.grown();
    return this.mask ? [0, 0, this.mask.width, this.mask.height] : [0, 0, 512, 512];
  }

  /** The run that the stage is about; none where it goes on while the stage is for something else.
   * @returns {Running | null} */
  get front() {
    return this.running && !this.running.aside ? this.running : null;
  }

  /** The run that is decoding on the picture, not beside it. @returns {Running | null} */
  get decoding() {
    return this.front?.step && !this.front.beside ? this.front : null;
  }
}
