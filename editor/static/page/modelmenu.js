/** The model menu: what works, what could, what is on its way. Polls the server, which one model serves for everybody;
 * knows no nets. */

import { makeElement } from "../common/elements.js";

/** @typedef {import("../common/messages").MenuModel} MenuModel */
/** @typedef {import("../common/messages").Menu} MenuState */
/** @typedef {{menu: string, groups: Record<string, string>, shared: string, fixed: string, back: string,
 *   cancel: string, licence: string, duplicate: string, duplicator: string}} MenuWords */

const SOON = 500; // ms between two looks while the menu is open or something is on its way
const LATER = 5000; // ms otherwise: what was chosen in another page is heard of then
const PATIENCE_TO_FIT = 10000; // ms until the page asks again to be fitted

/** A button of the menu that names what it does. @param {string} text @param {string} name
 * @param {Record<string, string>} [attributes] */
function menuButton(text, name, attributes = {}) {
  return makeElement("button", name, { type: "button", ...attributes }, text);
}

class ModelMenu {
  /** @param {HTMLElement} host @param {(name: string, data: object) => void} trigger @param {any} props
   * @param {any} server */
  constructor(host, trigger, props, server) {
    this.trigger = trigger;
    this.props = props;
    this.server = server;
    /** @type {MenuWords} */
    this.words = props.words;
    /** @type {MenuState | null} */
    this.state = null;
    /** What was drawn last, so that a look that brings nothing new moves nothing. */
    this.drawn = "";
    /** @type {string | null} key of the model whose download is asked about */
    this.asking = null;
    /** @type {number | null} the last news that was said; what happened before the page came is not news */
    this.heard = null;
    this.trouble = ""; // what went wrong while the list is open, which lies over the stage's own notices
    this.fitting = { model: "", since: 0 };
    this.timer = 0;
    this.button = /** @type {HTMLButtonElement} */ (host.querySelector("button"));
    this.bar = /** @type {HTMLElement} */ (this.button.querySelector("i"));
    this.way = makeElement("div", "pg-way", { role: "status" });
    this.list = makeElement("div", "pg-models");
    this.note = makeElement("p", "pg-note");
    this.panel = makeElement(
      "div",
      "pg-menu",
      { id: "mge-models", role: "dialog", "aria-label": this.words.menu },
      this.way,
      this.list,
      this.note
    );
    this.panel.popover = "auto";
    this.panel.tabIndex = -1;
    document.body.append(this.panel);
    this.panel.addEventListener("toggle", (event) =>
      this.toggled(/** @type {ToggleEvent} */ (event).newState === "open")
    );
    this.panel.addEventListener("click", (event) => this.pressed(/** @type {HTMLElement} */ (event.target)));
    this.panel.addEventListener("keydown", (event) => this.key(event));
    // A press outside shuts the list before the click arrives, which must not open it again.
    let wasOpen = false;
    this.button.addEventListener("pointerdown", () => (wasOpen = this.opened));
    this.button.addEventListener("click", () => {
      if (!wasOpen) this.open();
      wasOpen = false;
    });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.look());
    addEventListener("resize", () => this.opened && this.place());
    void this.look();
  }

  get opened() {
    return this.panel.matches(":popover-open");
  }

  // ---- looking ------------------------------------------------------------------------------------------------------

  async look() {
    clearTimeout(this.timer);
    try {
      this.take(await this.server.look());
      this.again(this.opened || this.state?.progress ? SOON : LATER);
    } catch {
      this.again(LATER); // the server is away: the page says so elsewhere, and the next look may find it again
    }
  }

  /** @param {number} wait ms until the next look; where nothing can change, or nobody sees it, there is none */
  again(wait) {
    clearTimeout(this.timer);
    if (document.visibilityState !== "visible" || (this.state?.fixed && !this.opened)) return;
    this.timer = window.setTimeout(() => void this.look(), wait);
  }

  /** @param {MenuState} state */
  take(state) {
    this.state = state;
    if (state.refused) this.say(state.refused, "error");
    const news = state.news?.number ?? 0;
    if (this.heard !== null && state.news && news > this.heard) this.say(state.news.text, state.news.level);
    this.heard = news;
    this.fit();
    const told = JSON.stringify([state, this.asking, this.trouble]);
    if (told !== this.drawn) this.draw();
    this.drawn = told;
  }

  /** @param {string} text @param {string} level */
  say(text, level) {
    if (this.opened && level === "error") this.trouble = text;
    else {
      /** @type {any} */ (window).mgeStage?.say(text, level);
    }
  }

  /** Asks that the page be fitted to the model that works, where its controls are for another. */
  fit() {
    const { model } = /** @type {MenuState} */ (this.state);
    Object.assign(window, { mgeModels: { works: model } });
    if (model === this.props.value?.model) return /** @type {any} */ (window).mgePage?.settle(model);
    const now = performance.now();
    if (this.fitting.model === model && now - this.fitting.since < PATIENCE_TO_FIT) return;
    this.fitting = { model, since: now };
    this.trigger("fit", {});
  }

  /** The page is fitted: the button names the model, and the class field gets its classes. */
  fitted() {
    const { value } = this.props;
    if (!value?.name) return;
    const [name, facts] = this.button.children;
    name.textContent = value.name;
    facts.textContent = value.facts;
    /** @type {any} */ (window).mgeClasses?.fit(value.classes, value.search, value.needs);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  draw() {
    const state = /** @type {MenuState} */ (this.state);
    const { progress } = state;
    this.bar.hidden = !progress;
    this.bar.classList.toggle("pg-busy", !!progress && progress.share === null);
    this.bar.style.setProperty("--pg-share", String(progress?.share ?? 1));
    this.button.title = progress ? progress.said : (state.models.find(({ key }) => key === state.working)?.title ?? "");
    this.drawWay(progress);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const inside = this.panel.contains(focused);
    const groups = Object.entries(this.words.groups).map(([group, title]) =>
      this.group(
        title,
        state.models.filter((model) => model.group === group)
      )
    );
    this.list.replaceChildren(...groups.flat());
    this.note.textContent = `${state.computes} ${state.fixed ? this.words.fixed : this.words.shared}`;
    const { duplicate, duplicator } = this.words;
    if (state.fixed && duplicator)
      this.note.append(" ", makeElement("a", "", { href: duplicator, target: "_blank", rel: "noopener" }, duplicate));
    // Escape shuts the list only where the focus is in it: elsewhere it is the stage's key.
    if (inside && focused && !focused.isConnected)
      (this.row(focused.dataset.key ?? focused.dataset.back ?? "") ?? this.panel).focus();
  }

  /** What is on its way stays the same nodes: Cancel may be under the pointer.
   * @param {MenuState["progress"]} progress */
  drawWay(progress) {
    this.way.hidden = !progress && !this.trouble;
    this.way.classList.toggle("pg-trouble", !progress);
    if (!progress) return this.way.replaceChildren(makeElement("p", "", {}, this.trouble));
    if (!this.way.querySelector("button")) {
      this.way.replaceChildren();
      const cancel = menuButton(this.words.cancel, "pg-chip", { "data-cancel": "1" });
      this.way.append(makeElement("p", ""), cancel, makeElement("b", "pg-bar"));
    }
    const [said, , bar] = /** @type {HTMLElement[]} */ ([...this.way.children]);
    said.textContent = progress.said;
    bar.classList.toggle("pg-busy", progress.share === null);
    bar.style.setProperty("--pg-share", String(progress.share ?? 1));
  }

  /** @param {string} title @param {MenuModel[]} models @returns {Node[]} */
  group(title, models) {
    if (!models.length) return [];
    const heading = makeElement("h2", "", {}, title);
    return [heading, ...models.flatMap((model) => this.lines(model))];
  }

  /** @param {MenuModel} model @returns {Node[]} */
  lines(model) {
    const state = /** @type {MenuState} */ (this.state);
    const row = makeElement("button", "pg-model-row", { type: "button", "data-key": model.key, title: model.title });
    if (model.key === state.working) row.setAttribute("aria-current", "true");
    if (model.question) row.setAttribute("aria-expanded", String(model.key === this.asking));
    if (state.progress && ![state.working, state.progress.key].includes(model.key))
      row.setAttribute("aria-disabled", "true");
    if (model.broken) row.setAttribute("aria-disabled", "true");
    row.append(
      makeElement("b", "", {}, model.key, makeElement("em", "", {}, model.needs)),
      makeElement("span", "", {}, model.place),
      makeElement("small", "", {}, [model.facts, model.short].filter(Boolean).join(" · "))
    );
    if (model.key !== this.asking || !model.question) return [row];
    const yes = menuButton(model.order ?? "", "pg-yes", { "data-yes": model.key });
    const back = menuButton(this.words.back, "pg-back", { "data-back": model.key });
    return [
      row,
      makeElement(
        "div",
        "pg-ask",
        { role: "group" },
        makeElement("p", "", {}, model.question),
        makeElement("p", "", {}, `${this.words.licence}: ${model.licence}.`),
        makeElement("div", "pg-row", {}, back, yes)
      ),
    ];
  }

  /** @param {string} key @returns {HTMLElement | null} */
  row(key) {
    return this.list.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  // ---- the list -----------------------------------------------------------------------------------------------------

  open() {
    this.panel.showPopover();
    this.place();
    const { working } = this.state ?? {};
    if (working) this.row(working)?.focus();
  }

  place() {
    const { left, bottom } = this.button.getBoundingClientRect();
    this.panel.style.left = `${Math.max(8, Math.min(left, innerWidth - this.panel.offsetWidth - 8))}px`;
    this.panel.style.top = `${bottom + 6}px`;
    this.panel.style.maxHeight = `${innerHeight - bottom - 16}px`;
  }

  /** @param {boolean} open */
  toggled(open) {
    this.button.setAttribute("aria-expanded", String(open));
    if (!open && (this.asking || this.trouble)) {
      this.trouble = "";
      this.ask(null);
    }
    if (open) void this.look();
    else if (document.activeElement === document.body) this.button.focus();
  }

  /** @param {string | null} key */
  ask(key) {
    this.asking = key;
    this.draw();
    if (!key) return;
    const box = this.list.querySelector(".pg-ask");
    box?.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null | undefined} */ (box?.querySelector(".pg-yes"))?.focus();
  }

  /** @param {HTMLElement} target */
  pressed(target) {
    const button = target.closest("button");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const { key, yes, back, cancel } = button.dataset;
    this.trouble = "";
    if (cancel) void this.tell(this.server.cancel());
    else if (back) this.leave(back);
    else if (yes) {
      this.asking = null;
      const agreed = this.state?.models.find((each) => each.key === yes)?.consent;
      void this.tell(this.server.choose({ key: yes, agreed }));
    } else if (key && this.state) {
      const model = this.state.models.find((each) => each.key === key);
      if (key === this.state.working) this.panel.hidePopover();
      else if (key === this.state.progress?.key) return;
      else if (model?.question) this.ask(key === this.asking ? null : key);
      else void this.tell(this.server.choose({ key }));
    }
  }

  /** @param {string} key whose question is not answered */
  leave(key) {
    this.ask(null);
    this.row(key)?.focus();
  }

  /** @param {Promise<MenuState>} answer */
  async tell(answer) {
    this.take(await answer);
    this.again(SOON);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    event.stopPropagation();
    if (event.key === "Escape" && this.asking) {
      event.preventDefault();
      return this.leave(this.asking);
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("button")]);
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    rows[(at + by + rows.length) % rows.length]?.focus();
  }
}

/**
 * @param {HTMLElement} element @param {(name: string, data: object) => void} trigger @param {any} props
 * @param {any} server
 * @param {(name: string, callback: () => void) => void} watch
 */
export function modelMenu(element, trigger, props, server, watch) {
  const menu = new ModelMenu(element, trigger, props, server);
  watch("value", () => menu.fitted());
}
