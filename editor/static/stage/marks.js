/** What is marked to be repainted: mask, box and border, each change a step of the history. Knows no pointers and no
 * runs. */

import { allowedExtend, shiftedBox } from "./tools.js";
import { lastMaskElsewhere, WORDS } from "./wording.js";

/** @typedef {import("./mask.js").WireMask} WireMask */

const FURTHEST_GROWTH = 64; // picture pixels

export class Marks {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {WireMask | null} what was painted for the last run, or cleared since */
    this.last = null;
  }

  /** @param {WireMask | null} mask that may be wanted again */
  remember(mask) {
    this.last = mask;
  }

  /** Brings the mask of the last run back, or the one cleared since, instead of what is painted. */
  again() {
    const { stage, last } = this;
    const { mask } = stage;
    if (!mask || !stage.paintable()) return;
    if (!last) return stage.panel.toast(WORDS.noLastMask);
    if (last.width !== mask.width || last.height !== mask.height)
      return stage.panel.toast(lastMaskElsewhere(last.width, last.height));
    mask.take(last);
    this.begin();
    this.commitMask();
  }

  /** A stroke begins. */
  begin() {
    const { stage } = this;
    stage.selector.forget();
    if (stage.review || stage.front) stage.change({ painting: true });
  }

  invert() {
    const { stage } = this;
    if (!stage.mask || !stage.paintable()) return;
    stage.mask.invert();
    this.begin();
    this.commitMask();
  }

  clear() {
    const { stage } = this;
    if (!stage.mask || !stage.paintable()) return;
    this.dropBox();
    if (stage.mask.painted) this.remember(stage.mask.wire());
    stage.mask.clear();
    stage.change({ pinned: null });
    this.commitMask();
  }

  /** @param {number} pixels to grow by; negative shrinks */
  grow(pixels) {
    const { stage } = this;
    const { mask } = stage;
    const by = Math.max(-FURTHEST_GROWTH, Math.min(FURTHEST_GROWTH, Math.round(pixels) || 0));
    if (!mask || !stage.paintable() || !by) return;
    if (!mask.painted) return stage.panel.toast(WORDS.nothingToGrow);
    mask.grow(by);
    this.begin();
    this.commitMask();
    if (!mask.painted) stage.panel.toast(WORDS.shrunkAway);
  }

  /** Marks a frame all around the picture; with Shift it is added, with Alt taken away.
   * @param {number} pixels its width @param {MouseEvent} how */
  frame(pixels, { shiftKey, altKey }) {
    const { mask } = this.stage;
    const wide = Math.max(1, Math.min(FURTHEST_GROWTH, Math.round(pixels) || 0));
    if (!mask || !this.stage.paintable()) return;
    const { width, height } = mask;
    if (!shiftKey && !altKey) mask.clear();
    /** @type {import("./mask.js").Rect[]} */
    const sides = [
      [0, 0, width, wide],
      [0, height - wide, width, height],
      [0, 0, wide, height],
      [width - wide, 0, width, height],
    ];
    for (const side of sides) mask.rectangle(side, altKey ? 0 : 255);
    this.begin();
    this.commitMask();
  }

  /** @param {import("./history.js").Step} step of the history; or of what goes on from a result, a part of that step */
  note(step) {
    if (!this.stage.onward.takes()) this.stage.history.push(step);
  }

  commitMask() {
    const { stage } = this;
    stage.selector.forget();
    const edit = /** @type {import("./mask.js").Mask} */ (stage.mask).commit();
    if (!edit) return;
    this.note({ kind: "mask", edit });
    this.dropBox(); // whoever paints in Replace means the painted region, not the box
  }

  /** Takes the box of Replace away. */
  dropBox() {
    const { stage } = this;
    const before = stage.box;
    if (stage.mode !== "replace" || !before) return;
    stage.change({ box: null });
    this.commitBox(before);
  }

  /** Puts a box in the middle where Replace has nothing else to go by. @returns {boolean} whether it had nothing */
  centreBox() {
    const { stage } = this;
    const { mask } = stage;
    if (stage.mode !== "replace" || !mask || stage.box || mask.painted || stage.versions.pending) return false;
    stage.choice.aside();
    const { width, height } = mask;
    stage.change({
      tool: "box",
      box: [Math.floor(width / 4), Math.floor(height / 4), Math.ceil(0.75 * width), Math.ceil(0.75 * height)],
    });
    this.commitBox(null);
    stage.panel.toast(WORDS.centredBox);
    return true;
  }

  /** @param {number[] | null} before */
  commitBox(before) {
    const { box } = this.stage;
    if (String(before) !== String(box)) this.note({ kind: "box", before, after: box });
  }

  /** @param {number} dx whole pixels @param {number} dy @returns {boolean} whether there is a box to move */
  moveBox(dx, dy) {
    const { stage } = this;
    const { box, mask } = stage;
    if (stage.mode !== "replace" || !box || !mask) return false;
    stage.change({ box: shiftedBox(box, dx, dy, mask.width, mask.height) });
    this.commitBox(box);
    return true;
  }

  /** @param {number[]} sides */
  setExtend(sides) {
    const { stage } = this;
    // While a handle is pulled the fields follow it, and what they say back is what it was.
    if (!stage.mask || stage.dragging || !Array.isArray(sides) || sides.length !== 4) return;
    const before = stage.extend;
    const { width, height } = stage.mask;
    const extend = allowedExtend(sides.map(Number), width, height, stage.limits);
    if (String(before) === String(extend)) return;
    stage.change({ extend });
    if (stage.mode === "extend") stage.fit();
    this.commitExtend(before);
  }

  /** @param {number[]} before */
  commitExtend(before) {
    const { extend } = this.stage;
    if (String(before) !== String(extend)) this.note({ kind: "extend", before, after: extend.slice() });
  }
}
