/** Every mode has its own values: a hand that changes the mode brings them back, a recipe brings others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ModeSettings } from "../../editor/static/page/modes.js";

/** @param {boolean} [carried] @param {import("../../editor/static/page/modes.js").Given} [given] */
function settings(carried = false, given = {}) {
  const of = (/** @type {number} */ blend, /** @type {number} */ strong) => ({ fill: blend, replace: strong });
  /** @type {import("../../editor/static/page/kept.js").Setting[]} */
  const all = [
    { name: "class_id", advice: -1, tasks: of(-1, -1), carried },
    { name: "guidance", advice: 5, tasks: of(2, 5) },
    { name: "steps", advice: 8 },
  ];
  return new ModeSettings(all, "fill", given, (mode) => (mode === "sweep" ? "fill" : mode));
}

/** @param {ModeSettings} own @param {string} mode @param {any[]} now */
function byHand(own, mode, now) {
  own.chosen = mode;
  return own.go(mode, now);
}

test("a mode has the advice until it is given something, and keeps that", () => {
  const own = settings();
  own.note([3, 2]);
  assert.deepEqual(byHand(own, "replace", [3, 2]), [-1, 5]);
  own.note([-1, 5]);
  own.note([6, 4]);
  assert.ok(own.touched("guidance"));
  assert.deepEqual(byHand(own, "fill", [6, 4]), [3, 2]);
  own.note([3, 2]);
  assert.ok(!own.touched("guidance"));
  own.note([-1, 2]);
  assert.deepEqual(own.given, { fill: {}, replace: { class_id: 6, guidance: 4 } });
  assert.deepEqual(byHand(own, "sweep", [-1, 2]), [-1, 2]);
});

test("what the controls still hold of the mode before is not the next mode's", () => {
  const own = settings();
  own.note([3, 2]);
  byHand(own, "replace", [3, 2]);
  own.note([3, 2]);
  assert.deepEqual(byHand(own, "fill", [3, 2]), [3, 2]);
  assert.deepEqual(own.given.replace ?? {}, {});
});

test("a hand is heard before the controls have followed, and where they had nothing to follow", () => {
  const own = settings(false, { replace: { class_id: 7 } });
  assert.equal(own.told(own.settings[0], -1), -1);
  own.note([4, 2]);
  byHand(own, "replace", [4, 2]);
  own.take("class_id");
  own.note([6, 2]);
  assert.deepEqual(own.given, { fill: { class_id: 4 }, replace: { class_id: 6 } });
});

test("a mode that does something else follows the advice where it was given nothing", () => {
  let does = "fill";
  const { settings: all } = settings();
  const own = new ModeSettings(all, "sweep", {}, () => does);
  own.note([-1, 2]);
  does = "replace";
  assert.deepEqual(own.follow([-1, 2]), [-1, 5]);
  own.note([-1, 2]); // not yet there
  own.note([-1, 5]);
  own.note([-1, 4]);
  does = "fill";
  assert.deepEqual(own.follow([-1, 4]), [-1, 4]);
});

test("a mode that comes by itself brings its own values", () => {
  const own = settings(false, { fill: { class_id: 3 }, replace: { class_id: 7 } });
  assert.deepEqual(own.go("replace", [3, 4]), [3, 4]);
  assert.deepEqual(own.given, { fill: { class_id: 3 }, replace: { class_id: 3, guidance: 4 } });
});

test("a model that needs a class takes it along", () => {
  const own = settings(true, { fill: { class_id: 3 } });
  assert.deepEqual(byHand(own, "replace", [3, 2]), [3, 5]);
  own.note([3, 5]);
  own.note([4, 5]);
  assert.deepEqual(byHand(own, "fill", [4, 5]), [3, 2]);
});
