/** The stage itself: what is open, painted, running and shown, and every action that a button, key or message can ask for. */

import { History } from "./history.js";
import { listenToKeys } from "./keyboard.js";
import { Mask } from "./mask.js";
import { Panel } from "./panel.js";
import { Picture, context2d, download, makeCanvas } from "./picture.js";
import { Pointers } from "./pointer.js";
import { Renderer, Tint } from "./render.js";
import { Review, Running } from "./review.js";
import { bitsOf, boxRegion, countSet, maskRegion, onePass } from "./tokens.js";
import { allowedExtend, shiftedBox } from "./tools.js";
import { View } from "./view.js";
import { Wire, randomId } from "./wire.js";
import { WORDS, cellsSelected, changedOutside, counted, duration, windowScale } from "./words.js";

const PLAN_DELAY = 80; // ms
const LARGEST_BRUSH = 1024; // picture pixels
const MODES = ["fill", "replace", "extend", "generate", "sweep"];
/** @type {Record<string, string[]>} */
const TOOLS = {
  fill: ["brush", "eraser", "rectangle", "hand"],
  replace: ["box", "brush", "eraser", "rectangle", "hand"],
  extend: ["extend", "hand"],
  generate: ["hand"],
  sweep: ["brush", "eraser", "rectangle", "hand"],
};

export class Stage {
  /** @param {HTMLElement} root @param {Wire} wire */
  constructor(root, wire) {
    this.root = root;
    this.wire = wire;
    this.view = new View();
    this.history = new History();
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {Mask | null} */
    this.mask = null;
    /** @type {Tint | null} */
    this.tint = null;
    /** @type {string | null} */
    this.doc = null;
    this.name = "";
    this.alpha = false;
    this.opening = false;
    this.mode = "fill";
    this.tool = "brush";
    this.size = 48;
    /** @type {number[] | null} */
    this.box = null;
    this.extend = [0, 0, 0, 0];
    this.model = { pixels: 128, grid: 16, context: 2, coverage: 0, grow: 0 };
    /** @type {{passes: import("./tokens.js").Pass[], seconds: number | null, local: boolean}} */
    this.plan = { passes: [], seconds: null, local: true };
    /** @type {number[] | null} the smallest box that holds what is painted */
    this.painted = null;
    this.planStale = true;
    this.planAsked = "";
    this.planTimer = 0;
    this.gridOn = false;
    this.comparing = false;
    this.dragging = false;
    this.focusByPointer = false;
    /** True once someone paints while a run or its result is shown: the tint comes back. */
    this.painting = false;
    /** @type {[number, number] | null} CSS pixels */
    this.pointer = null;
    /** @type {{rect: number[], erase: boolean} | null} */
    this.rubber = null;
    /** @type {Running | null} */
    this.running = null;
    /** @type {Review | null} */
    this.review = null;
    /** @type {number | null} */
    this.lastOutside = null;
    /** @type {{step: any, undo: boolean} | null} an accepted edit that the server is taking back or doing again */
    this.pendingEdit = null;
    /** @type {Running | null} the finished run, shown until its result is loaded */
    this.held = null;
    this.stopped = "";
    this.panel = new Panel(this, root);
    this.renderer = new Renderer(this, this.panel.viewport);
    this.pointers = new Pointers(this, this.panel.viewport);
    listenToKeys(this, this.panel.viewport);
    this.listenToFiles();
    new ResizeObserver(() => {
      if (this.renderer.resize() && this.view.fitted) this.fit();
    }).observe(this.panel.viewport);
    this.renderer.resize();
    this.refresh();
    wire.listen((message) => this.receive(message));
  }

  // ---- what there is ------------------------------------------------------------------------------------------------

  visible() {
    return this.root.isConnected && this.root.offsetParent !== null;
  }

  hasCanvas() {
    return !!this.picture || !!this.review || !!(this.running && this.running.step);
  }

  /** Whether brush strokes mean something now. */
  paintable() {
    return !!this.mask && !["extend", "generate"].includes(this.mode);
  }

  toolsHere() {
    return this.hasCanvas() ? TOOLS[this.mode] : TOOLS.fill;
  }

  brushShown() {
    return this.paintable() && ["brush", "eraser"].includes(this.tool) && !this.pointers.spaceDown && !this.pointers.panning;
  }

  erasing() {
    return this.tool === "eraser";
  }

  /** The picture with its new border, in picture pixels. */
  grown() {
    const { width, height } = /** @type {Mask} */ (this.mask);
    const [l, t, r, b] = this.extend;
    return [-l, -t, width + r, height + b];
  }

