/** Whose a key is: how what has the focus came to it, and how the canvas has it again. Knows no keys' meanings. */

/** Whether keys are for what has the focus: a field, or a dialog or a menu that lies over the page.
 * @param {EventTarget | null} target */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target.matches("textarea, select, [role=combobox], [role=listbox]") ||
    inDialog(target)
  )
    return true;
  return target instanceof HTMLInputElement && !/^(button|checkbox|radio|range|submit)$/.test(target.type);
}

/** @param {Element} node */
function inDialog(node) {
  return !!node.closest("dialog[open], :popover-open");
}

export class Focus {
  /** @param {HTMLElement} host @param {() => void} home gives the canvas the focus, as a press on it does */
  constructor(host, home) {
    this.host = host;
    this.home = home;
    this.byKey = false;
    /** @type {EventTarget | null} what was pressed last by a pointer, until a key is */
    this.pressed = null;
    /** Whether someone has typed or looked further since a field has the focus. */
    this.browsing = false;
    document.addEventListener("pointerdown", (e) => (this.pressed = e.target), true);
    document.addEventListener(
      "keydown",
      (e) => {
        this.pressed = null;
        if (e.key !== "Enter") this.browsing = true;
        if (/^(Enter|Escape)$/.test(e.key) && isTyping(e.target)) this.leave(e.target);
      },
      true
    );
    document.addEventListener("focusin", ({ target }) => {
      const around = target instanceof HTMLElement && (target.closest("label") || target);
      // Or by a script, which means the same.
      this.byKey = !(around && this.pressed instanceof Node && around.contains(this.pressed));
      this.browsing = false;
    });
    // After a press; what listens to it has done its part by then, and a key's click comes without one.
    const after = (/** @type {Event} */ { type, target }) => {
      if (!this.pressed || !(target instanceof Element)) return;
      if (type === "change" && !target.matches("input[type=range], select")) return;
      setTimeout(() => this.pressed && this.back(target, type === "change"));
    };
    document.addEventListener("click", after, true);
    document.addEventListener("change", after, true);
    // The wheel scrolls the page; a number that happens to have the focus stays what it is.
    const wheel = (/** @type {WheelEvent} */ e) => {
      const { target } = e;
      if (target instanceof HTMLInputElement && target.type === "number" && target === document.activeElement)
        target.blur();
    };
    document.addEventListener("wheel", wheel, { capture: true, passive: true });
  }

  /** What was pressed has done what it does: the next key is the canvas's, unless someone types or a dialog is open.
   * @param {Element} target @param {boolean} changed */
  back(target, changed) {
    const node = document.activeElement;
    if (!node || node === document.body || this.host.contains(node) || inDialog(node)) return;
    if (node.matches(".mge-tile")) return; // its arrows and Enter are the canvas's, its Delete drops it
    const chosen = target.closest("[role=option]") && node.getAttribute("aria-expanded") !== "true";
    if (!isTyping(node) || chosen || (changed && node.matches("select"))) this.home();
  }

  /** Enter or Escape in a field: once it has made of that what it does, nothing is typed there any more.
   * @param {EventTarget | null} field */
  leave(field) {
    setTimeout(() => {
      const node = document.activeElement;
      if (!node || node !== field || inDialog(node) || node.getAttribute("aria-expanded") === "true") return;
      this.host.focus({ preventScroll: true });
    });
  }

  /** Whether what has it answers a key itself: nobody came to it by pressing it. */
  get answers() {
    const node = document.activeElement;
    return !!node && node !== document.body && node !== this.host && this.byKey;
  }

  /** Whether Enter has nothing to do in a field but to run: in a number, or a menu in which nobody has looked further.
   * @param {EventTarget | null} field */
  runs(field) {
    if (!(field instanceof HTMLInputElement) || inDialog(field) || this.host.contains(field)) return false;
    return (
      field.type === "number" ||
      (field.matches("[role=listbox], [role=combobox]") && !field.closest("#mge-class") && !this.browsing)
    );
  }
}
