/** Sentences made of numbers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../../editor/static/common/words.js";
import {
  alternativeOf,
  bytesText,
  cellsSelected,
  duration,
  groupName,
  inLine,
  letterOf,
  madeFrom,
  orderName,
  restoreFailed,
  stepOf,
  WORDS,
  waitingTitle,
  waitsBehind,
  windowScale,
} from "../../editor/static/stage/wording.js";

test("one is singular, thousands have a comma", () => {
  assert.equal(counted(1, WORDS.windowCount), "1 window");
  assert.equal(counted(0, WORDS.windowCount), "0 windows");
  assert.equal(counted(12345, WORDS.windowCount), "12,345 windows");
  assert.equal(cellsSelected(0, 256), "No cells selected");
  assert.equal(cellsSelected(3, 256), "3 of 256 cells selected");
});

test("a place in the line is told in whole seconds, or without", () => {
  assert.equal(inLine(2, 8.2), "2 before you, about 9 s");
  assert.equal(inLine(1, 0), "1 before you");
  assert.equal(inLine(30, 200), "30 before you, about 3 min");
});

test("durations and sizes get no more digits than anybody reads", () => {
  assert.deepEqual([0.04, 9.94, 10.4, 89.4, 90, 600].map(duration), [
    "0.0 s",
    "9.9 s",
    "10 s",
    "89 s",
    "2 min",
    "10 min",
  ]);
  assert.deepEqual([999, 1000, 999499, 1e6, 12.34e6].map(bytesText), [
    "999 bytes",
    "1 kB",
    "999 kB",
    "1.0 MB",
    "12.3 MB",
  ]);
  assert.deepEqual([0.5, 0.0512, 0.001, 0.0004].map(alternativeOf), ["50 %", "5.1 %", "0.1 %", "< 0.1 %"]);
});

test("variations are lettered as columns of a sheet are", () => {
  assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map(letterOf), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
});

test("a window says its scale only where it is seen at another one", () => {
  assert.equal(windowScale(128, 128), "128 px seen at 128 px");
  assert.equal(windowScale(256, 128), "256 px seen at 128 px (×0.50)");
  assert.equal(windowScale(2560, 128), "2560 px seen at 128 px (×0.050)");
});

test("a step counts windows from one, and says where it is a closer look", () => {
  assert.equal(stepOf(3, 8, null), "Step 3 of 8");
  assert.equal(stepOf(3, 8, [0, 4]), "Step 3 of 8 · window 1 of 4");
});

test("where a variation came from is said with and without a letter", () => {
  const from = /** @type {any} */ ({ run: "r", variation: 0, step: 5, share: 0.2 });
  assert.equal(madeFrom({ ...from, how: "branch" }, "B"), "branch of B at step 5");
  assert.equal(madeFrom({ ...from, how: "weakest" }, ""), "weakest 20 % again");
  assert.equal(madeFrom({ ...from, how: "more" }, ""), "more like it");
});

test("the tiles of a run stand under its number, those made from another under how", () => {
  const from = /** @type {any} */ ({ run: "r", variation: 0, step: 4, share: 0.2 });
  assert.equal(groupName(null, 2), "Run 2");
  assert.equal(groupName({ ...from, how: "branch" }, 2), "Branch at step 4");
  assert.equal(groupName({ ...from, how: "weakest" }, 2), "Weakest 20 % again");
  assert.equal(groupName({ ...from, how: "more" }, 2), "More of run 2");
});

test("an edit that waits is called by its mode, class and number of variations", () => {
  const order = /** @type {any} */ ({ mode: "fill", about: "", settings: null });
  assert.equal(orderName(order), "Fill");
  assert.equal(orderName({ ...order, about: "lake", settings: { variations: 4 } }), "Fill · lake · 4 variations");
  assert.equal(orderName({ ...order, mode: "sweep", settings: { variations: 4 } }), "Sweep");
  assert.equal(waitsBehind("Fill", 1), "Fill waits for the run before it.");
  assert.equal(waitsBehind("Fill", 2), "Fill waits for the run and 1 edit before it.");
  assert.deepEqual([waitingTitle(1, false), waitingTitle(3, false)], ["1 edit waits", "3 edits wait"]);
  assert.equal(waitingTitle(2, true), "2 edits on hold");
});

test("why work did not come back is told without its second half", () => {
  assert.match(
    restoreFailed("", "the disk is full: make room.\nSoon."),
    /^Your work could .*\(the disk is full\), but/
  );
});
