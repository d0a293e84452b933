/** Starts the page's script when Gradio has placed everything, and answers the small calls of its events. */

import { followFeather } from "./feather.js";
import { Inspector } from "./inspector.js";
import { keepValues, keptModes, keptValues } from "./kept.js";
import { ModeSettings } from "./modes.js";
import { wornPreset } from "./presets.js";

/** @typedef {import("./kept.js").Setting} Setting */

/** The sliders of which every mode has its own: what they set, and their ids. */
const OWN_SLIDERS = Object.entries({ guidance: "mge-guidance", token_temperature: "mge-token" });

/** What a mode does: a sweep does what another mode would. @param {string} mode */
function taskOf(mode) {
  if (mode !== "sweep") return mode;
  return /** @type {any} */ (window).mgeStage?.swept() ?? mode;
}

/** Hears what a hand does to the mode, to what every mode has for itself, and to what a sweep would change.
 * @param {() => ModeSettings} own @param {() => void} showAdvice */
function hearHands(own, showAdvice) {
  const hear = (/** @type {Event} */ { type, target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (type === "change" && target.closest("#mge-mode")) own().chosen = target.value;
    if (type !== "input") return;
    for (const [name, id] of OWN_SLIDERS) if (target.closest(`#${id}`)) own().take(name);
  };
  for (const type of ["change", "input"]) document.addEventListener(type, hear, true);
  document.addEventListener("mge-class", () => own().take("class_id"));
  document.addEventListener("mge-region", () => {
    if (own().mode === "sweep") document.dispatchEvent(new Event("mge-swept"));
    showAdvice();
  });
}

/** What the controls hold, by their names. @param {Setting[]} settings @param {any[]} values
 * @returns {Record<string, any>} */
function byName(settings, values) {
  return Object.fromEntries(settings.map(({ name }, i) => [name, values[i]]));
}

/**
 * Returns the settings of the last visit, in the order in which they were given.
 * @param {{model: string, settings: Setting[], presets: number[]}} page built for a model
 */
export function startPage({ model, settings, presets }) {
  const inspector = new Inspector(/** @type {HTMLElement} */ (document.getElementById("mge-side")));
  inspector.begin();
  // Until the model menu has looked, another model may work than the one that the page was built for.
  let settled = /** @type {any} */ (window).mgeModels?.works === model;
  /** @type {any[] | null} */
  let last = null;
  /** @type {ModeSettings} */
  let own;
  /** The values to start with, for each setting. @param {any[]} [now] what the controls hold already */
  const begin = (now) => {
    const values = keptValues(settings, model, now);
    const held = now ?? settings.map(({ tasks }) => tasks?.fill); // as the server has placed them
    const mode = values[settings.findIndex(({ name }) => name === "mode")];
    own = new ModeSettings(settings, mode, keptModes(settings, model), taskOf);
    return settings.map((setting, i) => (setting.tasks ? own.told(setting, held[i]) : values[i]));
  };
  const keep = (/** @type {any[]} */ values) => settled && keepValues(settings, model, values, own.given);
  const named = (/** @type {string} */ wanted) => /** @type {any} */ (settings.find(({ name }) => name === wanted));
  const advice = (/** @type {string} */ name) => own.advice(named(name));
  const values = () => byName(settings, last ?? keptValues(settings, model));
  const showAdvice = () => inspector.showAdvice(own.adviceSaid(named("guidance")), own.touched("guidance"));
  hearHands(() => own, showAdvice);
  const mgePage = {
    /** Returns what the mode's own settings are to hold. */
    setMode: (/** @type {string} */ mode, /** @type {any[]} */ ...now) => {
      inspector.setMode(mode);
      return own.go(mode, now);
    },
    follow: (/** @type {any[]} */ ...now) => own.follow(now),
    setExtend: (/** @type {any[]} */ ...typed) => inspector.setExtend(typed),
    keep: (/** @type {any[]} */ ...values) => {
      last = values;
      const held = byName(settings, values);
      if (held.mode === own.mode) own.note(own.settings.map(({ name }) => held[name]));
      keep(values);
      showAdvice();
    },
    settle: (/** @type {string} */ works) => {
      const before = settled;
      settled = works === model;
      if (settled && !before && last) keep(last);
    },
    /** Makes the controls those of another model; returns their values. @param {any} fitted the model menu's value
     * @param {any[]} now */
    fit: (/** @type {any} */ fitted, /** @type {any[]} */ now) => {
      if (!fitted?.settings) return now;
      ({ model, settings } = fitted);
      last = null;
      return begin(now);
    },
    advice: (/** @type {string[]} */ ...names) => names.map(advice),
    values,
    worn: (/** @type {string[]} */ ...names) => wornPreset(names, named, values()),
    preset: (/** @type {number} */ steps) => (presets.includes(steps) ? steps : null),
  };
  Object.assign(window, { mgePage });
  followFeather(() => values().finish === "auto");
  return begin();
}
