/** The inspector's settings from one visit to the next. Knows their bounds from the server, nothing of what they do. */

import { storedObject, storeText } from "../common/stored.js";

const SETTINGS_KEY = "mge-settings";

/**
 * One control: its name, the model's advice, whether it belongs to the model, and what may stand in it. With `tasks`,
 * the advice for each, every mode has its own; `carried` = a mode that was given none takes the last mode's;
 * `grows` = the tasks in which it begins at 1 and is the value at the last step.
 * @typedef {{name: string, advice: any, own?: boolean, low?: number, high?: number, choices?: any[],
 *   tasks?: Record<string, any>, carried?: boolean, grows?: string[]}} Setting
 */

/** Whether a value may stand in a control; what was kept can be of another model or another version.
 * @param {Setting} setting @param {any} value */
export function fits(setting, value) {
  if (setting.choices) return setting.choices.includes(value);
  if (typeof value !== typeof setting.advice) return false;
  if (typeof value === "string") return value.length <= 200;
  if (typeof value !== "number") return true;
  return Number.isFinite(value) && value >= (setting.low ?? -Infinity) && value <= (setting.high ?? Infinity);
}

/**
 * The values to start with, in the order of the settings; those of another model's time say nothing about this one.
 * @param {Setting[]} settings @param {string} model @param {any[]} [now] what the others hold already
 */
export function keptValues(settings, model, now) {
  const kept = storedObject(SETTINGS_KEY);
  const same = kept.model === undefined || kept.model === model;
  return settings.map((setting, i) => {
    if (now && !setting.own) return now[i];
    return (same || !setting.own) && fits(setting, kept[setting.name]) ? kept[setting.name] : setting.advice;
  });
}

/**
 * What each mode was given for itself, as far as it still fits.
 * @param {Setting[]} settings @param {string} model @returns {import("./modes.js").Given}
 */
export function keptModes(settings, model) {
  const { modes, ...kept } = storedObject(SETTINGS_KEY);
  /** @type {import("./modes.js").Given} */
  const given = {};
  if (kept.model !== model || !modes) return given;
  const separate = settings.filter(({ tasks }) => tasks);
  for (const mode of settings.find(({ name }) => name === "mode")?.choices ?? []) {
    // What stands beside the modes is of a visit when they had it in common, and was the person's if not as advised.
    const held = (/** @type {Setting} */ { name, advice }) =>
      modes[mode]?.[name] ?? (kept[name] === advice ? undefined : kept[name]);
    const fitting = separate.filter((setting) => fits(setting, held(setting)));
    given[mode] = Object.fromEntries(fitting.map((setting) => [setting.name, held(setting)]));
  }
  return given;
}

/** @param {Setting[]} settings @param {string} model @param {any[]} values
 * @param {import("./modes.js").Given} modes what each was given for itself */
export function keepValues(settings, model, values, modes) {
  const shared = settings.map(({ name }, i) => [name, values[i]]).filter((_, i) => !settings[i].tasks);
  const kept = { model, ...Object.fromEntries(shared), modes };
  storeText(SETTINGS_KEY, JSON.stringify(kept)); // else they last until the page is left
}
