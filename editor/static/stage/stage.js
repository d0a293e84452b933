/** The stage itself: what is open, painted, running and shown, and the small actions that buttons, keys and messages
 * ask for. */

import { Autosave } from "./autosave.js";
import { Cells } from "./cells.js";
import { Choice } from "./choice.js";
import { Comparison } from "./compare.js";
import { Exporter } from "./exporter.js";
import { Files } from "./files.js";
import { Help } from "./help.js";
import { History } from "./history.js";
import { chooseMode, listenToKeys } from "./keyboard.js";
import { Painter, TINTS } from "./painting.js";
import { Panel } from "./panel.js";
import { Planner } from "./planning.js";
import { Pointers } from "./pointer.js";
import { Receiver } from "./receiver.js";
import { Recent } from "./recent.js";
import { Renderer } from "./render.js";
import { Runner } from "./runs.js";
import { Sessions } from "./sessions.js";
import { Sources } from "./sources.js";
import { Timeline } from "./timeline.js";
import { Tint } from "./tint.js";
import { allowedExtend, shiftedBox } from "./tools.js";
import { Travels } from "./travels.js";
import { Tree } from "./tree.js";
import { Versions } from "./versions.js";
import { View } from "./view.js";
import { WORDS } from "./words.js";

/** @typedef {import("./mask.js").Mask} Mask */
/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./review.js").Running} Running */
/** @typedef {import("./review.js").Review} Review */

/** @typedef {{outside: number | null, seam: number | null, shift: number | null}} Proof what was measured of a
 * result */

const MODES = ["fill", "replace", "extend", "generate", "sweep"];
/** @type {Record<string, string[]>} */
const TOOLS = {
  fill: ["brush", "eraser", "rectangle", "lasso", "token", "inspect", "hand"],
  replace: ["box", "brush", "eraser", "rectangle", "lasso", "token", "inspect", "hand"],
  extend: ["extend", "inspect", "hand"],
  generate: ["hand", "inspect"],
  sweep: ["brush", "eraser", "rectangle", "lasso", "token", "hand"],
};

export class Stage {
  view = new View();
  history = new History();
  /** @type {Picture | null} */
  picture = null;
  /** @type {Mask | null} */
  mask = null;
  /** @type {Tint | null} */
  tint = null;
  /** @type {string | null} */
  doc = null;
  name = "";
  format = "png"; // of the file that was opened
  alpha = false;
  opening = false;
  mode = "fill";
  tool = "brush";
  /** @type {number[] | null} */
  box = null;
  extend = [0, 0, 0, 0];
  /** @type {import("./tokens.js").Model & {id: string | null}} id of the model that the page's controls are for */
  model = { id: null, pixels: 128, grid: 16, context: 2, coverage: 0, grow: 0, refine: 0 };
  /** @type {{passes: import("./tokens.js").Pass[], seconds: number | null, local: boolean}} */
  plan = { passes: [], seconds: null, local: true };
  /** @type {number[] | null} the smallest box that holds what is painted */
  painted = null;
  planStale = true;
  gridOn = false;
  comparing = false;
  dragging = false;
  focusByPointer = false;
  /** True once someone paints while a run or its result is shown: the tint comes back. */
  painting = false;
  marksSeen = 0;
  /** @type {[number, number] | null} CSS pixels */
  pointer = null;
  /** @type {{rect: number[], erase: boolean} | null} */
  rubber = null;
  /** @type {Running | null} */
  running = null;
  /** @type {Review | null} */
  review = null;
  /** @type {Proof | null} of the result that was kept last */
  proof = null;
  /** @type {Running | null} the finished run, shown until its result is loaded */
  held = null;

