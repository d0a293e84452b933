/** Files that come in, by dialog, drop or paste, and the mask that goes out as one. Knows nothing of runs. */

import { addressIn, pictureAt } from "./address.js";
import { Mask } from "./mask.js";
import { readMaskFile, writeMaskFile } from "./maskfile.js";
import { Picture, download } from "./picture.js";
import { WORDS, addressReading, maskOfOtherSize } from "./words.js";

export class Files {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
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

  /** Opens a file that someone has chosen. @param {File} file */
  openFile(file) {
    const { stage } = this;
    if (!file.type.startsWith("image/") && !/\.zip$/i.test(file.name)) return stage.panel.toast(WORDS.notImage, "error");
    stage.autosave.chosen = true;
    this.upload(file);
  }

  /** Opens a picture of another site. @param {string} address */
  async openAddress(address) {
    if (!address) return;
    const { panel } = this.stage;
    panel.toast(addressReading(new URL(address).host));
    try {
      this.openFile(await pictureAt(address));
    } catch (error) {
      panel.toast(/** @type {Error} */ (error).message, "error");
    }
  }

  /** Hands a file to the page, as if it had been chosen there. @param {File} file @returns {boolean} whether the page takes files */
  upload(file) {
    const input = this.uploadInput();
    if (!input) {
      this.stage.panel.toast(WORDS.noUpload, "error");
      return false;
    }
    const carrier = new DataTransfer();
    carrier.items.add(file);
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  /** Whether what hangs over the stage is to become its mask: in the right third, once a picture is open. @param {DragEvent} e */
  asMask(e) {
    const { left, width } = this.stage.panel.viewport.getBoundingClientRect();
    return !!this.stage.mask && e.clientX > left + (2 / 3) * width;
  }

  /** Takes what is dropped on the stage or pasted anywhere. */
  listen() {
    const { stage } = this;
    const { root } = stage;
    const carries = (/** @type {DragEvent} */ e) => !!e.dataTransfer && e.dataTransfer.types.some((type) => ["Files", "text/uri-list"].includes(type));
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
      const file = e.dataTransfer && e.dataTransfer.files[0];
      if (file && file.type.startsWith("image/") && this.asMask(e)) void this.importMask(file);
      else if (file) this.openFile(file);
      else void this.openAddress(addressIn(e.dataTransfer));
    });
    document.addEventListener("paste", (e) => {
      const target = e.target;
      if (target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea"))) return;
      const file = e.clipboardData && [...e.clipboardData.files].find((each) => each.type.startsWith("image/"));
      const address = file ? "" : addressIn(e.clipboardData);
      if (!(file || address) || !stage.visible()) return;
      e.preventDefault();
      if (file) this.openFile(file);
      else void this.openAddress(address);
    });
  }

  /** A document is open on the server: puts its picture on the stage. @param {any} message of kind "open" */
  async opened(message) {
    const { stage } = this;
    const { versions, autosave } = stage;
    if (autosave.puts(message)) return;
    stage.pointers.cancel();
    stage.opening = true;
    stage.refresh();
    try {
      const { width, height } = message;
      const blob = await download(message.url);
      const picture = await Picture.decode(blob, width, height);
      stage.choice.lift();
      stage.runner.endRunning();
      stage.alpha = !!message.alpha;
      if (message.model) Object.assign(stage.model, message.model);
      const revived = !!versions.pending && versions.pending.upload;
      const restored = autosave.restoring && (revived || message.doc === autosave.restoring.doc) ? autosave.restoring : null;
      stage.opening = false;
      if (revived) versions.revived(message, picture);
      else {
        versions.pending = null;
        if (restored) autosave.fill(restored);
        else if (message.doc !== stage.doc) this.forgetLast();
        this.show(message, picture, blob);
      }
      if (restored) await autosave.finish(restored);
      stage.tree.clear();
    } catch (error) {
      stage.panel.toast(WORDS.loadFailed, "error");
    } finally {
      stage.opening = false;
      stage.refresh();
    }
  }

  /** Another document: nothing of the one before belongs to it. */
  forgetLast() {
    const { stage } = this;
    stage.autosave.begin();
    stage.versions.clear();
    stage.runner.reviews = [];
  }

  /** @param {any} message of kind "open" @param {Picture} picture @param {Blob} blob */
  show(message, picture, blob) {
    const { stage } = this;
    const { versions } = stage;
    const { width, height } = message;
    const old = stage.mask;
    const mask = new Mask(width, height);
    stage.name = message.name || "";
    stage.format = message.format || "png";
    stage.proof = null;
    stage.comparison.forget();
    if (message.keep_mask && old && old.width === width && old.height === height) mask.load(old.wire());
    else {
      stage.history.clear();
      stage.box = null;
      stage.extend = [0, 0, 0, 0];
      stage.view.fitted = true;
      stage.painter.suit(width, height);
      if (message.mask && message.mask.width === width && message.mask.height === height) mask.load(message.mask);
    }
    versions.opened(message);
    const head = versions.current;
    if (head && !head.tile) head.blob = blob;
    stage.place(message.doc, picture, mask);
    if (head) void versions.file(head, picture);
    // What came with the file: a recipe's box and border, or a whole project's canvas.
    if (message.mode) stage.askMode(message.mode);
    if (Array.isArray(message.box) && message.box.length === 4) stage.box = mask.clamped(message.box);
    if (Array.isArray(message.extend)) stage.setExtend(message.extend);
    versions.takeState(message.state);
    if (message.state && message.state.mode) stage.askMode(message.state.mode);
    // What a first visit is told is about what is painted, and a mode chosen on an earlier one may not show that.
    if (message.notice && (!message.first || stage.paintable())) stage.panel.toast(message.notice);
    if (!message.keep_mask) stage.history.clear();
    stage.changed();
  }

  /** Saves the mask as a PNG, white = repaint. */
  async downloadMask() {
    const { stage } = this;
    const { mask } = stage;
    if (!mask || !mask.painted) return stage.panel.toast(WORDS.noMask);
    const blob = await writeMaskFile(mask);
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${stage.name.replace(/\.[^.]*$/, "") || "picture"}-mask.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /** Takes a picture of the canvas's size as the mask; Ctrl+Z takes it back. @param {File} file */
  async importMask(file) {
    const { stage } = this;
    const { mask } = stage;
    if (!mask) return stage.panel.toast(WORDS.noPicture);
    let read;
    try {
      read = await readMaskFile(file, mask);
    } catch {
      return stage.panel.toast(WORDS.notMask, "error");
    }
    if (!read.bytes) return stage.panel.toast(maskOfOtherSize(read, mask), "error");
    if (stage.mask !== mask) return;
    stage.pointers.cancel();
    mask.replace(read.bytes);
    stage.paints();
    stage.commitMask();
  }
}
