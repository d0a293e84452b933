/** Settings under names of one's own, kept in this browser. Knows them as values by name, nothing of what they do. */

import { makeElement } from "../common/elements.js";
import { storedObject, storeText } from "../common/stored.js";
import { fits } from "./kept.js";

const PRESETS_KEY = "mge-presets";

/** @typedef {Record<string, any>} Preset values by the settings' names */

/** @returns {Map<string, Preset>} by their own names */
function readPresets() {
  const kept = Object.entries(storedObject(PRESETS_KEY));
  return new Map(kept.filter(([, values]) => values && typeof values === "object"));
}

/** @param {Map<string, Preset>} presets @returns {boolean} whether the browser keeps them */
function writePresets(presets) {
  return storeText(PRESETS_KEY, JSON.stringify(Object.fromEntries(presets)));
}

/** What controls are to hold by the preset that was chosen; what it does not know, or what does not fit another model,
 * stays. @param {string[]} names @param {(name: string) => import("./kept.js").Setting} settingOf
 * @param {Preset} now */
export function wornPreset(names, settingOf, now) {
  const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector("#mge-own select"));
  const preset = readPresets().get(choice?.value ?? "") ?? {};
  return names.map((name) => (fits(settingOf(name), preset[name]) ? preset[name] : now[name]));
}

/** The choice of presets, and the fields that make and delete them. What it says comes with the page, in data-.
 * @param {HTMLElement} element @param {(name: string, data: object) => void} trigger */
export function presetBar(element, trigger) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (element.querySelector(what));
  const [choice, name, save, drop] = ["select", "input", ".pg-save", ".pg-drop"].map(find);
  const told = find(".pg-own").dataset;
  const [none] = choice.options;
  const page = /** @type {any} */ (window);
  const show = (/** @type {string} */ chosen) => {
    const names = [...readPresets().keys()].sort((a, b) => a.localeCompare(b));
    choice.replaceChildren(none, ...names.map((each) => makeElement("option", "", { value: each }, each)));
    choice.value = chosen;
    choice.disabled = !names.length;
    drop.disabled = !chosen;
    if (chosen) name.value = chosen;
  };
  choice.addEventListener("change", () => {
    show(choice.value);
    if (choice.value) trigger("wear", {});
  });
  const keep = () => {
    const wanted = name.value.trim();
    if (!wanted) {
      name.focus();
      return page.mgeStage?.say(told.nameless, "error");
    }
    const kept = writePresets(readPresets().set(wanted, page.mgePage?.values() ?? {}));
    show(kept ? wanted : "");
    page.mgeStage?.say(kept ? told.saved : told.full, kept ? "info" : "error");
  };
  save.addEventListener("click", keep);
  name.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && keep());
  drop.addEventListener("click", () => {
    const presets = readPresets();
    presets.delete(choice.value);
    writePresets(presets);
    name.value = "";
    show("");
  });
  show("");
}