  /** What fits into the viewport. */
  frame() {
    if (this.review) return [-this.review.offset[0], -this.review.offset[1], this.review.width - this.review.offset[0], this.review.height - this.review.offset[1]];
    if (this.running && this.running.step && this.running.mode === "generate") return [0, 0, ...this.running.canvas];
    if (this.mode === "extend" && this.mask) return this.grown();
    return this.mask ? [0, 0, this.mask.width, this.mask.height] : [0, 0, 512, 512];
  }

  /** @returns {{shown: Picture | null, offset: number[]}} */
  shownPicture() {
    if (this.review && this.review.shown && !this.comparing) return { shown: this.review.shown, offset: this.review.offset };
    if (this.running && this.running.step && this.running.mode === "generate" && !this.comparing) return { shown: null, offset: [0, 0] };
    return { shown: this.picture, offset: [0, 0] };
  }

  shownPreviews() {
    const from = this.running || this.held;
    return from && !this.comparing ? [...from.previews.values()] : [];
  }

  tintShown() {
    if (!this.tint || this.comparing || !this.paintable() || (this.mode === "replace" && this.box)) return false;
    return this.painting || !(this.review || (this.running && this.running.step));
  }

  // ---- actions ------------------------------------------------------------------------------------------------------

  /** @param {string} tool */
  setTool(tool) {
    if (!TOOLS[this.mode].includes(tool)) return;
    this.tool = tool;
    this.pointers.cursor();
    this.refresh();
  }

  /** @param {string} mode */
  setMode(mode) {
    if (!MODES.includes(mode) || mode === this.mode) return;
    this.pointers.cancel();
    this.mode = mode;
    if (!TOOLS[mode].includes(this.tool) || mode === "replace") this.tool = TOOLS[mode][0];
    this.pointers.cursor();
    this.renderer.all();
    if (this.view.fitted || mode === "extend") this.fit();
    this.changed();
  }

  sizeStep() {
    return Math.round((100 * Math.log(this.size)) / Math.log(LARGEST_BRUSH));
  }

  /** @param {number} step 0..100, even in ratio */
  setSizeStep(step) {
    this.size = Math.max(1, Math.round(Math.exp((step / 100) * Math.log(LARGEST_BRUSH))));
    this.refresh();
  }

  /** @param {number} direction */
  resizeBrush(direction) {
    const next = Math.round(direction > 0 ? Math.max(this.size + 1, this.size * 1.18) : Math.min(this.size - 1, this.size / 1.18));
    this.size = Math.min(Math.max(next, 1), LARGEST_BRUSH);
    this.refresh();
  }

  toggleGrid() {
    this.gridOn = !this.gridOn;
    this.refresh();
  }

  fit() {
    if (!this.hasCanvas()) return;
    const wide = this.view.width > 640;
    const free = this.mode === "extend" ? (wide ? 72 : 40) : wide ? 28 : 12;
    this.view.fit(this.frame(), [free, free, free, free]);
    this.viewChanged();
  }

  actualSize() {
    if (!this.hasCanvas()) return;
    this.view.actual();
    this.viewChanged();
  }

  viewChanged() {
    this.renderer.all();
    this.status();
  }

  /** @param {boolean} on */
  compare(on) {
    if (on === this.comparing || !this.picture) return;
    this.comparing = on;
    this.panel.compareTag.classList.toggle("mge-on", on);
    this.renderer.all();
  }

  invert() {
    if (!this.mask || !this.paintable()) return;
    this.mask.invert();
    this.paints();
    this.commitMask();
  }

  clear() {
    if (!this.mask || !this.paintable()) return;
    if (this.mode === "replace" && this.box) {
      const before = this.box;
      this.box = null;
      this.commitBox(before);
    }
    this.mask.clear();
    this.commitMask();
  }

  /** A stroke begins. */
  paints() {
    if (this.review || this.running) {
      this.painting = true;
      this.renderer.all();
    }
  }

  commitMask() {
    const edit = /** @type {Mask} */ (this.mask).commit();
    if (edit) {
      this.history.push({ kind: "mask", edit });
      if (this.mode === "replace" && this.box) {
        // Whoever paints in Replace means the painted region, not the box.
        const before = this.box;
        this.box = null;
        this.commitBox(before);
        this.renderer.all();
      }
    }
    this.changed();
  }

