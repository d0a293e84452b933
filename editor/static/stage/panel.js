/** The stage's own buttons, lines of text and tiles. Knows how they look and what they call, nothing of pixels. */

import { makeElement, strokes } from "../common/elements.js";
import { CropBar } from "./cropbar.js";
import { Note } from "./note.js";
import { Options } from "./options.js";
import { Strip } from "./strip.js";
import { WORDS } from "./wording.js";

/** Strokes of 20 x 20 icons. @type {Record<string, string>} */
const ICONS = {
  brush:
    "M16.8 3.2a1.6 1.6 0 0 0-2.3 0L8.2 10l1.8 1.8 6.8-6.3a1.6 1.6 0 0 0 0-2.3ZM7.6 11.2" +
    "c-1.7 0-2.8 1-3 2.6-.1 1-.6 1.7-1.6 2 1 .8 2.2 1.2 3.4 1.2 1.9 0 3.2-1.2 3.2-3 0-.4-.1-.7-.2-1",
  eraser:
    "M8.6 16.5 3.4 11.3a1.2 1.2 0 0 1 0-1.7l6.2-6.2a1.2 1.2 0 0 1 1.7 0l4.3 4.3a1.2 1.2 0 0 1 0 1.7l-7 7.1ZM6.3 6.7" +
    "l6 6M8.6 16.5H17",
  rectangle: "M3.5 5.5h13v9h-13z",
  box: "M4.5 5v10M15.5 5v10M5 4.5h10M5 15.5h10M3 3h3v3H3zM14 3h3v3h-3zM3 14h3v3H3zM14 14h3v3h-3z",
  lasso:
    "M10 4c4 0 7 1.8 7 4.3s-3 4.4-7 4.4-7-1.9-7-4.4S6 4 10 4ZM5.5 11.6" +
    "c-1.3.5-1.8 1.7-1.1 2.5.8.9 2.5.4 2.5-.8 0-.7-.6-1.3-1.4-1.7M4.5 14.4c.2 1.2-.2 2-1 2.6",
  select:
    "M3.5 16.5 11 9M9.6 7.6l2.8 2.8M13.5 2.5v3M13.5 9.5v0M17.5 6.5h-3M6.5 3.5v2.4M5.3 4.7h2.4" +
    "M15.8 11.3v2.4M14.6 12.5H17",
  token: "M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM14 11v6M11 14h6",
  crop: "M6 2.5V14h11.5M2.5 6H14v11.5",
  compare: "M10 2.5v15M3.5 5.5h13v9h-13zM6 8.5h1.5M6 11.5h1.5M12.5 8.5H14M12.5 11.5H14",
  help: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM7.9 8.2a2.1 2.1 0 1 1 3.2 1.8c-.7.4-1.1.8-1.1 1.6M10 13.8v.1",
  hand:
    "M6.5 10V5.3a1.2 1.2 0 0 1 2.4 0V9M8.9 8.6V3.9a1.2 1.2 0 0 1 2.4 0V9M11.3 9V4.9a1.2 1.2 0 0 1 2.4 0V10M13.7 10" +
    "V7.3a1.15 1.15 0 0 1 2.3 0v4.5c0 3.2-1.9 5.2-4.8 5.2-2.3 0-3.5-.9-4.5-2.7l-2.3-4c-.8-1.4.9-2.3 1.8-1.2l1.3 1.7",
  extend:
    "M7 7h6v6H7zM10 4.5v-2M10 17.5v-2M4.5 10h-2M17.5 10h-2M8.8 3.5 10 2.3l1.2 1.2M8.8 16.5l1.2 1.2 1.2-1.2" +
    "M3.5 8.8 2.3 10l1.2 1.2M16.5 8.8l1.2 1.2-1.2 1.2",
  inspect: "M8.8 3.2a5.6 5.6 0 1 0 0 11.2 5.6 5.6 0 0 0 0-11.2ZM13 13l4 4M6.6 6.6h4.4v4.4H6.6z",
  history:
    "M5 3.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6ZM5 13.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6ZM15 8.2" +
    "a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6ZM5 6.8v6.4M5 8.5c0 1.8 1.5 1.5 4 1.5h4.2",
  export: "M10 12.5V3.2M6.8 6.2 10 3l3.2 3.2M4 10.5v5a1.3 1.3 0 0 0 1.3 1.3h9.4a1.3 1.3 0 0 0 1.3-1.3v-5",
  undo: "M7 4 3.5 7.5 7 11M3.7 7.5h8a4.5 4.5 0 0 1 0 9H8",
  redo: "M13 4l3.5 3.5L13 11M16.3 7.5h-8a4.5 4.5 0 0 0 0 9H12",
  clear: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5",
  invert: "M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 0 1 0 13M10 6.5h4.6M10 10h6.3M10 13.5h4.6",
  grid: "M3.5 3.5h13v13h-13zM3.5 7.8h13M3.5 12.2h13M7.8 3.5v13M12.2 3.5v13",
  fit: "M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13M7 7.5h6v5H7z",
  actual: "M4 6.5 6 5v10M14 6.5 16 5v10M10 8v.2M10 12v.2",
  original: "M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5ZM10 7.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
};

