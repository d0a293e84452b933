/** The versions of the open picture, a tree, and the way between them. Knows what the server has of them, not how they
 * look. */

import { download, Picture } from "./picture.js";
import { joined, UNMOVED } from "./placing.js";
import { maskOn } from "./remains.js";
import { tileOf } from "./review.js";
import { framedAnew, WORDS } from "./wording.js";

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {import("./review.js").Review} Review */
/** @typedef {import("./history.js").Step} Step */
/** @typedef {import("./wire.js").Open} Open */
/** @typedef {import("./wire.js").Head} Head */
/** @typedef {import("./wire.js").Notice} Notice */
/**
 * @typedef {{id: number, parent: number | null, doc: string | null, version: number | null, url: string, width: number,
 *   height: number, offset: number[], turn: number, anew: boolean, mask: WireMask | null, blob: Blob | null,
 *   tile: Blob | null, stored: boolean}} Version
 * id and parent are the browser's own; doc and version where the server has it; offset and turn = where the parent's
 * picture lies on this one (placing.js); anew = no pixel of the parent is left as it was; mask = as it was when this
 * version was left; blob = its PNG, while it is not in the browser's store; stored = it is
 */
/**
 * @typedef {{kind: "keep", review: Review, index: number} | {kind: "travel", step: Extract<Step, {kind: "version"}>,
 *   back: boolean} | {kind: "visit", review: Review | null} | {kind: "frame", framing: Framing}} Wish
 * why the picture is about to become another
 */

/** @typedef {{turn: number, degrees: number, box: number[] | null}} Framing how a picture is framed anew: turned, then
 * straightened by degrees, then cropped */

/** Where a version's parent lies on it, as the server says it. @param {import("../common/messages").Lies} told */
function lies({ offset, turn = 0, anew = false }) {
  return { offset: offset || [0, 0], turn, anew };
}