  /** @param {number[] | null} before */
  commitBox(before) {
    if (String(before) !== String(this.box)) this.history.push({ kind: "box", before, after: this.box });
    this.renderer.all();
    this.changed();
  }

  /** @param {number[]} before */
  commitExtend(before) {
    if (String(before) !== String(this.extend)) this.history.push({ kind: "extend", before, after: this.extend.slice() });
    if (this.view.fitted) this.fit();
    this.changed();
  }

  /** @param {number[]} sides */
  setExtend(sides) {
    if (!this.mask || !Array.isArray(sides) || sides.length !== 4) return;
    const before = this.extend;
    this.extend = allowedExtend(sides.map(Number), this.mask.width, this.mask.height);
    if (this.mode === "extend" && String(before) !== String(this.extend)) this.fit();
    this.commitExtend(before);
  }

  undo() {
    this.travel(true);
  }

  redo() {
    this.travel(false);
  }

  /** @param {boolean} back */
  travel(back) {
    if (this.pointers.cancel() || this.pendingEdit) return;
    const steps = back ? this.history.done : this.history.undone;
    const next = steps[steps.length - 1];
    if (!next) return;
    if (next.kind === "accept" && (this.running || (this.review && this.review.sent))) return;
    const step = /** @type {import("./history.js").Step} */ (back ? this.history.undo() : this.history.redo());
    if (step.kind === "mask") {
      if (this.mask) this.mask.apply(step.edit);
      this.paints();
    } else if (step.kind === "box") {
      this.box = back ? step.before : step.after;
      this.renderer.all();
    } else if (step.kind === "extend") {
      this.extend = (back ? step.before : step.after).slice();
      if (this.mode === "extend" && this.view.fitted) this.fit();
    } else {
      if (this.review) this.discard();
      this.pendingEdit = { step, undo: back };
      if (back) this.wire.undoAccept();
      else this.wire.redoAccept();
    }
    this.changed();
  }

  /** Arrow keys flip through variations or move the box. @param {string} where @param {boolean} far @returns {boolean} */
  arrow(where, far) {
    const sign = where === "left" || where === "up" ? -1 : 1;
    const across = where === "left" || where === "right";
    const several = this.review ? this.review.variations.length : 0;
    if (several && across) {
      this.choose((/** @type {Review} */ (this.review).index + sign + several) % several);
      return true;
    }
    if (this.mode === "replace" && this.box && this.mask) {
      const before = this.box;
      const pass = this.plan.passes[0];
      const cell = pass ? Math.max(1, Math.round((pass.window[2] - pass.window[0]) / pass.grid)) : 8;
      const by = sign * (far ? cell : 1);
      this.box = shiftedBox(before, across ? by : 0, across ? 0 : by, this.mask.width, this.mask.height);
      this.commitBox(before);
      return true;
    }
    return false;
  }

  escape() {
    if (this.pointers.cancel()) return;
    if (this.running) this.stop();
    else if (this.review) this.discard();
  }

  // ---- plan and HUD -------------------------------------------------------------------------------------------------

  /** Something that decides the plan is different now. */
  changed() {
    this.planStale = true;
    this.refresh();
  }

  refresh() {
    this.panel.refreshTools();
    this.status();
    this.renderer.schedule();
  }

  beforeFrame() {
    if (this.planStale) this.replan();
  }

