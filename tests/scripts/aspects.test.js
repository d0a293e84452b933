/** Borders: the smallest for a shape, and within what the core accepts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aspectSides, grownSides } from "../../editor/static/page/aspects.js";
import { allowedExtend, handleAt } from "../../editor/static/stage/tools.js";
import { drawsOf } from "./golden.js";

test("a picture grows to a shape at one pair of sides only, as little as it must", () => {
  const draw = drawsOf(8);
  for (let round = 0; round < 200; round++) {
    const [width, height] = [1 + Math.floor(draw() * 3000), 1 + Math.floor(draw() * 3000)];
    const aspect = 0.3 + 3 * draw();
    const [l, t, r, b] = aspectSides(width, height, aspect, [Math.floor(draw() * 3), Math.floor(draw() * 3)]);
    assert.ok(Math.min(l, t, r, b) >= 0);
    assert.ok(l + r === 0 || t + b === 0);
    const [w, h] = [width + l + r, height + t + b];
    assert.ok(Math.abs(w - h * aspect) <= 0.5 || Math.abs(h - w / aspect) <= 0.5);
  }
});

test("the anchor says where the picture lies in the result", () => {
  assert.deepEqual(aspectSides(100, 100, 2, [0, 1]), [0, 0, 100, 0]);
  assert.deepEqual(aspectSides(100, 100, 2, [1, 1]), [50, 0, 50, 0]);
  assert.deepEqual(aspectSides(100, 100, 2, [2, 1]), [100, 0, 0, 0]);
  assert.deepEqual(aspectSides(100, 100, 0.5, [1, 2]), [0, 100, 0, 0]);
  assert.deepEqual(grownSides([1, 2, 3, 4], 200, 100, 0.1), [21, 12, 23, 14]);
});

const MOST = { side: 16000, pixels: 60e6 };

test("a border is whole, never negative, and leaves a picture that may be", () => {
  assert.deepEqual(allowedExtend([-3, 2.4, 2.6, Number.NaN], 100, 100, MOST), [0, 2, 3, 0]);
  assert.deepEqual(allowedExtend([0, 0, 0, 0], 16000, 10, MOST), [0, 0, 0, 0]);
  for (const sides of [
    [1e6, 0, 0, 0],
    [9000, 9000, 9000, 9000],
  ]) {
    const [l, t, r, b] = allowedExtend(sides, 4000, 3000, MOST);
    const [w, h] = [4000 + l + r, 3000 + t + b];
    assert.ok(w <= MOST.side && h <= MOST.side && w * h <= MOST.pixels, `${w} x ${h}`);
    assert.ok(w * h > 12e6, "something is left of it");
  }
});

test("a handle is touched within reach, a corner before a side", () => {
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    handleAt([10, 20, 110, 60], /** @type {any} */ ({ x, y, reach: 5 }));
  assert.deepEqual([at(12, 24), at(60, 17), at(115, 60), at(60, 40), at(10, 41)], ["nw", "n", "se", "", "w"]);
});
