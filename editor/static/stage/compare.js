/** Two pictures against each other: split line, difference, side by side. Knows which two, not where they come from. */

import { makeElement } from "../common/elements.js";
import { context2d, download, makeCanvas, Picture } from "./picture.js";
import { placedBox, UNMOVED } from "./placing.js";
import { letterOf, WORDS } from "./wording.js";

/**
 * @typedef {{picture: Picture, placing: import("./placing.js").Placing, shift: number[]}} Side
 * placing = where it lies on the stage's picture; shift = CSS pixels by which the view is moved
 */
/** @typedef {"slider" | "difference" | "pair"} Way */

/** @type {{id: Way, text: string, title: string}[]} */
const WAYS = [
  { id: "slider", text: WORDS.slider, title: WORDS.sliderTitle },
  { id: "difference", text: WORDS.difference, title: WORDS.differenceTitle },
  { id: "pair", text: WORDS.pair, title: WORDS.pairTitle },
];

export class Comparison {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Way | ""} */
    this.way = "";
    this.split = 0.5; // of the width of what is compared
    /** @type {{url: string, side: Side} | null} the version that was opened, where it is another than the one shown */
    this.first = null;
    this.line = makeElement(
      "div",
      "mge-split",
      {
        role: "slider",
        tabindex: "0",
        "aria-label": WORDS.splitLine,
        "aria-valuemin": "0",
        "aria-valuemax": "100",
      },
      makeElement("i", "", { "aria-hidden": "true" })
    );
    this.labels = [makeElement("span", "mge-side", {}), makeElement("span", "mge-side", {})];
    this.bar = makeElement("div", "mge-ways mge-float", { role: "radiogroup", "aria-label": WORDS.compare });
    for (const { id, text, title } of WAYS) {
      const node = makeElement("button", "mge-way", { type: "button", role: "radio", title, "data-way": id }, text);
      node.addEventListener("click", () => this.way !== id && void this.show(id));
      this.bar.append(node);
    }
    const close = makeElement(
      "button",
      "mge-way",
      { type: "button", title: WORDS.stopComparingTitle, "aria-label": WORDS.stopComparing },
      "×"
    );
    close.addEventListener("click", () => this.end());
    this.bar.append(close);
    this.listenToLine();
    this.place();
  }

  get on() {
    return this.way !== "";
  }

  listenToLine() {
    const { line } = this;
    line.addEventListener("pointerdown", (e) => {
      e.stopPropagation();
      e.preventDefault();
      line.focus({ preventScroll: true });
      line.setPointerCapture(e.pointerId);
    });
    line.addEventListener("pointermove", (e) => {
      if (!line.hasPointerCapture(e.pointerId)) return;
      e.stopPropagation();
      const { view } = this.stage;
      const [left, , right] = this.frame();
      const [x] = view.toCanvas(e.clientX - this.stage.panel.viewport.getBoundingClientRect().left, 0);
      this.moveLine((x - left) / (right - left));
    });
    line.addEventListener("keydown", (e) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!by) return;
      e.preventDefault();
      e.stopPropagation();
      this.nudge(by, e.shiftKey);
    });
  }

  /** @param {number} split 0..1 */
  moveLine(split) {
    this.split = Math.min(Math.max(split, 0), 1);
    this.place();
    this.stage.tell("split");
  }

  /** @param {number} direction @param {boolean} far */
  nudge(direction, far) {
    this.moveLine(this.split + direction * (far ? 0.1 : 0.02));
  }

  /** The two to compare: what stood before, and what stands or is proposed now. @returns {[Side, Side] | null} */
  sides() {
    const { stage } = this;
    if (!stage.picture) return null;
    const head = { picture: stage.picture, placing: UNMOVED, shift: [0, 0] };
    const { review } = stage;
    if (review) {
      const placing = { offset: review.offset.map((v) => -v), turn: 0 };
      return review.shown ? [head, { picture: review.shown, placing, shift: [0, 0] }] : null;
    }
    return this.first ? [this.first.side, head] : null;
  }

  /** What is compared, on the canvas. */
  frame() {
    const sides = this.sides();
    if (!sides) return this.stage.frame();
    const { picture, placing } = sides[1];
    return placedBox(placing, [0, 0, picture.width, picture.height]);
  }

  /** Compares that way, or stops where it is the way already. @param {Way} way */
  async show(way) {
    if (this.way === way) return this.end();
    const { stage } = this;
    if (!stage.review) await this.loadFirst();
    if (!this.sides()) return stage.panel.toast(WORDS.nothingToCompare);
    stage.pointers.cancel();
    this.become(way);
  }

  end() {
    if (this.way) this.become("");
  }

  /** @param {Way | ""} way */
  become(way) {
    this.way = way;
    this.stage.root.classList.toggle("mge-pair", way === "pair"); // on a phone the dock gives it room
    this.stage.tell("comparison");
  }

  /** Loads the version that was opened, for when no variation is under review. */
  async loadFirst() {
    const { stage } = this;
    const entry = stage.firstVersion();
    if (this.first && (!entry || entry.url !== this.first.url)) this.forget();
    if (!entry || this.first) return;
    try {
      const picture = await Picture.decode(await download(entry.url), entry.width, entry.height);
      this.first = { url: entry.url, side: { picture, placing: entry.placing, shift: [0, 0] } };
    } catch {
      stage.panel.toast(WORDS.loadFailed, "error");
    }
  }

  /** Lets go of the version that was opened: the stage shows another one now. */
  forget() {
    if (this.first) this.first.side.picture.close();
    this.first = null;
    if (!this.stage.review) this.end();
  }

  /** How far each side is moved when both are shown: along the longer side of the viewport. @returns {number[]} CSS
   * pixels */
  get apart() {
    const { view } = this.stage;
    if (this.way !== "pair") return [0, 0];
    return view.width >= view.height ? [view.width / 4, 0] : [0, view.height / 4];
  }

  /** Where a screen position lies in the view that both sides share. @param {number} x @param {number} y
   * @returns {[number, number]} */
  shared(x, y) {
    const { view } = this.stage;
    const [dx, dy] = this.apart;
    return [dx ? x + (x < view.width / 2 ? dx : -dx) : x, dy ? y + (y < view.height / 2 ? dy : -dy) : y];
  }

  /** Draws both in place of the stage's picture. @param {CanvasRenderingContext2D} pen in device pixels
   * @param {(target: CanvasRenderingContext2D, side: Side, within: number[]) => void} one draws one picture through the
   * view, as far as a box of the canvas goes
   * @returns {boolean} whether there was something to compare */
  draw(pen, one) {
    const sides = this.way ? this.sides() : null;
    this.place();
    if (!sides) return false;
    const [before, after] = sides;
    const within = this.frame(); // what was opened may have been larger
    const { width, height } = pen.canvas;
    if (this.way === "difference") {
      one(pen, before, within);
      // Both are scaled in the same way and only then subtracted: while blending, rounding may differ by one, which
      // shows.
      const other = context2d(makeCanvas(width, height));
      one(other, after, within);
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.globalCompositeOperation = "difference";
      pen.drawImage(other.canvas, 0, 0);
      // Doubled three times is eight times as strong.
      pen.globalCompositeOperation = "lighter";
      for (let i = 0; i < 3; i++) pen.drawImage(pen.canvas, 0, 0);
      pen.globalCompositeOperation = "source-over";
      return true;
    }
    const [dx, dy] = this.apart;
    const cut = this.way === "slider" ? this.lineAt() * this.stage.view.dpr : width / 2;
    const upright = !dx && !!dy;
    for (const [index, side] of sides.entries()) {
      pen.save();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.beginPath();
      if (upright) pen.rect(0, index ? height / 2 : 0, width, height / 2);
      else pen.rect(index ? cut : 0, 0, index ? width - cut : cut, height);
      pen.clip();
      const sign = index ? 1 : -1;
      one(pen, { ...side, shift: [sign * dx, sign * dy] }, within);
      pen.restore();
    }
    return true;
  }

  /** Where the line stands, in CSS pixels. */
  lineAt() {
    const { view } = this.stage;
    const [left, , right] = this.frame();
    return Math.min(Math.max(Math.round(view.toScreen(left + (right - left) * this.split, 0)[0]), 0), view.width);
  }

  /** Puts line, labels and buttons where they belong. */
  place() {
    const { line, labels, bar, way, stage } = this;
    bar.hidden = !way;
    line.hidden = way !== "slider";
    for (const label of labels) label.hidden = !way || way === "difference";
    for (const node of bar.querySelectorAll("[data-way]"))
      node.setAttribute("aria-checked", String(node.getAttribute("data-way") === way));
    if (!way) return;
    const { view, review } = stage;
    labels[0].textContent = review ? WORDS.before : WORDS.original;
    labels[1].textContent = review ? `${WORDS.after} ${letterOf(review.index)}` : WORDS.now;
    const [, dy] = this.apart;
    const at = way === "slider" ? this.lineAt() : dy ? 0 : view.width / 2;
    labels[0].style.right = dy ? "auto" : `${view.width - at + 8}px`;
    labels[0].style.left = dy ? "8px" : "auto";
    labels[1].style.left = `${at + 8}px`;
    labels[1].style.top = dy ? `${view.height / 2 + 8}px` : "";
    line.style.left = `${at}px`;
    line.setAttribute("aria-valuenow", String(Math.round(100 * this.split)));
  }
}
