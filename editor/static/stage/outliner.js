/** The lasso: an outline drawn in one go, or clicked corner by corner. Knows what a hand does, not how a mask is
 * filled. */

import { eighth } from "./tools.js";
import { WORDS } from "./wording.js";

/** @typedef {import("./tools.js").Point} Point */
/** @typedef {import("./tools.js").Drag} Drag */
/** @typedef {{points: number[][], erase: boolean, open?: boolean, corners?: boolean, held?: number[]}} Lasso what is
 * being drawn: an outline, or an open line; by corners that are set, and the one under the finger */

/** How an outline comes about. */
export const OUTLINING = ["free", "corners"];

const LEAST_CORNERS = 3;

export class Outliner {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.way = "free";
  }

  /** The tool, or its next way where it is chosen already. */
  choose() {
    if (this.stage.tool !== "lasso") return this.stage.setTool("lasso");
    this.setWay(OUTLINING[(OUTLINING.indexOf(this.way) + 1) % OUTLINING.length]);
  }

  /** @param {string} way of `OUTLINING` */
  setWay(way) {
    this.giveUp();
    this.way = way;
    this.stage.tell("brush");
  }

  /** Whether a press sets a corner. */
  get clicks() {
    return this.stage.tool === "lasso" && this.way === "corners";
  }

  /** @returns {Lasso | null} what is clicked so far */
  get corners() {
    const { lasso } = this.stage;
    return lasso?.corners ? lasso : null;
  }

  /** Fills what an outline drawn in one go goes round. @param {Point} first @param {boolean} erase @returns {Drag} */
  freeDrag(first, erase) {
    const { stage } = this;
    const points = [cornerAt(first)];
    stage.change({ lasso: { points, erase } });
    return {
      move(point) {
        const [x, y] = cornerAt(point);
        const [lastX, lastY] = points[points.length - 1];
        if (x !== lastX || y !== lastY) points.push([x, y]);
        stage.tell("lasso");
      },
      up: () => {
        stage.change({ lasso: null });
        this.fill(points, erase);
      },
      cancel: () => stage.change({ lasso: null }),
    };
  }

  /** Sets a corner where the hand lets go; on the first one it closes the outline. @param {Point} first
   * @param {boolean} erase counts for the first corner @returns {Drag} */
  cornerDrag(first, erase) {
    const { stage } = this;
    const lasso = this.corners ?? { points: /** @type {number[][]} */ ([]), erase, corners: true };
    let last = first;
    const hold = (/** @type {Point} */ point) => {
      last = point;
      stage.change({ lasso: { ...lasso, held: cornerAt(point) } });
    };
    hold(first);
    // Where the outline was given up meanwhile, the press means nothing any more.
    return {
      move: (point) => this.corners && hold(point),
      up: () => {
        if (!this.corners) return;
        const { points } = lasso;
        const closes = points.length >= LEAST_CORNERS && isNear(points[0], last, last.reach);
        // The second press of a double click sets no corner of its own.
        const again = points.length > 0 && isNear(points[points.length - 1], last, last.reach / 2);
        const more = closes || again ? points : [...points, cornerAt(last)];
        stage.change({ lasso: { ...lasso, points: more } });
        if (closes) this.close();
      },
      cancel: () => stage.change({ lasso: this.corners && lasso.points.length ? lasso : null }),
    };
  }

  /** A double click closes the outline; where there is hardly one, nothing was begun. */
  clickedTwice() {
    if ((this.corners?.points.length ?? 0) < LEAST_CORNERS) this.giveUp();
    else this.close();
  }

  /** Fills what the corners go round, one step of the history. @returns {boolean} whether there was an outline */
  close() {
    const { stage, corners } = this;
    if (!corners) return false;
    const { points, erase } = corners;
    if (points.length < LEAST_CORNERS) {
      stage.panel.toast(WORDS.fewCorners);
      return true;
    }
    stage.change({ lasso: null });
    const onward = !erase && stage.onward.possible;
    const [dx, dy] = (onward && stage.review?.offset) || [0, 0]; // a result may begin elsewhere than the picture
    const placed = points.map(([x, y]) => [x + dx, y + dy]);
    if (onward) stage.onward.begin();
    stage.marks.begin();
    const filled = { move() {}, up: () => this.fill(placed, erase), cancel() {} };
    (onward ? /** @type {Drag} */ (stage.onward.over(filled)) : filled).up();
    return true;
  }

  /** @param {number[][]} points @param {boolean} erase */
  fill(points, erase) {
    this.stage.mask?.polygon(points, erase ? 0 : 255);
    this.stage.marks.commitMask();
  }

  /** Takes the last corner back. @returns {boolean} whether there was one */
  back() {
    const { stage, corners } = this;
    if (!corners) return false;
    const points = corners.points.slice(0, -1);
    stage.change({ lasso: points.length ? { ...corners, points } : null });
    return true;
  }

  /** Nothing comes of the corners. @returns {boolean} whether there were any */
  giveUp() {
    if (!this.corners) return false;
    this.stage.change({ lasso: null });
    return true;
  }
}

/** @param {Point} point @returns {number[]} */
function cornerAt(point) {
  return [eighth(point.x), eighth(point.y)];
}

/** @param {number[]} corner @param {Point} point @param {number} reach */
function isNear([x, y], point, reach) {
  return Math.hypot(point.x - x, point.y - y) <= reach;
}
