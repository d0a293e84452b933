/** The frame of a crop: it stays in the picture, keeps its shape, and what lies opposite of a handle stays. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { holds, largest, pulled, refitted } from "../../editor/static/stage/framing.js";
import { drawsOf, GOLDEN } from "./golden.js";

const HANDLES = ["", "n", "ne", "e", "se", "s", "sw", "w", "nw"];

/** @param {number} width @param {number} height @param {number} degrees */
const sheetOf = (width, height, degrees) => ({ width, height, degrees, least: 16 });

/** @param {number[]} box */
const sides = (box) => [box[2] - box[0], box[3] - box[1]];

/** Whether a box has a shape, as well as whole pixels can. @param {number[]} box @param {number} aspect */
function isShaped(box, aspect) {
  const [width, height] = sides(box);
  return Math.abs(width - height * aspect) <= Math.max(1, aspect);
}

test("the largest frame of a straightened picture is the one that core cuts out", () => {
  for (const { size, degrees, box } of GOLDEN.straight) {
    const sheet = sheetOf(size[0], size[1], degrees);
    assert.deepEqual(largest(sheet, null), box);
    assert.ok(holds(sheet, box));
    assert.ok(!holds(sheet, [box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2]));
    const square = largest(sheet, 1);
    assert.ok(holds(sheet, square) && sides(square)[0] === sides(square)[1]);
  }
});

test("a frame of a shape is as large as whole pixels can be", () => {
  assert.deepEqual(largest(sheetOf(427, 640, 0), 9 / 16), [33, 0, 393, 640]);
  assert.deepEqual(largest(sheetOf(640, 427, 0), 1), [106, 0, 533, 427]);
});

test("whatever is pulled where, the frame stays in the picture and has its shape", () => {
  const draw = drawsOf(5);
  for (let i = 0; i < 400; i++) {
    const degrees = draw() < 0.4 ? 0 : draw() * 16 - 8;
    const sheet = sheetOf(200 + Math.floor(draw() * 300), 200 + Math.floor(draw() * 300), degrees);
    const aspect = [null, 1, 16 / 9, 2 / 3][i % 4];
    let box = largest(sheet, aspect);
    for (let j = 0; j < 6; j++) {
      const handle = HANDLES[Math.floor(draw() * HANDLES.length)];
      const before = box;
      box = pulled(sheet, before, handle, Math.round(draw() * 300 - 150), Math.round(draw() * 300 - 150), aspect);
      assert.ok(holds(sheet, box), `${box}`);
      assert.ok(Math.min(...sides(box)) >= 16, `${box}`);
      if (!handle) assert.deepEqual(sides(box), sides(before));
      assert.ok(box.every(Number.isInteger));
      if (aspect !== null) assert.ok(isShaped(box, aspect), `${box} ${aspect}`);
      if (handle.length === 2) {
        assert.equal(box[handle.includes("w") ? 2 : 0], before[handle.includes("w") ? 2 : 0]);
        assert.equal(box[handle.includes("n") ? 3 : 1], before[handle.includes("n") ? 3 : 1]);
      }
    }
  }
});

test("a corner that is pulled beyond the picture slides along its edges", () => {
  const sheet = sheetOf(300, 200, 0);
  assert.deepEqual(pulled(sheet, [50, 50, 100, 100], "se", 900, 20, null), [50, 50, 300, 120]);
  assert.deepEqual(pulled(sheet, [50, 50, 100, 100], "", -80, 900, null), [0, 150, 50, 200]);
  assert.deepEqual(pulled(sheet, [50, 50, 100, 100], "nw", 90, 90, null), [84, 84, 100, 100]);
});

test("a frame that no longer fits becomes smaller, and is back where it fits again", () => {
  const drawn = [20, 10, 290, 190];
  const less = refitted(sheetOf(300, 200, 9), drawn, null);
  assert.ok(holds(sheetOf(300, 200, 9), less));
  assert.ok(sides(less)[0] < 270);
  assert.deepEqual(refitted(sheetOf(300, 200, 0), drawn, null), drawn);
});
