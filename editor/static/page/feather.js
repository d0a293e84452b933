/** While the feather's slider is moved the stage shows the soft edge. Knows the slider, not what an edge looks like. */

const LINGER = 1200; // ms that it is shown after the last move

/** @param {() => boolean} finishes whether Fill ends with the photo's own pixels, which take no feather */
export function followFeather(finishes) {
  const field = document.getElementById("mge-feather");
  let held = false;
  let timer = 0;
  const show = (/** @type {number | null} */ pixels) =>
    /** @type {any} */ (window).mgeStage?.showFeather(pixels, finishes());
  const fade = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => held || show(null), LINGER);
  };
  const moved = (/** @type {Event} */ { target }) => {
    if (target instanceof HTMLInputElement) show(Number(target.value));
    fade();
  };
  field?.addEventListener("input", moved);
  field?.addEventListener("pointerdown", (event) => {
    held = true;
    moved(event);
  });
  for (const name of ["pointerup", "pointercancel"])
    window.addEventListener(name, () => {
      if (held) fade();
      held = false;
    });
}