  replan() {
    this.planStale = false;
    const { mask, model } = this;
    const region = mask && maskRegion(mask);
    this.painted = region && region.bounds;
    clearTimeout(this.planTimer);
    let passes = /** @type {import("./tokens.js").Pass[]} */ ([]);
    let asks = false;
    if (mask && this.mode === "extend") {
      asks = this.extend.some((v) => v > 0);
    } else if (region && this.mode !== "generate") {
      const hole = this.mode === "replace" && this.box ? boxRegion(this.box, region.width, region.height) : region;
      const pass = onePass(hole, model);
      if (pass) passes = [pass];
      else asks = !!hole.bounds;
    }
    if (asks && this.wire.canPlan) {
      if (!this.plan.local) passes = this.plan.passes; // the last answer stays until the next one is here
      this.plan = { passes, seconds: null, local: false };
      this.planTimer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY);
    } else {
      this.planAsked = "";
      this.plan = { passes, seconds: null, local: true };
    }
    this.status();
  }

  async askPlan() {
    if (this.dragging && this.mode !== "extend") return void (this.planTimer = window.setTimeout(() => void this.askPlan(), PLAN_DELAY));
    const intent = this.intent();
    const asked = (this.planAsked = intent.run);
    const { grid } = this.model;
    try {
      const answer = await this.wire.plan(intent);
      if (this.planAsked !== asked || !answer || !answer.windows) return;
      const [dx, dy] = intent.mode === "extend" ? intent.extend : [0, 0];
      const passes = answer.windows.map((window, i) => ({
        window: [window[0] - dx, window[1] - dy, window[2] - dx, window[3] - dy],
        grid,
        cells: bitsOf(answer.cells[i], grid * grid),
      }));
      this.plan = { passes, seconds: answer.seconds ?? null, local: false };
      this.status();
      this.renderer.schedule();
    } catch (error) {
      if (this.planAsked === asked) this.panel.toast(WORDS.planFailed);
    }
  }

  /** The HUD's two lines, the badge, progress and live region. */
  status() {
    const { panel, running, review, plan } = this;
    const total = this.model.grid ** 2;
    let text = "";
    let badge = null;
    if (running) {
      text = running.step ? `Step ${running.step} of ${running.steps}` : `${WORDS.starting} …`;
      if (running.passes > 1) text += ` · window ${running.passIndex + 1} of ${running.passes}`;
      if (running.secondsLeft !== null) text += ` · ${duration(running.secondsLeft)} left`;
    } else if (review) {
      const { seed, score, changed_outside: outside } = review.current;
      text = `Variation ${"ABCDEFGHIJKLMNOP"[review.index]} of ${review.variations.length} · seed ${seed}`;
      if (typeof score === "number") text += ` · score ${score.toFixed(2)}`;
      if (typeof review.seconds === "number") text += ` · ${duration(review.seconds)}`;
      badge = outside;
    } else if (this.opening) {
      text = "Opening …";
    } else if (this.mask) {
      const unknown = plan.passes.reduce((sum, pass) => sum + countSet(pass.cells), 0);
      const all = total * Math.max(plan.passes.length, 1);
      if (plan.passes.length) {
        const pass = plan.passes[0];
        text = `${unknown} of ${counted(all, "cell")} · ${counted(plan.passes.length, "window")} · ${windowScale(pass.window[2] - pass.window[0], this.model.pixels)}`;
        if (plan.seconds !== null) text += ` · about ${duration(plan.seconds)}`;
        if (unknown > 0.75 * all && this.mode !== "extend") text += ` · ${WORDS.little}`;
      } else if (this.mode === "generate") text = "A whole new picture, nothing to paint";
      else if (this.mode === "extend") text = "Drag a handle outwards to grow the picture";
      else if (this.mode === "replace") text = "Drag a box over what should become something else";
      else text = "Paint over what should change";
      panel.say(cellsSelected(unknown, all));
      badge = this.lastOutside;
    }
    panel.status.textContent = text;
    panel.badge.hidden = badge === null || badge === undefined;
    if (badge !== null && badge !== undefined) {
      panel.badge.textContent = changedOutside(badge);
      panel.badge.dataset.clean = String(badge === 0);
    }
    panel.stopButton.hidden = !running;
    const size = this.mask ? [this.mask.width, this.mask.height] : null;
    let info = "";
    if (size && this.mode === "extend" && !review) {
      const [l, t, r, b] = this.grown();
      info = r - l === size[0] && b - t === size[1] ? "" : `${size[0]} × ${size[1]} → ${r - l} × ${b - t}`;
    }
    if (!info && review) info = `${review.width} × ${review.height}`;
    if (!info && size) info = `${size[0]} × ${size[1]}`;
    panel.info.textContent = info && `${info} · ${Math.round(this.view.deviceScale * 100)} %`;
    const done = running && running.steps ? running.step / running.steps : 0;
    panel.bar.classList.toggle("mge-on", !!running);
    /** @type {HTMLElement} */ (panel.bar.firstChild).style.transform = `scaleX(${running ? Math.max(done, 0.02) : 0})`;
    this.root.classList.toggle("mge-busy", !!running);
  }

  // ---- run, review --------------------------------------------------------------------------------------------------

  /** @returns {import("./wire.js").Intent} */
  intent() {
    const { mask, mode } = this;
    const boxed = mode === "replace" && this.box;
    const painted = mask && !boxed && !["extend", "generate"].includes(mode) && (mode !== "sweep" || mask.painted);
    return {
      v: 1,
      doc: this.doc,
      mode,
      mask: painted ? { width: mask.width, height: mask.height, runs: mask.runs() } : null,
      box: boxed ? /** @type {number[]} */ (this.box).slice() : null,
      extend: ["extend", "sweep"].includes(mode) ? this.extend.slice() : [0, 0, 0, 0],
      run: randomId(),
    };
  }

  /** Why a run would make no sense now, or "". */
  objection() {
    if (["generate", "sweep"].includes(this.mode)) return "";
    if (!this.mask) return WORDS.noPicture;
    if (this.mode === "extend") return this.extend.some((v) => v > 0) ? "" : WORDS.noBorder;
    if (this.mode === "replace" && this.box) return "";
    if (!this.mask.painted) return this.mode === "replace" ? WORDS.noBox : WORDS.nothingPainted;
    return "";
  }

  run() {
    if (this.running && (this.running.step || performance.now() - this.running.started < 3000)) return;
    this.pointers.cancel();
    const objection = this.objection();
    if (objection) return this.panel.toast(objection);
    const intent = this.intent();
    this.endReview();
    this.endRunning();
    this.running = new Running(intent.run, this.mode);
    this.painting = false;
    this.wire.run(intent);
    this.renderer.all();
    this.refresh();
  }

  stop() {
    const { running } = this;
    if (!running) return;
    this.stopped = running.run;
    this.wire.stop(running.run);
    this.endRunning();
    this.panel.toast(WORDS.stopped);
    this.refresh();
  }

  endRunning() {
    if (this.running) this.running.close();
    if (this.held) this.held.close();
    this.held = null;
    this.running = null;
    this.panel.showTiles([], 0, false);
    this.renderer.all();
  }

  endReview() {
    if (this.held) this.held.close();
    this.held = null;
    if (this.review) this.review.close();
    this.review = null;
    this.painting = false;
    this.panel.showTiles([], 0, false);
    this.renderer.all();
  }

  /** @param {number} index */
  choose(index) {
    if (this.review) {
      this.review.index = index;
      void this.showVariation();
    } else if (this.running) {
      this.running.index = index;
      this.running.compose((pen, box) => this.keepUnknown(pen, box));
      this.panel.showTiles(this.runningTiles(), index, false);
      this.renderer.all();
    }
  }

  keep() {
    const { review } = this;
    if (!review || review.sent) return;
    review.sent = true;
    this.wire.accept(review.run, review.index);
    this.panel.keepButton.disabled = true;
  }

  discard() {
    const { review } = this;
    if (!review || review.sent) return;
    this.wire.discard(review.run);
    const resized = this.review && String(this.frame()) !== String([0, 0, this.mask?.width, this.mask?.height]);
    this.endReview();
    if (this.view.fitted && resized) this.fit();
    this.refresh();
  }

  /** Cuts a preview to what the run repaints. @param {CanvasRenderingContext2D} pen @param {number[]} box */
  keepUnknown(pen, box) {
    const { mask } = this;
    const mode = this.running ? this.running.mode : this.mode;
    if (mode === "generate" || !mask) return;
    if (mode === "extend") {
      pen.globalCompositeOperation = "destination-out";
      pen.fillRect(0, 0, mask.width, mask.height);
    } else if (mode === "replace" && this.box) {
      const [l, t, r, b] = this.box;
      pen.beginPath();
      pen.rect(l, t, r - l, b - t);
      pen.fill();
    } else {
      pen.save();
      pen.globalCompositeOperation = "source-over";
      // The tint holds the mask already; only its alpha counts here.
      const cut = makeCanvas(pen.canvas.width, pen.canvas.height);
      const cutPen = context2d(cut);
      cutPen.setTransform(pen.getTransform());
      /** @type {Tint} */ (this.tint).draw(cutPen, cut.width / (box[2] - box[0]));
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.globalCompositeOperation = "destination-in";
      pen.drawImage(cut, 0, 0);
      pen.restore();
    }
  }

  runningTiles() {
    const running = /** @type {Running} */ (this.running);
    return running.tiles().map((tile, i) => ({ tile, title: `Variation ${i + 1}, decoding`, note: "" }));
  }

  reviewTiles() {
    const review = /** @type {Review} */ (this.review);
    return review.variations.map((each, i) => ({
      tile: review.tiles[i],
      title: `Variation ${i + 1}, seed ${each.seed}` + (typeof each.score === "number" ? `, score ${each.score.toFixed(2)}` : ""),
      note: typeof each.score === "number" ? each.score.toFixed(2) : "",
    }));
  }

  async showVariation() {
    const { review } = this;
    if (!review) return;
    this.panel.keepButton.disabled = review.sent;
    this.panel.showTiles(this.reviewTiles(), review.index, true);
    this.refresh();
    try {
      await review.load(review.index);
    } catch {
      this.panel.toast(WORDS.loadFailed, "error");
    }
    if (this.review !== review) return;
    if (this.held) this.held.close();
    this.held = null;
    this.panel.showTiles(this.reviewTiles(), review.index, true);
    this.renderer.all();
    this.refresh();
  }

  // ---- messages -----------------------------------------------------------------------------------------------------

  /** @param {any} message */
  async receive(message) {
    switch (message.kind) {
      case "open":
        return this.opened(message);
      case "settings":
        return this.settled(message);
      case "step":
        return this.stepped(message);
      case "result":
        return this.finished(message);
      case "accepted":
        return this.accepted(message);
      case "stopped":
        return this.wasStopped(message);
      case "notice":
        this.panel.toast(message.message, message.level);
        if (message.level === "error" || this.pendingEdit) this.failed();
    }
  }

  /** Puts a picture and a mask of its size on the stage. @param {string | null} doc @param {Picture} picture
   * @param {Mask} mask */
  place(doc, picture, mask) {
    if (this.picture && this.picture !== picture) this.picture.close();
    if (this.tint) this.tint.close();
    const resized = !this.mask || this.mask.width !== mask.width || this.mask.height !== mask.height;
    this.doc = doc;
    this.picture = picture;
    this.mask = mask;
    this.tint = new Tint(mask);
    const { tint } = this;
    mask.onchange = (rect) => {
      tint.update(rect);
      this.renderer.tint(rect);
      this.planStale = true;
    };
    tint.update([0, 0, mask.width, mask.height]);
    if (resized) {
      this.box = null;
      this.extend = [0, 0, 0, 0];
      this.view.fitted = true;
    }
    this.renderer.all();
    if (this.view.fitted) this.fit();
    this.changed();
  }

  /** @param {any} message */
  async opened(message) {
    this.pointers.cancel();
    this.opening = true;
    this.refresh();
    try {
      const { width, height } = message;
      const picture = await Picture.decode(await download(message.url), width, height);
      this.endReview();
      this.endRunning();
      const old = this.mask;
      const pending = this.pendingEdit;
      this.pendingEdit = null;
      this.alpha = !!message.alpha;
      this.name = message.name || "";
      if (message.model) Object.assign(this.model, message.model);
      const mask = new Mask(width, height);
      if (pending) this.restore(mask, pending);
      else if (message.keep_mask && old && old.width === width && old.height === height) mask.load(old.runs(), width);
      else {
        this.history.clear();
        this.box = null;
        this.extend = [0, 0, 0, 0];
        this.view.fitted = true;
        this.size = Math.min(Math.max(Math.round(Math.max(width, height) / 14), 4), LARGEST_BRUSH);
      }
      if (!pending) this.lastOutside = null;
      this.opening = false;
      this.place(message.doc, picture, mask);
    } catch (error) {
      this.panel.toast(WORDS.loadFailed, "error");
    } finally {
      this.opening = false;
      this.refresh();
    }
  }

  /** @param {Mask} mask @param {{step: any, undo: boolean}} pending */
  restore(mask, pending) {
    const kept = pending.undo ? pending.step.before : pending.step.after;
    if (kept && kept.width === mask.width && kept.height === mask.height) mask.load(kept.runs, kept.width);
    this.panel.toast(pending.undo ? WORDS.undoneEdit : WORDS.redoneEdit);
  }

  /** @param {any} message */
  settled(message) {
    for (const name of /** @type {const} */ (["pixels", "grid", "context", "coverage", "grow"])) {
      if (typeof message[name] === "number") this.model[name] = message[name];
    }
    if (message.mode) this.setMode(message.mode);
    if (message.extend) this.setExtend(message.extend);
    this.changed();
  }

  /** @param {any} message */
  async stepped(message) {
    if (message.run === this.stopped) return;
    if (!this.running || this.running.run !== message.run) {
      this.endReview();
      this.endRunning();
      this.running = new Running(message.run, this.mode);
    }
    const { running } = this;
    const first = !running.step;
    await running.take(message, this.model.grid, (pen, box) => this.keepUnknown(pen, box));
    if (this.running !== running) return running.close();
    if (first && this.view.fitted && running.mode === "generate") this.fit();
    if (!running.index && first) this.renderer.all();
    this.panel.showTiles(this.runningTiles(), running.index, false);
    this.renderer.pictureStale = true;
    if (first) this.renderer.tintStale = true;
    this.refresh();
  }

  /** @param {any} message */
  async finished(message) {
    if (message.run === this.stopped || !message.variations || !message.variations.length) return;
    const { running } = this;
    let focus = null;
    if (running && running.window && running.passes === 1) {
      const [ox, oy] = message.offset || [0, 0];
      const [l, t, r, b] = running.window;
      focus = [l + ox, t + oy, r + ox, b + oy];
    }
    const review = new Review(message, focus);
    if (running) review.index = Math.min(running.index, review.variations.length - 1);
    if (this.review) this.endReview();
    // The last preview stays until the result is there: nothing flickers.
    this.running = null;
    if (this.held) this.held.close();
    this.held = running;
    this.review = review;
    this.painting = false;
    this.renderer.all();
    if (this.view.fitted && !running) this.fit();
    await this.showVariation();
    void this.loadOthers(review);
  }

  /** @param {Review} review */
  async loadOthers(review) {
    for (let i = 0; i < review.variations.length && this.review === review; i++) {
      try {
        await review.load(i);
      } catch {
        continue;
      }
      if (this.review === review) this.panel.showTiles(this.reviewTiles(), review.index, true);
    }
  }

  /** @param {any} message */
  async accepted(message) {
    const { width, height } = message;
    const pending = this.pendingEdit;
    const reused = !pending && this.review ? this.review.taken(message.url) : null;
    let picture = reused && reused.width === width && reused.height === height ? reused : null;
    try {
      picture = picture || (await Picture.decode(await download(message.url), width, height));
    } catch (error) {
      this.panel.toast(WORDS.loadFailed, "error");
      return this.failed();
    }
    this.pointers.cancel();
    if (typeof message.alpha === "boolean") this.alpha = message.alpha;
    const outside = this.review ? this.review.current.changed_outside : null;
    const old = this.mask;
    const mask = new Mask(width, height);
    if (pending) {
      this.pendingEdit = null;
      this.restore(mask, pending);
    } else {
      const [ox, oy] = message.offset || [0, 0];
      const before = old ? { width: old.width, height: old.height, runs: old.runs() } : null;
      if (before && message.keep_mask) mask.load(before.runs, before.width, ox, oy);
      const after = { width, height, runs: mask.runs() };
      if (message.can_undo !== false) this.history.push({ kind: "accept", before, after });
      else this.history.clear();
      this.lastOutside = outside ?? this.lastOutside;
      this.panel.toast(WORDS.kept);
    }
    this.endReview();
    this.endRunning();
    this.place(message.doc ?? this.doc, picture, mask);
  }

  /** @param {any} message */
  wasStopped(message) {
    if (this.running && this.running.run === message.run) {
      this.endRunning();
      this.panel.toast(message.message || WORDS.stopped);
    }
    this.refresh();
  }

  /** The server could not do what was asked last. */
  failed() {
    if (this.pendingEdit) {
      if (this.pendingEdit.undo) this.history.redo();
      else this.history.undo();
      this.pendingEdit = null;
    }
    if (this.review) this.review.sent = false;
    this.panel.keepButton.disabled = false;
    this.endRunning();
    if (this.review) void this.showVariation();
    this.refresh();
  }

  // ---- files --------------------------------------------------------------------------------------------------------

  /** @returns {HTMLInputElement | null} the page's own upload field */
  uploadInput() {
    return document.querySelector("#mge-upload input[type=file]");
  }

  /** @returns {HTMLElement | null} the page's first sample photo */
  sampleButton() {
    return document.querySelector("#mge-samples button, #mge-samples [role=button], #mge-samples td");
  }

  openSample() {
    const sample = this.sampleButton();
    if (sample) sample.click();
  }

  browse() {
    const input = this.uploadInput();
    if (input) input.click();
    else this.panel.toast(WORDS.noUpload, "error");
  }

  /** Hands a file to the page, as if it had been chosen there. @param {File} file */
  openFile(file) {
    if (!file.type.startsWith("image/")) return this.panel.toast(WORDS.notImage, "error");
    const input = this.uploadInput();
    if (!input) return this.panel.toast(WORDS.noUpload, "error");
    const carrier = new DataTransfer();
    carrier.items.add(file);
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  listenToFiles() {
    const { root } = this;
    const carries = (/** @type {DragEvent} */ e) => !!e.dataTransfer && [...e.dataTransfer.types].includes("Files");
    root.addEventListener("dragover", (e) => {
      if (!carries(e)) return;
      e.preventDefault();
      root.classList.add("mge-dropping");
    });
    root.addEventListener("dragleave", (e) => {
      if (!(e.relatedTarget instanceof Node && root.contains(e.relatedTarget))) root.classList.remove("mge-dropping");
    });
    root.addEventListener("drop", (e) => {
      root.classList.remove("mge-dropping");
      if (!carries(e)) return;
      e.preventDefault();
      const file = e.dataTransfer && e.dataTransfer.files[0];
      if (file) this.openFile(file);
    });
    document.addEventListener("paste", (e) => {
      const target = e.target;
      if (target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea"))) return;
      const file = e.clipboardData && [...e.clipboardData.files].find((each) => each.type.startsWith("image/"));
      if (!file || !this.visible()) return;
      e.preventDefault();
      this.openFile(file);
    });
  }

  /** Saves the mask as a PNG, white = repaint. */
  downloadMask() {
    const { mask } = this;
    if (!mask || !mask.painted) return this.panel.toast(WORDS.noMask);
    const canvas = makeCanvas(mask.width, mask.height);
    const pen = context2d(canvas);
    for (let top = 0; top < mask.height; top += 256) {
      const rows = Math.min(256, mask.height - top);
      const image = new ImageData(mask.width, rows);
      new Uint32Array(image.data.buffer).forEach((_, i, words) => (words[i] = mask.data[top * mask.width + i] ? 0xffffffff : 0xff000000));
      pen.putImageData(image, 0, top);
    }
    canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.name.replace(/\.[^.]*$/, "") || "picture"}-mask.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }, "image/png");
  }

  /** What tests read. */
  summary() {
    const { view, running, review } = this;
    return {
      mode: this.mode,
      tool: this.tool,
      size: this.size,
      doc: this.doc,
      width: this.mask ? this.mask.width : 0,
      height: this.mask ? this.mask.height : 0,
      view: { scale: view.scale, x: view.x, y: view.y, dpr: view.dpr },
      painted: this.mask ? this.mask.painted : 0,
      box: this.box,
      extend: this.extend,
      gridOn: this.gridOn,
      comparing: this.comparing,
      calm: this.renderer.calm.matches,
      running: running ? { run: running.run, step: running.step, steps: running.steps } : null,
      review: review ? { run: review.run, index: review.index, count: review.variations.length, loaded: !!review.shown } : null,
      undo: this.history.done.length,
      redo: this.history.undone.length,
      status: this.panel.status.textContent,
    };
  }
}