export class Versions {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Map<number, Version>} */
    this.all = new Map();
    /** @type {number | null} */
    this.head = null;
    this.next = 1;
    /** @type {Wish | null} what was asked of the server */
    this.pending = null;
    /** @type {Promise<void> | null} until the server knows of a version that is shown already */
    this.telling = null;
  }

  clear() {
    this.all.clear();
    this.head = null;
  }

  get current() {
    return this.head === null ? null : this.all.get(this.head) || null;
  }

  /** @param {string | null} doc @param {number | null} version @returns {Version | null} */
  find(doc, version) {
    return version === null
      ? null
      : [...this.all.values()].find((each) => each.doc === doc && each.version === version) || null;
  }

  /** @param {Partial<Version>} what @returns {Version} */
  add(what) {
    const id = what.id || this.next;
    this.next = Math.max(this.next, id + 1);
    const version = {
      parent: null,
      doc: null,
      version: null,
      url: "",
      width: 0,
      height: 0,
      offset: [0, 0],
      turn: 0,
      anew: false,
      mask: null,
      blob: null,
      tile: null,
      stored: false,
      ...what,
      id,
    };
    this.all.set(id, version);
    return version;
  }

  /** Takes the server's tree of an opened document; versions known already keep their masks.
   * @param {Open} message */
  opened(message) {
    for (const each of message.tree || []) {
      const known = this.find(message.doc, each.version);
      const parent = this.find(message.doc, each.parent);
      const { url, width, height } = each;
      if (known) Object.assign(known, { url, width, height });
      else
        this.add({
          doc: message.doc,
          version: each.version,
          parent: parent?.id ?? null,
          url,
          width,
          height,
          ...lies(each),
        });
    }
    const version = typeof message.version === "number" ? message.version : null;
    const { doc, url, width, height } = message;
    this.head = (this.find(doc, version) || this.add({ doc, version, url, width, height })).id;
  }

  /** The document was opened anew from this browser's own copy, under the versions' ids here.
   * @param {Open} message */
  moved(message) {
    const there = new Map(message.tree.map((each) => [each.version, each.url]));
    for (const version of this.all.values()) {
      const url = there.get(version.id);
      Object.assign(version, url ? { doc: message.doc, version: version.id, url } : { doc: null, version: null });
    }
  }

  /** What the server calls a version; null where it does not have it. @param {number | null} id
   * @returns {number | null} */
  number(id) {
    const version = id === null ? null : this.all.get(id);
    return version && version.doc === this.stage.doc ? version.version : null;
  }

  /** The version that is shown, as the server knows it; null where it does not. @returns {number | null} */
  get shown() {
    return this.number(this.head);
  }

  /** Sees to it that the server has a version. @param {number | null} [id] @returns {Promise<boolean>} whether it
   * has */
  async known(id = this.head) {
    await this.telling;
    if (id === null || this.number(id) !== null) return true;
    return (await this.stage.sessions.revive()).kind === "open" && this.number(id) !== null;
  }

  /** The version that is shown, with what is marked on it. @returns {import("./history.js").Standing} */
  standing() {
    const { mask, box, extend, pinned } = this.stage;
    return { version: this.head ?? 0, mask: mask?.wire() ?? null, box, extend: extend.slice(), pinned };
  }

  /** The version that was opened, or straightened last, and where it lies on the present picture.
   * @returns {{url: string, width: number, height: number, placing: import("./placing.js").Placing} | null} null where
   * the present one is that */
  first() {
    let placing = UNMOVED;
    let at = this.current;
    const below = () => (at && !at.anew && at.parent !== null && this.all.get(at.parent)) || null;
    for (let next = below(); at && next; next = below()) {
      placing = joined(at, placing);
      at = next;
    }
    if (!at || at === this.current) return null;
    return { url: at.url, width: at.width, height: at.height, placing };
  }

  /** What a project file keeps of the canvas. */
  state() {
    const { stage } = this;
    const masks = [...this.all.values()].flatMap((each) => {
      const mask = each.id === this.head && stage.mask ? stage.mask.wire() : each.mask;
      return each.doc === stage.doc && each.version !== null && mask ? [[each.version, mask]] : [];
    });
    return { v: 1, mode: stage.mode, box: stage.box, extend: stage.extend, masks };
  }

  /** Puts back what a project file kept; what is not sound is left out. @param {any} state */
  takeState(state) {
    const { stage } = this;
    if (!state || typeof state !== "object" || state.v !== 1) return;
    for (const [number, mask] of Array.isArray(state.masks) ? state.masks : []) {
      const version = this.find(stage.doc, number);
      if (version && mask && Array.isArray(mask.runs)) version.mask = mask;
    }
    const { current } = this;
    if (
      current?.mask &&
      stage.mask &&
      current.mask.width === stage.mask.width &&
      current.mask.height === stage.mask.height
    )
      stage.mask.load(current.mask);
    if (Array.isArray(state.box) && state.box.length === 4)
      stage.change({ box: stage.mask ? stage.mask.clamped(state.box.map(Number)) : null });
    if (Array.isArray(state.extend)) stage.marks.setExtend(state.extend);
  }

  // ---- asked of the server ------------------------------------------------------------------------------------------

  /** @param {Review} review whose chosen variation becomes the picture */
  async keep(review) {
    const { stage } = this;
    const { outcome, place } = review.current;
    /** @type {Wish} */
    const wish = { kind: "keep", review, index: review.index };
    this.pending = wish;
    const message = await stage.wire.accept(stage.doc, outcome.run, place);
    if (this.pending !== wish) return;
    if (message.kind === "head") return this.arrived(message, wish);
    const blob = review.blobs[review.index];
    if (!message.gone || !blob || review.head === null) return this.failed(message);
    // The server forgot the run, but the picture is here: it becomes a version of the copy that goes up again.
    const { width, height, offset } = review;
    const made = this.add({ parent: review.head, width, height, offset, blob });
    if (!(await this.raise(made.id, wish))) this.all.delete(made.id);
  }

  /** What is on the stage is a variation that someone goes on from: it is a version from now on, and the server hears
   * of it. @param {Review} review @param {import("./history.js").Standing} before what was there */
  adopt(review, before) {
    const { stage, current } = this;
    const { index, width, height, offset } = review;
    if (current) current.mask = before.mask;
    const made = this.add({ parent: review.head, width, height, offset, blob: review.blobs[index] });
    this.head = made.id;
    const after = this.standing();
    made.mask = after.mask;
    stage.history.push({ kind: "version", before, after, review, index });
    const telling = this.confirm(made, review.current).finally(() => {
      if (this.telling === telling) this.telling = null;
    });
    this.telling = telling;
    void this.file(made, /** @type {Picture} */ (stage.picture));
  }

  /** A version that the server does not take over is brought to it when it is needed there.
   * @param {Version} version @param {import("./review.js").Variation} variation */
  async confirm(version, { outcome, place }) {
    const { stage } = this;
    const message = await stage.wire.accept(stage.doc, outcome.run, place);
    if (message.kind !== "head" || this.all.get(version.id) !== version) return;
    const { doc, url, dropped, alpha } = message;
    Object.assign(version, { doc, version: message.version, url });
    this.lost(doc, dropped);
    stage.change({ alpha: alpha ?? stage.alpha });
    stage.tell("versions");
    stage.autosave.soon();
  }

  /** The server let go of versions. @param {string} doc @param {number[] | undefined} dropped */
  lost(doc, dropped) {
    for (const gone of dropped || []) Object.assign(this.find(doc, gone) || {}, { doc: null, version: null });
  }

  /** Makes another version of the one that is shown: turned, straightened, cropped. @param {Framing} framing
   * @returns {Promise<boolean>} whether it is the picture now */
  async frame(framing) {
    const { stage } = this;
    if (this.pending) return false;
    const before = this.head;
    /** @type {Wish} */
    const wish = { kind: "frame", framing };
    stage.runner.setAside();
    stage.choice.aside();
    this.pending = wish;
    stage.tell("versions");
    const asked = async () =>
      (await this.known())
        ? stage.wire.frame({ doc: stage.doc, version: /** @type {number} */ (this.shown), ...framing })
        : null;
    let message = await asked();
    if (message && message.kind !== "head" && message.gone && (await stage.sessions.revive()).kind === "open")
      message = await asked();
    if (this.pending !== wish) return false;
    if (message?.kind === "head") await this.arrived(message, wish);
    else this.failed(message || {});
    stage.tell("versions");
    return this.head !== before;
  }

  /** @param {Extract<Step, {kind: "version"}>} step @param {boolean} back */
  travel(step, back) {
    void this.ask((back ? step.before : step.after).version, { kind: "travel", step, back });
  }

  /** Makes another version the picture. @param {number} id @param {Review | null} [review] shown once it is */
  visit(id, review = null) {
    if (this.pending) return;
    if (id !== this.head) return void this.ask(id, { kind: "visit", review });
    if (review) void this.stage.choice.open(review);
  }

  /** @param {number} id @param {Wish} wish */
  async ask(id, wish) {
    const { stage } = this;
    const version = this.all.get(id);
    stage.runner.setAside();
    stage.choice.aside();
    this.pending = wish;
    await this.telling; // one after the other
    if (this.pending !== wish) return;
    if (!version) return this.failed({ message: WORDS.versionGone, level: "error" });
    if (version.doc !== stage.doc || version.version === null) return void this.raise(id, wish);
    const message = await stage.wire.goto(stage.doc, version.version);
    if (this.pending !== wish) return;
    if (message.kind === "head") return this.arrived(message, wish);
    if (message.gone) return void this.raise(id, wish);
    this.failed(message);
  }

  /** The server no longer has a version: this browser's copy of all of them becomes a document again.
   * @param {number} id @param {Wish} wish
   * @returns {Promise<boolean>} whether the version is shown now */
  async raise(id, wish) {
    const { stage } = this;
    const version = this.all.get(id);
    const message = await stage.sessions.revive(id);
    if (this.pending !== wish || !version) return false;
    try {
      if (message.kind !== "open") throw new Error(message.message);
      const blob = (await stage.sessions.picture(id)) || (await download(version.url));
      this.become(version, await Picture.decode(blob, version.width, version.height), false);
      return true;
    } catch (error) {
      this.failed({ message: /** @type {Error} */ (error).message, level: "error" });
      return false;
    }
  }

  /** The last wish cannot be granted. @param {Partial<Notice>} [message] why, where it was not said yet */
  failed(message) {
    const { pending: wish, stage } = this;
    this.pending = null;
    if (message?.message) stage.panel.toast(message.message, message.level);
    if (wish && wish.kind === "travel") {
      if (wish.back) stage.history.redo();
      else stage.history.undo();
    } else if (wish && wish.kind === "keep") wish.review.sent = false;
    stage.tell("review");
  }

  // ---- answered by the server ---------------------------------------------------------------------------------------

  /** @param {Head} message @param {Wish} wish that it grants */
  async arrived(message, wish) {
    const { stage } = this;
    const { width, height, doc } = message;
    let blob = null;
    if (wish.kind === "keep" && wish.review.variations[wish.index].url === message.url)
      blob = wish.review.blobs[wish.index];
    /** @type {Picture} */
    let picture;
    try {
      blob = blob || (await download(message.url));
      picture = await Picture.decode(blob, width, height);
    } catch {
      return this.failed({ message: WORDS.loadFailed, level: "error" });
    }
    if (this.pending !== wish) return picture.close();
    const known = this.find(doc, message.version);
    const parent = this.find(doc, message.parent);
    // The server may have shown another version last, for a run that waited.
    const placed = wish.kind === "keep" ? lies(wish.review) : lies(message);
    const { url, version: number } = message;
    const version =
      known ||
      this.add({
        ...{ doc, version: number, parent: parent ? parent.id : this.head, url, width, height },
        ...placed,
      });
    this.lost(doc, message.dropped);
    if (!version.stored) version.blob = blob;
    if (typeof message.alpha === "boolean") stage.change({ alpha: message.alpha });
    this.become(version, picture, !!message.keep_mask);
  }

  /** Shows a version with the mask that belongs to it, and notes how it came about. @param {Version} version
   * @param {Picture} picture @param {boolean} keepMask */
  become(version, picture, keepMask) {
    const { stage } = this;
    const wish = this.pending || /** @type {Wish} */ ({ kind: "visit", review: null });
    this.pending = null;
    stage.pointers.cancel();
    const before = { ...this.standing(), version: this.head ?? version.id };
    if (this.current) this.current.mask = before.mask;
    const mask = maskOn(version, wish, before.mask, keepMask);
    version.mask = mask.wire();
    this.head = version.id;
    const chosen = wish.kind === "keep" ? wish.review.variations[wish.index] : null;
    stage.change({
      proof: chosen && { outside: chosen.changed_outside, seam: chosen.seam, shift: chosen.shift },
    });
    stage.choice.lift();
    stage.runner.setAside();
    stage.comparison.forget();
    stage.place(version.doc, picture, mask);
    if (wish.kind === "travel") {
      const { box, extend, pinned } = wish.back ? wish.step.before : wish.step.after;
      if (extend) stage.change({ box, extend, pinned });
    } else {
      if (wish.kind === "frame") stage.change({ box: null, extend: [0, 0, 0, 0], pinned: null });
      const made = wish.kind === "keep" ? { review: wish.review, index: wish.index } : { review: null, index: 0 };
      stage.history.push({ kind: "version", before, after: this.standing(), ...made });
    }
    stage.panel.toast(
      {
        keep: WORDS.kept,
        visit: WORDS.visited,
        travel: wish.kind === "travel" && wish.back ? WORDS.undoneEdit : WORDS.redoneEdit,
        frame: wish.kind === "frame" ? framedAnew(wish.framing, version.width, version.height) : "",
      }[wish.kind]
    );
    void this.file(version, picture);
    // Whoever takes a result back sees again what there was to choose from.
    const review =
      wish.kind === "travel" ? (wish.back ? wish.step.review : null) : wish.kind === "visit" ? wish.review : null;
    if (review) void stage.choice.open(review, wish.kind === "travel" ? wish.step.index : review.index);
    stage.tell("versions");
  }

  /** Makes the small picture of a version and hands both to the browser's store. @param {Version} version
   * @param {Picture} picture */
  async file(version, picture) {
    if (!version.tile) {
      const source = /** @type {any} */ (picture.level(160 / Math.max(picture.width, picture.height)));
      const tile = tileOf(source, [0, 0, source.width, source.height]);
      version.tile = await new Promise((done) => tile.toBlob(done, "image/webp", 0.85));
      this.stage.tell("versions");
    }
    await this.stage.autosave.save();
  }
}
