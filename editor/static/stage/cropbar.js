/** The bar over a crop, and its handles for the keyboard. Knows how they look and what they call. */

import { makeElement, strokes, textButton } from "../common/elements.js";
import { HANDLES } from "./tools.js";
import { degreesOf, gripName, SHAPES, TURNS, WORDS } from "./wording.js";

/** Strokes of 20 x 20 icons. @type {Record<string, string>} */
const SIGNS = {
  left: "M4 4.5v4h4M4.3 8.3A6.3 6.3 0 1 1 4 12",
  right: "M16 4.5v4h-4M15.7 8.3A6.3 6.3 0 1 0 16 12",
  mirror: "M10 3v14M7.5 6v8.5H3ZM12.5 6v8.5H17Z",
  flip: "M3 10h14M6 7.5h8.5V3ZM6 12.5h8.5V17Z",
};

export class CropBar {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.shapes = this.shapeMenu();
    this.angle = this.angleSlider();
    this.angleText = makeElement("output", "mge-size-text");
    this.turns = TURNS.map((each) => this.turnButton(each));
    this.apply = textButton(WORDS.crop, WORDS.cropTitle, () => void stage.cropper.apply(), "mge-small mge-primary");
    this.bar = makeElement(
      "div",
      "mge-crop mge-float",
      { role: "group", "aria-label": WORDS.crop, hidden: "" },
      this.shapes,
      makeElement(
        "span",
        "mge-crop-angle",
        {},
        makeElement("span", "", {}, WORDS.straighten),
        this.angle,
        this.angleText
      ),
      makeElement("span", "mge-crop-turns", {}, ...this.turns),
      makeElement(
        "span",
        "mge-crop-end",
        {},
        textButton(WORDS.cancel, WORDS.cancelTitle, () => stage.cropper.leave(), "mge-small"),
        this.apply
      )
    );
    this.grips = makeElement("div", "mge-grips", { hidden: "" }, ...HANDLES.map(([name]) => this.grip(name)));
    for (const part of [this.bar, this.grips]) part.addEventListener("keydown", (e) => this.key(e));
  }

  /** @returns {HTMLSelectElement} */
  shapeMenu() {
    const options = Object.entries(SHAPES).map(([id, { name }]) => makeElement("option", "", { value: id }, name));
    const menu = makeElement(
      "select",
      "mge-number mge-shape",
      { "aria-label": WORDS.shape, title: WORDS.shapeTitle },
      ...options
    );
    menu.addEventListener("change", () => this.stage.cropper.setShape(menu.value));
    return menu;
  }

  /** @returns {HTMLInputElement} */
  angleSlider() {
    const most = String(this.stage.limits.degrees);
    const input = makeElement("input", "mge-size", {
      ...{ type: "range", min: `-${most}`, max: most, step: "0.1", value: "0" },
      ...{ "aria-label": WORDS.straighten, title: WORDS.straightenTitle },
    });
    input.addEventListener("input", () => this.stage.cropper.straighten(Number(input.value)));
    return input;
  }

  /** @param {(typeof TURNS)[number]} what */
  turnButton({ turn, name, sign }) {
    const node = makeElement(
      "button",
      "mge-tool",
      { type: "button", title: name, "aria-label": name },
      strokes(SIGNS[sign])
    );
    node.addEventListener("click", () => void this.stage.cropper.turn(turn));
    return node;
  }

  /** A handle that can be reached by Tab; what a pointer pulls is drawn on the canvas. @param {string} name */
  grip(name) {
    const node = makeElement("button", "mge-grip", { type: "button", "aria-label": gripName(name), "data-grip": name });
    node.addEventListener("keydown", (e) => {
      if (!/^Arrow/.test(e.key)) return;
      e.preventDefault();
      const [dx, dy] = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] }[e.key.slice(5)] || [0, 0];
      this.stage.cropper.nudge(name, dx, dy, e.shiftKey);
    });
    return node;
  }

  /** Enter crops and Escape leaves, wherever in here the focus is, but for a button's own Enter.
   * @param {KeyboardEvent} e */
  key(e) {
    const { cropper, panel } = this.stage;
    const pressed = e.target instanceof HTMLButtonElement && !e.target.dataset.grip;
    if (e.key !== "Escape" && (e.key !== "Enter" || pressed)) return;
    e.preventDefault();
    e.stopPropagation();
    if (e.key === "Escape") cropper.leave();
    else void cropper.apply();
    panel.viewport.focus({ preventScroll: true });
  }

  show() {
    const { crop, versions, view, panel } = this.stage;
    this.bar.hidden = this.grips.hidden = !crop;
    if (!crop) return;
    const busy = !!versions.pending;
    for (const node of [...this.turns, this.apply]) node.disabled = busy;
    this.shapes.value = crop.aspect;
    this.angle.value = String(crop.degrees);
    this.angleText.textContent = degreesOf(crop.degrees);
    const { box } = crop;
    for (const [i, [, u, v]] of HANDLES.entries()) {
      const [x, y] = view.toScreen(box[0] + (box[2] - box[0]) * u, box[1] + (box[3] - box[1]) * v);
      const node = /** @type {HTMLElement} */ (this.grips.children[i]);
      node.style.left = `${x}px`;
      node.style.top = `${y}px`;
    }
    panel.say(`${box[2] - box[0]} × ${box[3] - box[1]} px`);
  }
}
