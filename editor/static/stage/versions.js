/** The versions of the open picture, a tree, and the way between them. Knows what the server has of them, not how they look. */

import { Mask } from "./mask.js";
import { Picture, download } from "./picture.js";
import { tileOf } from "./review.js";
import { WORDS } from "./words.js";

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {import("./review.js").Review} Review */
/** @typedef {import("./history.js").Step} Step */
/**
 * @typedef {{id: number, parent: number | null, doc: string | null, version: number | null, url: string, width: number,
 *   height: number, offset: number[], mask: WireMask | null, blob: Blob | null, tile: Blob | null}} Version
 * id and parent are the browser's own; doc and version where the server has it; offset = where the parent's picture begins in
 * this one; mask = as it was when this version was left; blob = its PNG, while it is not in the browser's store
 */
/**
 * @typedef {{kind: "keep", review: Review, index: number} | {kind: "travel", step: Extract<Step, {kind: "version"}>, back: boolean} |
 *   {kind: "visit", review: Review | null}} Wish
 * why the picture is about to become another
 */

export class Versions {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Map<number, Version>} */
    this.all = new Map();
    /** @type {number | null} */
    this.head = null;
    this.next = 1;
    /** @type {{wish: Wish, id: number | null, upload: boolean} | null} what was asked of the server */
    this.pending = null;
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
    return version === null ? null : [...this.all.values()].find((each) => each.doc === doc && each.version === version) || null;
  }

  /** @param {Partial<Version>} what @returns {Version} */
  add(what) {
    const id = what.id || this.next;
    this.next = Math.max(this.next, id + 1);
    const version = { parent: null, doc: null, version: null, url: "", width: 0, height: 0, offset: [0, 0], mask: null, blob: null, tile: null, ...what, id };
    this.all.set(id, version);
    return version;
  }

  /** Takes the server's tree of an opened document; versions known already keep their masks. @param {any} message of kind "open" */
  opened(message) {
    for (const each of message.tree || []) {
      const known = this.find(message.doc, each.version);
      const parent = this.find(message.doc, each.parent);
      const { url, width, height } = each;
      if (known) Object.assign(known, { url, width, height });
      else this.add({ doc: message.doc, version: each.version, parent: parent && parent.id, url, width, height, offset: each.offset || [0, 0] });
    }
    const version = typeof message.version === "number" ? message.version : null;
    const { doc, url, width, height } = message;
    this.head = (this.find(doc, version) || this.add({ doc, version, url, width, height })).id;
  }

  /** The version that was opened, as the present picture lies on it.
   * @returns {{url: string, width: number, height: number, offset: number[]} | null} null where the present one is that */
  first() {
    let [x, y] = [0, 0];
    let at = this.current;
    if (!at || at.parent === null) return null;
    for (let parent = this.all.get(at.parent ?? -1); parent; parent = this.all.get(at.parent ?? -1)) {
      x -= at.offset[0];
      y -= at.offset[1];
      at = parent;
    }
    return { url: at.url, width: at.width, height: at.height, offset: [x, y] };
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
    if (current && current.mask && stage.mask && current.mask.width === stage.mask.width && current.mask.height === stage.mask.height) stage.mask.load(current.mask);
    if (Array.isArray(state.box) && state.box.length === 4) stage.box = stage.mask ? stage.mask.clamped(state.box.map(Number)) : null;
    if (Array.isArray(state.extend)) stage.setExtend(state.extend);
  }

  // ---- asked of the server --------------------------------------------------------------------------------------------

  /** @param {Review} review whose chosen variation becomes the picture */
  keep(review) {
    const { outcome, place } = review.current;
    this.pending = { wish: { kind: "keep", review, index: review.index }, id: null, upload: false };
    this.stage.wire.accept(outcome.run, place);
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
    if (stage.running) stage.stop();
    stage.choice.aside();
    const has = !!version && version.doc === stage.doc && version.version !== null;
    this.pending = { wish, id, upload: !has };
    if (has) return stage.wire.goto(/** @type {number} */ (version.version));
    // The server no longer has it: the copy of this browser becomes a document again.
    const blob = version && (version.blob || (await stage.autosave.picture(id)));
    if (!blob) stage.panel.toast(WORDS.versionGone, "error");
    else if (stage.files.upload(new File([blob], stage.name || "picture.png", { type: blob.type || "image/png" }))) return;
    this.failed();
  }

  /** The last wish cannot be granted. */
  failed() {
    const { pending, stage } = this;
    this.pending = null;
    if (!pending) return;
    const { wish } = pending;
    if (wish.kind === "travel") {
      if (wish.back) stage.history.redo();
      else stage.history.undo();
    } else if (wish.kind === "keep") wish.review.sent = false;
  }

  // ---- answered by the server -----------------------------------------------------------------------------------------

  /** @param {any} message of kind "head" */
  async arrived(message) {
    const { stage, pending } = this;
    const wish = pending && pending.wish;
    const { width, height, doc } = message;
    let blob = null;
    if (wish && wish.kind === "keep" && wish.review.variations[wish.index].url === message.url) blob = wish.review.blobs[wish.index];
    /** @type {Picture} */
    let picture;
    try {
      blob = blob || (await download(message.url));
      picture = await Picture.decode(blob, width, height);
    } catch {
      stage.panel.toast(WORDS.loadFailed, "error");
      return stage.failed();
    }
    const known = this.find(doc, message.version);
    const parent = this.find(doc, message.parent);
    const offset = message.offset || [0, 0];
    const { url } = message;
    const version = known || this.add({ doc, version: message.version, parent: parent ? parent.id : this.head, url, width, height, offset });
    if (!known || !known.tile) version.blob = blob;
    if (typeof message.alpha === "boolean") stage.alpha = message.alpha;
    this.become(version, picture, !!message.keep_mask);
  }

  /** An upload of this browser's copy is a document now. @param {any} message of kind "open" @param {Picture} picture */
  revived(message, picture) {
    const version = this.all.get(/** @type {any} */ (this.pending).id);
    if (!version) return;
    version.doc = message.doc;
    version.version = typeof message.version === "number" ? message.version : null;
    version.url = message.url;
    this.become(version, picture, false);
  }

  /** Shows a version with the mask that belongs to it, and notes how it came about. @param {Version} version
   * @param {Picture} picture @param {boolean} keepMask */
  become(version, picture, keepMask) {
    const { stage, pending } = this;
    const wish = pending ? pending.wish : /** @type {Wish} */ ({ kind: "visit", review: null });
    this.pending = null;
    stage.pointers.cancel();
    const old = stage.mask ? stage.mask.wire() : null;
    const left = this.current;
    if (left) left.mask = old;
    const { width, height } = version;
    const mask = new Mask(width, height);
    const fits = (/** @type {WireMask | null} */ each) => !!each && each.width === width && each.height === height;
    if (wish.kind === "travel") {
      const wanted = (wish.back ? wish.step.before : wish.step.after).mask;
      if (wanted && fits(wanted)) mask.load(wanted);
    } else if (wish.kind === "keep") {
      if (old && keepMask) mask.load(old, version.offset[0], version.offset[1]);
    } else if (version.mask && fits(version.mask)) mask.load(version.mask);
    else if (old && keepMask && fits(old)) mask.load(old);
    version.mask = mask.wire();
    this.head = version.id;
    const step = { before: { version: left ? left.id : version.id, mask: old }, after: { version: version.id, mask: version.mask } };
    const chosen = wish.kind === "keep" ? wish.review.variations[wish.index] : null;
    if (wish.kind !== "travel") {
      const made = wish.kind === "keep" ? { review: wish.review, index: wish.index } : { review: null, index: 0 };
      stage.history.push({ kind: "version", ...step, ...made });
    }
    stage.proof = chosen ? { outside: chosen.changed_outside, seam: chosen.seam, shift: chosen.shift } : null;
    stage.choice.lift();
    if (stage.running) stage.runner.endRunning();
    stage.comparison.forget();
    stage.place(version.doc, picture, mask);
    stage.panel.toast({ keep: WORDS.kept, visit: WORDS.visited, travel: wish.kind === "travel" && wish.back ? WORDS.undoneEdit : WORDS.redoneEdit }[wish.kind]);
    void this.file(version, picture);
    // Whoever takes a result back sees again what there was to choose from.
    const review = wish.kind === "travel" ? (wish.back ? wish.step.review : null) : wish.kind === "visit" ? wish.review : null;
    if (review) void stage.choice.open(review, wish.kind === "travel" ? wish.step.index : review.index);
    stage.tree.refresh();
  }

  /** Makes the small picture of a version and hands both to the browser's store. @param {Version} version @param {Picture} picture */
  async file(version, picture) {
    if (!version.tile) {
      const source = /** @type {any} */ (picture.level(160 / Math.max(picture.width, picture.height)));
      const tile = tileOf(source, [0, 0, source.width, source.height]);
      version.tile = await new Promise((done) => tile.toBlob(done, "image/webp", 0.85));
      this.stage.tree.refresh();
    }
    await this.stage.autosave.keepPicture(version);
  }
}