/** @type {{id: keyof typeof WORDS.rail, kind: "tool" | "action" | "toggle" | "hold", gap?: boolean}[]} */
const RAIL = [
  { id: "brush", kind: "tool" },
  { id: "eraser", kind: "tool" },
  { id: "rectangle", kind: "tool" },
  { id: "lasso", kind: "tool" },
  { id: "select", kind: "tool" },
  { id: "token", kind: "tool" },
  { id: "inspect", kind: "tool" },
  { id: "box", kind: "tool" },
  { id: "extend", kind: "tool" },
  { id: "crop", kind: "tool" },
  { id: "hand", kind: "tool" },
  { id: "undo", kind: "action", gap: true },
  { id: "redo", kind: "action" },
  { id: "invert", kind: "action" },
  { id: "clear", kind: "action" },
  { id: "fit", kind: "action", gap: true },
  { id: "actual", kind: "action" },
  { id: "grid", kind: "toggle" },
  { id: "original", kind: "hold" },
  { id: "compare", kind: "toggle" },
  { id: "history", kind: "toggle", gap: true },
  { id: "export", kind: "action" },
  { id: "help", kind: "action" },
];

/** @param {string} name @param {string} text @param {() => void} action @param {string} [title] */
function button(name, text, action, title = text) {
  const node = makeElement("button", name, { type: "button", title }, text);
  node.addEventListener("click", action);
  return node;
}

