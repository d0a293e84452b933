/** The button that opens a file, over the field that takes it. Knows nothing of what is opened; the stage does. */

/** @param {HTMLElement} element */
export function openButton(element) {
  const field = /** @type {HTMLInputElement} */ (element.querySelector("input"));
  /** @type {HTMLElement} */ (element.querySelector("button")).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    const file = field.files?.[0];
    if (file) /** @type {any} */ (window).mgeStage?.openFile(file);
    field.value = ""; // so that the same file can be chosen again
  });
}
