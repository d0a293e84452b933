/** Smart select: what a hand draws around, over or at, asked of the server and joined with the mask. Knows what a
 * gesture is, not how an object is found. */

import { eighth, spanned } from "./tools.js";
import { WORDS } from "./wording.js";

/** @typedef {import("./tools.js").Point} Point */
/** @typedef {import("./tools.js").Drag} Drag */
/** @typedef {import("./mask.js").Joining} Joining */
/** @typedef {Partial<Pick<import("../common/messages").Select,
 *   "box" | "scribble" | "width" | "point" | "tolerance" | "thing">>} Gesture */

/** What a drag draws; a click takes like colours, whichever it is. */
export const SELECTING = ["box", "scribble", "alike"];

const CLICK_REACH = 4; // CSS pixels: who moves less has clicked
const SCRIBBLE_WIDTH = 6; // CSS pixels across
const LEVEL_WIDTH = 3; // CSS pixels of a drag to the side for a level of tolerance
const MOST_TOLERANCE = 128; // beyond it nearly everything is alike

export class Selector {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.way = "box";
    this.tolerance = 24; // levels of red, green and blue
    this.latest = 0; // counts what was asked or came instead: only the answer to the last of it is taken
  }

  /** The tool, or its next way where it is chosen already. */
  choose() {
    if (this.stage.tool !== "select") return this.stage.setTool("select");
    this.setWay(SELECTING[(SELECTING.indexOf(this.way) + 1) % SELECTING.length]);
  }

  /** @param {string} way of `SELECTING` */
  setWay(way) {
    this.way = way;
    this.stage.tell("brush");
  }

  /** @param {number} tolerance 0..128 */
  setTolerance(tolerance) {
    this.tolerance = Math.min(Math.max(Math.round(tolerance), 0), MOST_TOLERANCE);
    this.stage.tell("brush");
  }

  /** What was asked is not wanted any more: another gesture has begun. @returns {boolean} whether anything was asked */
  forget() {
    const { selecting } = this.stage;
    this.latest++;
    if (selecting) this.stage.change({ selecting: false });
    return selecting;
  }

  /** @param {Point} first @param {boolean} less takes away instead @returns {Drag} */
  drag(first, less) {
    const how = less ? "less" : first.shift ? "more" : "new";
    if (this.way === "alike") return this.alikeDrag(first, how);
    return this.way === "box" ? this.boxDrag(first, how) : this.scribbleDrag(first, how);
  }

  /** @param {Point} first @param {Joining} how @returns {Drag} */
  boxDrag(first, how) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    let last = first;
    return {
      move: (point) => {
        last = point;
        const rect = mask.clamped(spanned(first.x, first.y, point.x, point.y));
        stage.change({ rubber: movedFar(first, point) ? { rect, erase: how === "less" } : null });
      },
      up: () => {
        const box = stage.rubber?.rect;
        stage.change({ rubber: null });
        if (box && movedFar(first, last)) void this.take({ box }, how);
        else this.click(first, how);
      },
      cancel: () => stage.change({ rubber: null }),
    };
  }

  /** @param {Point} first @param {Joining} how @returns {Drag} */
  scribbleDrag(first, how) {
    const { stage } = this;
    const points = [[eighth(first.x), eighth(first.y)]];
    const width = Math.max(SCRIBBLE_WIDTH / stage.view.scale, 1);
    let drawn = false;
    stage.change({ lasso: { points, erase: how === "less", open: true } });
    return {
      move: (point) => {
        points.push([eighth(point.x), eighth(point.y)]);
        drawn ||= movedFar(first, point);
        stage.tell("lasso");
      },
      up: () => {
        stage.change({ lasso: null });
        if (drawn) void this.take({ scribble: /** @type {[number, number][]} */ (points), width }, how);
        else this.click(first, how);
      },
      cancel: () => stage.change({ lasso: null }),
    };
  }

  /** Takes like colours at once; a drag to the side changes how like they have to be. What is shown when the hand lets
   * go is taken. @param {Point} first @param {Joining} how @returns {Drag} */
  alikeDrag(first, how) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    const before = this.tolerance;
    let [held, shown, busy] = [true, false, false];
    const show = async () => {
      if (busy) return;
      busy = true;
      const asked = this.tolerance;
      const found = await this.ask({ point: pixelOf(first), tolerance: asked });
      busy = false;
      if (!found) return;
      mask.rollback();
      shown = mask.join(found, how);
      if (!held) this.commit();
      else if (this.tolerance !== asked) void show();
    };
    void show();
    return {
      move: (point) => {
        this.setTolerance(before + (point.screen[0] - first.screen[0]) / LEVEL_WIDTH);
        stage.change({ tolerance: this.tolerance });
        void show();
      },
      up: () => {
        held = false;
        stage.change({ tolerance: null });
        if (shown) this.commit();
      },
      cancel: () => {
        this.forget();
        this.setTolerance(before);
        stage.change({ tolerance: null });
        mask.rollback();
      },
    };
  }

  /** @param {Point} at @param {Joining} how */
  click(at, how) {
    void this.take({ point: pixelOf(at), tolerance: this.tolerance }, how);
  }

  /** Looks for a thing that photos show. @param {Gesture["thing"]} thing
   * @param {{shiftKey: boolean, altKey: boolean}} held */
  find(thing, { shiftKey, altKey }) {
    if (this.stage.paintable()) void this.take({ thing }, altKey ? "less" : shiftKey ? "more" : "new");
  }

  /** Asks what a gesture means and joins it with the mask, one step of the history. @param {Gesture} gesture
   * @param {Joining} how */
  async take(gesture, how) {
    const { mask } = this.stage;
    const found = await this.ask(gesture);
    if (found && mask?.join(found, how)) this.commit();
  }

  commit() {
    const { marks } = this.stage;
    marks.begin();
    marks.commitMask();
  }

  /** @param {Gesture} gesture @returns {Promise<import("./mask.js").WireMask | null>} null, and a sentence says why,
   * where there is none; and where something else was begun before the answer came */
  async ask(gesture) {
    const { stage } = this;
    const { mask } = stage;
    this.forget();
    const mine = this.latest;
    stage.change({ selecting: true });
    let answer = await this.answer(gesture);
    if (mine === this.latest && answer.gone && (await stage.sessions.revive()).kind === "open")
      answer = await this.answer(gesture);
    if (mine !== this.latest) return null;
    stage.change({ selecting: false });
    if (stage.mask !== mask || !stage.paintable()) return null;
    if (!answer.mask && answer.said) stage.panel.toast(answer.said);
    return answer.mask ?? null;
  }

  /** @param {Gesture} gesture @returns {Promise<import("../common/messages").Selected>} */
  async answer(gesture) {
    const { stage } = this;
    try {
      const answer = await stage.wire.select({ doc: stage.doc, version: stage.versions.shown, ...gesture });
      return answer ?? { said: WORDS.noAnswer }; // where the server is out of reach Gradio answers with nothing
    } catch {
      return { said: WORDS.noAnswer };
    }
  }
}

/** @param {Point} a @param {Point} b */
function movedFar(a, b) {
  return Math.hypot(b.screen[0] - a.screen[0], b.screen[1] - a.screen[1]) > CLICK_REACH;
}

/** @param {Point} at @returns {[number, number]} the pixel under the pointer */
function pixelOf(at) {
  return [Math.floor(at.x), Math.floor(at.y)];
}
