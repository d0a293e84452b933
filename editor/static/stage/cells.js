/** The cell inspector: what else could stand in one cell of a result, and codes that are pinned there. Knows no drawing
 * of runs. */

import { makeElement } from "../common/elements.js";
import { resolved } from "./picture.js";
import { alternativeOf, cellName, WORDS } from "./wording.js";

/** @typedef {{row: number, column: number, box: number[]}} Cell box in picture pixels */

export class Cells {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Cell | null} */
    this.open = null;
    this.heading = makeElement("h2", "", { id: "mge-cell-name" });
    this.choices = makeElement("div", "mge-patches");
    this.unpin = makeElement("button", "mge-button mge-small", { type: "button" }, WORDS.unpin);
    this.unpin.addEventListener("click", () => this.pin(null));
    const close = makeElement(
      "button",
      "mge-x",
      { type: "button", "aria-label": WORDS.close, title: WORDS.closeTitle },
      "×"
    );
    close.addEventListener("click", () => this.close());
    this.box = makeElement(
      "div",
      "mge-popover mge-float",
      { role: "dialog", "aria-labelledby": "mge-cell-name" },
      this.heading,
      close,
      this.choices,
      this.unpin
    );
    this.box.hidden = true;
    this.box.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      this.close();
      stage.panel.viewport.focus();
    });
  }

  get grid() {
    const { review } = this.stage;
    const trace = review?.current.outcome.trace;
    return trace ? trace.grid : this.stage.model.grid;
  }

  /** The window that the shown variation was decoded in. @returns {number[] | null} picture pixels */
  get window() {
    const { review } = this.stage;
    const trace = review?.current.outcome.trace;
    return trace && trace.passes === 1 ? trace.window : null;
  }

  /** @param {number} x picture pixels @param {number} y @returns {Cell | null} */
  at(x, y) {
    const { window, grid } = this;
    if (!window) return null;
    const side = (window[2] - window[0]) / grid;
    const column = Math.floor((x - window[0]) / side);
    const row = Math.floor((y - window[1]) / side);
    return column >= 0 && row >= 0 && column < grid && row < grid ? this.cell(row, column) : null;
  }

  /** @param {number} row @param {number} column @returns {Cell} */
  cell(row, column) {
    const [left, top, right] = /** @type {number[]} */ (this.window);
    const side = (right - left) / this.grid;
    return {
      row,
      column,
      box: [left + column * side, top + row * side, left + (column + 1) * side, top + (row + 1) * side],
    };
  }

  /** Whether the run could have put another code there. @param {Cell} cell */
  regenerated({ row, column }) {
    const review = /** @type {import("./review.js").Review} */ (this.stage.review);
    const { trace } = review.current.outcome;
    const [first] = trace ? trace.moments : [];
    const region = trace && (trace.region || (first && trace.holeOf(first, review.current.place)));
    return !!region && !!region[row * this.grid + column];
  }

  /** Looks into the cell at a position, and for where its pixel came from.
   * @param {number} x picture pixels @param {number} y */
  inspect(x, y) {
    const { stage } = this;
    const { review } = stage;
    const origin = stage.sources.look(x, y);
    const cell = review?.current.outcome.branchable ? this.at(x, y) : null;
    if (!review || !cell || !this.regenerated(cell)) return void origin.then((found) => this.object(found.kind));
    this.show(cell);
    const { outcome, place } = review.current;
    stage.wire.inspect(outcome.run, place, [cell.row, cell.column], [...outcome.pins]);
  }

  /** Says why there is no cell to look into, unless the pixel's source is shown.
   * @param {import("./origins.js").Origin["kind"]} kind */
  object(kind) {
    const { panel, review } = this.stage;
    if (kind === "copied" || kind === "model") return;
    const { asOpened, sourcesGone, inspectNothing, inspectOutside, notBranchable } = WORDS;
    if (review) return panel.toast(review.current.outcome.branchable ? inspectOutside : notBranchable);
    panel.toast(kind === "photo" ? asOpened : kind === "unknown" ? sourcesGone : inspectNothing);
  }

  /** Moves to a neighbouring cell. @param {number} right @param {number} down @returns {boolean} whether one was
   * open */
  move(right, down) {
    if (!this.open) return false;
    const { box } = this.open;
    const side = box[2] - box[0];
    this.inspect((box[0] + box[2]) / 2 + right * side, (box[1] + box[3]) / 2 + down * side);
    return true;
  }

  /** @param {Cell} cell */
  show(cell) {
    this.open = cell;
    this.heading.textContent = cellName(cell.row, cell.column);
    this.choices.replaceChildren(makeElement("p", "", {}, WORDS.looking));
    this.unpin.hidden = !this.pinned(cell);
    this.box.hidden = false;
    this.stage.tell("cells");
  }

  /** Beside the cell, inside the stage. */
  place() {
    if (!this.open || this.box.hidden) return;
    const { view } = this.stage;
    const [l, t, r, b] = this.open.box;
    const [offsetWidth, offsetHeight] = [this.box.offsetWidth, this.box.offsetHeight];
    const [left, top] = view.toScreen(l, t);
    const [right, bottom] = view.toScreen(r, b);
    const x = right + 10 + offsetWidth < view.width ? right + 10 : left - 10 - offsetWidth;
    const y = (top + bottom - offsetHeight) / 2;
    const within = (/** @type {number} */ v, /** @type {number} */ most) =>
      Math.round(Math.min(Math.max(v, 8), Math.max(most - 8, 8)));
    this.box.style.left = `${within(x, view.width - offsetWidth)}px`;
    this.box.style.top = `${within(y, view.height - offsetHeight)}px`;
  }

  /** @param {import("./wire.js").Alternatives} message */
  arrived(message) {
    const { review } = this.stage;
    if (!this.open || !review || !Array.isArray(message.list)) return;
    const { outcome, place } = review.current;
    const [row, column] = message.cell;
    if (
      message.run !== outcome.run ||
      message.variation !== place ||
      row !== this.open.row ||
      column !== this.open.column
    )
      return;
    this.choices.replaceChildren(
      ...message.list.map((each) => {
        const percent = alternativeOf(each.probability);
        const node = makeElement("button", "mge-patch", {
          type: "button",
          title: `${WORDS.pin} ${each.code}`,
          "aria-label": `${WORDS.pin} ${each.code}, ${percent}`,
        });
        const picture = makeElement("img", "", { src: resolved(each.url), alt: "" });
        node.append(picture, makeElement("span", "", {}, percent));
        node.setAttribute("aria-pressed", String(outcome.pins.get(row * this.grid + column) === each.code));
        node.addEventListener("click", () => this.pin(each.code));
        return node;
      })
    );
    this.place();
    /** @type {any} */ (this.choices.firstChild)?.focus({ preventScroll: true });
  }

  /** @param {Cell} cell */
  pinned(cell) {
    const { review } = this.stage;
    return !!review && review.current.outcome.pins.has(cell.row * this.grid + cell.column);
  }

  /** Fixes a code in the open cell, or frees the cell. @param {number | null} code */
  pin(code) {
    const { review, runner } = this.stage;
    if (!review || !this.open) return;
    const { pins } = review.current.outcome;
    const cell = this.open.row * this.grid + this.open.column;
    if (code === null) {
      // A free cell keeps what it shows until it is drawn again.
      pins.delete(cell);
      return this.close();
    }
    const next = new Map(pins).set(cell, code);
    this.close();
    runner.again("pins", { pins: [...next] });
  }

  close() {
    if (this.box.hidden) return;
    this.open = null;
    this.box.hidden = true;
    this.stage.tell("cells");
  }

  /** Marks the open and the pinned cells. @param {CanvasRenderingContext2D} pen CSS pixels
   * @param {(box: number[]) => number[]} screenBox */
  draw(pen, screenBox) {
    const { review } = this.stage;
    if (!review || !this.window) return;
    for (const at of review.current.outcome.pins.keys()) {
      const [l, t, r] = screenBox(this.cell(Math.floor(at / this.grid), at % this.grid).box);
      const radius = Math.min(Math.max((r - l) / 6, 3), 7);
      pen.beginPath();
      pen.arc((l + r) / 2, t + radius + 2, radius, 0, 2 * Math.PI);
      pen.fillStyle = "#f0e442";
      pen.fill();
      pen.lineWidth = 1.5;
      pen.strokeStyle = "rgba(8, 12, 18, .85)";
      pen.stroke();
    }
    if (!this.open) return;
    const [l, t, r, b] = screenBox(this.open.box);
    pen.lineWidth = 4;
    pen.strokeStyle = "rgba(8, 12, 18, .7)";
    pen.strokeRect(l, t, r - l, b - t);
    pen.lineWidth = 2;
    pen.strokeStyle = "#fff";
    pen.strokeRect(l, t, r - l, b - t);
  }
}
