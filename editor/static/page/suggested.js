/** Classes that the open picture may show, offered below the class field. Asks when nothing has changed for a while;
 * knows not how they are found. */

import { makeElement } from "../common/elements.js";

const SUGGESTION_REST = 600; // ms without a stroke

export class Suggestions {
  /** @param {HTMLElement} host @param {import("./classmenu.js").ClassMenu} menu @param {any} server */
  constructor(host, menu, server) {
    this.menu = menu;
    this.server = server;
    this.line = /** @type {HTMLElement} */ (host.querySelector(".pg-suggested"));
    this.said = /** @type {HTMLElement} */ (host.querySelector(".pg-unsuggested"));
    this.asked = "";
    this.version = /** @type {unknown} */ (null);
    this.timer = 0;
    document.addEventListener("mge-region", (e) => this.soon(/** @type {CustomEvent} */ (e).detail));
    this.line.addEventListener("click", (e) => {
      const chip = /** @type {HTMLElement} */ (e.target).closest("button");
      if (chip) menu.choose(Number(chip.dataset.id));
    });
    this.fit();
  }

  /** Another model works, or the page has just begun. */
  fit() {
    this.asked = "";
    this.line.hidden = !this.menu.required;
    this.show([], "");
    this.soon(this.version);
  }

  /** @param {unknown} version of the picture that is shown */
  soon(version) {
    this.version = version;
    clearTimeout(this.timer);
    if (this.menu.required && typeof this.server?.suggest === "function")
      this.timer = window.setTimeout(() => void this.ask(), SUGGESTION_REST);
  }

  async ask() {
    const intent = /** @type {any} */ (window).mgeStage?.intent();
    if (!intent?.doc || intent.mode === "generate") return;
    const about = JSON.stringify([intent.doc, this.version, intent.mask, intent.box]);
    if (about === this.asked) return;
    this.asked = about;
    try {
      /** @type {import("../common/messages").Suggested | null} */
      const answer = await this.server.suggest(intent);
      if (this.asked !== about || !answer) return;
      this.line.hidden = !answer.ids.length;
      this.show(answer.ids, answer.said);
    } catch {
      // the page is being left, or the server is: whoever runs next will be told
    }
  }

  /** @param {number[]} ids @param {string} said why there are none */
  show(ids, said) {
    const chips = ids.map((id) => {
      const { name, names } = this.menu.entry(id);
      const told = { type: "button", title: names.join(", "), "data-id": String(id) };
      return makeElement("button", "pg-chip", told, name);
    });
    while (this.line.children.length > 1) /** @type {Element} */ (this.line.lastChild).remove();
    this.line.append(...chips);
    this.said.textContent = said;
  }
}
