/** The strip of sample photos: which one was pressed. */

/** @param {HTMLElement} element @param {(name: string, data: object) => void} trigger */
export function sampleStrip(element, trigger) {
  element.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!button?.dataset.index) return;
    const index = Number(button.dataset.index);
    /** @type {any} */ (window).mgeStage?.openWith((/** @type {string} */ ask) => trigger("pick", { index, ask }));
  });
}
