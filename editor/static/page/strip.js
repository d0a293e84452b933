/** The strip of sample photos: says which one was pressed. */

/** @param {HTMLElement} element @param {(name: string, data: object) => void} trigger */
export function sampleStrip(element, trigger) {
  element.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button?.dataset.index) trigger("pick", { index: Number(button.dataset.index) });
  });
}
