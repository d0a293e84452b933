/** Starts the page's script when Gradio has placed everything, and answers the small calls of its events. */

import { Inspector } from "./inspector.js";
import { keepValues, keptValues } from "./settings.js";

/** @typedef {import("./settings.js").Setting} Setting */

/**
 * Returns the settings of the last visit, in the order in which they were given.
 * @param {{settings: Setting[], presets: number[]}} page
 */
export function startPage({ settings, presets }) {
  const inspector = new Inspector(/** @type {HTMLElement} */ (document.getElementById("mge-side")));
  inspector.follow();
  inspector.drawer();
  const mgePage = {
    setMode: (/** @type {string} */ mode) => inspector.setMode(mode),
    setExtend: (/** @type {any[]} */ ...typed) => inspector.setExtend(typed),
    keep: (/** @type {any[]} */ ...values) => keepValues(settings, values),
    advice: (/** @type {string[]} */ ...names) => names.map((name) => settings.find((setting) => setting.name === name)?.advice),
    preset: (/** @type {number} */ steps) => (presets.includes(steps) ? steps : null),
  };
  Object.assign(window, { mgePage });
  return keptValues(settings);
}
