/** Where a picture lies on another, as core computes it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, matrixOf, placedBox, turnedIn, UNMOVED } from "../../editor/static/stage/placing.js";
import { GOLDEN } from "./golden.js";

test("placings are joined, and boxes placed, as core does", () => {
  assert.equal(GOLDEN.placings.length, 64);
  for (const { placings, box, placed } of GOLDEN.placings) {
    const [one, two, both] = placings;
    assert.deepEqual(joined(one, two), both);
    assert.deepEqual(placedBox(both, box), placed);
    assert.deepEqual(placedBox(two, placedBox(one, box)), placed);
    assert.deepEqual(joined(UNMOVED, both), both);
    const [a, b, c, d, e, f] = matrixOf(both);
    const [x, y] = [a * box[0] + c * box[1] + e, b * box[0] + d * box[1] + f];
    assert.ok([placed[0], placed[2]].includes(x) && [placed[1], placed[3]].includes(y));
  }
});

test("a picture that is turned in its place begins at the corner, and four quarters are nothing", () => {
  for (let turn = 0; turn < 8; turn++) {
    const [width, height] = turn % 2 ? [7, 9] : [9, 7];
    assert.deepEqual(placedBox(turnedIn(turn, 9, 7), [0, 0, 9, 7]), [0, 0, width, height]);
  }
  const right = [turnedIn(1, 9, 7), turnedIn(1, 7, 9)];
  assert.deepEqual([0, 1, 0, 1].map((i) => right[i]).reduce(joined), UNMOVED);
  assert.deepEqual(joined(turnedIn(4, 9, 7), turnedIn(4, 9, 7)), UNMOVED);
});
