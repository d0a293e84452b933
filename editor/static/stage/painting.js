/** What is painted with and how it is shown: brush, overlay, pinned window. Knows no pointers. */

import { windowAround } from "./tokens.js";
import { WORDS } from "./wording.js";

const LARGEST_BRUSH = 1024; // picture pixels

/** Colours that every colour vision tells apart (Okabe and Ito). @type {{name: string, rgb: number[]}[]} */
export const TINTS = [
  { name: "vermillion", rgb: [213, 94, 0] },
  { name: "purple", rgb: [204, 121, 167] },
  { name: "yellow", rgb: [240, 228, 66] },
  { name: "green", rgb: [0, 158, 115] },
];

export class Painter {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.size = 48; // picture pixels across
    this.hardness = 1; // 0..1, the part of the brush that covers whole
    this.opacity = 0.58; // of the overlay, 0..1
    this.colour = 0; // of TINTS
    /** True while a key hides the overlay. */
    this.hidden = false;
    this.warned = false; // that a feather does not count, since someone began to choose it
  }

  sizeStep() {
    return Math.round((100 * Math.log(this.size)) / Math.log(LARGEST_BRUSH));
  }

  /** @param {number} step 0..100, even in ratio */
  setSizeStep(step) {
    this.size = Math.max(1, Math.round(Math.exp((step / 100) * Math.log(LARGEST_BRUSH))));
    this.stage.tell("brush");
  }

  /** @param {number} direction */
  resize(direction) {
    const next = Math.round(
      direction > 0 ? Math.max(this.size + 1, this.size * 1.18) : Math.min(this.size - 1, this.size / 1.18)
    );
    this.size = Math.min(Math.max(next, 1), LARGEST_BRUSH);
    this.stage.tell("brush");
  }

  /** A brush of about a fourteenth of the picture. @param {number} width @param {number} height */
  suit(width, height) {
    this.size = Math.min(Math.max(Math.round(Math.max(width, height) / 14), 4), LARGEST_BRUSH);
    this.stage.tell("brush");
  }

  /** @param {number} hardness 0..1 */
  setHardness(hardness) {
    this.hardness = Math.min(Math.max(Math.round(hardness * 20) / 20, 0), 1);
    this.stage.tell("brush");
  }

  /** @param {number} opacity 0..1 */
  setOpacity(opacity) {
    if (!(opacity >= 0)) return;
    this.opacity = Math.min(opacity, 1);
    this.stage.tell("overlay");
  }

  /** @param {number} index of TINTS */
  setColour(index) {
    this.colour = index;
    if (this.stage.tint) this.stage.tint.recolour(TINTS[index].rgb);
    this.stage.tell("overlay");
  }

  /** Shows how soft the edge of what is marked will be, as long as someone chooses it.
   * @param {number | null} pixels of the feather; null shows it no more
   * @param {boolean} finishes whether Fill ends with pixels of the photo, which are laid on without a feather */
  showFeather(pixels, finishes) {
    const { stage } = this;
    const counts = pixels !== null && stage.paintable() && !(finishes && stage.mode !== "replace");
    if (pixels !== null && stage.paintable() && !counts && !this.warned) stage.panel.toast(WORDS.featherUnused);
    this.warned = pixels !== null;
    stage.change({ feather: counts ? pixels : null });
  }

  /** Hides what lies over the picture, or shows it again. @param {boolean} on */
  hide(on) {
    if (on === this.hidden) return;
    this.hidden = on;
    this.stage.tell("overlay");
  }

  /** The window whose cells are toggled at a canvas position, pinned from now on. @param {number} x @param {number} y
   * @returns {number[] | null} null, and a sentence says why, where there is none */
  pin(x, y) {
    const { stage } = this;
    const window = this.windowAt(x, y);
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    if (!window) stage.panel.toast(stage.pinned || mask.painted ? WORDS.outsideWindow : WORDS.outsidePicture);
    else {
      if (stage.mode === "replace" && stage.box) {
        mask.clear(); // until now the box counted, not what was painted
        mask.rectangle(/** @type {import("./mask.js").Rect} */ (stage.box), 255);
      }
      stage.change({ pinned: window });
    }
    return window;
  }

  /** The window that the token pen would use at a canvas position, or null. @param {number} x @param {number} y */
  windowAt(x, y) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) return null;
    const holds = (/** @type {number[]} */ [l, t, r, b]) => x >= l && y >= t && x < r && y < b;
    let window = stage.pinned;
    const boxed = stage.mode === "replace" && stage.box;
    if (!window && (mask.painted || boxed)) {
      if (stage.plan.passes.length !== 1) return null;
      window = stage.plan.passes[0].window;
    }
    if (window && holds(window)) return window;
    return mask.painted || boxed ? null : windowAround(x, y, mask.width, mask.height, stage.model);
  }

  /** Pixels across a cell of the plan's window, or of the one that the token pen would use at a canvas position.
   * @param {[number, number]} [at] */
  cellSize(at = [0, 0]) {
    const { plan, model } = this.stage;
    const [l, , r] = plan.passes[0]?.window ?? this.windowAt(...at) ?? [0, 0, model.pixels];
    return Math.max(1, Math.round((r - l) / model.grid));
  }

  /** Lets go of the pinned window where something is painted outside of it. @param {number[] | null} bounds of what is
   * painted */
  keepPin(bounds) {
    const { pinned } = this.stage;
    if (!pinned || !bounds) return;
    if (bounds[0] < pinned[0] || bounds[1] < pinned[1] || bounds[2] > pinned[2] || bounds[3] > pinned[3])
      this.stage.change({ pinned: null });
  }
}
