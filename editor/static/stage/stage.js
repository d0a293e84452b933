/** The stage itself: its parts, and the small actions that buttons, keys and messages ask for. Knows who does a thing,
 * not how it is done. */

import { storedText, storeText } from "../common/stored.js";
import { Autosave } from "./autosave.js";
import { Cells } from "./cells.js";
import { Choice } from "./choice.js";
import { Comparison } from "./compare.js";
import { Cropper } from "./cropper.js";
import { Crosshair } from "./crosshair.js";
import { Exporter } from "./exporter.js";
import { Files } from "./files.js";
import { Help } from "./help.js";
import { History } from "./history.js";
import { chooseMode, listenToKeys } from "./keyboard.js";
import { KeyMap } from "./keymap.js";
import { Versions } from "./lineage.js";
import { listenAll } from "./listeners.js";
import { Marks } from "./marks.js";
import { Onward } from "./onward.js";
import { Sources } from "./origins.js";
import { Outgoing } from "./outgoing.js";
import { Outliner } from "./outliner.js";
import { Painter, TINTS } from "./painting.js";
import { Panel } from "./panel.js";
import { Planner } from "./planner.js";
import { Pointers } from "./pointer.js";
import { Queue } from "./queue.js";
import { Receiver } from "./receiver.js";
import { Renderer } from "./render.js";
import { Runner } from "./runner.js";
import { Selector } from "./selector.js";
import { Sessions } from "./sessions.js";
import { MODES, State, TOOLS } from "./state.js";
import { Timeline } from "./timeline.js";
import { Tint } from "./tint.js";
import { Travels } from "./travels.js";
import { Tree } from "./tree.js";
import { View } from "./view.js";
import { WORDS } from "./wording.js";

const NUMBERS_KEY = "mge-numbers";

export class Stage extends State {
  /** @param {HTMLElement} root @param {import("./wire.js").Wire} wire @param {string | null} model id of the model that
   * the page's controls are for */
  constructor(root, wire, model) {
    super();
    this.root = root;
    /** @type {import("./tools.js").Limits} as core has them */
    this.limits = {
      side: Number(root.dataset.mostSide),
      pixels: Number(root.dataset.mostPixels),
      least: Number(root.dataset.leastSide),
      degrees: Number(root.dataset.mostDegrees),
    };
    this.wire = wire;
    this.keymap = new KeyMap();
    this.model = { ...this.model, id: model };
    this.view = new View(() => this.tell("view"));
    this.history = new History(() => this.tell("history"));
    this.fittedTo = ""; // what the view was fitted to last
    this.marks = new Marks(this);
    this.painter = new Painter(this);
    this.selector = new Selector(this);
    this.outliner = new Outliner(this);
    this.cropper = new Cropper(this);
    this.comparison = new Comparison(this);
    this.numbers = storedText(NUMBERS_KEY) === "on";
    this.planner = new Planner(this);
    this.runner = new Runner(this);
    this.queue = new Queue(this);
    this.files = new Files(this);
    this.outgoing = new Outgoing(this);
    this.choice = new Choice(this);
    this.onward = new Onward(this);
    this.versions = new Versions(this);
    this.timeline = new Timeline(this);
    this.cells = new Cells(this);
    this.sources = new Sources(this);
    this.travels = new Travels(this);
    this.receiver = new Receiver(this);
    this.tree = new Tree(this);
    this.autosave = new Autosave(this);
    this.sessions = new Sessions(this);
    this.exporter = new Exporter(this);
    this.panel = new Panel(this, root);
    this.renderer = new Renderer(this, this.panel.viewport);
    this.help = new Help(this, root);
    this.panel.viewport.append(this.comparison.line);
    this.pointers = new Pointers(this, this.panel.viewport);
    this.crosshair = new Crosshair(this);
    listenToKeys(this, this.panel.viewport);
    this.files.listen();
    new ResizeObserver(() => this.renderer.resize()).observe(this.panel.viewport);
    listenAll(this);
    if (this.keymap.own.size) this.help.retitle();
    this.renderer.resize();
    this.tell("mode", "running");
    this.flush();
    wire.listen((message) => this.receiver.receive(message));
    void this.sessions.start();
  }

  visible() {
    return this.root.isConnected && this.root.offsetParent !== null;
  }

  // ---- looking ------------------------------------------------------------------------------------------------------

  /** @param {string} tool */
  setTool(tool) {
    if (!TOOLS[this.mode].includes(tool) || (tool === "crop" && !this.cropper.begin())) return;
    this.change({ tool });
    this.sources.pointAt(null);
    this.comparison.end();
  }

  /** @param {string} mode */
  setMode(mode) {
    if (!MODES.includes(mode) || mode === this.mode) return;
    this.pointers.cancel();
    this.change({ mode });
    if (!TOOLS[mode].includes(this.tool) || mode === "replace") this.change({ tool: TOOLS[mode][0] });
    if (mode === "extend") this.fit();
  }

  /** Changes the mode here and in the page's controls. @param {string} mode */
  askMode(mode) {
    this.setMode(mode);
    chooseMode(mode);
  }

  toggleGrid() {
    this.change({ gridOn: !this.gridOn });
  }

  toggleNumbers() {
    this.change({ numbers: !this.numbers });
    storeText(NUMBERS_KEY, this.numbers ? "on" : "off"); // else it lasts until the page is closed
  }

