/** Edits that wait for their turn: ordered while a run works, started one after the other, kept with the document.
 * Knows when the next one may start, not how. */

import { sameOrder } from "./orders.js";
import { QueueList } from "./queuelist.js";
import { movedTo, orderName, WORDS, waitsBehind } from "./wording.js";

/** @typedef {import("./orders.js").Order} Order */

const MOST_ORDERS = 16; // as many as the server lets one visitor wait (editor/server/turns.py)
const MOST_STARTS = 2; // of one edit by itself: what ends the server or the page is not started again and again

export class Queue {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Order[]} those that wait, the next one first */
    this.orders = [];
    /** True where the list does not go on by itself. */
    this.paused = false;
    /** True while something else is being opened. */
    this.held = false;
    this.timer = 0;
    /** @type {import("./review.js").Running | null} what ran when it was looked last */
    this.seen = null;
    this.list = new QueueList(stage, this);
  }

  /** Whether another edit begins by itself when what runs has ended. */
  get goes() {
    return this.orders.length > 0 && !this.paused;
  }

  // ---- what a person does -------------------------------------------------------------------------------------------

  /** @param {Order} order */
  add(order) {
    const { panel, wire } = this.stage;
    if (this.orders.length >= MOST_ORDERS) return panel.toast(WORDS.queueFull, "error");
    order.waited = true;
    this.become([...this.orders, order]);
    panel.toast(waitsBehind(orderName(order), this.orders.length));
    wire.capture();
  }

  /** @param {string} id */
  remove(id) {
    this.become(this.orders.filter((each) => each.id !== id));
  }

  clear() {
    this.become([]);
    this.stage.panel.toast(WORDS.queueCleared);
  }

  /** @param {string} id @param {number} to its new place, 0 for the next one to start */
  move(id, to) {
    const order = this.orders.find((each) => each.id === id);
    if (!order || to < 0 || to >= this.orders.length || this.orders[to] === order) return;
    const others = this.orders.filter((each) => each !== order);
    this.become([...others.slice(0, to), order, ...others.slice(to)]);
    this.stage.panel.say(movedTo(orderName(order), to + 1, this.orders.length));
  }

  /** The list goes on after it was paused. */
  goOn() {
    for (const order of this.orders) order.began = 0;
    this.paused = false;
    this.become(this.orders);
  }

  // ---- what the runs do ---------------------------------------------------------------------------------------------

  /** @param {Order[]} orders */
  become(orders) {
    this.orders = orders;
    if (!orders.length) this.paused = false;
    this.stage.tell("queue");
    this.soon();
  }

  /** Something else runs, or something is open that was not. */
  look() {
    const { running, opening } = this.stage;
    if (!opening) this.soon();
    if (running === this.seen) return;
    this.seen = running;
    this.stage.tell("queue");
  }

  /** Starts the next edit where it may, once what goes on now is through. */
  soon() {
    clearTimeout(this.timer);
    if (this.orders.length) this.timer = window.setTimeout(() => this.next());
  }

  next() {
    const { stage } = this;
    const { runner, sessions } = stage;
    if (this.paused || this.held || stage.opening || sessions.restoring) return;
    if (stage.running || runner.readying || runner.drafting) return;
    const [order, ...others] = this.orders;
    if (!order) return;
    this.become(others);
    void runner.start(order);
  }

  /** An edit cannot be run now: it stays, and with it the list. @param {Order} order */
  refuse(order) {
    order.waited = true;
    this.paused = true;
    this.become([order, ...this.orders]);
  }

  /** What runs, or is about to; none where it is all that is marked anyway, and nothing waits for it.
   * @returns {Order | null} */
  get interrupted() {
    const { running, runner } = this.stage;
    const order = running?.order ?? runner.readying;
    return order && (this.orders.length || !runner.shows(order)) ? order : null;
  }

  /** Something else is about to be opened: what runs waits again, for when its document is there. */
  hold() {
    const order = this.stage.running && this.interrupted;
    this.held = true;
    if (!order) return;
    order.waited = true;
    this.become([order, ...this.orders]);
  }

  /** What was to be opened is open, or never will be. */
  release() {
    this.held = false;
    this.soon();
  }

  // ---- settings -----------------------------------------------------------------------------------------------------

  /** The page's controls, as they are right after an order. @param {string[]} names @param {any[]} values */
  captured(names, values) {
    const settings = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    for (const order of this.orders) order.settings ??= settings;
    const last = this.orders.at(-1);
    const before = [this.stage.running?.order, ...this.orders.slice(0, -1)];
    if (last && before.some((each) => each && sameOrder(each, last))) {
      this.remove(last.id);
      this.stage.panel.toast(WORDS.sameWaits);
    }
    this.stage.tell("queue");
  }

  /** The settings that a run goes with: those that it was ordered with, else the controls' own.
   * @param {Order | null} order @param {string[]} names @param {any[]} now @returns {any[]} */
  settings(order, names, now) {
    if (!order) return now;
    const { settings } = order;
    if (settings) return names.map((name, i) => (name in settings ? settings[name] : now[i]));
    order.settings = Object.fromEntries(names.map((name, i) => [name, now[i]]));
    this.stage.tell("queue");
    return now;
  }

  // ---- from one page to the next ------------------------------------------------------------------------------------

  /** What a later page can go on with: what runs, and what waits. @returns {import("./orders.js").StoredOrder[]} */
  stored() {
    const { interrupted } = this;
    const all = interrupted ? [interrupted, ...this.orders] : this.orders;
    return all.map(({ cut, revived, ...kept }) => kept);
  }

  /** Another document is on the stage. @param {import("./orders.js").StoredOrder[]} [orders] that wait for it */
  load(orders = []) {
    this.held = false;
    this.paused = orders.length > 0 && orders[0].began >= MOST_STARTS;
    this.become(orders.map((order) => ({ ...order, waited: true })));
  }
}
