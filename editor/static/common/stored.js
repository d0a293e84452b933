/** What this browser keeps of the page's small settings, as texts under keys. Knows nothing of what they mean. */

/** @param {string} key @returns {string | null} null where nothing is kept, or the page may keep nothing */
export function storedText(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text
 * @returns {boolean} whether it is kept; else there is no room, or the page may keep nothing */
export function storeText(key, text) {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} key @returns {Record<string, any>} the JSON object under it; an empty one where there is none */
export function storedObject(key) {
  try {
    const kept = JSON.parse(storedText(key) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
