/** Cells and windows: the same integers as core, and the token pen's own rules. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask } from "../../editor/static/stage/mask.js";
import {
  bitsOf,
  boxRegion,
  cellAreas,
  cellAt,
  cellPaint,
  cellPixels,
  countSet,
  latentMask,
  maskRegion,
  maybeSeveral,
  onePass,
  windowAround,
} from "../../editor/static/stage/tokens.js";
import { GOLDEN } from "./golden.js";

const MODEL = { pixels: 32, grid: 8, context: 1.5, coverage: 0.25 };

/** @param {any} wire @returns {import("../../editor/static/stage/tokens.js").Region} */
function regionOf(wire) {
  const mask = new Mask(wire.width, wire.height);
  assert.ok(mask.load(wire));
  return maskRegion(mask);
}

test("areas and unknown cells of a window are those of core", () => {
  for (const { mask, window, grid, coverage, areas, unknown } of GOLDEN.cells) {
    const found = cellAreas(regionOf(mask), window, grid);
    assert.deepEqual([...found], areas);
    const cells = latentMask(found, window[2] - window[0], grid, coverage);
    assert.deepEqual([...cells], [...bitsOf(unknown, grid * grid)]);
  }
});

test("one window is that of core's plan, and wherever core takes more the server is asked", () => {
  const counts = { one: 0, more: 0 };
  for (const { mask, model, passes } of GOLDEN.plans) {
    const region = regionOf(mask);
    const found = onePass(region, model);
    if (passes.length > 1) {
      counts.more++;
      assert.ok(!found || maybeSeveral(region, model));
      continue;
    }
    counts.one++;
    assert.ok(found);
    assert.deepEqual(found.window, passes[0].window);
    assert.deepEqual([...found.cells], [...bitsOf(passes[0].unknown, model.grid ** 2)]);
  }
  assert.ok(counts.one > 5 && counts.more > 2);
});

test("a box is the same region as the mask that fills it", () => {
  const mask = new Mask(50, 40);
  mask.rectangle([7, 3, 31, 22], 255);
  const window = [0, 0, 40, 40];
  const box = boxRegion([7, 3, 31, 22], 50, 40);
  assert.deepEqual(cellAreas(box, window, 8), cellAreas(maskRegion(mask), window, 8));
  assert.deepEqual(onePass(box, MODEL), onePass(maskRegion(mask), MODEL));
});

test("nothing marked has no window, and a pinned window is kept", () => {
  const mask = new Mask(60, 60);
  assert.equal(onePass(maskRegion(mask), MODEL, [0, 0, 32, 32]), null);
  mask.rectangle([10, 10, 14, 14], 255);
  assert.deepEqual(onePass(maskRegion(mask), MODEL, [4, 8, 36, 40])?.window, [4, 8, 36, 40]);
});

test("a window pinned anywhere lies inside the picture, in steps of a cell", () => {
  for (const [x, y] of [
    [0, 0],
    [50, 30],
    [99, 59],
  ]) {
    const [left, top, right, bottom] = windowAround(x, y, 100, 60, MODEL);
    assert.ok(left >= 0 && top >= 0 && right <= 100 && bottom <= 60);
    assert.deepEqual([right - left, bottom - top], [32, 32]);
    assert.ok(left <= x && x < right && top <= y && y < bottom);
  }
  assert.deepEqual(windowAround(50, 30, 100, 60, MODEL), [36, 16, 68, 48]);
});

test("painting a cell makes that cell unknown, and no other where it is painted alone", () => {
  for (const side of [32, 33, 9]) {
    const window = [2, 1, 2 + side, 1 + side];
    for (let cell = 0; cell < 64; cell++) {
      const mask = new Mask(50, 50);
      mask.rectangle(cellPaint(window, MODEL, cell), 255);
      const cells = latentMask(cellAreas(maskRegion(mask), window, 8), side, 8, MODEL.coverage);
      assert.equal(cells[cell], 1);
      if (side === 32) assert.equal(countSet(cells), 1);
    }
  }
});

test("a cell holds its own pixels, and positions outside of a window are in none", () => {
  const window = [10, 20, 42, 52];
  for (let cell = 0; cell < 64; cell++) {
    const [l, t, r, b] = cellPixels(window, 8, cell, false);
    assert.deepEqual([r - l, b - t], [4, 4]);
    assert.equal(cellAt(window, 8, l, t), cell);
    assert.equal(cellAt(window, 8, r - 0.01, b - 0.01), cell);
  }
  for (const [x, y] of [
    [9.9, 30],
    [42, 30],
    [20, 19.9],
    [20, 52],
  ])
    assert.equal(cellAt(window, 8, x, y), -1);
});
