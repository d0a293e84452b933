/** The list of work that this browser still holds: a click goes there. Knows how it looks and what a click asks for. */

import { makeElement } from "../common/elements.js";
import { WORDS, whenOf } from "./wording.js";

export class Recent {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {string[]} of small pictures, until they are drawn again */
    this.addresses = [];
    this.title = makeElement("h2", "", {}, WORDS.recent);
    this.items = makeElement("div", "mge-recent", { role: "group", "aria-label": WORDS.recent });
  }

  async refresh() {
    const { sessions } = this.stage;
    const others = ((sessions.vault && (await sessions.vault.all().catch(() => []))) || []).filter(
      ({ id }) => id !== sessions.id
    );
    const rows = await Promise.all(others.map((each) => this.row(each)));
    for (const address of this.addresses.splice(0)) URL.revokeObjectURL(address);
    this.addresses = rows.flatMap(({ address }) => address || []);
    this.title.hidden = !rows.length;
    this.items.replaceChildren(...rows.map(({ node }) => node));
  }

  /** @param {import("./autosave.js").Session} session @returns {Promise<{node: HTMLElement, address: string}>} */
  async row({ id, head, name, savedAt }) {
    const { sessions } = this.stage;
    const kept = head === null ? null : await sessions.vault?.picture(id, head).catch(() => null);
    const small = kept && (kept.tile || kept.blob);
    const address = small ? URL.createObjectURL(small) : "";
    const title = `${name || WORDS.untitled}, ${whenOf(savedAt)}`;
    const open = makeElement(
      "button",
      "mge-version",
      { type: "button", title, "data-session": id },
      makeElement("img", "", { src: address, alt: "" }),
      makeElement("span", "", {}, name || WORDS.untitled, makeElement("small", "", {}, whenOf(savedAt)))
    );
    open.addEventListener("click", () => void sessions.visit(id));
    const forget = makeElement(
      "button",
      "mge-x mge-forget",
      { type: "button", title: WORDS.forget, "aria-label": `${WORDS.forget}: ${title}` },
      "×"
    );
    forget.addEventListener("click", () => void this.forget(id));
    return { node: makeElement("div", "mge-recent-row", {}, open, forget), address };
  }

  /** @param {string} id */
  async forget(id) {
    const { sessions, panel } = this.stage;
    if (!(await sessions.claim(id))) return panel.toast(WORDS.openElsewhere, "error");
    await sessions.vault?.erase(id).catch(() => {});
    await this.refresh();
  }
}
