/** The class menu: a field that searches, a list, and a chip for each class where they are few. Knows nothing of
 * models, modes or masks. */

import { makeElement } from "../common/elements.js";
import { storedObject, storeText } from "../common/stored.js";
import { rankClasses } from "./classsearch.js";
import { Suggestions } from "./suggested.js";

/** @typedef {import("./classsearch.js").ClassEntry} ClassEntry */

const CLASSES_KEY = "mge-classes";
const MOST_CHIPS = 30; // more would push the settings off the screen
const MOST_RECENT = 8; // at the head of a long list
const NO_CLASS = -1;

/** Recent and favourite classes by name, kept between visits. */
class ClassMemory {
  /** @param {ClassEntry[]} entries */
  constructor(entries) {
    this.entries = entries;
    /** @type {string[]} */
    this.recent = [];
    /** @type {string[]} */
    this.favourites = [];
    const kept = storedObject(CLASSES_KEY);
    for (const list of /** @type {const} */ (["recent", "favourites"])) {
      if (Array.isArray(kept[list]))
        this[list] = kept[list].filter((/** @type {any} */ name) => typeof name === "string");
    }
  }

  /** Those that are wanted most come first: favourites, and of a long list those chosen last. */
  ordered() {
    const first = this.entries.length > MOST_CHIPS ? [...this.favourites, ...this.recent] : this.favourites;
    const familiar = first.flatMap((name) => this.entries.filter((entry) => entry.name === name));
    return [...new Set([...familiar, ...this.entries])];
  }

  /** A chip for every class, unless they are too many. */
  chips() {
    return this.entries.length > MOST_CHIPS ? [] : this.ordered();
  }

  /** @param {string} name */
  note(name) {
    this.recent = [name, ...this.recent.filter((other) => other !== name)].slice(0, MOST_RECENT);
    this.keep();
  }

  /** @param {string} name */
  toggle(name) {
    const starred = this.favourites.includes(name);
    this.favourites = starred ? this.favourites.filter((other) => other !== name) : [...this.favourites, name];
    this.keep();
  }

  keep() {
    const { recent, favourites } = this;
    storeText(CLASSES_KEY, JSON.stringify({ recent, favourites })); // else they last until the page is left
  }
}

export class ClassMenu {
  /** @param {HTMLElement} host @param {(name: string, data?: object) => void} trigger @param {any} props */
  constructor(host, trigger, props) {
    this.trigger = trigger;
    this.props = props;
    /** @type {ClassEntry[]} */
    this.entries = props.classes;
    this.needs = /** @type {HTMLElement} */ (host.querySelector(".pg-needs"));
    /** Whether the model cannot do without a class. */
    this.required = !!props.needs;
    /** @type {ClassEntry} */
    this.none = { id: NO_CLASS, name: props.none, names: [props.none], also: [] };
    this.memory = new ClassMemory(this.entries);
    this.active = 0;
    this.field = /** @type {HTMLInputElement} */ (host.querySelector("input"));
    this.star = /** @type {HTMLButtonElement} */ (host.querySelector(".pg-star"));
    this.list = /** @type {HTMLElement} */ (host.querySelector(".pg-options"));
    this.chips = /** @type {HTMLElement} */ (host.querySelector(".pg-chips"));
    this.field.addEventListener("focus", () => this.field.select());
    this.field.addEventListener("pointerdown", () => this.open(""));
    this.field.addEventListener("input", () => this.open(this.field.value, true));
    this.field.addEventListener("blur", () => this.left());
    this.field.addEventListener("keydown", (e) => this.key(e));
    this.list.addEventListener("pointerdown", (e) => e.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (e) => this.press(/** @type {HTMLElement} */ (e.target)));
    this.chips.addEventListener("click", (e) => {
      const chip = /** @type {HTMLElement} */ (e.target).closest("button");
      if (chip) this.choose(Number(chip.dataset.id) === this.value() ? NO_CLASS : Number(chip.dataset.id));
    });
    this.chips.addEventListener("keydown", (e) => this.walk(e));
    this.star.addEventListener("click", () => this.favour(this.value()));
    this.show();
  }

  /** Another model's classes. @param {ClassEntry[]} entries @param {string} search @param {string} needs why one must
   * be chosen, or "" */
  fit(entries, search, needs) {
    this.entries = entries;
    this.memory.entries = entries;
    this.required = !!needs;
    this.needs.textContent = needs;
    this.field.placeholder = search;
    this.chips.replaceChildren();
    this.show();
  }

  value() {
    return typeof this.props.value === "number" ? this.props.value : NO_CLASS;
  }

  /** @param {number} id */
  entry(id) {
    return this.entries.find((entry) => entry.id === id) ?? this.none;
  }

  /** The field was left: one that was cleared means no class. */
  left() {
    const cleared = !this.field.value.trim() && !this.required && this.value() !== NO_CLASS;
    this.close();
    if (cleared) this.choose(NO_CLASS);
  }

  /** @param {number} id */
  choose(id) {
    if (id !== NO_CLASS) this.memory.note(this.entry(id).name);
    this.props.value = id;
    this.chips.dispatchEvent(new CustomEvent("mge-class", { bubbles: true }));
    this.show();
    this.trigger("input");
  }

  /** @param {number} id */
  favour(id) {
    if (id === NO_CLASS) return;
    this.memory.toggle(this.entry(id).name);
    this.show();
  }