  /** @param {HTMLElement} root @param {import("./wire.js").Wire} wire */
  constructor(root, wire) {
    this.root = root;
    this.wire = wire;
    this.painter = new Painter(this);
    this.comparison = new Comparison(this);
    this.planner = new Planner(this);
    this.runner = new Runner(this);
    this.files = new Files(this);
    this.choice = new Choice(this);
    this.versions = new Versions(this);
    this.timeline = new Timeline(this);
    this.cells = new Cells(this);
    this.sources = new Sources(this);
    this.travels = new Travels(this);
    this.receiver = new Receiver(this);
    this.recent = new Recent(this);
    this.tree = new Tree(this);
    this.autosave = new Autosave(this);
    this.sessions = new Sessions(this);
    this.exporter = new Exporter(this);
    this.panel = new Panel(this, root);
    this.renderer = new Renderer(this, this.panel.viewport);
    this.help = new Help(root);
    this.panel.viewport.append(this.comparison.line);
    this.pointers = new Pointers(this, this.panel.viewport);
    listenToKeys(this, this.panel.viewport);
    this.files.listen();
    new ResizeObserver(() => {
      if (this.renderer.resize() && this.view.fitted) this.fit();
    }).observe(this.panel.viewport);
    this.renderer.resize();
    this.refresh();
    wire.listen((message) => this.receiver.receive(message));
    void this.sessions.start();
  }

  // ---- what there is ------------------------------------------------------------------------------------------------

  visible() {
    return this.root.isConnected && this.root.offsetParent !== null;
  }

  hasCanvas() {
    return !!this.picture || !!this.review || !!this.running?.step;
  }

  /** Whether brush strokes mean something now. */
  paintable() {
    return !!this.mask && !["extend", "generate"].includes(this.mode);
  }

  toolsHere() {
    return this.hasCanvas() ? TOOLS[this.mode] : TOOLS.fill;
  }

  brushShown() {
    return (
      this.paintable() && ["brush", "eraser"].includes(this.tool) && !this.pointers.spaceDown && !this.pointers.panning
    );
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
    const { running } = this;
    const review = this.review || running?.family;
    if (review)
      return [-review.offset[0], -review.offset[1], review.width - review.offset[0], review.height - review.offset[1]];
    if (running?.step && running.mode === "generate") return [0, 0, ...running.canvas];
    if (this.mode === "extend" && this.mask) return this.grown();
    return this.mask ? [0, 0, this.mask.width, this.mask.height] : [0, 0, 512, 512];
  }

  /** The run that is decoding on the picture, not beside it. @returns {Running | null} */
  get decoding() {
    return this.running?.step && !this.running.beside ? this.running : null;
  }

  /** @returns {{shown: Picture | null, offset: number[]}} */
  shownPicture() {
    const { review, timeline } = this;
    const trace = timeline.back ? timeline.trace : this.decoding?.trace;
    if (trace && trace.mode === "generate" && !this.comparing) return { shown: null, offset: [0, 0] };
    if (review?.shown && !this.comparing && !timeline.back) return { shown: review.shown, offset: review.offset };
    return { shown: this.picture, offset: [0, 0] };
  }

  shownPreviews() {
    if (this.comparing) return [];
    if (this.timeline.back) return this.timeline.layers();
    const from = this.decoding || this.held;
    return from ? from.film.layers : [];
  }

  /** Cells to draw as undecided: those of the step that is shown. */
  shownCells() {
    if (this.timeline.look !== "picture") return null;
    return this.timeline.back ? this.timeline.undecided() : this.decoding;
  }

  tintShown() {
    if (
      !this.tint ||
      this.comparing ||
      this.comparison.on ||
      this.painter.hidden ||
      !this.paintable() ||
      (this.mode === "replace" && this.box)
    )
      return false;
    return this.painting || !(this.review || this.running?.step);
  }

  // ---- actions ------------------------------------------------------------------------------------------------------

