/** The list of edits that wait, beside the dock's variations. Knows how it looks and what it calls, nothing of runs. */

import { makeElement, setPossible, textButton } from "../common/elements.js";
import { orderName, WORDS, waitingTitle } from "./wording.js";

/** @typedef {import("./orders.js").Order} Order */

export class QueueList {
  /** @param {import("./stage.js").Stage} stage @param {import("./queue.js").Queue} queue */
  constructor(stage, queue) {
    this.stage = stage;
    this.queue = queue;
    this.title = makeElement("h2", "");
    this.goOn = textButton(WORDS.queueGoOn, WORDS.queueGoOnTitle, () => queue.goOn(), "mge-small");
    this.clear = textButton(WORDS.queueClear, WORDS.queueClearTitle, () => queue.clear(), "mge-small");
    this.rows = makeElement("ol", "mge-queue-rows");
    const head = makeElement("div", "mge-queue-head", {}, this.title, this.goOn, this.clear);
    this.box = makeElement("section", "mge-queue", { "aria-label": WORDS.queue }, head, this.rows);
    this.box.hidden = true;
    /** @type {Map<string, HTMLLIElement>} */
    this.nodes = new Map();
    /** @type {string | null} which of them is dragged */
    this.dragged = null;
    this.rows.addEventListener("dragstart", (e) => this.lift(e));
    this.rows.addEventListener("dragover", (e) => this.over(e));
    this.rows.addEventListener("drop", (e) => this.dragged && e.preventDefault());
    this.rows.addEventListener("dragend", () => this.drop());
  }

  /** @param {Event} e @returns {string | null} */
  rowOf(e) {
    const row = e.target instanceof Element ? /** @type {HTMLElement | null} */ (e.target.closest("li")) : null;
    return row?.dataset.id ?? null;
  }

  /** @param {DragEvent} e */
  lift(e) {
    this.dragged = this.rowOf(e);
    if (!this.dragged || !e.dataTransfer) return;
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("application/x-mge-order", this.dragged); // without any data no drag begins
    this.nodes.get(this.dragged)?.classList.add("mge-lifted");
  }

  /** Takes the place of the row that it is over. @param {DragEvent} e */
  over(e) {
    const id = this.rowOf(e);
    if (!this.dragged) return;
    e.preventDefault();
    const to = this.queue.orders.findIndex((each) => each.id === id);
    if (id && id !== this.dragged && to >= 0) this.queue.move(this.dragged, to);
  }

  drop() {
    for (const node of this.nodes.values()) node.classList.remove("mge-lifted");
    this.dragged = null;
  }

  show() {
    const { orders, paused } = this.queue;
    const { activeElement } = document;
    this.box.hidden = !orders.length;
    this.title.textContent = waitingTitle(orders.length, paused);
    this.goOn.hidden = !paused;
    this.nodes = new Map(orders.map((order) => [order.id, this.nodes.get(order.id) ?? this.made(order)]));
    const rows = [...this.nodes.values()];
    if (rows.some((row, i) => this.rows.children[i] !== row) || this.rows.children.length !== rows.length)
      this.rows.replaceChildren(...rows);
    for (const [i, order] of orders.entries()) this.fill(rows[i], order, i);
    if (activeElement instanceof HTMLElement && this.rows.contains(activeElement)) activeElement.focus();
  }

  /** @param {Order} order @returns {HTMLLIElement} */
  made({ id }) {
    const { queue } = this;
    const at = () => queue.orders.findIndex((each) => each.id === id);
    const deeds = /** @type {const} */ ([
      ["↑", () => queue.move(id, at() - 1)],
      ["↓", () => queue.move(id, at() + 1)],
      ["×", () => this.remove(id)],
    ]);
    const buttons = deeds.map(([text, act]) => {
      const node = makeElement("button", "mge-queue-deed", { type: "button" }, text);
      node.addEventListener("click", act);
      return node;
    });
    const picture = makeElement("img", "", { alt: "", draggable: "false" });
    const name = makeElement("span", "");
    return makeElement("li", "mge-queue-row", { "data-id": id, draggable: "true" }, picture, name, ...buttons);
  }

  /** @param {HTMLLIElement} row @param {Order} order @param {number} index */
  fill(row, order, index) {
    const [picture, name, up, down, remove] = /** @type {any} */ (row.children);
    const called = orderName(order);
    if (order.tile && picture.src !== order.tile) picture.src = order.tile;
    picture.hidden = !order.tile;
    name.textContent = called;
    name.title = called;
    setPossible(up, WORDS.queueUp, index ? "" : WORDS.queueFirst);
    setPossible(down, WORDS.queueDown, index < this.queue.orders.length - 1 ? "" : WORDS.queueLast);
    remove.title = WORDS.queueRemove;
    for (const node of [up, down, remove]) node.setAttribute("aria-label", `${called}: ${node.title}`);
  }

  /** The focus goes on to the row that takes its place. @param {string} id */
  remove(id) {
    const at = this.queue.orders.findIndex((each) => each.id === id);
    this.queue.remove(id);
    const next = this.queue.orders[Math.min(at, this.queue.orders.length - 1)];
    const row = next && this.nodes.get(next.id);
    if (row) /** @type {HTMLElement} */ (row.lastElementChild).focus();
    else this.stage.panel.viewport.focus();
  }
}
