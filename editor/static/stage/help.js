/** The sheet of all keys, made of the table that binds them; a key that is pressed there can be another one. Knows
 * nothing of what the keys do. */

import { makeElement } from "../common/elements.js";
import { BOUND, KEYS, nameOf } from "./keyboard.js";
import { isPlain } from "./keymap.js";
import { keyName, keyTaken, WORDS } from "./wording.js";

/** @typedef {import("./keyboard.js").Shortcut} Shortcut */

export class Help {
  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} root */
  constructor(stage, root) {
    this.keymap = stage.keymap;
    this.root = root;
    /** @type {{node: HTMLElement, usual: string} | null} the key that is to be another one */
    this.asked = null;
    this.dialog = makeElement("dialog", "mge-help", { "aria-label": WORDS.helpTitle });
    const close = makeElement("button", "mge-button", { type: "button" }, WORDS.close);
    close.addEventListener("click", () => this.dialog.close());
    this.told = makeElement("p", "mge-help-told", { role: "status" }, WORDS.ownKeys);
    const columns = KEYS.map(({ group, shortcuts }) =>
      makeElement(
        "section",
        "",
        {},
        makeElement("h3", "", {}, group),
        makeElement("dl", "", {}, ...shortcuts.map((shortcut) => this.line(shortcut)))
      )
    );
    this.dialog.append(
      makeElement("header", "", {}, makeElement("h2", "", {}, WORDS.helpTitle), this.told, close),
      makeElement("div", "mge-help-columns", {}, ...columns)
    );
    // A press beside the sheet closes it, too.
    this.dialog.addEventListener("pointerdown", (e) => e.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("keydown", (e) => this.pressed(e), true);
    this.dialog.addEventListener("close", () => this.ask(null));
    root.append(this.dialog);
  }

  /** @param {Shortcut} shortcut */
  line({ keys, does }) {
    const shown = keys.map((usual) => (isPlain(usual) && BOUND.has(usual) ? this.key(usual, does) : fixed(usual)));
    return makeElement("div", "", {}, makeElement("dt", "", {}, ...shown), makeElement("dd", "", {}, does));
  }

  /** A key that can be another one. @param {string} usual @param {string} does @returns {HTMLElement} */
  key(usual, does) {
    const title = `${does}: ${WORDS.otherKey}`;
    const node = makeElement("button", "", { type: "button", title }, this.keymap.keyFor(usual));
    node.addEventListener("click", () => this.ask({ node, usual }));
    return makeElement("kbd", "", {}, node);
  }

  /** @param {{node: HTMLElement, usual: string} | null} asked */
  ask(asked) {
    this.asked?.node.removeAttribute("aria-pressed");
    this.asked = asked;
    asked?.node.setAttribute("aria-pressed", "true");
    this.told.textContent = asked ? WORDS.pressKey : WORDS.ownKeys;
  }

  /** @param {KeyboardEvent} e */
  pressed(e) {
    const { asked, keymap } = this;
    if (!asked || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(e.key)) return;
    e.preventDefault();
    e.stopPropagation();
    if (e.key === "Escape") return this.ask(null);
    const wanted = e.key === "Backspace" || e.key === "Delete" ? asked.usual : nameOf(e);
    const usual = keymap.usualOf(wanted);
    const taken = usual === asked.usual ? undefined : BOUND.get(usual);
    if (!isPlain(wanted)) this.told.textContent = WORDS.plainKey;
    else if (taken) this.told.textContent = keyTaken(keyName(wanted), taken.shortcut.does);
    else {
      keymap.set(asked.usual, wanted);
      asked.node.textContent = wanted;
      this.ask(null);
      this.retitle();
    }
  }

  /** The buttons of the stage say their keys as they are now. */
  retitle() {
    for (const node of this.root.querySelectorAll("button[title*='(']"))
      if (node instanceof HTMLElement) {
        node.dataset.title ??= node.title;
        node.title = this.keymap.titled(node.dataset.title);
      }
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }
}

/** A key that stays what it is. @param {string} key */
function fixed(key) {
  return makeElement("kbd", "", {}, keyName(key));
}
