/** Where the canvas lies on the screen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { View } from "../../editor/static/stage/view.js";

/** @param {number} dpr */
function viewOf(dpr) {
  return Object.assign(new View(), { width: 800, height: 600, dpr });
}

/** @param {number[]} found @param {number[]} expected @param {number} most */
function near(found, expected, most) {
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(found[i] - value) <= most, `${found} ${expected}`);
}

test("screen and canvas are each other's inverse", () => {
  const view = viewOf(2);
  view.fit([0, 0, 641, 479], [10, 20, 30, 40]);
  view.zoomAt(123, 45, 1.7);
  view.panBy(-33.3, 12.1);
  near(view.toScreen(...view.toCanvas(321, 210)), [321, 210], 1e-9);
});

test("a fitted rectangle lies whole within the free part, and touches two of its sides", () => {
  for (const [width, height] of [
    [4000, 300],
    [300, 4000],
    [800, 600],
  ]) {
    const view = viewOf(1);
    view.fit([0, 0, width, height], [10, 20, 30, 40]);
    const [left, top] = view.toScreen(0, 0);
    const [right, bottom] = view.toScreen(width, height);
    assert.ok(left >= 9.5 && top >= 19.5 && right <= 770.5 && bottom <= 560.5);
    assert.ok(Math.abs(right - left - 760) < 1 || Math.abs(bottom - top - 540) < 1);
    assert.ok(view.fitted);
  }
});

test("zooming keeps what is under the pointer there, within its bounds", () => {
  const view = viewOf(2);
  view.fit([0, 0, 1000, 800], [0, 0, 0, 0]);
  const before = view.toCanvas(200, 150);
  view.zoomAt(200, 150, 3);
  near(view.toScreen(...before), [200, 150], 0.5);
  assert.equal(view.fitted, false);
  view.zoomAt(200, 150, 1e9);
  assert.equal(view.deviceScale, 48);
  view.zoomAt(200, 150, 1e-9);
  assert.equal(view.deviceScale, 0.01);
});

test("the picture's corner lies on a device pixel, and actual size is one to one", () => {
  const view = viewOf(2);
  view.fit([0, 0, 1237, 811], [0, 0, 0, 0]);
  view.actual();
  near([view.deviceScale], [1], 1e-9);
  assert.equal((2 * view.x) % 1, 0);
  assert.equal((2 * view.y) % 1, 0);
});
