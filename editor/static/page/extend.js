/** Extend's own controls: shapes, the anchor, 10 % more, reset, and the size that comes out. Moves nothing but the
 * stage's border. */

import { aspectSides, grownSides } from "./aspects.js";

/** The stage as its own script lays it out for the page. @returns {any} */
function stageOfPage() {
  return /** @type {any} */ (window).mgeStage;
}

/** @param {HTMLElement} element */
export function extendTools(element) {
  /** @type {[number, number]} */
  let anchor = [1, 1];
  /** @type {number | null} the shape pressed last, so that another anchor moves the picture in it */
  let aspect = null;
  const anchors = [...element.querySelectorAll("[data-anchor]")];

  const set = (/** @type {number[]} */ sides) => stageOfPage()?.setExtend(sides);
  const shape = () => {
    const size = stageOfPage()?.size();
    if (size && aspect) set(aspectSides(size.width, size.height, aspect, anchor));
  };
  element.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const size = stageOfPage()?.size();
    if (!button || !size) return;
    if (button.dataset.aspect) {
      const [across, down] = button.dataset.aspect.split(":").map(Number);
      aspect = across / down;
      shape();
    } else if (button.dataset.anchor) {
      anchor = /** @type {[number, number]} */ (button.dataset.anchor.split(",").map(Number));
      for (const each of anchors) each.setAttribute("aria-pressed", String(each === button));
      shape();
    } else if (button.dataset.grow) {
      aspect = null;
      set(grownSides(stageOfPage().intent().extend, size.width, size.height, Number(button.dataset.grow)));
    } else if (button.dataset.reset) {
      aspect = null;
      set([0, 0, 0, 0]);
    }
  });
}