  /** The field, the star and the chips as the value has them. */
  show() {
    const now = this.entry(this.value());
    if (this.list.hidden) this.field.value = this.required && now === this.none ? "" : now.name;
    this.field.classList.toggle("pg-none", now === this.none);
    const starred = this.memory.favourites.includes(now.name);
    this.star.disabled = now === this.none;
    this.star.setAttribute("aria-pressed", String(starred));
    this.star.title = starred ? this.props.unstar : this.props.star;
    this.showChips(now);
  }

  /** Chips that are there stay the same nodes: one of them may be under the pointer. @param {ClassEntry} now */
  showChips(now) {
    const entries = this.memory.chips();
    const old = /** @type {HTMLElement[]} */ ([...this.chips.children]);
    if (String(old.map((chip) => chip.dataset.id)) !== String(entries.map(({ id }) => id))) {
      const made = entries.map(({ id, name, names }) =>
        makeElement("button", "pg-chip", { type: "button", "data-id": String(id), title: names.join(", ") }, name)
      );
      this.chips.replaceChildren(...made);
    }
    // One of them is on the way of Tab, from which arrows lead to the others.
    const reached = Math.max(0, entries.indexOf(now));
    [...this.chips.children].forEach((chip, i) => {
      /** @type {HTMLElement} */ (chip).tabIndex = i === reached ? 0 : -1;
      chip.setAttribute("aria-pressed", String(entries[i] === now));
      chip.classList.toggle("pg-favourite", this.memory.favourites.includes(entries[i].name));
    });
  }

  /** Arrows go from chip to chip. @param {KeyboardEvent} e */
  walk(e) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    const chips = /** @type {HTMLElement[]} */ ([...this.chips.children]);
    const at = chips.indexOf(/** @type {HTMLElement} */ (e.target));
    if (!step || at < 0) return;
    e.preventDefault();
    const next = chips[(at + step + chips.length) % chips.length];
    for (const chip of chips) chip.tabIndex = chip === next ? 0 : -1;
    next.focus();
  }

  /** @param {string} query @param {boolean} [typed] a field that was emptied points at no class */
  open(query, typed = false) {
    const found = rankClasses(this.memory.ordered(), query);
    const rows = [...(query.trim() || this.required ? [] : [{ entry: this.none, by: this.none.name }]), ...found];
    this.list.replaceChildren(
      ...rows.map(({ entry, by }, i) => {
        const row = makeElement("li", "pg-option", {
          role: "option",
          id: `mge-class-option-${i}`,
          "data-id": String(entry.id),
          "aria-label": entry.name,
        });
        row.setAttribute("aria-selected", String(entry.id === this.value()));
        row.append(makeElement("span", "", {}, entry.name));
        if (by !== entry.name) row.append(makeElement("small", "", {}, by));
        if (entry !== this.none) {
          const starred = this.memory.favourites.includes(entry.name);
          row.append(
            makeElement(
              "b",
              `pg-star${starred ? " pg-on" : ""}`,
              { title: this.props.starred, "aria-hidden": "true" },
              "★"
            )
          );
        }
        return row;
      })
    );
    if (!rows.length) this.list.append(makeElement("li", "pg-option-none", {}, this.props.nothing));
    this.list.hidden = false;
    this.field.classList.remove("pg-none");
    this.field.setAttribute("aria-expanded", "true");
    this.point(
      query.trim() || (typed && !this.required)
        ? 0
        : Math.max(
            0,
            rows.findIndex(({ entry }) => entry.id === this.value())
          )
    );
  }

  /** @param {number} index */
  point(index) {
    const rows = [...this.list.querySelectorAll("li[data-id]")];
    this.active = Math.min(Math.max(index, 0), rows.length - 1);
    for (const [i, row] of rows.entries()) row.classList.toggle("pg-active", i === this.active);
    const row = rows[this.active];
    if (!row) return;
    this.field.setAttribute("aria-activedescendant", row.id);
    const { offsetTop, offsetHeight } = /** @type {HTMLElement} */ (row);
    if (offsetTop < this.list.scrollTop) this.list.scrollTop = offsetTop;
    const below = offsetTop + offsetHeight - this.list.clientHeight;
    if (below > this.list.scrollTop) this.list.scrollTop = below;
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    this.show();
  }

  /** @param {HTMLElement} target */
  press(target) {
    const row = target.closest("li");
    if (!row || row.dataset.id === undefined) return;
    const id = Number(row.dataset.id);
    if (target.closest(".pg-star")) {
      this.favour(id);
      target.classList.toggle("pg-on");
      return;
    }
    this.close();
    this.choose(id);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const rows = this.list.querySelectorAll("li[data-id]");
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (this.list.hidden) this.open("");
      else this.point(this.active + (e.key === "ArrowDown" ? 1 : -1));
    } else if (e.key === "Enter" && !this.list.hidden) {
      e.preventDefault();
      const row = /** @type {HTMLElement | undefined} */ (rows[this.active]);
      if (!row) return;
      this.close();
      this.choose(Number(row.dataset.id));
    } else if (e.key === "Escape" && !this.list.hidden) {
      e.preventDefault();
      this.close();
    }
  }
}

/** @param {HTMLElement} element @param {(name: string, data?: object) => void} trigger @param {any} props
 * @param {any} server
 * @param {(name: string, callback: () => void) => void} watch */
export function classMenu(element, trigger, props, server, watch) {
  const menu = new ClassMenu(element, trigger, props);
  const suggestions = new Suggestions(element, menu, server);
  const fit = (/** @type {ClassEntry[]} */ entries, /** @type {string} */ search, /** @type {string} */ needs) => {
    menu.fit(entries, search, needs);
    suggestions.fit();
  };
  Object.assign(window, { mgeClasses: { fit } });
  watch("value", () => menu.show());
}
