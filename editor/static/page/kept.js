/** The inspector's settings from one visit to the next. Knows their bounds from the server, nothing of what they do. */

const SETTINGS_KEY = "mge-settings";

/**
 * One control: its name, the model's advice, whether it belongs to the model, and what may stand in it.
 * @typedef {{name: string, advice: any, own?: boolean, low?: number, high?: number, choices?: any[]}} Setting
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

/** @returns {Record<string, any>} */
function readKept() {
  try {
    const kept = JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

/**
 * The values to start with, in the order of the settings; those of another model's time say nothing about this one.
 * @param {Setting[]} settings @param {string} model @param {any[]} [now] what the others hold already
 */
export function keptValues(settings, model, now) {
  const kept = readKept();
  const same = kept.model === undefined || kept.model === model;
  return settings.map((setting, i) => {
    if (now && !setting.own) return now[i];
    return (same || !setting.own) && fits(setting, kept[setting.name]) ? kept[setting.name] : setting.advice;
  });
}

/** @param {Setting[]} settings @param {string} model @param {any[]} values */
export function keepValues(settings, model, values) {
  const kept = { model, ...Object.fromEntries(settings.map(({ name }, i) => [name, values[i]])) };
  try {
    localStorage.setItem(SETTINGS_KEY, JSON.stringify(kept));
  } catch {
    // storage is full or forbidden: the settings last until the page is left
  }
}