/**
 * Starts the stage in a gr.HTML component; the arguments are those that Gradio gives to js_on_load.
 * @param {HTMLElement} host @param {(name: string, data: object) => void} trigger @param {any} props @param {any} server
 * @param {(name: string, callback: () => void) => void} watch
 */
export function main(host, trigger, props, server, watch) {
  const root = /** @type {HTMLElement} */ (host.querySelector(".mge"));
  const wire = new Wire(trigger, props, server, watch);
  const stage = new Stage(root, wire);
  const page = /** @type {any} */ (window);
  page.mgeStage = {
    run: () => stage.run(),
    stop: () => stage.stop(),
    setMode: (/** @type {string} */ mode) => stage.setMode(mode),
    setExtend: (/** @type {number[]} */ sides) => stage.setExtend(sides),
    downloadMask: () => stage.downloadMask(),
    openFile: (/** @type {File} */ file) => stage.openFile(file),
    intent: () => stage.intent(),
  };
  page.__mge = {
    ready: true,
    get rev() {
      return wire.rev;
    },
    maskHash: () => (stage.mask ? stage.mask.hash() : ""),
    maskRuns: () => (stage.mask ? stage.mask.runs() : []),
    loadMask: (/** @type {number[]} */ runs) => stage.mask && stage.mask.load(runs, stage.mask.width),
    cells: () => {
      stage.replan();
      const { passes } = stage.plan;
      if (!passes.length) return null;
      const { window, grid, cells } = passes[0];
      return { window, grid, cells: Array.from(cells), passes: passes.length };
    },
    passes: () => stage.plan.passes.map(({ window, grid, cells }) => ({ window, grid, cells: Array.from(cells) })),
    state: () => stage.summary(),
    frames: () => ({ ...stage.renderer.frames }),
    resetFrames: () => Object.assign(stage.renderer.frames, { count: 0, total: 0, worst: 0, last: 0 }),
  };
  root.dataset.ready = "true";
}
