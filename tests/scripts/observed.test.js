/** Who hears of a change, how often, and in which order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Observed } from "../../editor/static/stage/observed.js";

/** @type {(() => void)[]} */
let due = [];
globalThis.requestAnimationFrame = (draw) => due.push(/** @type {any} */ (draw));

/** Two values, and the frame that shows them. */
class Pair extends Observed {
  left = 0;
  /** @type {number[]} */
  right = [];
}

/** Everything that is due, once. @returns {number} how much that was */
function frame() {
  const now = due;
  due = [];
  for (const draw of now) draw();
  return now.length;
}

test("a listener hears once a frame, of what it shows and of nothing else", () => {
  const pair = new Pair();
  /** @type {string[][]} */
  const heard = [];
  pair.listen(["left"], (fresh) => heard.push(["left", ...fresh]));
  pair.listen(null, (fresh) => heard.push(["all", ...fresh]));
  pair.change({ left: 1 });
  pair.change({ left: 2, right: pair.right });
  pair.tell("elsewhere");
  assert.deepEqual([pair.left, heard], [2, []]);
  assert.equal(frame(), 1);
  assert.deepEqual(heard, [
    ["left", "left"],
    ["all", "left", "elsewhere"],
  ]);
  pair.change({ left: 2 });
  assert.equal(frame(), 0);
  pair.change({ right: [] });
  frame();
  assert.deepEqual(heard.slice(2), [["all", "right"]]);
  assert.equal(pair.frames.count, 2);
});

test("a watcher hears at once, with the value as it is now", () => {
  const pair = new Pair();
  /** @type {number[]} */
  const heard = [];
  pair.watch(["left"], () => heard.push(pair.left));
  pair.change({ left: 3, right: [1] });
  pair.change({ right: [2] });
  pair.change({ left: 4 });
  assert.deepEqual(heard, [3, 4]);
  assert.equal(frame(), 0);
});

test("what a listener changes reaches those after it in the same frame, and those before it in the next", () => {
  const pair = new Pair();
  /** @type {string[]} */
  const heard = [];
  pair.listen(["right"], () => heard.push("first"));
  pair.listen(["left"], () => pair.change({ right: [pair.left] }));
  pair.listen(["right"], () => heard.push("last"));
  pair.change({ left: 5 });
  frame();
  assert.deepEqual(heard, ["last"]);
  assert.equal(frame(), 1);
  assert.deepEqual(heard, ["last", "first"]);
  assert.equal(frame(), 0);
});

test("what reaches all in one frame needs no second one, and a listener that fails takes no other's frame", () => {
  const pair = new Pair();
  let heard = 0;
  pair.listen(["left"], () => pair.change({ right: [1] }));
  pair.listen(["right"], () => {
    heard++;
    throw new Error("cannot be drawn");
  });
  pair.change({ left: 7 });
  assert.throws(() => frame(), /cannot be drawn/);
  assert.equal(frame(), 0);
  pair.change({ left: 8 });
  assert.throws(() => frame(), /cannot be drawn/);
  assert.equal(heard, 2);
});

test("a flush does not wait, and leaves nothing for the frame", () => {
  const pair = new Pair();
  let heard = 0;
  pair.listen(["left"], () => heard++);
  pair.change({ left: 6 });
  pair.flush();
  assert.equal(heard, 1);
  frame();
  assert.equal(heard, 1);
});
