/** The dialog that does the same with a folder. Knows how it looks and what it calls. */

import { makeElement, saveBlob, setPossible, textButton } from "../common/elements.js";
import { foundIn } from "./photos.js";
import { filled, Repetition } from "./repetition.js";

/** @typedef {import("./repetition.js").Photo} Photo */

const MODES = ["fill", "replace", "extend"];

/** What is marked now, and on which size. */
function stagesMarks() {
  const { mgeStage } = /** @type {any} */ (window);
  const { width, height } = mgeStage.size();
  return { ...mgeStage.marked(), size: [width, height] };
}

class FolderDialog {
  /** @param {HTMLElement} host @param {(name: string, data: object) => void} trigger
   * @param {Record<string, string>} words */
  constructor(host, trigger, words) {
    this.words = words;
    this.repetition = new Repetition(trigger, words, () => this.show());
    this.opener = /** @type {HTMLElement} */ (host.querySelector("button"));
    this.opener.addEventListener("click", () => this.open());
    this.about = makeElement("p", "pg-note");
    this.whole = this.field({ webkitdirectory: "" });
    this.several = this.field({ accept: "image/*,.heic,.heif" });
    this.chooseFolder = textButton(words.chooseFolder, words.chooseFolder, () => this.choose(this.whole));
    this.choosePhotos = textButton(words.choosePhotos, words.choosePhotos, () => this.choose(this.several));
    this.best = makeElement("input", "", { type: "checkbox" });
    this.best.checked = true;
    this.list = makeElement("ol", "pg-photos", { tabindex: "0", "aria-label": words.photos });
    this.told = makeElement("p", "pg-note", { role: "status" });
    this.bar = makeElement("b", "pg-bar");
    this.start = textButton(words.start, words.start, () => this.begin(), "pg-yes");
    this.stop = textButton(words.stop, words.stop, () => this.repetition.pause(words.stopped));
    this.save = textButton(words.save, words.save, () => void this.saveZip(), "pg-yes");
    const close = textButton(words.close, words.close, () => this.dialog.close());
    this.dialog = makeElement(
      "dialog",
      "pg-folder",
      { "aria-labelledby": "mge-folder-title" },
      makeElement("h2", "", { id: "mge-folder-title" }, words.title),
      this.about,
      makeElement(
        "div",
        "pg-folder-row",
        {},
        this.chooseFolder,
        this.choosePhotos,
        words.orDrop,
        this.whole,
        this.several
      ),
      makeElement("label", "pg-folder-row", {}, this.best, words.onlyBest),
      this.list,
      this.bar,
      this.told,
      makeElement("div", "pg-folder-row pg-folder-end", {}, close, this.stop, this.start, this.save)
    );
    document.body.append(this.dialog);
    this.listen();
  }

