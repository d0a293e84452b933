/** Ids that nobody can guess. */

/** @returns {string} 16 hex digits */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
