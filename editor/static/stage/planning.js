/** What a run would regenerate, asked or computed, and the lines below the canvas that say so. Knows nothing of drawing. */

import { bitsOf, boxRegion, countSet, finestSide, maskRegion, maybeSeveral, onePass } from "./tokens.js";
import { WORDS, cellsSelected, changedOutside, contextOf, counted, duration, letterOf, seamOf, shiftOf, stepOf, windowScale } from "./words.js";

const PLAN_DELAY = 80; // ms

export class Planner {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.asked = "";
    this.timer = 0;
  }

  replan() {
    const { stage } = this;
    stage.planStale = false;
    const { mask, model } = stage;
    const region = mask && maskRegion(mask);
    stage.painted = region && region.bounds;
    stage.painter.keepPin(stage.painted);
    clearTimeout(this.timer);
    let passes = /** @type {import("./tokens.js").Pass[]} */ ([]);
    let asks = false;
    this.asked = ""; // an answer that is on its way is about another mask
    if (mask && stage.mode === "extend") {
      asks = stage.extend.some((v) => v > 0);
    } else if (region && stage.mode !== "generate") {
      const hole = stage.mode === "replace" && stage.box ? boxRegion(stage.box, region.width, region.height) : region;
      const pinned = hole === region ? stage.painter.window : null;
      const pass = onePass(hole, model, pinned);
      if (pass) {
        passes = [pass];
        const side = pass.window[2] - pass.window[0];
        // One window is shown at once; the server knows whether there are several, and how long closer looks take.
        asks = (!pinned && maybeSeveral(hole, model)) || finestSide(side, model) < side;
      } else asks = !!hole.bounds;
    }
    if (asks && stage.wire.canPlan) {
      const local = passes.length > 0;
      if (!local && !stage.plan.local) passes = stage.plan.passes; // the last answer stays until the next one is here
      stage.plan = { passes, seconds: null, local };
      this.timer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY);
    } else {
      stage.plan = { passes, seconds: null, local: true };
    }
    this.status();
    stage.root.dispatchEvent(new CustomEvent("mge-region", { bubbles: true, detail: stage.versions.head }));
  }

  async askPlan() {
    const { stage } = this;
    if (stage.planStale) return; // the frame that is due asks anew, where there is still something to ask
    if (stage.dragging && stage.mode !== "extend") return void (this.timer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY));
    const intent = stage.intent();
    const asked = (this.asked = intent.run);
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
      stage.plan = { passes, seconds: answer.seconds ?? null, local: false };
      this.status();
      stage.renderer.schedule();
    } catch (error) {
      if (this.asked === asked) stage.panel.toast(WORDS.planFailed);
    }
  }

  /** The HUD's two lines, the badge, progress and live region. */
  status() {
    const { stage } = this;
    const { panel, running, review, plan } = stage;
    const total = stage.model.grid ** 2;
    let text = "";
    /** @type {import("./stage.js").Proof | null} */
    let proof = null;
    if (running) {
      text = running.finishing ? `${WORDS.finishing} …` : running.step ? stepOf(running.step, running.steps, running.windows, running.level) : `${WORDS.starting} …`;
      if (running.secondsLeft !== null) text += ` · ${duration(running.secondsLeft)} left`;
    } else if (review) {
      const { seed, score, seam, shift, changed_outside: outside, outcome, note } = review.current;
      text = `${WORDS.variation} ${letterOf(review.index)} of ${review.variations.length} · ${WORDS.seed} ${seed}`;
      if (score !== null) text += ` · ${WORDS.score} ${score.toFixed(2)}`;
      if (outcome.seconds !== null) text += ` · ${duration(outcome.seconds)}`;
      if (outcome.draft) text += ` · ${WORDS.draft}`;
      if (note) text += ` · ${note}`;
      proof = { outside, seam, shift };
    } else if (stage.opening) {
      text = "Opening …";
    } else if (stage.mask) {
      const unknown = plan.passes.reduce((sum, pass) => sum + countSet(pass.cells), 0);
      const all = total * Math.max(plan.passes.length, 1);
      if (plan.passes.length) {
        const side = Math.max(...plan.passes.map(({ window }) => window[2] - window[0]));
        text = `${unknown} of ${counted(all, "cell")} · ${contextOf(all - unknown, all)} · ${counted(plan.passes.length, "window")} · ${windowScale(side, finestSide(side, stage.model), stage.model.pixels)}`;
        if (plan.seconds !== null) text += ` · about ${duration(plan.seconds)}`;
        if (stage.mode !== "extend") text += unknown > 0.75 * all ? ` · ${WORDS.little}` : "";
        // Every window of a border sees known pixels; beyond the picture's own size they are all new ones.
        else if (stage.extend.some((v, i) => v > (i % 2 ? stage.mask?.height ?? 0 : stage.mask?.width ?? 0))) text += ` · ${WORDS.farOut}`;
      } else if (stage.mode === "generate") text = "A whole new picture, nothing to paint";
      else if (stage.mode === "extend") text = "Drag a handle outwards to grow the picture";
      else if (stage.mode === "replace") text = "Drag a box over what should become something else";
      else text = "Paint over what should change";
      panel.say(cellsSelected(unknown, all));
      proof = stage.proof;
    }
    panel.status.textContent = text;
    const outside = proof ? proof.outside : null;
    panel.badge.hidden = outside === null;
    if (outside !== null) {
      panel.badge.textContent = changedOutside(outside);
      panel.badge.dataset.clean = String(outside === 0);
    }
    const seam = proof ? proof.seam : null;
    panel.seam.hidden = seam === null;
    if (seam !== null) panel.seam.textContent = seamOf(seam);
    const shift = proof ? proof.shift : null;
    panel.shift.hidden = shift === null;
    if (shift !== null) panel.shift.textContent = shiftOf(shift);
    panel.stopButton.hidden = !running;
    const size = stage.mask ? [stage.mask.width, stage.mask.height] : null;
    let info = "";
    if (size && stage.mode === "extend" && !review) {
      const [l, t, r, b] = stage.grown();
      info = r - l === size[0] && b - t === size[1] ? "" : `${size[0]} × ${size[1]} → ${r - l} × ${b - t}`;
    }
    if (!info && review) info = `${review.width} × ${review.height}`;
    if (!info && size) info = `${size[0]} × ${size[1]}`;
    panel.info.textContent = info && `${info} · ${Math.round(stage.view.deviceScale * 100)} %`;
    const done = running && running.steps ? running.step / running.steps : 0;
    panel.bar.classList.toggle("mge-on", !!running);
    /** @type {HTMLElement} */ (panel.bar.firstChild).style.transform = `scaleX(${running ? Math.max(done, 0.02) : 0})`;
    stage.root.classList.toggle("mge-busy", !!running);
  }
}