export class Panel {
  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} root */
  constructor(stage, root) {
    this.stage = stage;
    this.root = root;
    root.textContent = "";
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
    this.rail = makeElement("div", "mge-rail", {
      role: "toolbar",
      "aria-label": WORDS.tools,
      "aria-orientation": "vertical",
    });
    for (const item of RAIL) this.rail.append(this.railButton(item));
    this.viewport = makeElement("div", "mge-view", { tabindex: "0", role: "application", "aria-label": WORDS.stage });

    this.options = new Options(stage);
    this.cropBar = new CropBar(stage);
    this.sample = button("mge-button", WORDS.sample, () => stage.files.openSample());
    this.empty = this.emptyPlace();
    this.strip = new Strip(stage);
    this.toastBox = makeElement("div", "mge-toast mge-float", { role: "status" });
    this.hint = new Note("mge-hint", () => stage.change({ hint: "" }));
    this.bar = makeElement("div", "mge-bar", {}, makeElement("i", ""));
    this.badge = makeElement("span", "mge-badge");
    this.status = makeElement("span", "mge-status");
    this.seam = makeElement("span", "mge-seam", { title: WORDS.seamTitle });
    this.shift = makeElement("span", "mge-shift", { title: WORDS.shiftTitle });
    this.info = makeElement("span", "mge-info");
    this.stopButton = button("mge-button mge-small", WORDS.stop, () => stage.stop(), WORDS.stopTitle);
    const turn = () => stage.toggleNumbers();
    this.numbers = button("mge-button mge-small mge-numbers", WORDS.numbers, turn, WORDS.numbersTitle);
    this.live = makeElement("div", "mge-live", { "aria-live": "polite", role: "status" });
    this.dropHint = makeElement(
      "div",
      "mge-drop",
      {},
      makeElement("span", "", {}, WORDS.drop),
      makeElement("span", "mge-drop-mask", {}, WORDS.dropMask)
    );
    this.compareTag = makeElement("div", "mge-compare mge-float", {}, WORDS.original);
    root.append(
      makeElement(
        "div",
        "mge-frame",
        {},
        this.rail,
        this.body(),
        this.strip.box,
        stage.timeline.dock,
        this.toldLine(),
        this.live
      ),
      stage.exporter.dialog
    );
    /** @type {number} */
    this.toastTimer = 0;
    this.liveTimer = 0;
  }

  /** What is said of the picture and the run; on a phone it scrolls sideways. @returns {HTMLElement} */
  toldLine() {
    const told = [this.status, this.stopButton, this.badge, this.seam, this.shift, this.info, this.numbers];
    return makeElement("div", "mge-hud", { tabindex: "0", role: "group", "aria-label": WORDS.told }, ...told);
  }

  /** What stands in the place of a picture before one is open. @returns {HTMLElement} */
  emptyPlace() {
    const { stage } = this;
    return makeElement(
      "div",
      "mge-empty",
      {},
      makeElement(
        "div",
        "mge-empty-mark",
        { "aria-hidden": "true" },
        ...Array.from({ length: 16 }, () => makeElement("i", ""))
      ),
      makeElement("h2", "", {}, WORDS.emptyTitle),
      makeElement("p", "", {}, WORDS.emptyText),
      makeElement(
        "div",
        "mge-row",
        {},
        button("mge-button mge-primary", WORDS.open, () => stage.files.browse()),
        this.sample
      )
    );
  }

  /** The viewport and all that floats over it. @returns {HTMLElement} */
  body() {
    const { stage } = this;
    return makeElement(
      "div",
      "mge-body",
      {},
      this.viewport,
      this.options.bar,
      this.options.menu,
      this.cropBar.bar,
      this.cropBar.grips,
      ...stage.comparison.labels,
      stage.comparison.bar,
      this.empty,
      this.compareTag,
      stage.timeline.inset,
      stage.timeline.legend,
      stage.cells.box,
      stage.tree.drawer,
      makeElement("div", "mge-notices", {}, this.toastBox, stage.sessions.note.box, this.hint.box),
      this.dropHint,
      this.bar
    );
  }

  /** @param {(typeof RAIL)[number]} item */
  railButton(item) {
    const { stage } = this;
    const [title, keys] = WORDS.rail[item.id];
    const node = makeElement(
      "button",
      `mge-tool${item.gap ? " mge-gap" : ""}`,
      {
        type: "button",
        "aria-label": title,
        title: `${title} (${keys})`,
        "data-id": item.id,
      },
      strokes(ICONS[item.id])
    );
    if (item.kind === "tool") node.addEventListener("click", () => stage.setTool(item.id));
    else if (item.kind === "hold") {
      for (const name of ["pointerdown", "keydown"])
        node.addEventListener(name, (e) =>
          name === "pointerdown" || /^[ E]/.test(/** @type {KeyboardEvent} */ (e).key) ? stage.compare(true) : 0
        );
      for (const name of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"])
        node.addEventListener(name, () => stage.compare(false));
      node.addEventListener("contextmenu", (e) => e.preventDefault());
    } else {
      /** @type {Record<string, () => void>} */
      const actions = {
        undo: () => stage.undo(),
        redo: () => stage.redo(),
        invert: () => stage.marks.invert(),
        clear: () => stage.marks.clear(),
        fit: () => stage.fit(),
        actual: () => stage.actualSize(),
        grid: () => stage.toggleGrid(),
        compare: () => (stage.comparison.on ? stage.comparison.end() : stage.comparison.show("slider")),
        history: () => stage.tree.toggle(),
        export: () => stage.export(),
        help: () => stage.help.show(),
      };
      node.addEventListener("click", actions[item.id]);
    }
    this.buttons.set(item.id, node);
    return node;
  }

  /** Says that the original is shown. @param {boolean} on */
  showOriginal(on) {
    this.compareTag.classList.toggle("mge-on", on);
  }

  /** What a first visit is told, with the deed it is about. @param {string} text none, where it is "" */
  showHint(text) {
    if (!text) return this.hint.hide();
    const how = matchMedia("(pointer: coarse)").matches ? WORDS.tapRun : WORDS.pressEnter;
    this.hint.say(`${text} ${how}`, {
      text: WORDS.run,
      title: WORDS.runTitle,
      act: () => this.stage.run(),
      first: true,
    });
  }

  /** CSS pixels at the viewport's head that no picture should lie under. */
  get head() {
    return this.stage.crop ? this.cropBar.bar.offsetHeight : 0;
  }

  /** CSS pixels at the viewport's foot that no picture should lie under. */
  get foot() {
    const { box } = this.hint;
    return this.strip.over + (box.hidden ? 0 : box.offsetHeight);
  }

  /** @param {string} message @param {"info" | "error"} [level] */
  toast(message, level = "info") {
    this.toastBox.textContent = message;
    this.toastBox.dataset.level = level;
    this.toastBox.classList.add("mge-on");
    clearTimeout(this.toastTimer);
    this.toastTimer = window.setTimeout(
      () => this.toastBox.classList.remove("mge-on"),
      level === "error" ? 9000 : 4500
    );
  }

  /** How far something is, where a run would say so. @param {string} text */
  tell(text) {
    this.status.textContent = text;
  }

  /** Tells screen readers, not at every stroke sample. @param {string} message */
  say(message) {
    clearTimeout(this.liveTimer);
    this.liveTimer = window.setTimeout(() => {
      if (this.live.textContent !== message) this.live.textContent = message;
    }, 350);
  }

  /** Which buttons are there, pressed, possible. */
  refreshTools() {
    const { stage } = this;
    const tools = stage.toolsHere();
    for (const item of RAIL) {
      const node = /** @type {HTMLButtonElement} */ (this.buttons.get(item.id));
      if (item.kind === "tool") {
        node.hidden = !tools.includes(item.id);
        node.setAttribute("aria-pressed", String(stage.tool === item.id));
      }
    }
    const possible = {
      undo: stage.history.done.length > 0,
      redo: stage.history.undone.length > 0,
      invert: stage.paintable(),
      clear: stage.paintable(),
      fit: stage.hasCanvas(),
      actual: stage.hasCanvas(),
      grid: true,
      original: !!stage.picture,
      compare: !!stage.picture,
      history: true,
      export: !!stage.picture,
      help: true,
    };
    for (const [id, is] of Object.entries(possible)) {
      /** @type {HTMLButtonElement} */ (this.buttons.get(id)).disabled = !is;
    }
    /** @type {HTMLButtonElement} */ (this.buttons.get("grid")).setAttribute("aria-pressed", String(stage.gridOn));
    /** @type {HTMLButtonElement} */ (this.buttons.get("history")).setAttribute(
      "aria-pressed",
      String(stage.tree.open)
    );
    /** @type {HTMLButtonElement} */ (this.buttons.get("compare")).setAttribute(
      "aria-pressed",
      String(stage.comparison.on)
    );
    this.options.refresh();
    this.root.classList.toggle("mge-open", stage.hasCanvas());
    this.root.dataset.mode = stage.mode;
    this.root.dataset.tool = stage.tool;
    this.empty.hidden = stage.hasCanvas() || stage.opening || !!stage.running;
    this.sample.hidden = !stage.files.sampleButton();
  }
}
