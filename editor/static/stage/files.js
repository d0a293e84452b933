/** Files that come in, by dialog, drop or paste, and the mask that goes out as one. Knows nothing of runs. */

import { saveBlob } from "../common/elements.js";
import { addressIn, pictureAt } from "./address.js";
import { carry } from "./carrier.js";
import { Mask } from "./mask.js";
import { writeMaskFile } from "./maskfile.js";
import { download, Picture } from "./picture.js";
import { addressReading, carriedShare, WORDS } from "./wording.js";

/** @typedef {import("./wire.js").Open} Open */
/** @typedef {import("./wire.js").Notice} Notice */
export class Files {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.latest = 0; // counts what was to be opened: only the last of it is
  }

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
    else this.stage.panel.toast(WORDS.noUpload, "error");
  }

  /** Opens a file that someone has chosen; what it is, the server finds out by looking into it. @param {File} file */
  async openFile(file) {
    const message = await this.carried(file, file.name, true);
    if (message) void this.answered(message);
  }

  /** Opens what another part of the page asks for. @param {(ask: string) => void} send with the id that the answer is
   * to carry */
  async openWith(send) {
    const mine = this.supersede(true);
    const message = await this.stage.wire.answer(send);
    if (mine === this.latest) void this.answered(message);
  }

  /** What is being opened is not wanted any more, nor what runs. @param {boolean} [chosen] by someone @returns {number}
   * of what is wanted now */
  supersede(chosen = false) {
    const { stage } = this;
    stage.queue.hold();
    stage.runner.abandon();
    stage.pointers.cancel();
    if (chosen) stage.sessions.giveWay();
    return ++this.latest;
  }

  /** Brings a file to the server and has it opened. @param {Blob} file @param {string} name @param {boolean} [chosen]
   * by someone
   * @returns {Promise<Open | Notice | null>} the answer; a notice where it does not come to that, null where something
   * else is wanted by then */
  async carried(file, name, chosen = false) {
    const { stage } = this;
    const mine = this.supersede(chosen);
    stage.change({ opening: true });
    try {
      const there = await carry(
        file,
        (share) => mine === this.latest && share < 1 && stage.panel.tell(carriedShare(share))
      );
      if (mine !== this.latest) return null;
      const message = await stage.wire.bring(there, name);
      return mine === this.latest ? message : null;
    } catch (error) {
      return mine === this.latest
        ? { kind: "notice", level: "error", message: /** @type {Error} */ (error).message }
        : null;
    } finally {
      if (mine === this.latest) stage.change({ opening: false });
    }
  }

  /** @param {Open | Notice} message an open document, or why there is none */
  answered(message) {
    if (message.kind === "open") return this.opened(message);
    this.stage.queue.release();
    this.stage.panel.toast(message.message, message.level);
    return this.stage.sessions.showAside();
  }

  /** Opens a picture of another site. @param {string} address */
  async openAddress(address) {
    if (!address) return;
    const { panel } = this.stage;
    panel.toast(addressReading(new URL(address).host));
    try {
      void this.openFile(await pictureAt(address));
    } catch (error) {
      panel.toast(/** @type {Error} */ (error).message, "error");
    }
  }

  /** Whether what hangs over the stage is to become its mask: in the right third, once a picture is open.
   * @param {DragEvent} e */
  asMask(e) {
    const { left, width } = this.stage.panel.viewport.getBoundingClientRect();
    return !!this.stage.mask && e.clientX > left + (2 / 3) * width;
  }

  /** Takes what is dropped on the stage or pasted anywhere. */
  listen() {
    const { stage } = this;
    const { root } = stage;
    const carries = (/** @type {DragEvent} */ e) =>
      !stage.outgoing.owns(e) && !!e.dataTransfer?.types.some((type) => ["Files", "text/uri-list"].includes(type));
    root.addEventListener("dragover", (e) => {
      if (!carries(e)) return;
      e.preventDefault();
      root.classList.add("mge-dropping");
      const mask = this.asMask(e);
      const [photo, own] = /** @type {any} */ (stage.panel.dropHint.children);
      own.hidden = !stage.mask;
      photo.classList.toggle("mge-on", !mask);
      own.classList.toggle("mge-on", mask);
    });
    root.addEventListener("dragleave", (e) => {
      if (!(e.relatedTarget instanceof Node && root.contains(e.relatedTarget))) root.classList.remove("mge-dropping");
    });
    root.addEventListener("drop", (e) => {
      root.classList.remove("mge-dropping");
      if (!carries(e)) return;
      e.preventDefault();
      if (/** @type {any} */ (window).mgeFolder?.dropped(e.dataTransfer)) return;
      const file = e.dataTransfer?.files[0];
      if (file && this.asMask(e) && !/\.zip$/i.test(file.name)) void this.importMask(file);
      else if (file) void this.openFile(file);
      else void this.openAddress(addressIn(e.dataTransfer));
    });
    document.addEventListener("paste", (e) => {
      const target = e.target;
      if (target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea"))) return;
      const file = e.clipboardData?.files[0];
      const address = file ? "" : addressIn(e.clipboardData);
      if (!(file || address) || !stage.visible()) return;
      e.preventDefault();
      if (file) void this.openFile(file);
      else void this.openAddress(address);
    });
  }

  /** A document is open on the server: puts its picture on the stage. @param {Open} message */
  async opened(message) {
    const { stage } = this;
    const mine = this.latest;
    stage.change({ opening: true });
    try {
      const { width, height } = message;
      const blob = await download(message.url);
      const picture = await Picture.decode(blob, width, height);
      if (mine !== this.latest) return picture.close();
      const left = stage.sessions.leave();
      stage.leaveResults();
      this.show(message, picture, blob, left);
      stage.tree.clear();
    } catch {
      if (mine === this.latest) stage.panel.toast(WORDS.loadFailed, "error");
    } finally {
      if (mine === this.latest) {
        stage.change({ opening: false });
        stage.queue.release();
      }
    }
  }

  /** Another document: nothing of the one before belongs to it, but undo goes back there. @param {Open} message
   * @param {Picture} picture @param {Blob} blob @param {string | null} left session that was on the stage before */
  show(message, picture, blob, left) {
    const { stage } = this;
    const { versions, sessions } = stage;
    const { width, height } = message;
    versions.clear();
    stage.runner.forget();
    const mask = new Mask(width, height);
    stage.describe(message.name || "", message);
    stage.change({ box: null, extend: [0, 0, 0, 0] });
    stage.painter.suit(width, height);
    if (message.mask && message.mask.width === width && message.mask.height === height) mask.load(message.mask);
    versions.opened(message);
    const head = versions.current;
    if (head) head.blob = blob;
    stage.place(message.doc, picture, mask);
    stage.fit();
    // What came with the file: a recipe's box and border, or a whole project's canvas.
    if (message.mode) stage.askMode(message.mode);
    if (Array.isArray(message.box) && message.box.length === 4)
      stage.change({ box: mask.clamped(/** @type {import("./mask.js").Rect} */ (message.box)) });
    if (Array.isArray(message.extend)) stage.marks.setExtend(message.extend);
    versions.takeState(message.state);
    if (message.state?.mode) stage.askMode(message.state.mode);
    // What a first visit is told is about what is painted, and a mode chosen on an earlier one may not show that.
    if (message.first) stage.change({ hint: stage.paintable() ? (message.notice ?? "") : "" });
    else if (message.notice) stage.panel.toast(message.notice);
    else if (left) stage.panel.toast(WORDS.openedOver);
    stage.history.clear();
    if (left) stage.history.push({ kind: "open", before: left, after: sessions.id });
    stage.autosave.begin(!message.first);
    if (head) void versions.file(head, picture);
  }

  /** Saves the mask as a PNG, white = repaint. */
  async downloadMask() {
    const { stage } = this;
    const { mask } = stage;
    if (!mask?.painted) return stage.panel.toast(WORDS.noMask);
    const blob = await writeMaskFile(mask);
    if (!blob) return;
    saveBlob(blob, `${stage.name.replace(/\.[^.]*$/, "") || "picture"}-mask.png`);
  }

  /** Takes a picture file of the canvas's size as the mask, read by the same rule as at every other door; Ctrl+Z takes
   * it back. @param {File} file */
  async importMask(file) {
    const { stage } = this;
    if (!stage.mask) return stage.panel.toast(WORDS.noPicture);
    try {
      await this.takeMask(await carry(file, (share) => share < 1 && stage.panel.tell(carriedShare(share))));
    } catch (error) {
      stage.panel.toast(/** @type {Error} */ (error).message, "error");
    }
  }

  /** Takes what the server answers as the mask; what is painted stays where it has none.
   * @param {import("./carrier.js").Carried | null} carried what to read, or nothing: what is transparent in the
   * picture */
  async takeMask(carried) {
    const { stage } = this;
    const { mask, doc } = stage;
    if (!mask || !stage.paintable()) return stage.panel.toast(WORDS.notPaintable);
    let message = await stage.wire.mask(doc, carried);
    if (message.kind === "notice" && message.gone && (await stage.sessions.revive()).kind === "open")
      message = await stage.wire.mask(stage.doc, carried);
    if (stage.mask !== mask) return;
    if (message.kind === "notice") return stage.panel.toast(message.message, message.level);
    stage.panel.toast(message.notice);
    stage.pointers.cancel();
    if (!mask.take(message.mask)) return;
    stage.marks.begin();
    stage.marks.commitMask();
  }
}