  /** @param {boolean} on */
  compare(on) {
    if (this.picture) this.change({ comparing: on });
  }

  fit() {
    if (!this.hasCanvas()) return;
    const wide = this.view.width > 640;
    const free = this.mode === "extend" ? (wide ? 72 : 40) : wide ? 28 : 12;
    const [across, down] = this.comparison.apart;
    this.fittedTo = this.fitting();
    const foot = free + down + this.panel.foot;
    this.view.fit(this.frame(), [free + across, free + down + this.panel.head, free + across, foot]);
  }

  /** What decides how the canvas is fitted, as one word. */
  fitting() {
    const { width, height, dpr } = this.view;
    const room = [this.comparison.apart, this.panel.head, this.panel.foot, width, height, dpr];
    return String([this.hasCanvas(), this.mode === "extend", this.frame(), ...room]);
  }

  /** Until someone moves the view, the canvas fits it, whatever its size becomes. */
  refit() {
    if (this.view.fitted && !this.dragging && this.fitting() !== this.fittedTo) this.fit();
  }

  actualSize() {
    if (this.hasCanvas()) this.view.actual();
  }

  // ---- what keys and buttons ask of the stage's parts ---------------------------------------------------------------

  undo() {
    this.travels.go(true);
  }

  redo() {
    this.travels.go(false);
  }

  /** Arrow keys move the crosshair where it is shown, else flip through variations or move the box.
   * @param {string} where @param {boolean} far @returns {boolean} */
  arrow(where, far) {
    const sign = where === "left" || where === "up" ? -1 : 1;
    const across = where === "left" || where === "right";
    if (this.comparison.way === "slider" && across) {
      this.comparison.nudge(sign, far);
      return true;
    }
    /** @type {[number, number]} */
    const way = across ? [sign, 0] : [0, sign];
    if (this.crop) {
      this.cropper.nudge("", ...way, far);
      return true;
    }
    if (this.cells.move(...way) || this.crosshair.move(...way, far)) return true;
    if (this.review && across) {
      this.choice.pick(this.review.neighbour(sign));
      return true;
    }
    const by = far ? this.painter.cellSize() : 1;
    return this.marks.moveBox(way[0] * by, way[1] * by);
  }

  /** Space draws from the crosshair where it is shown, else holds the view to be moved. @param {boolean} on */
  space(on) {
    if (!on || !this.aim) this.pointers.holdSpace(on);
    if (this.aim) this.crosshair.space(on);
  }

  escape() {
    const outlined = this.outliner.giveUp(); // with the corner under the finger
    if (this.pointers.cancel() || outlined || this.selector.forget()) return;
    if (this.comparison.on) this.comparison.end();
    else if (this.crop) this.cropper.leave();
    else if (this.cells.open) this.cells.close();
    else if (this.front) this.stop();
    else if (this.crosshair.hide()) return;
    else if (this.review) this.choice.aside();
    else if (this.running) this.stop();
  }

  /** Whether something else is marked than when the variations under review came. */
  get repainted() {
    return !!this.review && this.history.marks !== this.marksSeen;
  }

  /** Crops, closes an outline, or keeps the variation under review; what was painted over it is run instead. */
  enter() {
    if (this.outliner.close()) return;
    this.crosshair.release();
    const { review, runner } = this;
    if (this.crop) return void this.cropper.apply();
    if (review && !this.repainted) return this.keep();
    const waits = runner.busy;
    this.run();
    if (review && this.running && !waits) this.panel.toast(WORDS.ranOver);
  }

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

  /** @returns {import("./wire.js").Intent} */
  intent() {
    return this.runner.intent();
  }

  // ---- documents ----------------------------------------------------------------------------------------------------

  /** Takes what was chosen and what runs off the stage: another document comes. */
  leaveResults() {
    this.pointers.cancel();
    this.change({ hint: "" });
    this.choice.lift();
    this.runner.abandon();
    this.queue.load();
    this.comparison.forget();
    this.versions.pending = null;
    this.marks.remember(null);
    this.history.clear();
  }

  /** What a document is, beside its pixels. @param {string} name
   * @param {import("./wire.js").Open} message */
  describe(name, message) {
    this.change({
      name,
      format: message.format || "png",
      alpha: !!message.alpha,
      proof: null,
      model: { ...this.model, ...message.model },
    });
  }

  /** Puts a picture and a mask of its size on the stage. @param {string | null} doc
   * @param {import("./picture.js").Picture} picture @param {import("./mask.js").Mask} mask */
  place(doc, picture, mask) {
    if (this.picture && this.picture !== picture) this.picture.close();
    if (this.tint) this.tint.close();
    const resized = !this.mask || this.mask.width !== mask.width || this.mask.height !== mask.height;
    if (resized || doc !== this.doc) this.change({ pinned: null });
    this.change({ doc, picture });
    this.cover(mask);
    if (!resized) return;
    this.change({ box: null, extend: [0, 0, 0, 0] });
    this.fit();
  }

  /** A mask, and its tint over the picture. @param {import("./mask.js").Mask} mask */
  cover(mask) {
    const tint = new Tint(mask, TINTS[this.painter.colour].rgb);
    mask.onchange = (rect) => {
      tint.update(rect);
      this.tell("paint");
    };
    const bounds = mask.bounds();
    if (bounds) tint.update(bounds);
    this.change({ mask, tint });
  }
}
