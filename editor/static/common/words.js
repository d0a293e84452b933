/** The words of the stage in the page's language (editor/words), and how it writes numbers. They are there before any
 * module is (editor/page/component.py). Knows nothing of what they are said about. */

/** @typedef {typeof import("../../words/en.json")} Words */
/** @typedef {{one: string, many: string}} Forms for 1, and for every other number */

/** @type {Pick<Words, "language" | "stage">} */
export const SPOKEN = /** @type {any} */ (globalThis).mgeWords;

/** A sentence with values in it. @param {string} pattern with {name} for each
 * @param {Record<string, unknown>} values */
export function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** @param {number} n @param {Forms} forms with {count} in them @param {Record<string, unknown>} [values] */
export function counted(n, forms, values = {}) {
  return fill(n === 1 ? forms.one : forms.many, { ...values, count: grouped(n) });
}

/** A whole number. @param {number} n */
export function grouped(n) {
  return n.toLocaleString(SPOKEN.language.code);
}

/** A number with so many digits behind its point. @param {number} value @param {number} digits */
export function decimal(value, digits) {
  return value.toFixed(digits).replace(".", SPOKEN.language.decimal);
}
