/** Run lengths: what is written is what is read, and what is no mask is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { eachSpan, isSound, RunWriter } from "../../editor/static/stage/runlength.js";
import { drawsOf } from "./golden.js";

/** @param {import("../../editor/static/stage/runlength.js").Coded} coded @param {number} width @param {number} height */
function read(coded, width, height) {
  const bytes = new Uint8Array(width * height);
  eachSpan(coded, width, (row, left, right, value) => {
    assert.ok(0 <= left && left < right && right <= width && row < height, "a span stays in its row");
    bytes.fill(value, row * width + left, row * width + right);
  });
  return bytes;
}

test("bytes come back as they were written, soft or not", () => {
  const draw = drawsOf(1);
  for (const levels of [2, 16]) {
    for (let round = 0; round < 50; round++) {
      const [width, height] = [1 + Math.floor(draw() * 9), 1 + Math.floor(draw() * 9)];
      const bytes = Uint8Array.from({ length: width * height }, () =>
        draw() < 0.6 ? 0 : Math.round(Math.ceil(draw() * (levels - 1)) * (255 / (levels - 1)))
      );
      const writer = new RunWriter();
      for (const value of bytes) writer.push(value, 1);
      const coded = writer.end();
      assert.ok(isSound(coded, width * height));
      assert.deepEqual(read(coded, width, height), bytes);
    }
  }
});

test("black and white alone are kept without values, from 0 on", () => {
  const writer = new RunWriter();
  writer.push(255, 2);
  writer.push(255, 1);
  writer.push(0, 4);
  assert.deepEqual(writer.end(), { runs: [0, 3, 4] });
  writer.push(51, 1);
  assert.deepEqual(writer.end(), { runs: [3, 4, 1], values: [255, 0, 51] });
});

test("nothing is written for lengths of 0", () => {
  const writer = new RunWriter();
  writer.push(255, 0);
  assert.deepEqual(writer.end(), { runs: [0] });
});

test("runs that are no whole numbers, or not of the area, are no mask", () => {
  assert.ok(isSound({ runs: [1, 2, 3] }, 6));
  for (const runs of [[1, 2], [1, 2, 4], [-1, 7], [0.5, 5.5], [Number.NaN, 6], ["6"]])
    assert.ok(!isSound({ runs: /** @type {any} */ (runs) }, 6), String(runs));
  assert.ok(isSound({ runs: [2, 4], values: [0, 17] }, 6));
  assert.ok(!isSound({ runs: [2, 4], values: [0] }, 6));
});