  /** @param {string} tool */
  setTool(tool) {
    if (!TOOLS[this.mode].includes(tool)) return;
    this.tool = tool;
    this.sources.point = null;
    this.comparison.end();
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

  toggleGrid() {
    this.gridOn = !this.gridOn;
    this.refresh();
  }

  fit() {
    if (!this.hasCanvas()) return;
    const wide = this.view.width > 640;
    const free = this.mode === "extend" ? (wide ? 72 : 40) : wide ? 28 : 12;
    const [across, down] = this.comparison.apart;
    this.view.fit(this.frame(), [free + across, free + down, free + across, free + down]);
    this.viewChanged();
  }

  actualSize() {
    if (!this.hasCanvas()) return;
    this.view.actual();
    this.viewChanged();
  }

  viewChanged() {
    this.renderer.all();
    this.cells.place();
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
    this.painter.window = null;
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
    if (String(before) !== String(this.extend))
      this.history.push({ kind: "extend", before, after: this.extend.slice() });
    if (this.view.fitted) this.fit();
    this.changed();
  }

  /** @param {number[]} sides */
  setExtend(sides) {
    // While a handle is pulled the fields follow it, and what they say back is what it was.
    if (!this.mask || this.dragging || !Array.isArray(sides) || sides.length !== 4) return;
    const before = this.extend;
    this.extend = allowedExtend(sides.map(Number), this.mask.width, this.mask.height);
    if (this.mode === "extend" && String(before) !== String(this.extend)) this.fit();
    this.commitExtend(before);
  }

  undo() {
    this.travels.go(true);
  }

  redo() {
    this.travels.go(false);
  }

  /** Arrow keys flip through variations or move the box. @param {string} where @param {boolean} far
   * @returns {boolean} */
  arrow(where, far) {
    const sign = where === "left" || where === "up" ? -1 : 1;
    const across = where === "left" || where === "right";
    if (this.comparison.way === "slider" && across) {
      this.comparison.nudge(sign, far);
      return true;
    }
    if (this.cells.move(across ? sign : 0, across ? 0 : sign)) return true;
    if (this.review && across) {
      this.choice.pick(this.review.neighbour(sign));
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
    if (this.comparison.on) this.comparison.end();
    else if (this.cells.open) this.cells.close();
    else if (this.running) this.stop();
    else if (this.review) this.choice.aside();
  }

  /** Whether something else is marked than when the variations under review came. */
  get repainted() {
    return !!this.review && this.history.marks !== this.marksSeen;
  }

  /** Keeps the variation under review; what was painted over it is run instead. */
  enter() {
    const { review } = this;
    if (review && !this.repainted) return this.keep();
    this.run();
    if (review && this.running) this.panel.toast(WORDS.ranOver);
  }

  // What keys and buttons ask of the stage's parts.
  run() {
    this.runner.run();
  }

  runFresh() {
    void this.runner.runFresh();
  }

  stop() {
    this.runner.stop();
  }

  keep() {
    this.choice.keep();
  }

  export() {
    this.exporter.open();
  }

  /** @param {number} by steps of the timeline */
  scrub(by) {
    this.timeline.scrub(by);
  }

  /** The version that was opened, where it is another than the one shown. */
  firstVersion() {
    return this.versions.first();
  }

  /** Changes the mode here and in the page's controls. @param {string} mode */
  askMode(mode) {
    this.setMode(mode);
    chooseMode(mode);
  }

  /** @returns {import("./wire.js").Intent} */
  intent() {
    return this.runner.intent();
  }

  // ---- plan ---------------------------------------------------------------------------------------------------------

  /** Something that decides the plan is different now. */
  changed() {
    this.planStale = true;
    this.refresh();
    this.autosave.soon();
  }

  refresh() {
    this.panel.refreshTools();
    this.timeline.refresh();
    this.status();
    this.renderer.schedule();
  }

  beforeFrame() {
    if (this.planStale) this.planner.replan();
  }

  /** The HUD again. */
  status() {
    this.planner.status();
  }

  /** Takes what was chosen and what runs off the stage: another document comes. */
  leaveResults() {
    this.pointers.cancel();
    this.choice.lift();
    this.runner.abandon();
    this.comparison.forget();
    this.versions.pending = null;
    this.history.clear();
  }

  /** What a document is, beside its pixels. @param {any} message of kind "open" */
  describe(message) {
    this.format = message.format || "png";
    this.alpha = !!message.alpha;
    this.proof = null;
    if (message.model) Object.assign(this.model, message.model);
  }

  /** Puts a picture and a mask of its size on the stage. @param {string | null} doc @param {Picture} picture
   * @param {Mask} mask */
  place(doc, picture, mask) {
    if (this.picture && this.picture !== picture) this.picture.close();
    if (this.tint) this.tint.close();
    const resized = !this.mask || this.mask.width !== mask.width || this.mask.height !== mask.height;
    if (resized || doc !== this.doc) this.painter.window = null;
    this.doc = doc;
    this.picture = picture;
    this.mask = mask;
    this.tint = new Tint(mask, TINTS[this.painter.colour].rgb);
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
}
