/** Settings from one visit to the next: only what still fits, and of a model only its own. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fits, keepValues, keptModes, keptValues } from "../../editor/static/page/kept.js";

/** @type {import("../../editor/static/page/kept.js").Setting[]} */
const SETTINGS = [
  { name: "steps", advice: 8, own: true, low: 1, high: 64 },
  { name: "schedule", advice: "cosine", own: true, choices: ["cosine", "linear"] },
  { name: "opaque", advice: false },
];
const ADVICE = [8, "cosine", false];

/** @type {Map<string, string>} */
const stored = new Map();
const storage = {
  getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => void stored.set(key, value),
};

beforeEach(() => {
  stored.clear();
  Object.assign(globalThis, { localStorage: storage });
});

test("a value fits by type, range, choice and length", () => {
  const [steps, schedule, opaque] = SETTINGS;
  assert.deepEqual(
    [1, 64, 0, 65, Number.NaN, "8", true, null].map((value) => fits(steps, value)),
    [true, true, false, false, false, false, false, false]
  );
  assert.deepEqual([fits(schedule, "linear"), fits(schedule, "cubic")], [true, false]);
  assert.deepEqual([fits(opaque, true), fits(opaque, 1)], [true, false]);
  const text = { name: "note", advice: "" };
  assert.deepEqual([fits(text, "a".repeat(200)), fits(text, "a".repeat(201))], [true, false]);
});

test("what was kept comes back for the same model", () => {
  assert.deepEqual(keptValues(SETTINGS, "a", undefined), ADVICE);
  keepValues(SETTINGS, "a", [12, "linear", true], {});
  assert.deepEqual(keptValues(SETTINGS, "a"), [12, "linear", true], {});
});

test("another model gets its own advice, and what belongs to none stays", () => {
  keepValues(SETTINGS, "a", [12, "linear", true], {});
  assert.deepEqual(keptValues(SETTINGS, "b"), [8, "cosine", true]);
  assert.deepEqual(keptValues(SETTINGS, "a", [1, "cosine", false]), [12, "linear", false]);
});

test("what no longer fits gives way to the advice, and damage to all of it", () => {
  keepValues(SETTINGS, "a", [1000, "linear", "yes"], {});
  assert.deepEqual(keptValues(SETTINGS, "a"), [8, "linear", false]);
  for (const text of ["{", "null", "7"]) {
    stored.set("mge-settings", text);
    assert.deepEqual(keptValues(SETTINGS, "a"), ADVICE);
  }
});

test("what each mode was given comes back as far as it fits", () => {
  const tasks = { fill: 2, replace: 5 };
  const settings = [
    { name: "mode", advice: "fill", choices: ["fill", "replace"] },
    { name: "guidance", advice: 5, own: true, low: 1, high: 8, tasks },
    ...SETTINGS,
  ];
  const modes = { fill: { guidance: 3, steps: 4 }, replace: { guidance: 9 }, other: { guidance: 2 } };
  keepValues(settings, "a", ["fill", 3, ...ADVICE], modes);
  assert.deepEqual(keptModes(settings, "a"), { fill: { guidance: 3 }, replace: {} });
  assert.deepEqual(keptModes(settings, "b"), {});
  assert.deepEqual(keptValues(settings, "a"), ["fill", 5, ...ADVICE]);
});

test("what a visit before had for all modes is every mode's, unless it was the advice", () => {
  const tasks = { fill: 0.8, generate: 1 };
  const settings = [
    { name: "mode", advice: "fill", choices: ["fill", "generate"] },
    { name: "token_temperature", advice: 0.8, own: true, low: 0.1, high: 2, tasks },
  ];
  const visit = (/** @type {number} */ held) =>
    stored.set("mge-settings", JSON.stringify({ model: "a", token_temperature: held, modes: { fill: { steps: 4 } } }));
  visit(0.5);
  const everywhere = { token_temperature: 0.5 };
  assert.deepEqual(keptModes(settings, "a"), { fill: everywhere, generate: everywhere });
  visit(0.8);
  assert.deepEqual(keptModes(settings, "a"), { fill: {}, generate: {} });
});

test("a browser that keeps nothing is no error", () => {
  const refuse = () => {
    throw new Error("forbidden");
  };
  Object.assign(globalThis, { localStorage: { getItem: refuse, setItem: refuse } });
  keepValues(SETTINGS, "a", [12, "linear", true], {});
  assert.deepEqual(keptValues(SETTINGS, "a"), ADVICE);
});
