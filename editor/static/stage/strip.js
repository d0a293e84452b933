/** The dock of variations below the picture: tiles in a group for each run, and what can be done with one. Knows how
 * they look and what they call, nothing of runs. */

import { makeElement, setPossible, textButton } from "../common/elements.js";
import { ORDERS, WORDS } from "./wording.js";

/** @typedef {import("./review.js").Review} Review */
/**
 * @typedef {{key: string, review: Review | null, index: number, letter: string, picture: HTMLCanvasElement | null,
 *   title: string, note: string, medal: number, starred: boolean, chosen: boolean}} Tile
 * key = its own among all; review is null while it decodes; medal 1 to 3, or 0
 */
/** @typedef {{title: string, tiles: Tile[]}} Group */
/** @typedef {{tile: HTMLButtonElement, star: HTMLButtonElement, place: HTMLElement}} Nodes */

export class Strip {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    const { choice } = stage;
    this.row = makeElement("div", "mge-groups");
    this.row.addEventListener("keydown", (e) => this.key(e));
    this.row.addEventListener("click", (e) => this.click(e));
    this.row.addEventListener("dragstart", (e) => this.drag(e));
    this.row.addEventListener("pointerover", (e) => this.hover(e));
    this.row.addEventListener("pointerleave", () => choice.peek(null));
    this.order = makeElement("select", "mge-order", { "aria-label": WORDS.orderBy, title: WORDS.orderBy });
    for (const [value, text] of Object.entries(ORDERS)) this.order.append(makeElement("option", "", { value }, text));
    this.order.addEventListener("change", () => choice.orderBy(/** @type {any} */ (this.order.value)));
    this.keep = textButton(WORDS.keep, WORDS.keepTitle, () => choice.keep(), "mge-primary");
    this.more = textButton(WORDS.more, WORDS.moreTitle, () => stage.runner.again("more"));
    this.drop = textButton(WORDS.dropOne, WORDS.dropTitle, () => choice.drop());
    this.back = textButton(WORDS.aside, WORDS.asideTitle, () => choice.aside());
    this.clear = textButton(WORDS.clearRest, WORDS.clearRestTitle, () => choice.clearRest());
    const buttons = [this.keep, this.more, this.drop, this.back, this.order, this.clear];
    this.actions = makeElement("div", "mge-strip-actions", {}, ...buttons);
    const { queue } = stage;
    this.box = makeElement("section", "mge-strip", { "aria-label": WORDS.variations });
    this.box.append(this.row, queue.list.box, this.actions);
    this.box.hidden = true;
    /** @type {Map<string, Tile>} in the order shown */
    this.shown = new Map();
    /** @type {Map<string, Nodes>} */
    this.nodes = new Map();
    this.layout = "";
  }

  /** How much of the viewport's foot it lies over, CSS pixels: on narrow screens it takes the room under the photo. */
  get over() {
    if (!this.box.offsetHeight) return 0; // nothing to choose from, or two pictures need the room
    const view = this.stage.panel.viewport.getBoundingClientRect();
    return Math.max(0, view.bottom - this.box.getBoundingClientRect().top);
  }

  /** The tile that an event is about. @param {Event} e @returns {Tile | undefined} */
  tileOf(e) {
    const place = /** @type {HTMLElement} */ (e.target).closest("[data-key]");
    return this.shown.get(/** @type {HTMLElement | null} */ (place)?.dataset.key ?? "");
  }

  /** @param {MouseEvent} e */
  click(e) {
    const { choice } = this.stage;
    const tile = this.tileOf(e);
    if (!tile) return;
    if (/** @type {HTMLElement} */ (e.target).closest(".mge-star")) choice.star(tile.review, tile.index);
    else choice.choose(tile.review, tile.index);
  }

  /** @param {DragEvent} e */
  drag(e) {
    const tile = this.tileOf(e);
    if (tile?.review) this.stage.outgoing.drag(e, tile.review.variations[tile.index].url);
  }

  /** @param {PointerEvent} e */
  hover(e) {
    const tile = this.tileOf(e);
    if (e.pointerType !== "touch") this.stage.choice.peek(tile?.review ?? null, tile?.index);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const { choice, review } = this.stage;
    const tile = this.tileOf(e);
    if (!tile?.review || !review) return;
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
    if (by) {
      const tiles = [...this.shown.values()].filter((each) => each.review === tile.review);
      const next = tiles[(tiles.indexOf(tile) + by + tiles.length) % tiles.length];
      choice.choose(next.review, next.index);
      this.nodes.get(next.key)?.tile.focus(); // the next key is for it
    } else if (e.key === "Enter") {
      choice.choose(tile.review, tile.index);
      choice.keep();
    } else if (e.key === "Delete") choice.drop(tile.review, tile.index);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** @param {Group[]} groups @param {Review | null} review the one whose variation is chosen */
  show(groups, review) {
    const focused = this.row.contains(document.activeElement);
    this.shown = new Map(groups.flatMap(({ tiles }) => tiles.map((each) => [each.key, each])));
    this.box.hidden = !groups.length && !this.stage.queue.orders.length; // before a tile is scrolled into sight
    this.lay(groups);
    for (const [key, tile] of this.shown) this.fill(/** @type {Nodes} */ (this.nodes.get(key)), tile);
    // Whoever goes through them by keys stays with the one that is chosen.
    if (focused) /** @type {HTMLElement | null} */ (this.row.querySelector("[aria-checked=true]"))?.focus();
    this.stage.root.style.setProperty("--mge-over", `${this.over}px`);
    for (const button of [this.keep, this.drop, this.back]) button.disabled = !review || review.sent;
    this.order.disabled = !review;
    this.order.value = review?.order ?? "drawn";
    setPossible(this.more, WORDS.moreTitle, this.stage.runner.againObjection("more", 0));
    this.clear.disabled = ![...this.shown.values()].some((each) => each.review && !each.starred);
  }

  /** Puts groups and tiles into their places, where they are others than before. @param {Group[]} groups */
  lay(groups) {
    const layout = JSON.stringify(groups.map(({ title, tiles }) => [title, tiles.map(({ key }) => key)]));
    if (layout === this.layout) return;
    this.layout = layout;
    const nodes = new Map([...this.shown.keys()].map((key) => [key, this.nodes.get(key) ?? this.made(key)]));
    this.nodes = nodes;
    this.row.replaceChildren(
      ...groups.map(({ title, tiles }) => {
        const places = tiles.map(({ key }) => /** @type {Nodes} */ (nodes.get(key)).place);
        const told = { role: "radiogroup", "aria-label": title };
        return makeElement(
          "div",
          "mge-group",
          {},
          makeElement("h2", "", {}, title),
          makeElement("div", "mge-tiles", told, ...places)
        );
      })
    );
  }

  /** @param {string} key @returns {Nodes} */
  made(key) {
    const parts = [makeElement("span", "mge-tile-picture"), makeElement("b", ""), makeElement("small", "")];
    const tile = makeElement("button", "mge-tile", { type: "button", role: "radio" }, ...parts);
    const star = makeElement("button", "mge-star", { type: "button", tabindex: "-1", title: WORDS.starTitle }, "★");
    star.setAttribute("aria-label", WORDS.star);
    return { tile, star, place: makeElement("div", "mge-place", { "data-key": key }, tile, star) };
  }

  /** @param {Nodes} nodes @param {Tile} shown */
  fill({ tile, star }, shown) {
    const [picture, letter, note] = /** @type {any} */ (tile.children);
    const fresh = shown.chosen && tile.getAttribute("aria-checked") !== "true";
    tile.setAttribute("aria-checked", String(shown.chosen));
    tile.tabIndex = shown.chosen ? 0 : -1;
    tile.title = shown.title;
    tile.setAttribute("aria-label", shown.title);
    if (shown.picture ? picture.firstChild !== shown.picture : picture.firstChild)
      picture.replaceChildren(...(shown.picture ? [shown.picture] : []));
    letter.textContent = shown.letter;
    note.textContent = shown.medal ? String(shown.medal) : shown.note;
    if (shown.medal) note.dataset.medal = String(shown.medal);
    else delete note.dataset.medal;
    star.hidden = !shown.review;
    tile.draggable = !!shown.review;
    star.setAttribute("aria-pressed", String(shown.starred));
    if (fresh) tile.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
