/** Keys of one's own: another key for what a usual one does, kept in this browser. Knows names of keys only. */

import { storedObject, storeText } from "../common/stored.js";

const KEYS_KEY = "mge-keys";
const PLAIN = /^(Shift\+)?[^\s\d]$/; // digits choose modes, and with Ctrl the browser has a say

/** Whether a key can be given to another deed. @param {any} name as the table calls it */
export function isPlain(name) {
  return typeof name === "string" && PLAIN.test(name);
}

export class KeyMap {
  constructor() {
    const kept = Object.entries(storedObject(KEYS_KEY)).filter((pair) => pair.every(isPlain));
    /** @type {Map<string, string>} usual key -> the one that does its deed instead */
    this.own = new Map(kept);
  }

  /** The key to press for what a usual one does. @param {string} usual */
  keyFor(usual) {
    return this.own.get(usual) ?? usual;
  }

  /** The usual key of what a pressed one does, "" if nothing. @param {string} pressed */
  usualOf(pressed) {
    for (const [usual, own] of this.own) if (own === pressed) return usual;
    return this.own.has(pressed) ? "" : pressed;
  }

  /** @param {string} usual @param {string} key */
  set(usual, key) {
    if (key === usual) this.own.delete(usual);
    else this.own.set(usual, key);
    storeText(KEYS_KEY, JSON.stringify(Object.fromEntries(this.own))); // else they last until the page is closed
  }

  /** A title with the keys that it names in parentheses. @param {string} title */
  titled(title) {
    return title.replace(/\([^)]*\)/g, (keys) =>
      keys.replace(/(?<![+\w])(Shift\+)?[A-Z]\b/g, (usual) => this.keyFor(usual))
    );
  }
}
