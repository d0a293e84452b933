/** The dock of a run's steps: go back and forth, see order and confidence, start again from a step. Knows traces, not
 * the server. */

import { makeElement, setPossible, textButton } from "../common/elements.js";
import { Film } from "./film.js";
import { drawHeat, heatGradient } from "./heat.js";
import { context2d, makeCanvas } from "./picture.js";
import { LEGENDS, LOOKS, stepOf, WORDS, weakestShare } from "./wording.js";

/** @typedef {import("./trace.js").Trace} Trace */
/** @typedef {"picture" | "order" | "confidence"} Look */

const INSET = 132; // pixels of the sequential run's preview

/** The colours of confidence between two words. @returns {HTMLElement} */
function heatLegend() {
  const legend = makeElement(
    "div",
    "mge-legend",
    {},
    makeElement("span", ""),
    makeElement("i", "", { "aria-hidden": "true" }),
    makeElement("span", "")
  );
  /** @type {HTMLElement} */ (legend.children[1]).style.background = heatGradient();
  return legend;
}

export class Timeline {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {number | null} steps back from the end; null shows the run as it is now, or its result */
    this.position = null;
    /** @type {Look} */
    this.look = "picture";
    /** @type {Film | null} of the steps under review */
    this.film = null;
    /** @type {Film | null} of the sequential run beside them */
    this.besideFilm = null;
    this.looks = this.lookChoice();
    this.lane = makeElement("div", "mge-lane");
    this.besideLane = makeElement("div", "mge-lane mge-lane-beside", { title: WORDS.sequential });
    this.track = makeElement(
      "div",
      "mge-track",
      { role: "slider", tabindex: "0", "aria-label": WORDS.steps, title: WORDS.trackTitle },
      this.lane,
      this.besideLane
    );
    this.text = makeElement("output", "mge-step-text");
    this.branch = textButton(
      WORDS.branch,
      WORDS.branchTitle,
      () => stage.runner.again("branch", { position: this.position ?? this.length }),
      "mge-small"
    );
    this.share = makeElement("input", "mge-size mge-share", {
      type: "range",
      min: "5",
      max: "50",
      step: "5",
      value: "20",
      "aria-label": WORDS.share,
      title: WORDS.share,
    });
    this.share.addEventListener("input", () => this.refresh());
    this.weakest = textButton(
      "",
      WORDS.weakestTitle,
      () => stage.runner.again("weakest", { share: Number(this.share.value) / 100 }),
      "mge-small"
    );
    this.baseline = textButton(WORDS.baseline, WORDS.baselineTitle, () => stage.runner.again("baseline"), "mge-small");
    this.legend = heatLegend();
    this.hint = makeElement("p", "mge-dock-hint", {}, WORDS.noStepsYet);
    this.dock = this.wholeDock();
    this.inset = makeElement(
      "figure",
      "mge-inset mge-float",
      {},
      makeCanvas(INSET, INSET),
      makeElement("figcaption", "", {}, WORDS.sequential)
    );
    this.listen();
  }

  /** What of a step is shown: its picture, the order, the confidence. @returns {HTMLElement} */
  lookChoice() {
    const looks = makeElement("div", "mge-looks", { role: "radiogroup", "aria-label": WORDS.looks });
    for (const [id, [text, title]] of Object.entries(LOOKS)) {
      const node = makeElement("button", "mge-look", { type: "button", role: "radio", "data-look": id, title }, text);
      node.addEventListener("click", () => this.setLook(/** @type {Look} */ (id)));
      looks.append(node);
    }
    return looks;
  }

  /** @returns {HTMLElement} */
  wholeDock() {
    return makeElement(
      "section",
      "mge-dock",
      { "aria-label": WORDS.timeline },
      this.looks,
      this.track,
      this.text,
      makeElement(
        "div",
        "mge-dock-actions",
        {},
        this.branch,
        makeElement("span", "mge-weakest", {}, this.share, this.weakest),
        this.baseline
      ),
      this.hint
    );
  }

  listen() {
    const { track } = this;
    const to = (/** @type {PointerEvent} */ e) => {
      const box = track.getBoundingClientRect();
      this.go(Math.round(((e.clientX - box.left) / box.width) * this.places));
    };
    track.addEventListener("pointerdown", (e) => {
      if (!this.length) return;
      e.preventDefault();
      track.focus({ preventScroll: true });
      track.setPointerCapture(e.pointerId);
      to(e);
    });
    track.addEventListener("pointermove", (e) => track.hasPointerCapture(e.pointerId) && to(e));
    track.addEventListener("keydown", (e) => {
      const at = this.position ?? this.length;
      const next = {
        ArrowLeft: at - 1,
        ArrowDown: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at + 1,
        Home: 0,
        End: this.length,
      }[e.key];
      if (next === undefined) return;
      e.preventDefault();
      e.stopPropagation();
      this.go(next);
    });
  }

  // ---- what it shows ------------------------------------------------------------------------------------------------

  /** The steps on show: of what is under review, or of what decodes. @returns {Trace | null} */
  get trace() {
    const { review, front } = this.stage;
    const trace = review ? review.current.outcome.trace : front ? front.trace : null;
    return trace?.moments.length ? trace : null;
  }

  /** Which of the trace's variations is on show. */
  get variation() {
    const { review, front } = this.stage;
    return review ? review.current.place : front ? front.index : 0;
  }

  get length() {
    return this.trace ? this.trace.moments.length : 0;
  }

  /** How many steps the track has room for: those to come have their places from the start. */
  get places() {
    const { trace } = this;
    return trace && !this.stage.review ? trace.expected : this.length;
  }

  /** Whether an earlier step is shown than the newest. */
  get back() {
    return this.position !== null && this.position < this.length;
  }

  /** The sequential run made from the one under review. @returns {Trace | null} */
  get beside() {
    const { review, running } = this.stage;
    if (!review) return null;
    const { run } = review.current.outcome;
    const made = review.variations.find(({ outcome: { from } }) => from && from.how === "baseline" && from.run === run);
    if (made) return made.outcome.trace;
    const decoding = running?.from && running.from.how === "baseline" && running.from.run === run;
    return decoding && running.trace.moments.length ? running.trace : null;
  }

  /** Where in the sequential run the shown share of the work was done. */
  get besidePosition() {
    const { beside } = this;
    if (!beside) return 0;
    return Math.round(((this.position ?? this.length) / Math.max(this.length, 1)) * beside.moments.length);
  }

  /** Previews to lay over the picture; none where the result itself is shown. */
  layers() {
    return this.back && this.film ? this.film.layers : [];
  }

  /** The cells to draw as undecided.
   * @returns {{window: number[], unknown: Uint8Array, decided: Map<number, number>} | null} */
  undecided() {
    const { trace } = this;
    const cells =
      trace && this.back && this.look === "picture"
        ? trace.undecided(/** @type {number} */ (this.position), this.variation)
        : null;
    return cells && { ...cells, decided: new Map() };
  }

  /** Draws order or confidence over the window. @param {CanvasRenderingContext2D} pen CSS pixels
   * @param {(box: number[]) => number[]} screenBox */
  draw(pen, screenBox) {
    const { trace, look } = this;
    if (!trace || look === "picture") return;
    const at = this.position ?? this.length;
    const moment = trace.at(at) || trace.moments[0];
    const values = look === "order" ? trace.order(at, this.variation) : trace.sureness(at, this.variation);
    if (values) drawHeat(pen, screenBox(moment.window), Math.round(Math.sqrt(values.length)), values);
  }

  // ---- what it does -------------------------------------------------------------------------------------------------

  /** Shows a position: 0 before the first step, the last is the result. @param {number} position */
  go(position) {
    if (!this.length) return;
    const within = Math.min(Math.max(position, 0), this.length);
    this.position = within === this.length ? null : within;
    this.redraw();
    this.stage.panel.say(this.told());
  }

  /** @param {number} by steps */
  scrub(by) {
    this.go((this.position ?? this.length) + by);
  }

  /** @param {Look} look */
  setLook(look) {
    this.look = look;
    this.redraw();
  }

  /** Loads what the position looks like, and shows it. */
  redraw() {
    const { trace, stage } = this;
    const show = (/** @type {Film | null} */ film, /** @type {Trace | null} */ wanted) => {
      if (film && film.trace === wanted) return film;
      if (film) film.close();
      return wanted && new Film(wanted);
    };
    this.film = show(this.film, trace);
    this.besideFilm = show(this.besideFilm, this.beside);
    if (this.film && this.back)
      void this.film
        .show(/** @type {number} */ (this.position), this.variation)
        .then((drawn) => drawn && stage.tell("timeline"));
    void this.drawInset();
    stage.tell("timeline");
  }

  async drawInset() {
    const { besideFilm } = this;
    const preview = besideFilm ? (await besideFilm.previews(this.besidePosition))[0] : null;
    if (besideFilm !== this.besideFilm) return;
    const canvas = /** @type {HTMLCanvasElement} */ (this.inset.firstChild);
    const pen = context2d(canvas);
    pen.clearRect(0, 0, INSET, INSET);
    if (preview) pen.drawImage(preview, 0, 0, INSET, INSET);
    this.inset.classList.toggle("mge-on", !!besideFilm);
  }

  /** A run goes on: the newest step is shown again. @param {import("./review.js").Running} running */
  follow(running) {
    if (running.beside) this.redraw();
    else if (!running.aside) this.position = null;
  }

  /** Another run is on the stage. */
  reset() {
    this.position = null;
    this.redraw();
  }

  /** The dock again: knobs, words, what is possible. */
  refresh() {
    const { length, stage, dock } = this;
    dock.classList.toggle("mge-on", length > 0);
    for (const node of this.looks.children)
      node.setAttribute("aria-checked", String(node.getAttribute("data-look") === this.look));
    const heat = this.look !== "picture" && length > 0;
    this.legend.classList.toggle("mge-on", heat);
    if (heat) {
      const [first, last] = LEGENDS[this.look];
      /** @type {Node} */ (this.legend.firstChild).textContent = first;
      /** @type {Node} */ (this.legend.lastChild).textContent = last;
    }
    this.knobs(this.lane, this.places, this.position ?? length);
    const { beside } = this;
    this.knobs(this.besideLane, beside ? beside.moments.length : 0, this.besidePosition);
    this.track.setAttribute("aria-valuemin", "0");
    this.track.setAttribute("aria-valuemax", String(length));
    this.track.setAttribute("aria-valuenow", String(this.position ?? length));
    this.text.textContent = this.told();
    this.track.setAttribute("aria-valuetext", this.text.textContent);
    this.weakest.textContent = weakestShare(Number(this.share.value));
    const { runner } = stage;
    setPossible(this.branch, WORDS.branchTitle, runner.againObjection("branch", this.position ?? length));
    setPossible(this.weakest, WORDS.weakestTitle, runner.againObjection("weakest", 0));
    setPossible(this.baseline, WORDS.baselineTitle, runner.againObjection("baseline", 0));
  }

  /** What the position is called. @returns {string} */
  told() {
    const { trace } = this;
    if (!trace) return "";
    const moment = trace.at(this.position ?? this.length);
    if (moment?.finish) return this.back || !this.stage.review ? WORDS.finishing : WORDS.finished;
    return stepOf(
      moment ? moment.step : 0,
      trace.steps,
      trace.passes > 1 && moment ? [moment.pass, trace.passes] : null
    );
  }

  /** One knob a step, and one before the first. @param {HTMLElement} lane @param {number} count
   * @param {number} position */
  knobs(lane, count, position) {
    const wanted = count ? count + 1 : 0;
    while (lane.children.length > wanted) /** @type {Element} */ (lane.lastChild).remove();
    while (lane.children.length < wanted) lane.append(makeElement("i", "mge-knob"));
    [...lane.children].forEach((knob, i) => {
      const state = i === position ? "here" : i < position ? "past" : "ahead";
      if (/** @type {HTMLElement} */ (knob).dataset.at !== state) /** @type {HTMLElement} */ (knob).dataset.at = state;
    });
  }
}
