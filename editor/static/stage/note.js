/** A line at the foot of the stage that stays until it is closed: what a first visit is told, what was restored, and
 * what can be done about it. Knows nothing of what it says. */

import { makeElement, textButton } from "../common/elements.js";
import { WORDS } from "./wording.js";

/** @typedef {{text: string, title: string, act: () => void, first?: boolean}} Deed first = what most will want */

export class Note {
  /** @param {string} name of its element @param {() => void} [close] */
  constructor(name, close = () => this.hide()) {
    this.text = makeElement("span", "");
    this.deeds = makeElement("span", "mge-note-deeds");
    const closer = textButton("×", WORDS.close, close, "mge-small");
    this.box = makeElement("div", `${name} mge-note mge-float`, { role: "status" }, this.text, this.deeds, closer);
    this.lasting = false;
    this.hide();
  }

  /** @param {string} text @param {Deed[]} deeds what can be done about it */
  say(text, ...deeds) {
    this.text.textContent = text;
    const button = (/** @type {Deed} */ { text: name, title, act, first }) =>
      textButton(name, title, act, first ? "mge-small mge-primary" : "mge-small");
    this.deeds.replaceChildren(...deeds.map(button));
    this.box.hidden = false;
    this.lasting = false;
  }

  /** Says something that holds whatever is opened. @param {string} text */
  warn(text) {
    this.say(text);
    this.lasting = true;
  }

  /** Something else is on the stage: what was said of work before is no news any more. */
  fade() {
    if (!this.lasting) this.hide();
  }

  hide() {
    this.box.hidden = true;
  }
}
