/** Starts the page's script when Gradio has placed everything, and answers the small calls of its events. */

import { Inspector } from "./inspector.js";
import { keepValues, keptValues } from "./kept.js";

/** @typedef {import("./kept.js").Setting} Setting */

/**
 * Returns the settings of the last visit, in the order in which they were given.
 * @param {{model: string, settings: Setting[], presets: number[]}} page built for a model
 */
export function startPage({ model, settings, presets }) {
  const inspector = new Inspector(/** @type {HTMLElement} */ (document.getElementById("mge-side")));
  inspector.follow();
  /** @type {any} */ (window).mgeClasses?.setMode(inspector.mode);
  inspector.drawer();
  // Until the model menu has looked, another model may work than the one that the page was built for.
  let settled = /** @type {any} */ (window).mgeModels?.works === model;
  /** @type {any[] | null} */
  let last = null;
  const mgePage = {
    setMode: (/** @type {string} */ mode) => inspector.setMode(mode),
    setExtend: (/** @type {any[]} */ ...typed) => inspector.setExtend(typed),
    keep: (/** @type {any[]} */ ...values) => {
      last = values;
      if (settled) keepValues(settings, model, values);
    },
    settle: (/** @type {string} */ works) => {
      const before = settled;
      settled = works === model;
      if (settled && !before && last) keepValues(settings, model, last);
    },
    /** Makes the controls those of another model; returns their values. @param {any} fitted the model menu's value
     * @param {any[]} now */
    fit: (/** @type {any} */ fitted, /** @type {any[]} */ now) => {
      if (!fitted?.settings) return now;
      ({ model, settings } = fitted);
      last = null;
      return keptValues(settings, model, now);
    },
    advice: (/** @type {string[]} */ ...names) =>
      names.map((name) => settings.find((setting) => setting.name === name)?.advice),
    preset: (/** @type {number} */ steps) => (presets.includes(steps) ? steps : null),
  };
  Object.assign(window, { mgePage });
  return keptValues(settings, model);
}
