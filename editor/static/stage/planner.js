/** What a run would regenerate, asked or computed, and the lines below the canvas that say so. Knows nothing of
 * drawing. */

import { counted } from "../common/words.js";
import { bitsOf, boxRegion, countSet, maskRegion, maybeSeveral, onePass } from "./tokens.js";
import {
  about,
  cellsOf,
  cellsSelected,
  changedOutside,
  contextOf,
  duration,
  groupName,
  inLine,
  letterOf,
  scoreOf,
  seamOf,
  shiftOf,
  stepOf,
  timeLeft,
  variationOf,
  WORDS,
  windowScale,
} from "./wording.js";

const PLAN_DELAY = 80; // ms

export class Planner {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.asked = "";
    this.timer = 0;
  }

  /** Something else is marked: what is asked, or about to be, is about what was marked before. */
  forget() {
    clearTimeout(this.timer);
    this.asked = "";
  }

  replan() {
    const { stage } = this;
    const { mask, model } = stage;
    this.forget();
    const region = mask && maskRegion(mask);
    stage.change({ painted: region?.bounds ?? null });
    stage.painter.keepPin(stage.painted);
    let passes = /** @type {import("./tokens.js").Pass[]} */ ([]);
    let asks = false;
    if (mask && stage.mode === "extend") {
      asks = stage.extend.some((v) => v > 0);
    } else if (region && stage.mode !== "generate") {
      const hole = stage.mode === "replace" && stage.box ? boxRegion(stage.box, region.width, region.height) : region;
      const pinned = hole === region ? stage.pinned : null;
      const pass = onePass(hole, model, pinned);
      if (pass) {
        passes = [pass];
        // One window is shown at once; the server knows whether there are several.
        asks = !pinned && maybeSeveral(hole, model);
      } else asks = !!hole.bounds;
    }
    if (asks && stage.wire.canPlan) {
      const local = passes.length > 0;
      if (!local && !stage.plan.local) passes = stage.plan.passes; // the last answer stays until the next one is here
      stage.change({ plan: { passes, seconds: null, local } });
      this.timer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY);
    } else {
      stage.change({ plan: { passes, seconds: null, local: true } });
    }
    stage.root.dispatchEvent(new CustomEvent("mge-region", { bubbles: true, detail: stage.versions.head }));
  }

  async askPlan() {
    const { stage } = this;
    if (stage.dragging && stage.mode !== "extend") {
      this.timer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY);
      return;
    }
    await stage.versions.telling;
    const intent = stage.intent();
    const asked = intent.run;
    this.asked = asked;
    const { grid } = stage.model;
    try {
      const answer = await stage.wire.plan(intent);
      if (this.asked !== asked || !answer || !answer.windows) return;
      const [dx, dy] = intent.mode === "extend" ? intent.extend : [0, 0];
      const passes = answer.windows.map((window, i) => ({
        window: [window[0] - dx, window[1] - dy, window[2] - dx, window[3] - dy],
        grid,
        cells: bitsOf(answer.cells[i], grid * grid),
      }));
      stage.change({ plan: { passes, seconds: answer.seconds ?? null, local: false } });
    } catch {
      if (this.asked === asked) stage.panel.toast(WORDS.planFailed);
    }
  }

  /** The HUD's two lines, the badge, progress and live region. */
  status() {
    const { panel, front, running, review } = this.stage;
    panel.status.textContent = this.text();
    const current = review?.current;
    const made = current && { outside: current.changed_outside, seam: current.seam, shift: current.shift };
    this.showProof(front ? null : (made ?? (this.stage.mask && !this.stage.opening ? this.stage.proof : null)));
    panel.numbers.setAttribute("aria-pressed", String(this.stage.numbers));
    panel.stopButton.hidden = !running;
    const sizes = this.sizes();
    panel.info.textContent = sizes && `${sizes} · ${Math.round(this.stage.view.deviceScale * 100)} %`;
    const done = running?.steps ? running.step / running.steps : 0;
    panel.bar.classList.toggle("mge-on", !!running);
    const bar = /** @type {HTMLElement} */ (panel.bar.firstChild);
    bar.style.transform = `scaleX(${running ? Math.max(done, 0.02) : 0})`;
    this.stage.root.classList.toggle("mge-busy", !!running);
  }

  /** What goes on, what is shown, or what would be repainted. */
  text() {
    const { front, running, runner } = this.stage;
    if (front) return this.ofRun(front);
    const shown = this.ofStage();
    if (!running) return shown;
    const name = groupName(running.from, running.family?.number ?? runner.nextNumber);
    return [`${name}: ${this.ofRun(running)}`, shown].filter(Boolean).join(" · ");
  }

  /** What is shown, or what would be repainted. */
  ofStage() {
    const { review, opening, outliner, selecting, mask } = this.stage;
    if (review) return this.ofReview(review);
    if (opening) return WORDS.opening;
    if (outliner.corners) return WORDS.outlining;
    if (selecting) return WORDS.selecting;
    return mask ? this.ofPlan(mask) : "";
  }

  /** @param {import("./review.js").Running} running */
  ofRun(running) {
    const { step, steps, windows, place } = running;
    if (place) return inLine(place.before, place.seconds);
    const doing = step && !running.finishing ? stepOf(step, steps, windows) : null;
    const text = doing ?? `${running.finishing ? WORDS.finishing : WORDS.starting} …`;
    return running.secondsLeft === null ? text : `${text} · ${timeLeft(running.secondsLeft)}`;
  }

  /** @param {import("./review.js").Review} review */
  ofReview(review) {
    const { seed, score, outcome, note } = review.current;
    const parts = [variationOf(letterOf(review.index), review.variations.length)];
    if (this.stage.numbers) parts.push(`${WORDS.seed} ${seed}`);
    if (this.stage.numbers && score !== null) parts.push(scoreOf(score));
    if (outcome.seconds !== null) parts.push(duration(outcome.seconds));
    if (outcome.draft) parts.push(WORDS.draft);
    if (note) parts.push(note);
    return parts.join(" · ");
  }

  /** @param {import("./mask.js").Mask} mask */
  ofPlan(mask) {
    const { plan, mode, model, extend, panel } = this.stage;
    const nothingYet = /** @type {Record<string, string>} */ (WORDS.nothingYet);
    const unknown = plan.passes.reduce((sum, pass) => sum + countSet(pass.cells), 0);
    const all = model.grid ** 2 * Math.max(plan.passes.length, 1);
    panel.say(cellsSelected(unknown, all));
    if (!plan.passes.length) return nothingYet[mode] ?? WORDS.paintOver;
    const side = Math.max(...plan.passes.map(({ window }) => window[2] - window[0]));
    const parts = [cellsOf(unknown, all)];
    if (this.stage.numbers) {
      const windows = counted(plan.passes.length, WORDS.windowCount);
      parts.push(contextOf(all - unknown, all), windows, windowScale(side, model.pixels));
    }
    if (plan.seconds !== null) parts.push(about(plan.seconds));
    if (mode !== "extend" && unknown > 0.75 * all) parts.push(WORDS.little);
    // Every window of a border sees known pixels; beyond the picture's own size they are all new ones.
    const beyond = extend.some((pixels, i) => pixels > (i % 2 ? mask.height : mask.width));
    if (mode === "extend" && beyond) parts.push(WORDS.farOut);
    return parts.join(" · ");
  }

  /** @param {import("./state.js").Proof | null} proof */
  showProof(proof) {
    const { panel } = this.stage;
    const { outside, seam, shift } = proof ?? { outside: null, seam: null, shift: null };
    panel.badge.hidden = outside === null;
    if (outside !== null) {
      panel.badge.textContent = changedOutside(outside);
      panel.badge.dataset.clean = String(outside === 0);
    }
    const { numbers } = this.stage;
    panel.seam.hidden = seam === null || !numbers;
    if (seam !== null) panel.seam.textContent = seamOf(seam);
    panel.shift.hidden = shift === null || !numbers;
    if (shift !== null) panel.shift.textContent = shiftOf(shift);
  }

  /** The size of what is shown, and what it would become. */
  sizes() {
    const { stage } = this;
    const { mask, review } = stage;
    if (review) return `${review.width} × ${review.height}`;
    if (!mask) return "";
    const size = `${mask.width} × ${mask.height}`;
    const [left, top, right, bottom] = stage.mode === "extend" ? stage.grown() : [0, 0, mask.width, mask.height];
    const grown = `${right - left} × ${bottom - top}`;
    return grown === size ? size : `${size} → ${grown}`;
  }
}
