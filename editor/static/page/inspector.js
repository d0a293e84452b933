/** What ties the inspector to the stage: the mode, Extend's pixels, and the drawer on narrow screens. Knows no
 * settings. */

const SIDES = ["left", "top", "right", "bottom"];

/** Types a number into a control, where that is another one than it holds and nobody types there. @param {string} id
 * @param {number} value */
function typeInto(id, value) {
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(`#${id} input[type=number]`));
  if (!field || field === document.activeElement || Number(field.value) === value) return;
  field.value = String(value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export class Inspector {
  /** @param {HTMLElement} side */
  constructor(side) {
    this.side = side;
    this.mode = side.dataset.mgeMode ?? "fill";
  }

  /** The radio's mode, told to the stage and to the style sheet. @param {string} mode */
  setMode(mode) {
    this.mode = mode;
    this.side.dataset.mgeMode = mode;
    /** @type {any} */ (window).mgeStage?.setMode(mode);
  }

  /** What was typed. @param {any[]} typed */
  setExtend(typed) {
    /** @type {any} */ (window).mgeStage?.setExtend(
      typed.map((pixels) => Math.max(0, Math.round(Number(pixels) || 0)))
    );
  }

  begin() {
    this.follow();
    this.drawer();
  }

  /** The fields and the radio follow what happens on the stage: handles, undo, a picture that brings its own mode. */
  follow() {
    const root = /** @type {HTMLElement | null} */ (document.querySelector("#mge-stage .mge"));
    if (!root) return;
    let before = root.dataset.mode;
    const look = () => {
      const { mode } = root.dataset;
      if (mode && mode !== before && mode !== this.mode) this.press(mode);
      before = mode;
      this.followHandles();
    };
    new MutationObserver(look).observe(root, { attributes: true, attributeFilter: ["data-mode"] });
    root.addEventListener("pointerup", () => setTimeout(look)); // after the stage's own listeners
  }

  /** @param {string} mode */
  press(mode) {
    const radio = document.querySelector(`#mge-mode input[value="${mode}"]`);
    if (radio instanceof HTMLElement) radio.click();
  }

  /** Says what the model advises for the guidance in this mode; pressed, it is that again. @param {string} advice
   * @param {boolean} touched whether it is something else */
  showAdvice(advice, touched) {
    const button = /** @type {HTMLButtonElement | null} */ (document.querySelector("#mge-advised"));
    if (!button) return;
    button.dataset.advice = advice;
    button.disabled = !touched;
  }

  followHandles() {
    const stage = /** @type {any} */ (window).mgeStage;
    if (!stage || this.mode !== "extend") return;
    const sides = /** @type {number[]} */ (stage.intent().extend);
    // What the fields hear they say back to the stage, later: they are told once, at the end of a pull.
    if (!stage.pulling()) for (const [i, pixels] of sides.entries()) typeInto(`mge-extend-${SIDES[i]}`, pixels);
    const said = document.getElementById("mge-extend-size");
    const size = stage.size();
    if (!said || !size) return;
    const grown = [size.width + sides[0] + sides[2], size.height + sides[1] + sides[3]];
    said.textContent = `${size.width} × ${size.height} → ${grown[0]} × ${grown[1]} px`;
  }

  /** Opens and shuts the drawer; on wide screens the handle is not shown. */
  drawer() {
    const handle = document.querySelector("#mge-drawer button");
    const turn = (/** @type {boolean} */ open) => {
      this.side.classList.toggle("pg-open", open);
      handle?.setAttribute("aria-expanded", String(open));
      if (!open) for (const tab of document.querySelectorAll("#mge-tabs > .tabitem")) tab.scrollTop = 0;
    };
    handle?.addEventListener("click", () => turn(!this.side.classList.contains("pg-open")));
    document.querySelector("#mge-stage")?.addEventListener("pointerdown", () => turn(false));
    for (const tab of document.querySelectorAll("#mge-tabs button[role=tab]"))
      tab.addEventListener("click", () => turn(true));
  }
}
