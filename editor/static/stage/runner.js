/** Runs: asked for, followed while they decode, ended. Knows neither how they are drawn nor what is chosen of them. */

import { randomId } from "../common/random.js";
import { cutOf, sameMarks, sketchOf } from "./orders.js";
import { TINTS } from "./painting.js";
import { Review, Running } from "./review.js";
import { Trace } from "./trace.js";
import { groupName, landed, WORDS } from "./wording.js";

/** @typedef {import("./wire.js").How} How */
/** @typedef {import("./wire.js").From} From */
/** @typedef {import("./orders.js").Order} Order */
/** @typedef {import("./orders.js").Marked} Marked */

const MOST_REVIEWS = 12;
const MOST_PICTURE_BYTES = 256e6; // of pictures that reviews keep; older ones are asked for again
// ms without a word until that is said, and a run can be asked for again without stopping this one
const SILENCE_OF_RUN = 60000;
const PATIENCE_FOR_DRAFT = 5000; // ms for which the next edit waits for the draft of what was stopped

/** The class that the page's menu shows, or "". */
function chosenClass() {
  const field = document.querySelector("#mge-class-field");
  return field instanceof HTMLInputElement && !field.classList.contains("pg-none") ? field.value : "";
}

export class Runner {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Review[]} what was run, newest first */
    this.reviews = [];
    /** @type {Running | null} stopped, and perhaps a draft comes of it */
    this.stopping = null;
    /** @type {Set<string>} runs of which nothing more is wanted */
    this.unwanted = new Set();
    /** @type {Order | null} of which the server gets the version before it can begin */
    this.readying = null;
    this.drafting = false; // the next edit waits until the draft of what was stopped is there
    this.watchdog = 0;
  }

  /** What is marked now. @returns {Marked} */
  marked() {
    const { stage } = this;
    const { mask, mode } = stage;
    const boxed = mode === "replace" && stage.box;
    const painted = mask && !boxed && !["extend", "generate"].includes(mode) && (mode !== "sweep" || mask.painted);
    return {
      mode,
      mask: painted ? mask.wire() : null,
      box: boxed ? /** @type {number[]} */ (stage.box).slice() : null,
      extend: ["extend", "sweep"].includes(mode) ? stage.extend.slice() : [0, 0, 0, 0],
      window: painted && stage.pinned ? stage.pinned.slice() : null,
      version: stage.versions.head,
      model: stage.model.id,
    };
  }

  /** What a sweep would do with what is marked now. */
  swept() {
    const { mask, extend } = this.stage;
    return mask?.painted ? "fill" : extend.some((v) => v > 0) ? "extend" : "generate";
  }

  /** What the server is asked for. @param {Marked} [marked] @returns {import("./wire.js").Intent} */
  intent({ mode, mask, box, extend, window, version, model } = this.marked()) {
    const { doc, versions } = this.stage;
    const number = versions.number(version);
    return { v: 2, doc, version: number, mode, mask, box, extend, window, run: randomId(), from: null, model };
  }

  /** What is marked, as an edit that can be run at any time. @returns {Order} */
  order() {
    const { picture, mask, painter, plan, tint } = this.stage;
    const marked = this.marked();
    const size = mask ? [mask.width, mask.height] : [0, 0];
    const cut = cutOf(marked, size, TINTS[painter.colour].rgb, tint);
    const cells = plan.passes.length === 1 ? plan.passes[0].cells : null;
    const about = marked.mode === "sweep" ? "" : chosenClass();
    const tile = sketchOf(picture, cut, marked.extend);
    return { ...marked, id: randomId(), settings: null, cells, cut, tile, about, began: 0, waited: false };
  }

  /** Whether the stage shows what was ordered, and nothing else. @param {Order} order */
  shows(order) {
    const { review, dragging } = this.stage;
    return !review && !dragging && sameMarks(order, this.marked());
  }

  /** Why a run would make no sense now, or "". */
  objection() {
    const { stage } = this;
    if (stage.versions.pending) return WORDS.stillLoading;
    if (stage.outliner.corners) return WORDS.openOutline;
    if (["generate", "sweep"].includes(stage.mode)) return "";
    if (!stage.mask) return WORDS.noPicture;
    if (stage.mode === "extend") return stage.extend.some((v) => v > 0) ? "" : WORDS.noBorder;
    if (stage.mode === "replace" && stage.box) return "";
    return stage.mask.painted ? "" : WORDS.nothingPainted;
  }

  /** Whether a run is on its way that a second one would have to wait for. */
  get busy() {
    const { running } = this.stage;
    return !!this.readying || (!!running && performance.now() - running.heard < SILENCE_OF_RUN);
  }

  /** Runs what is marked; while another run works, it waits for that. */
  run() {
    const { stage } = this;
    stage.pointers.cancel();
    if (stage.marks.centreBox()) return;
    const objection = this.objection();
    if (objection) return stage.panel.toast(objection);
    const order = this.order();
    stage.choice.aside();
    if (order.mask) stage.marks.remember(order.mask);
    if (this.busy) return stage.queue.add(order);
    this.abandon();
    void this.start(order);
  }

  /** Begins what was ordered, once the server has the version that it is for. @param {Order} order */
  async start(order) {
    const { versions, queue } = this.stage;
    if (order.version !== null && versions.number(order.version) === null) {
      this.readying = order;
      const known = await versions.known(order.version);
      if (this.readying !== order) return;
      this.readying = null;
      if (!known) return this.shows(order) ? queue.soon() : queue.refuse(order);
    }
    this.begin(order);
  }

  /** @param {Order} order */
  begin(order) {
    const { stage } = this;
    const { painter, versions } = stage;
    const intent = this.intent(order);
    const { width, height } = versions.all.get(order.version ?? 0) ?? { width: 0, height: 0 };
    const cut = order.cut ?? cutOf(order, [width, height], TINTS[painter.colour].rgb);
    const running = new Running(new Trace(intent.run, order.mode, cut, order.cells), null, null);
    running.order = order;
    running.aside = !this.shows(order);
    order.began++;
    stage.change({ running });
    this.send(intent, order);
  }

  /** Runs with another seed: presses the page's dice and waits until the new number is there. */
  async runFresh() {
    const dice = document.querySelector("#mge-dice");
    const seed = document.querySelector("#mge-seed input");
    if (dice instanceof HTMLElement && seed instanceof HTMLInputElement) {
      const before = seed.value;
      dice.click();
      for (let tries = 0; seed.value === before && tries < 40; tries++)
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    this.run();
  }

  /** @param {import("./wire.js").Intent} intent @param {Order | null} [order] */
  send(intent, order = null) {
    const { stage } = this;
    stage.crosshair.hide(); // arrows flip through what comes of it
    if (stage.front) stage.change({ painting: false });
    stage.wire.run(intent, order);
    this.watch();
  }

  /** Says so where nothing is heard of the run for long. */
  watch() {
    const { stage } = this;
    const { running } = stage;
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(
      () => running && stage.running === running && stage.panel.toast(WORDS.runSilent, "error"),
      SILENCE_OF_RUN
    );
  }

  /** Why nothing can be made from the variation under review, or "". @param {How} how @param {number} position */
  againObjection(how, position) {
    const { review } = this.stage;
    if (!review) return WORDS.noRun;
    const { outcome } = review.current;
    if (this.busy) return WORDS.stillRunning;
    if (how === "more" || how === "baseline") return outcome.from && outcome.from.how === "pins" ? WORDS.pinnedRun : "";
    if (!outcome.branchable) return WORDS.notBranchable;
    if (how !== "branch") return "";
    const { trace } = outcome;
    if (!trace?.moments.length) return WORDS.noSteps;
    return position >= trace.decoded ? WORDS.nothingLeft : "";
  }

  /** Runs again from the variation under review. @param {How} how
   * @param {{position?: number, share?: number, pins?: number[][]}} [more] position in its timeline, share of its
   * cells, codes to put in */
  again(how, { position = 0, share, pins } = {}) {
    const { stage } = this;
    const objection = this.againObjection(how, position);
    if (objection) return stage.panel.toast(objection);
    const review = /** @type {Review} */ (stage.review);
    const { outcome, place } = review.current;
    const parent = outcome.trace;
    const moment = parent?.at(position);
    // A step that a branch took over belongs to the run it branched from.
    const origin =
      how === "branch" && moment
        ? { run: moment.run, variation: moment.variations[place] }
        : { run: outcome.run, variation: place };
    const fixed = pins || [...outcome.pins];
    /** @type {From} */
    const from = { ...origin, step: how === "branch" && moment ? moment.step : 0, how };
    if (share !== undefined) from.share = share;
    if (fixed.length && how !== "more") from.pins = fixed;
    const intent = {
      ...this.intent(),
      mode: parent ? parent.mode : stage.mode,
      mask: null,
      box: null,
      extend: [0, 0, 0, 0],
      window: null,
      from,
    };
    const trace = new Trace(
      intent.run,
      intent.mode,
      parent ? parent.cut : { kind: "all" },
      parent && how !== "weakest" ? parent.hole : null
    );
    const shared = { branch: position, pins: parent ? parent.decoded : 0, weakest: 0, more: 0, baseline: 0 }[how];
    if (parent) trace.begin(parent, shared, place, how === "pins" ? 1 : parent.count);
    this.abandon();
    const running = new Running(trace, from, review);
    stage.change({ running });
    if (!running.beside) stage.choice.lift();
    this.send(intent);
  }

  stop() {
    const { stage } = this;
    const { running } = stage;
    if (!running) return;
    this.unwanted.add(running.run);
    stage.wire.stop(running.run);
    stage.panel.toast(stage.queue.goes ? WORDS.stoppedOne : WORDS.stopped);
    if (this.stopping) this.stopping.close();
    this.stopping = running;
    this.drafting = stage.queue.goes;
    if (this.drafting) setTimeout(() => this.drafted(), PATIENCE_FOR_DRAFT);
    stage.change({ running: null });
    this.back(running);
  }

  /** The draft of what was stopped is there, or is waited for no longer. */
  drafted() {
    this.drafting = false;
    this.stage.queue.soon();
  }

  /** Nothing more is wanted of the run that decodes, nor of the one that was stopped: something else takes their
   * place. */
  abandon() {
    const { running } = this.stage;
    if (this.stopping) this.stopping.close();
    this.stopping = null;
    if (running) {
      this.unwanted.add(running.run);
      this.stage.wire.stop(running.run);
    }
    if (running || this.stage.held) this.endRunning();
  }

  /** The stage is for something else: what runs goes on, and its result waits in the dock. */
  setAside() {
    const { stage } = this;
    if (this.stopping) this.stopping.close();
    this.stopping = null;
    stage.choice.hold(null);
    const { running } = stage;
    if (running) running.aside = true;
    stage.tell("running");
  }

  /** The stage is for what runs again. */
  follow() {
    const { stage } = this;
    const { running } = stage;
    if (running) running.aside = false;
    stage.change({ painting: false });
    stage.tell("running");
  }

  /** Lets go of the run that decodes. */
  endRunning() {
    const { stage } = this;
    stage.running?.close();
    stage.choice.hold(null);
    stage.change({ running: null });
  }

  /** Shows again what a run was made from, where that made room for it. @param {Running} running */
  back({ family, beside, aside }) {
    if (family && !beside && !aside && !this.stage.review) this.stage.choice.open(family);
  }

  /** Whether a result is to wait in the dock, because the stage is for something else by now.
   * @param {Running | null} running none, where it was asked for by itself */
  quiet(running) {
    const { stage } = this;
    if (!running) return false;
    if (running.aside || stage.queue.goes) return true;
    if (stage.running && stage.running !== running) return true;
    if (running.beside || stage.review) return stage.review !== running.family;
    return !!running.order?.waited && !this.shows(running.order);
  }

  // ---- messages -----------------------------------------------------------------------------------------------------

  /** @param {import("./wire.js").Step} message */
  async stepped(message) {
    const { stage } = this;
    const { running } = stage;
    if (!running || running.run !== message.run) return; // of a run that is not wanted any more
    this.watch();
    running.trace.add(message);
    running.reach(message);
    running.advance();
    stage.timeline.follow(running);
    // What a later step shows already need not be drawn.
    if (!stage.wire.later(message.run) && !(await running.draw())) return;
    if (stage.running === running) stage.tell("running");
  }

  /** A run is behind others. @param {import("../common/messages").Waiting} message */
  waits(message) {
    const { stage } = this;
    const { running } = stage;
    if (!running || running.run !== message.run) return;
    running.wait(message);
    this.watch();
    stage.tell("running");
  }

  /** A run goes on that shows no steps here. @param {import("../common/messages").Alive} message */
  alive(message) {
    const { running } = this.stage;
    if (!running || running.run !== message.run) return;
    running.begin();
    this.watch();
    this.stage.tell("running");
  }

  /** @param {import("./wire.js").Result} message
   * @param {boolean} [asked] whether it answers something else than a run: a draft, a cell of a sweep */
  async finished(message, asked = false) {
    const { stage } = this;
    if (!Array.isArray(message.variations) || !message.variations.length) return;
    const running = [stage.running, this.stopping].find((each) => each && each.run === message.run) || null;
    if (!asked && (!running || this.unwanted.has(message.run))) return;
    const trace = running && (running.trace.moments.length || running.trace.window) ? running.trace : null;
    if (trace && message.draft) trace.unfinish();
    const order = running?.order;
    const review = running?.family || new Review(message, trace, order ? order.version : stage.versions.head);
    let first = 0;
    if (running?.family)
      first = review.add(message, trace, new Map(/** @type {[number, number][]} */ (running.from?.pins || [])));
    if (!running?.family) {
      review.number = this.nextNumber;
      review.hole = running?.trace.newBox ?? null;
      review.asked = order?.mask ?? null;
    }
    const room = review.tiles.length - first;
    for (const [i, tile] of (running?.tiles || []).slice(0, room).entries()) review.tiles[first + i] = tile;
    this.remember(review);
    const quiet = this.quiet(running);
    if (running === this.stopping) this.stopping = null;
    const mine = running === stage.running;
    if (mine) stage.change({ running: null });
    if (running && quiet) return this.land(review, running, message);
    const best = message.variations.findIndex((_, i) => !review.variations[first + i].rank);
    const index =
      first +
      (running && !running.family && running.picked ? Math.min(running.index, message.variations.length - 1) : best);
    // The last preview stays until the result is there: nothing flickers.
    stage.choice.hold(running && !running.beside ? running : null);
    stage.change({ painting: false });
    await stage.choice.open(review, running?.from && running.from.how === "baseline" ? review.index : index);
    if (message.draft) stage.panel.toast(WORDS.drafted);
    else if (Array.isArray(message.told) && message.told.length) stage.panel.toast(message.told.join(" "));
  }

  /** A result goes into the dock, and nothing else on the stage changes. @param {Review} review
   * @param {Running} running @param {import("./wire.js").Result} message */
  land(review, running, message) {
    const { stage } = this;
    running.close();
    stage.tell("review");
    void stage.choice.sketchAll();
    const told = Array.isArray(message.told) ? message.told : [];
    const said = message.draft ? WORDS.drafted : landed(groupName(running.from, review.number));
    stage.panel.toast([said, ...told].join(" "));
  }

  /** What the next run is called. */
  get nextNumber() {
    return Math.max(0, ...this.reviews.map(({ number }) => number)) + 1;
  }

  /** Another document is opened: what was run belongs to the one before. @param {Review[]} [reviews] of the one that
   * is opened */
  forget(reviews = []) {
    this.reviews = reviews;
    this.readying = null;
  }

  /** @param {Review} review */
  remember(review) {
    this.reviews = [review, ...this.reviews.filter((each) => each !== review)].slice(0, MOST_REVIEWS);
    let bytes = 0;
    for (const each of this.reviews) {
      bytes += each.bytes;
      if (bytes > MOST_PICTURE_BYTES && each !== review) each.blobs.fill(null);
    }
  }

  /** The server has stopped a run, asked or not. @param {import("./wire.js").Stopped} message */
  async wasStopped(message) {
    const { stage } = this;
    const { running } = stage;
    const mine = [running, this.stopping].find((each) => each && each.run === message.run);
    if (running && mine === running) {
      this.endRunning();
      this.back(running);
      stage.panel.toast(message.message || WORDS.stopped);
    }
    if (!mine || !message.draft || !mine.step) return this.drafted();
    const draft = await stage.wire.draft(stage.doc, message.run, mine.index);
    if (this.stopping !== mine) return;
    this.drafted();
    if (draft.kind === "result") return this.finished(draft, true);
    this.stopping = null;
    stage.panel.toast(draft.message, draft.level);
  }

  /** A run ended without a result. @param {import("../common/messages").Notice} message */
  async failed(message) {
    const { stage } = this;
    const { running } = stage;
    if (!running || running.run !== message.run) return;
    const { order } = running;
    this.endRunning();
    this.back(running);
    // A picture that the server let go of is given to it again, once.
    if (message.gone && order && !order.revived) {
      order.revived = true;
      this.readying = order;
      const known = (await stage.sessions.revive()).kind === "open";
      if (this.readying !== order) return;
      this.readying = null;
      if (known) return this.begin(order);
    } else stage.panel.toast(message.message, message.level);
    // What is still marked needs no place in the list.
    if (order && !this.shows(order)) stage.queue.refuse(order);
  }
}
