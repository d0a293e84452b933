/** The sheet of all keys, made of the table that binds them. Knows nothing of what the keys do. */

import { makeElement } from "../common/elements.js";
import { KEYS } from "./keyboard.js";
import { WORDS } from "./wording.js";

export class Help {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.dialog = makeElement("dialog", "mge-help", { "aria-label": WORDS.helpTitle });
    const close = makeElement("button", "mge-button", { type: "button" }, WORDS.close);
    close.addEventListener("click", () => this.dialog.close());
    const columns = KEYS.map(({ group, shortcuts }) =>
      makeElement(
        "section",
        "",
        {},
        makeElement("h3", "", {}, group),
        makeElement(
          "dl",
          "",
          {},
          ...shortcuts.map(({ keys, does }) =>
            makeElement(
              "div",
              "",
              {},
              makeElement("dt", "", {}, ...keys.map((key) => makeElement("kbd", "", {}, key))),
              makeElement("dd", "", {}, does)
            )
          )
        )
      )
    );
    this.dialog.append(
      makeElement("header", "", {}, makeElement("h2", "", {}, WORDS.helpTitle), close),
      makeElement("div", "mge-help-columns", {}, ...columns)
    );
    // A press beside the sheet closes it, too.
    this.dialog.addEventListener("pointerdown", (e) => e.target === this.dialog && this.dialog.close());
    root.append(this.dialog);
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }
}
