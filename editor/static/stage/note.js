/** A line over the stage that stays until it is closed: what was restored, or could not be, and what can be done about
 * it. */

import { makeElement, textButton } from "../common/elements.js";
import { WORDS } from "./wording.js";

/** @typedef {{text: string, title: string, act: () => void}} Deed */

export class Note {
  constructor() {
    this.text = makeElement("span", "");
    this.deeds = makeElement("span", "mge-note-deeds");
    const close = textButton("×", WORDS.close, () => this.hide(), "mge-small");
    this.box = makeElement("div", "mge-restored mge-float", { role: "status" }, this.text, this.deeds, close);
    this.lasting = false;
    this.hide();
  }

  /** @param {string} text @param {Deed[]} deeds what can be done about it */
  say(text, ...deeds) {
    this.text.textContent = text;
    this.deeds.replaceChildren(...deeds.map((each) => textButton(each.text, each.title, each.act, "mge-small")));
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