  /** @param {Record<string, string>} attributes */
  field(attributes) {
    const field = makeElement("input", "", { type: "file", multiple: "", hidden: "", tabindex: "-1", ...attributes });
    field.addEventListener("change", () => {
      const files = [...(field.files ?? [])];
      field.value = ""; // so that the same ones can be chosen again
      this.take(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    });
    return field;
  }

  listen() {
    this.dialog.addEventListener("keydown", (e) => e.stopPropagation()); // the stage's keys are not meant
    this.dialog.addEventListener("dragover", (e) => e.preventDefault());
    this.dialog.addEventListener("drop", (e) => {
      e.preventDefault();
      if (e.dataTransfer) void foundIn(e.dataTransfer).then((found) => this.take(found));
    });
    addEventListener("beforeunload", (e) => {
      const { works, saved } = this.repetition;
      if (works || !saved) e.preventDefault();
    });
  }

  /** Why there is nothing to repeat, or "". */
  objection() {
    const page = /** @type {any} */ (window).mgeStage;
    if (this.repetition.marks) return "";
    return MODES.includes(page.marked().mode) ? page.objection() : this.words.otherModes;
  }

  open() {
    const objection = this.objection();
    if (objection) return /** @type {any} */ (window).mgeStage.say(objection, "error");
    if (!this.dialog.open) this.dialog.showModal();
    this.show();
  }

  /** Takes many files, or a folder, that were dropped on the page; one alone is not for here, nor are files while
   * there is nothing to repeat. @param {DataTransfer} dropped @returns {boolean} */
  dropped(dropped) {
    const folder = [...dropped.items].some((item) => item.webkitGetAsEntry()?.isDirectory);
    if (!folder && (dropped.files.length < 2 || this.objection())) return false;
    const found = foundIn(dropped);
    this.open();
    if (this.dialog.open) void found.then((all) => this.take(all));
    return true;
  }

  /** @param {HTMLInputElement} field */
  choose(field) {
    const objection = this.repetition.objection();
    if (objection) this.told.textContent = objection;
    else field.click();
  }

  /** @param {import("./photos.js").Found[]} found */
  take(found) {
    const objection = this.repetition.take(found);
    this.show();
    if (objection) this.told.textContent = objection;
  }

  begin() {
    const { repetition, words } = this;
    if (repetition.full && !repetition.saved) this.told.textContent = words.full;
    else void repetition.begin(this.best.checked);
  }

  async saveZip() {
    const { repetition } = this;
    const [folder, ...inside] = repetition.photos[0].path.split("/");
    const zip = await repetition.zip();
    saveBlob(zip, `${inside.length ? folder : "photos"}-${this.words.zip}.zip`);
    repetition.saved = true;
    this.show();
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  show() {
    const { repetition, words } = this;
    const { photos, works, marks, saved } = repetition;
    const [made, failed, waiting] = [repetition.count("made"), repetition.count("failed"), repetition.count("waits")];
    const { mode, size } = marks ?? stagesMarks();
    this.about.textContent = filled(mode === "extend" ? words.aboutBorder : words.aboutMarks, {
      size: size.join(" × "),
    });
    this.chooseFolder.disabled = this.choosePhotos.disabled = works;
    this.best.disabled = works || !!marks;
    this.fill(photos);
    this.bar.hidden = !photos.length;
    this.bar.style.setProperty("--pg-share", String((made + failed) / (photos.length || 1)));
    const progress = photos.length ? filled(words.progress, { made, count: photos.length, failed }) : words.nothing;
    this.told.textContent = `${progress} ${repetition.told}`.trim();
    this.stop.hidden = !works;
    this.start.hidden = works || (!waiting && !failed);
    this.start.textContent = this.start.title = !marks ? words.start : waiting ? words.goOn : words.tryAgain;
    this.start.classList.toggle("pg-yes", !made);
    this.save.hidden = !made;
    setPossible(this.save, words.save, "");
    this.save.classList.toggle("pg-yes", !saved);
    this.opener.classList.toggle("pg-on", works);
    /** @type {HTMLElement} */ (this.opener.lastElementChild).textContent = works
      ? `${made + failed}/${photos.length}`
      : words.opener;
  }

  /** @param {Photo[]} photos */
  fill(photos) {
    if (this.list.children.length !== photos.length)
      this.list.replaceChildren(
        ...photos.map(() => makeElement("li", "", {}, makeElement("b", ""), makeElement("span", "")))
      );
    for (const [i, { path, state, told }] of photos.entries()) {
      const row = /** @type {HTMLElement} */ (this.list.children[i]);
      const [name, said] = row.children;
      const text = [this.words[state], told].filter(Boolean).join(": ");
      if (name.textContent !== path) name.textContent = path;
      if (said.textContent === text && row.dataset.state === state) continue;
      said.textContent = text;
      row.dataset.state = state;
      if (state === "works") row.scrollIntoView({ block: "nearest" });
    }
  }
}

/**
 * @param {HTMLElement} element @param {(name: string, data: object) => void} trigger @param {any} props
 * @param {(name: string, callback: () => void) => void} watch
 */
export function folderButton(element, trigger, props, watch) {
  const dialog = new FolderDialog(element, trigger, props.words);
  watch("value", () => dialog.repetition.hear(props.value));
  Object.assign(window, {
    mgeFolder: {
      dropped: (/** @type {DataTransfer} */ dropped) => dialog.dropped(dropped),
      inputs: (/** @type {string[]} */ names, /** @type {any[]} */ now) => dialog.repetition.inputs(names, now),
    },
  });
}
