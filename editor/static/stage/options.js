/** The bar of options over the canvas: brush size and hardness, and a menu for the mask. Knows how it looks and what it
 * calls. */

import { makeElement, textButton } from "../common/elements.js";
import { OUTLINING } from "./outliner.js";
import { TINTS } from "./painting.js";
import { SELECTING } from "./selector.js";
import { FINDS, OUTLINES, overlayIn, SELECTIONS, WORDS } from "./wording.js";

/** A labelled slider. @param {string} name @param {string} title @param {number} most @param {number} step
 * @param {(value: number) => void} act */
function slider(name, title, most, step, act) {
  const input = makeElement("input", "mge-size", {
    type: "range",
    min: "0",
    max: String(most),
    step: String(step),
    "aria-label": name,
    title,
  });
  input.addEventListener("input", () => act(Number(input.value)));
  return input;
}

/** A tool's way of working. @param {string[]} words on it, and its title @param {() => void} act */
function wayButton([text, title], act) {
  const node = makeElement("button", "mge-way", { type: "button", role: "radio", title }, text);
  node.addEventListener("click", act);
  return node;
}

export class Options {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    const { painter } = stage;
    this.size = slider(WORDS.brushSize, WORDS.brushSizeTitle, 100, 1, (value) => painter.setSizeStep(value));
    this.sizeText = makeElement("output", "mge-size-text");
    this.hardness = slider(WORDS.brushHardness, WORDS.brushHardnessTitle, 100, 5, (value) =>
      painter.setHardness(value / 100)
    );
    this.hardnessText = makeElement("output", "mge-size-text");
    this.brush = this.brushRow();
    this.tolerance = slider(WORDS.tolerance, WORDS.toleranceTitle, 128, 1, (value) =>
      stage.selector.setTolerance(value)
    );
    this.toleranceText = makeElement("output", "mge-size-text");
    this.ways = SELECTING.map((way) => wayButton(SELECTIONS[way], () => stage.selector.setWay(way)));
    this.outlines = OUTLINING.map((way) => wayButton(OUTLINES[way], () => stage.outliner.setWay(way)));
    const outlining = { role: "radiogroup", "aria-label": WORDS.outlineWays };
    this.lasso = makeElement("div", "mge-brush mge-select-ways", outlining, ...this.outlines);
    this.select = this.selectRow();
    this.opacity = slider(WORDS.overlayOpacity, WORDS.overlayOpacityTitle, 100, 1, (value) =>
      painter.setOpacity(value / 100)
    );
    this.pixels = makeElement("input", "mge-number", {
      type: "number",
      min: "1",
      max: "64",
      step: "1",
      value: "8",
      "aria-label": WORDS.growBy,
    });
    this.swatches = TINTS.map((_, place) => this.swatch(place));
    this.file = makeElement("input", "", { type: "file", hidden: "" });
    this.menu = this.maskMenu();
    this.opener = makeElement(
      "button",
      "mge-opener",
      { type: "button", "aria-expanded": "false", title: WORDS.maskMenu },
      WORDS.mask
    );
    this.opener.addEventListener("click", () => this.open(this.menu.hidden));
    this.clearPart = makeElement(
      "button",
      "mge-part",
      { type: "button", title: WORDS.clearPartTitle },
      WORDS.clearPart
    );
    this.clearPart.addEventListener("click", () => void stage.files.takeMask(null));
    const rows = [this.brush, this.lasso, this.select];
    this.bar = makeElement("div", "mge-options mge-float", {}, ...rows, this.clearPart, this.opener);
    this.listen();
  }

  /** Size and hardness, each with its value. @returns {HTMLElement} */
  brushRow() {
    return makeElement(
      "div",
      "mge-brush",
      {},
      makeElement("span", "mge-size-dot", { "aria-hidden": "true" }),
      this.size,
      this.sizeText,
      makeElement("span", "mge-soft-dot", { "aria-hidden": "true" }),
      this.hardness,
      this.hardnessText
    );
  }

  /** Ways to select, and the tolerance of like colours. @returns {HTMLElement} */
  selectRow() {
    return makeElement(
      "div",
      "mge-brush",
      {},
      makeElement("span", "mge-select-ways", { role: "radiogroup", "aria-label": WORDS.ways }, ...this.ways),
      makeElement("span", "mge-size-text", {}, WORDS.tolerance),
      this.tolerance,
      this.toleranceText
    );
  }

  /** A colour for the overlay. @param {number} place in `TINTS` */
  swatch(place) {
    const { name, rgb } = TINTS[place];
    const node = makeElement("button", "mge-swatch", {
      type: "button",
      role: "radio",
      title: overlayIn(name),
      "aria-label": overlayIn(name),
      style: `--mge-swatch: rgb(${rgb})`,
    });
    node.addEventListener("click", () => this.stage.painter.setColour(place));
    return node;
  }

  /** What is done to the whole mask, and how it is shown. @returns {HTMLElement} */
  maskMenu() {
    const { stage } = this;
    const amount = () => Number(this.pixels.value);
    return makeElement(
      "div",
      "mge-menu mge-float",
      { role: "group", "aria-label": WORDS.maskMenu, hidden: "" },
      makeElement("div", "mge-menu-row", {}, makeElement("span", "", {}, WORDS.overlay), this.opacity),
      makeElement(
        "div",
        "mge-menu-row",
        { role: "radiogroup", "aria-label": WORDS.overlayColour },
        makeElement("span", "", {}, WORDS.colour),
        ...this.swatches
      ),
      makeElement(
        "div",
        "mge-menu-row",
        {},
        makeElement("span", "", {}, WORDS.edge),
        this.pixels,
        makeElement("span", "mge-unit", {}, "px"),
        textButton(WORDS.grow, WORDS.growMask, () => stage.marks.grow(amount()), "mge-small"),
        textButton(WORDS.shrink, WORDS.shrinkMask, () => stage.marks.grow(-amount()), "mge-small"),
        textButton(WORDS.frame, WORDS.frameTitle, (e) => stage.marks.frame(amount(), e), "mge-small")
      ),
      makeElement(
        "div",
        "mge-menu-row",
        {},
        makeElement("span", "", {}, WORDS.mask),
        textButton(WORDS.lastAgain, WORDS.againMask, () => stage.marks.again(), "mge-small"),
        textButton(WORDS.invert, WORDS.invertMask, () => stage.marks.invert(), "mge-small")
      ),
      makeElement("div", "mge-menu-row", {}, makeElement("span", "", {}, WORDS.find), ...this.findButtons()),
      makeElement(
        "div",
        "mge-menu-row",
        {},
        makeElement("span", "", {}, WORDS.maskFile),
        textButton(WORDS.load, WORDS.loadMask, () => this.file.click(), "mge-small"),
        textButton(WORDS.save, WORDS.saveMask, () => stage.files.downloadMask(), "mge-small"),
        this.file
      )
    );
  }

  /** What can be selected without drawing. @returns {HTMLElement[]} */
  findButtons() {
    return Object.entries(FINDS).map(([thing, [text, title]]) =>
      textButton(text, title, (e) => this.stage.selector.find(/** @type {"sky" | "rim"} */ (thing), e), "mge-small")
    );
  }

  listen() {
    this.file.addEventListener("change", () => {
      const file = this.file.files?.[0];
      this.file.value = "";
      if (file) void this.stage.files.importMask(file);
    });
    this.menu.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      this.open(false);
      this.opener.focus();
    });
    this.bar.addEventListener("contextmenu", (e) => e.preventDefault());
  }

  /** @param {boolean} shown */
  open(shown) {
    this.menu.hidden = !shown;
    this.opener.setAttribute("aria-expanded", String(shown));
  }

  refresh() {
    const { stage } = this;
    const { painter } = stage;
    this.bar.hidden = !stage.paintable() || stage.comparison.on || stage.tool === "crop";
    if (this.bar.hidden) this.open(false);
    this.clearPart.hidden = !stage.alpha || !!stage.review;
    this.brush.hidden = !["brush", "eraser"].includes(stage.tool);
    this.select.hidden = stage.tool !== "select";
    this.lasso.hidden = stage.tool !== "lasso";
    for (const [i, node] of this.outlines.entries())
      node.setAttribute("aria-checked", String(OUTLINING[i] === stage.outliner.way));
    for (const [i, node] of this.ways.entries())
      node.setAttribute("aria-checked", String(SELECTING[i] === stage.selector.way));
    this.tolerance.value = this.toleranceText.textContent = String(stage.selector.tolerance);
    this.size.value = String(painter.sizeStep());
    this.sizeText.textContent = `${Math.round(painter.size)} px`;
    this.hardness.value = String(Math.round(100 * painter.hardness));
    this.hardnessText.textContent = `${Math.round(100 * painter.hardness)} %`;
    this.opacity.value = String(Math.round(100 * painter.opacity));
    for (const [i, node] of this.swatches.entries()) node.setAttribute("aria-checked", String(i === painter.colour));
  }
}
