/** The drawer of versions: thumbnails to go back to. Knows how they look and what a click asks for, not how it
 * is done. */

import { makeElement } from "../common/elements.js";
import { resolved } from "./picture.js";
import { Recent } from "./recent.js";
import { versionName, WORDS } from "./wording.js";

/** @typedef {import("./lineage.js").Version} Version */

export class Tree {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.recent = new Recent(stage);
    /** @type {Map<number, string>} addresses of small pictures */
    this.addresses = new Map();
    this.items = makeElement("div", "mge-tree", { role: "tree", "aria-label": WORDS.versions });
    const close = makeElement(
      "button",
      "mge-x",
      { type: "button", "aria-label": WORDS.close, title: WORDS.closeTitle },
      "×"
    );
    close.addEventListener("click", () => this.toggle(false));
    this.drawer = makeElement(
      "aside",
      "mge-drawer mge-float",
      { "aria-label": WORDS.history },
      makeElement("h2", "", {}, WORDS.versions),
      close,
      this.items,
      this.recent.title,
      this.recent.items
    );
    this.drawer.hidden = true;
    this.drawer.addEventListener("keydown", (e) => this.key(e));
  }

  get open() {
    return !this.drawer.hidden;
  }

  /** @param {boolean} [open] */
  toggle(open = !this.open) {
    if (open === this.open) return;
    this.drawer.hidden = !open;
    this.refresh();
    this.stage.tell("tree");
    /** @type {HTMLElement | null} */
    const current = this.drawer.querySelector("[aria-selected=true]");
    if (open && current) current.focus({ preventScroll: true });
    else if (!open) this.stage.panel.viewport.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const items = /** @type {HTMLElement[]} */ ([...this.items.children]);
    const at = items.indexOf(/** @type {HTMLElement} */ (e.target));
    if (e.key === "Escape") this.toggle(false);
    else if (at < 0) return;
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      const next = items[at + (e.key === "ArrowDown" ? 1 : -1)];
      if (next) next.focus();
    } else if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
      const version = /** @type {Version} */ (this.stage.versions.all.get(Number(items[at].dataset.version)));
      const wanted = e.key === "ArrowLeft" ? version.parent : this.childrenOf(version.id)[0]?.id;
      const node = items.find((each) => Number(each.dataset.version) === wanted);
      if (node) node.focus();
    } else if (e.key === "Home" || e.key === "End") items[e.key === "Home" ? 0 : items.length - 1].focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** @param {number | null} id @returns {Version[]} */
  childrenOf(id) {
    const { all } = this.stage.versions;
    return [...all.values()].filter(
      (each) => (each.parent !== null && all.has(each.parent) ? each.parent : null) === id
    );
  }

  /** Versions in the order of reading: a branch before what went on after it.
   * @returns {{version: Version, depth: number}[]} */
  rows() {
    /** @type {{version: Version, depth: number}[]} */
    const rows = [];
    const down = (/** @type {Version} */ version, /** @type {number} */ depth) => {
      rows.push({ version, depth });
      const children = this.childrenOf(version.id);
      // The newest line of edits goes straight on; the others branch off.
      for (const child of children.slice(0, -1)) down(child, depth + 1);
      for (const child of children.slice(-1)) down(child, depth);
    };
    for (const root of this.childrenOf(null)) down(root, 0);
    return rows;
  }

  /** Where the small picture of a version is. @param {Version} version */
  address({ id, tile, url }) {
    const known = this.addresses.get(id);
    if (known || !tile) return known || resolved(url);
    const address = URL.createObjectURL(tile);
    this.addresses.set(id, address);
    return address;
  }

  /** Another picture is open. */
  clear() {
    for (const address of this.addresses.values()) URL.revokeObjectURL(address);
    this.addresses.clear();
    this.refresh();
  }

  refresh() {
    if (!this.open) return;
    void this.recent.refresh();
    const { versions } = this.stage;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.version : undefined;
    this.items.replaceChildren(
      ...this.rows().map(({ version, depth }) => {
        const current = version.id === versions.head;
        const name = versionName(version.id, version.width, version.height, version.parent === null);
        const node = makeElement(
          "button",
          "mge-version",
          {
            type: "button",
            role: "treeitem",
            title: name,
            "aria-label": name,
            "aria-level": String(depth + 1),
            "aria-selected": String(current),
            "data-version": String(version.id),
            tabindex: current ? "0" : "-1",
          },
          makeElement("img", "", { src: this.address(version), alt: "", loading: "lazy", draggable: "false" }),
          makeElement("span", "", {}, name)
        );
        node.style.setProperty("--mge-depth", String(Math.min(depth, 5)));
        node.addEventListener("click", () => versions.visit(version.id));
        node.draggable = version.doc === this.stage.doc && !!version.url;
        node.addEventListener("dragstart", (e) => this.stage.outgoing.drag(e, version.url));
        return node;
      })
    );
    if (focused)
      /** @type {HTMLElement | null} */ (this.items.querySelector(`[data-version="${focused}"]`))?.focus({
        preventScroll: true,
      });
  }
}
