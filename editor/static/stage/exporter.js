/** The export dialog: which format, how large, and the download. Knows what to ask of the server, not how files are
 * written. */

import { letGo, makeElement, saveLink, textButton } from "../common/elements.js";
import { writeMaskFile } from "./maskfile.js";
import { nameAt } from "./outgoing.js";
import { resolved } from "./picture.js";
import { bytesText, exportOf, FORMATS, letterOf, WORDS } from "./wording.js";

const DELAY_OF_QUALITY = 300; // ms
const SIZED = ["png", "jpeg", "webp", "pair"]; // formats of one picture, which may be smaller than what is shown
const LAYERED = ["ora", "psd"];

/** @typedef {{key: string, url: string, name: string, bytes: number, own: boolean}} Ready own = made here, to be let go
 * of */

export class Exporter {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.format = "png";
    /** @type {Ready | null} */
    this.ready = null;
    /** @type {string} what the server is asked for now, as `key` tells it; "" when it is asked for nothing */
    this.asked = "";
    this.timer = 0;
    this.formats = this.formatChoice();
    this.quality = makeElement("input", "mge-size", {
      type: "range",
      min: "40",
      max: "100",
      step: "1",
      value: "95",
      "aria-label": WORDS.quality,
    });
    /** @type {Record<string, string>} as it was chosen last for each; a WebP of 100 is lossless */
    this.qualities = { jpeg: "95", webp: "100" };
    this.qualityText = makeElement("output", "mge-size-text", {}, "95");
    this.qualityRow = makeElement(
      "label",
      "mge-quality",
      {},
      makeElement("span", "", {}, WORDS.quality),
      this.quality,
      this.qualityText
    );
    this.longest = makeElement("input", "mge-number", { type: "number", min: "16", max: "16384", step: "1" });
    this.longestRow = makeElement(
      "label",
      "mge-quality mge-longest",
      { title: WORDS.longestTitle },
      makeElement("span", "", {}, WORDS.longest),
      this.longest
    );
    this.title = makeElement("h2", "", { id: "mge-export-title" });
    this.about = makeElement("p", "mge-about", { role: "status" });
    this.download = textButton(WORDS.download, WORDS.download, () => this.save(), "mge-primary");
    const close = textButton(WORDS.cancel, WORDS.closeTitle, () => this.dialog.close());
    this.dialog = makeElement(
      "dialog",
      "mge-dialog mge-export",
      { "aria-labelledby": "mge-export-title" },
      this.title,
      this.formats,
      this.qualityRow,
      this.longestRow,
      this.about,
      makeElement("div", "mge-row", {}, close, this.download)
    );
    this.listen();
  }

  /** One radio button a format. @returns {HTMLElement} */
  formatChoice() {
    const formats = makeElement("div", "mge-formats", { role: "radiogroup", "aria-label": WORDS.format });
    for (const [id, { name, about }] of Object.entries(FORMATS)) {
      if (id === this.stage.root.dataset.without) continue;
      const input = makeElement("input", "", { type: "radio", name: "mge-format", value: id });
      input.addEventListener("change", () => this.choose(id));
      formats.append(
        makeElement(
          "label",
          "mge-format",
          {},
          input,
          makeElement("b", "", {}, name),
          makeElement("small", "", {}, about)
        )
      );
    }
    return formats;
  }

  listen() {
    this.quality.addEventListener("input", () => {
      this.qualityText.textContent = this.qualities[this.format] = this.quality.value;
      this.prepare(DELAY_OF_QUALITY);
    });
    this.longest.addEventListener("input", () => this.prepare(DELAY_OF_QUALITY));
    this.dialog.addEventListener("click", (e) => e.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("keydown", (e) => e.stopPropagation());
    this.dialog.addEventListener("close", () => this.forget());
    document.addEventListener("click", (e) => this.instead(e), true);
  }

  /** The page's download button holds the version that is kept; while a variation is shown it gives that.
   * @param {Event} e */
  instead(e) {
    const { review } = this.stage;
    if (!review || !(e.target instanceof Element) || !e.target.closest("#mge-download")) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    const { url } = review.current;
    saveLink(resolved(url), nameAt(url));
  }

  /** Opens the dialog for what is shown, with the format that the file came in. */
  open() {
    const { stage } = this;
    const { review } = stage;
    if (this.dialog.open) return;
    if (!stage.doc) return stage.panel.toast(WORDS.nothingToExport);
    this.title.textContent = review ? exportOf(letterOf(review.index), review.current.seed) : WORDS.exportTitle;
    for (const node of /** @type {NodeListOf<HTMLInputElement>} */ (this.formats.querySelectorAll("input"))) {
      const why = this.objection(node.value);
      node.disabled = !!why;
      const label = /** @type {HTMLElement} */ (node.parentElement);
      label.title = why;
      /** @type {HTMLElement} */ (label.lastChild).textContent = why || FORMATS[node.value].about;
    }
    this.longest.placeholder = String(this.side());
    this.dialog.showModal();
    this.choose(stage.format);
    /** @type {HTMLElement} */ (this.formats.querySelector(":checked")).focus();
  }

  /** Why that format is not to be had now, or "". @param {string} format */
  objection(format) {
    const { mask } = this.stage;
    if (format === "pair" && !this.changed()) return WORDS.noChange;
    if (format === "mask") return mask?.painted ? "" : WORDS.noMask;
    return format === "gif" && !this.run() ? WORDS.noTimeline : "";
  }

  /** Whether what is shown was made of another picture. */
  changed() {
    const { review, versions } = this.stage;
    return review ? review.head !== null : versions.first() !== null;
  }

  /** Pixels of the longer side of what is shown. */
  side() {
    const shown = this.stage.review || this.stage.picture;
    return shown ? Math.max(shown.width, shown.height) : 0;
  }

  /** The run whose steps a GIF would show: the one under review, or the last that has any. */
  run() {
    const { review, runner } = this.stage;
    const last = [review, ...runner.reviews].find((each) => each?.current.outcome.branchable);
    return last ? { run: last.current.outcome.run, variation: last.current.place } : null;
  }

  /** @param {string} format */
  choose(format) {
    this.format = format in FORMATS ? format : "png";
    const node = /** @type {HTMLInputElement} */ (this.formats.querySelector(`[value=${this.format}]`));
    node.checked = true;
    this.qualityRow.classList.toggle("mge-on", this.format in this.qualities);
    this.quality.disabled = !(this.format in this.qualities);
    const sized = SIZED.includes(this.format);
    this.longestRow.classList.toggle("mge-on", sized);
    this.longest.disabled = !sized;
    if (!this.quality.disabled) this.qualityText.textContent = this.quality.value = this.qualities[this.format];
    this.prepare(0);
  }

  /** The variation under review, which need not be kept to be saved; null while the picture itself is shown. */
  variation() {
    const { review } = this.stage;
    return review && { run: review.run, variation: review.current.place };
  }

  /** What is wished for now, as one word. */
  get key() {
    const shown = this.variation();
    return [
      this.format,
      this.quality.disabled ? "" : this.quality.value,
      this.longest.disabled ? "" : this.longest.value,
      ...(shown ? [shown.run, shown.variation] : []),
    ].join("-");
  }

  /** Has the file made, so that its size can be shown. @param {number} delay ms */
  prepare(delay) {
    this.forget();
    this.about.textContent = WORDS.measuring;
    this.download.disabled = true;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), delay);
  }

  async ask() {
    const { stage, key } = this;
    if (this.format === "mask") {
      const blob = stage.mask && (await writeMaskFile(stage.mask));
      if (!blob || key !== this.key) return;
      const name = `${stage.name.replace(/\.[^.]*$/, "") || "picture"}-mask.png`;
      return this.offer({ key, url: URL.createObjectURL(blob), name, bytes: blob.size, own: true });
    }
    if (this.asked) return; // its answer asks again, where something else is wished for by then
    this.asked = key;
    await stage.versions.known();
    /** @type {import("./wire.js").ExportOrder} */
    const order = {
      doc: stage.doc,
      version: stage.versions.shown,
      format: this.format,
      quality: Number(this.quality.value),
    };
    if (!this.longest.disabled && this.longest.value) order.longest = Math.round(Number(this.longest.value));
    if (this.format === "gif") Object.assign(order, this.run());
    if (SIZED.includes(this.format) || LAYERED.includes(this.format)) Object.assign(order, this.variation());
    if (this.format === "project") order.state = stage.versions.state();
    let message = await stage.wire.export(order);
    if (
      message.kind === "notice" &&
      message.gone &&
      order.run === undefined &&
      (await stage.sessions.revive()).kind === "open"
    ) {
      message = await stage.wire.export({ ...order, doc: stage.doc, version: stage.versions.shown });
    }
    this.asked = "";
    if (!this.dialog.open) return;
    if (key !== this.key) return void (this.format !== "mask" && this.ask());
    if (message.kind === "file")
      return this.offer(
        { key, url: resolved(message.url), name: message.name, bytes: message.bytes, own: false },
        message.notice
      );
    this.about.textContent = WORDS.exportFailed;
    if (message.message) stage.panel.toast(message.message, message.level);
  }

  /** @param {Ready} ready @param {string} [notice] what the format could not hold */
  offer(ready, notice) {
    this.ready = ready;
    this.about.textContent = `${ready.name} · ${bytesText(ready.bytes)}${notice ? `. ${notice}` : ""}`;
    this.download.disabled = false;
  }

  save() {
    if (!this.ready) return;
    saveLink(this.ready.url, this.ready.name);
    this.dialog.close();
  }

  forget() {
    const { ready } = this;
    this.ready = null;
    if (ready?.own) letGo(ready.url);
  }
}
