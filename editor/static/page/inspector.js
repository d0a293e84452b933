/** What ties the inspector to the stage: the mode, Extend's pixels, and the drawer on narrow screens. Knows no
 * settings. */

const SIDES = ["left", "top", "right", "bottom"];

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
    /** @type {any} */ (window).mgeClasses?.setMode(mode);
  }

  /** What was typed. @param {any[]} typed */
  setExtend(typed) {
    /** @type {any} */ (window).mgeStage?.setExtend(
      typed.map((pixels) => Math.max(0, Math.round(Number(pixels) || 0)))
    );
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

  followHandles() {
    const stage = /** @type {any} */ (window).mgeStage;
    if (!stage || this.mode !== "extend") return;
    const sides = /** @type {number[]} */ (stage.intent().extend);
    // What the fields hear they say back to the stage, later: they are told once, at the end of a pull.
    if (!stage.pulling())
      sides.forEach((pixels, i) => {
        const field = /** @type {HTMLInputElement | null} */ (document.querySelector(`#mge-extend-${SIDES[i]} input`));
        if (!field || field === document.activeElement || Number(field.value) === pixels) return;
        field.value = String(pixels);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
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
