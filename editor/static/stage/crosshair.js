/** The crosshair: a place on the picture that keys move, and from which they draw what a pointer would. Knows no
 * tools. */

import { REACH } from "./tools.js";
import { crosshairAt, WORDS } from "./wording.js";

const NEAR_EDGE = 24; // CSS pixels that stay free around it in the viewport
/** Tools that draw while Space is held; the others draw from one press to the next. */
const DABS = ["brush", "eraser", "token"];

export class Crosshair {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {[number, number] | null} where it was put away */
    this.last = null;
  }

  /** Whether what is drawn now was begun by a key, which has no pointer's id. */
  get drawing() {
    const { drag, dragId } = this.stage.pointers;
    return !!drag && dragId < 0;
  }

  /** Where it lies in the viewport, CSS pixels. @returns {[number, number] | null} */
  get spot() {
    const { aim, view } = this.stage;
    return aim && view.toScreen(aim[0] + 0.5, aim[1] + 0.5);
  }

  /** Another picture, or a mode without drawing: it has no place there. @param {boolean} other picture */
  leave(other) {
    if (other || !this.stage.paintable()) this.hide();
    if (other) this.last = null;
  }

  /** Shows it where it was last, or in the middle, or puts it away. */
  toggle() {
    const { stage } = this;
    const { mask } = stage;
    if (stage.aim) return this.hide();
    if (!mask) return stage.panel.toast(WORDS.noPicture);
    if (!stage.paintable()) return stage.panel.toast(WORDS.nothingDrawn);
    const [x, y] = this.last ?? [mask.width / 2, mask.height / 2].map(Math.floor);
    this.place(x, y);
    if (stage.tool === "hand") stage.setTool("brush");
    stage.panel.toast(WORDS.crosshair);
  }

  /** @returns {boolean} whether it was there */
  hide() {
    const { stage } = this;
    if (!stage.aim) return false;
    if (this.drawing) stage.pointers.cancel();
    this.last = stage.aim;
    stage.change({ aim: null });
    return true;
  }

  /** @param {number} x picture pixels @param {number} y */
  place(x, y) {
    const { stage } = this;
    const { width, height } = /** @type {import("./mask.js").Mask} */ (stage.mask);
    const within = (/** @type {number} */ v, /** @type {number} */ most) => Math.min(Math.max(v, 0), most - 1);
    stage.change({ aim: [within(x, width), within(y, height)] });
    this.show();
    if (this.drawing) stage.pointers.drag?.move(this.point());
    stage.panel.say(crosshairAt(...this.at));
  }

  /** @returns {[number, number]} the picture pixel that it points at */
  get at() {
    return /** @type {[number, number]} */ (this.stage.aim);
  }

  /** Moves the view where it would not be seen. */
  show() {
    const { view } = this.stage;
    const [x, y] = view.toScreen(...this.at);
    const by = (/** @type {number} */ v, /** @type {number} */ most) =>
      Math.min(Math.max(v, Math.min(NEAR_EDGE, most / 2)), Math.max(most - NEAR_EDGE, most / 2)) - v;
    const [dx, dy] = [by(x, view.width), by(y, view.height)];
    if (dx || dy) view.panBy(dx, dy);
  }

  /** @param {number} right -1, 0 or 1 @param {number} down @param {boolean} far by a cell @returns {boolean} whether it
   * is there */
  move(right, down, far) {
    const { stage } = this;
    if (!stage.aim) return false;
    const [x, y] = this.at;
    const step = far ? stage.painter.cellSize(this.at) : 1;
    this.place(x + right * step, y + down * step);
    return true;
  }

  /** What a pointer in the middle of the pixel would be. @returns {import("./tools.js").Point} */
  point() {
    const [x, y] = [this.at[0] + 0.5, this.at[1] + 0.5];
    const { view } = this.stage;
    return { x, y, screen: view.toScreen(x, y), reach: REACH / view.scale, pressure: 1, erase: false, shift: false };
  }

  /** Space goes down or up: dabs are drawn while it is held, boxes and outlines from one press to the next.
   * @param {boolean} on */
  space(on) {
    const { stage } = this;
    const dabs = DABS.includes(stage.tool) || stage.outliner.clicks; // each press sets a corner
    if (!on) return void (dabs && this.release());
    if (this.drawing) return this.release();
    const { pointers } = stage;
    if (pointers.drag || pointers.panning) return;
    const drag = pointers.started(() => this.point());
    if (!drag) return;
    pointers.begin(drag);
    if (!dabs) stage.panel.say(WORDS.firstCorner);
  }

  /** Ends what is drawn, as a pointer does that is lifted. */
  release() {
    const { pointers } = this.stage;
    if (!this.drawing) return;
    pointers.drag?.up();
    pointers.end();
  }
}
