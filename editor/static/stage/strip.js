/** The strip of variations below the picture: tiles and buttons. Knows how they look and what they call, nothing of
 * runs. */

import { makeElement, setPossible, textButton } from "../common/elements.js";
import { letterOf, ORDERS, WORDS } from "./wording.js";

/** @typedef {{index: number, tile: HTMLCanvasElement | null, title: string, note: string}} Tile */

const HEIGHT = 130; // CSS pixels of the strip with its buttons and its distance from the edge
const HEAD = 52; // below the tools' options, as in runs.css

export class Strip {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.tiles = makeElement("div", "mge-tiles", { role: "radiogroup", "aria-label": WORDS.variations });
    this.tiles.addEventListener("keydown", (e) => this.key(e));
    this.order = makeElement("select", "mge-order", { "aria-label": WORDS.orderBy, title: WORDS.orderBy });
    for (const [value, text] of Object.entries(ORDERS)) this.order.append(makeElement("option", "", { value }, text));
    this.order.addEventListener("change", () => stage.choice.orderBy(/** @type {any} */ (this.order.value)));
    this.keep = textButton(WORDS.keep, WORDS.keepTitle, () => stage.choice.keep(), "mge-primary");
    this.more = textButton(WORDS.more, WORDS.moreTitle, () => stage.runner.again("more"));
    this.drop = textButton(WORDS.dropOne, WORDS.dropTitle, () => stage.choice.drop());
    this.back = textButton(WORDS.aside, WORDS.asideTitle, () => stage.choice.aside());
    this.actions = makeElement("div", "mge-strip-actions", {}, this.keep, this.more, this.drop, this.back, this.order);
    this.box = makeElement("div", "mge-strip mge-float", {}, this.tiles, this.actions);
    /** @type {Tile[]} */
    this.shown = [];
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const at = [...this.tiles.children].indexOf(/** @type {Element} */ (e.target));
    const tile = this.shown[at];
    if (!tile || !this.stage.review) return;
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
    if (by) {
      const next = (at + by + this.shown.length) % this.shown.length;
      this.stage.choice.pick(this.shown[next].index);
      /** @type {HTMLElement} */ (this.tiles.children[next]).focus(); // the next key is for it
    } else if (e.key === "Enter") {
      this.stage.choice.pick(tile.index);
      this.stage.choice.keep();
    } else if (e.key === "Delete") {
      this.stage.choice.drop(tile.index);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** Before it appears: it stands at the foot of the stage, or at the head where it would hide less of what is new.
   * Once it is there it stays, for nothing may move under the pointer. @param {number[] | null} place CSS pixels of the
   * stage */
  standClear(place) {
    if (this.box.classList.contains("mge-on")) return;
    const { height } = this.stage.view;
    const hidden = (/** @type {number} */ top) =>
      place ? Math.max(0, Math.min(place[3], top + HEIGHT) - Math.max(place[1], top)) : 0;
    this.box.classList.toggle("mge-at-head", hidden(HEAD) < hidden(height - HEIGHT));
  }

  /** @param {Tile[]} tiles @param {number} chosen @param {import("./review.js").Review | null} review null while it
   * decodes */
  show(tiles, chosen, review) {
    const { box, stage } = this;
    const focused = this.tiles.contains(document.activeElement);
    this.shown = tiles;
    box.classList.toggle("mge-on", tiles.length > 1 || (!!review && tiles.length > 0));
    box.classList.toggle("mge-final", !!review);
    while (this.tiles.children.length > tiles.length) /** @type {Element} */ (this.tiles.lastChild).remove();
    for (const [i, each] of tiles.entries()) this.place(each, i, each.index === chosen);
    // Whoever goes through them by keys stays with the one that is chosen.
    if (focused) /** @type {HTMLElement | null} */ (this.tiles.querySelector("[aria-checked=true]"))?.focus();
    if (!review) return;
    this.order.value = review.order;
    this.keep.disabled = review.sent;
    this.drop.disabled = review.sent;
    setPossible(this.more, WORDS.moreTitle, stage.runner.againObjection("more", 0));
  }

  /** @param {Tile} tile @param {number} at @param {boolean} chosen */
  place(tile, at, chosen) {
    let node = /** @type {HTMLButtonElement | undefined} */ (this.tiles.children[at]);
    if (!node) {
      node = makeElement(
        "button",
        "mge-tile",
        { type: "button", role: "radio" },
        makeElement("span", "mge-tile-picture"),
        makeElement("b", ""),
        makeElement("small", "")
      );
      node.addEventListener("click", () => this.stage.choice.pick(this.shown[at].index));
      this.tiles.append(node);
    }
    node.setAttribute("aria-checked", String(chosen));
    node.tabIndex = chosen ? 0 : -1;
    node.title = tile.title;
    node.setAttribute("aria-label", tile.title);
    const [picture, letter, note] = /** @type {any} */ (node.children);
    if (tile.tile ? picture.firstChild !== tile.tile : picture.firstChild)
      picture.replaceChildren(...(tile.tile ? [tile.tile] : []));
    letter.textContent = letterOf(tile.index);
    note.textContent = tile.note;
    if (chosen && this.tiles.scrollWidth > this.tiles.clientWidth)
      node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
