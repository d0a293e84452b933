/** The grid of a sweep: a cell asks what to take from it, and the whole grid can be looked at large; it passes on that
 * a sweep does something else now. Knows nothing of settings. */

import { makeElement } from "../common/elements.js";

/** @param {string} text @param {() => void} action */
function choiceButton(text, action) {
  const button = makeElement("button", "", { type: "button", role: "menuitem" }, text);
  button.addEventListener("click", action);
  return button;
}

/** @param {HTMLElement} element @param {(name: string, data: object) => void} trigger @param {any} props */
export function sweepGrid(element, trigger, props) {
  const choice = makeElement("div", "pg-choice", { role: "menu", popover: "auto" });
  document.body.append(choice);
  document.addEventListener("mge-swept", () => trigger("swept", {}));

  /** @param {HTMLElement} cell */
  const offer = (cell) => {
    const take = (/** @type {string} */ what) => {
      choice.hidePopover();
      element.classList.remove("pg-large");
      const run = cell.closest("[data-run]")?.getAttribute("data-run") ?? "";
      const place = { run, row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
      /** @type {any} */ (window).mgeStage?.askFor((/** @type {string} */ ask) =>
        trigger("adopt", { ...place, what, ask })
      );
    };
    choice.replaceChildren(
      ...[
        ["settings", props.settings],
        ["picture", props.picture],
      ].map(([what, text]) => choiceButton(text, () => take(what)))
    );
    choice.showPopover();
    const { left, bottom, top, width } = cell.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = choice;
    const below = bottom + 4 + offsetHeight < innerHeight;
    choice.style.left = `${Math.max(8, Math.min(left + width / 2 - offsetWidth / 2, innerWidth - offsetWidth - 8))}px`;
    choice.style.top = `${below ? bottom + 4 : Math.max(8, top - offsetHeight - 4)}px`;
    /** @type {HTMLElement} */ (choice.firstChild).focus();
  };
  choice.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = /** @type {HTMLElement[]} */ ([...choice.children]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    buttons[(at + step + buttons.length) % buttons.length].focus();
  });
  element.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const cell = /** @type {HTMLElement | null} */ (target.closest("[data-row][data-column]"));
    if (cell) offer(cell);
    else if (target.closest("[data-large]")) element.classList.toggle("pg-large");
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && element.classList.contains("pg-large") && !choice.matches(":popover-open")) {
        element.classList.remove("pg-large");
        event.stopPropagation();
      }
    },
    true
  );
}
