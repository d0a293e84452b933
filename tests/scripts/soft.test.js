/** The soft edge that is shown while a feather is chosen: that of core, on the picture's pixels and on fewer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask } from "../../editor/static/stage/mask.js";
import { softened } from "../../editor/static/stage/soft.js";
import { GOLDEN } from "./golden.js";

test("the soft edge is the one that core computes", () => {
  for (const { mask, radius, levels } of GOLDEN.feathers) {
    const { width, height } = mask;
    const painted = new Mask(width, height);
    painted.load(mask);
    const soft = softened(painted.data, width, height, radius);
    for (const [i, level] of levels.entries())
      assert.ok(Math.abs(soft[i] - Math.max(level, painted.data[i] && 1)) <= 1, `${i}`);
  }
});

test("what is painted weakly stays as weak inside, and nothing comes up beside it", () => {
  const plane = new Uint8Array(40 * 40);
  for (let y = 10; y < 30; y++) plane.fill(102, 40 * y + 10, 40 * y + 30);
  const soft = softened(plane, 40, 40, 4);
  assert.equal(soft[40 * 20 + 20], 102);
  assert.ok(soft[40 * 10 + 20] > 0 && soft[40 * 10 + 20] < 30);
  assert.ok(soft.every((level, i) => !level === !plane[i]));
});

test("on a plane of fewer pixels the edge is as wide on the picture", () => {
  const large = new Uint8Array(160 * 160);
  for (let y = 40; y < 160; y++) large.fill(255, 160 * y + 40, 160 * y + 160);
  const small = new Uint8Array(40 * 40);
  for (let y = 10; y < 40; y++) small.fill(255, 40 * y + 10, 40 * y + 40);
  const fine = softened(large, 160, 160, 24);
  const coarse = softened(small, 40, 40, 24, 4);
  for (let x = 10; x < 40; x++) {
    const middle = (fine[160 * 121 + 4 * x + 1] + fine[160 * 121 + 4 * x + 2]) / 2;
    assert.ok(Math.abs(coarse[40 * 30 + x] - middle) < 8, `${x}: ${coarse[40 * 30 + x]}, ${middle}`);
  }
});
