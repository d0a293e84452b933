/** The undo stack: order, limits, and the way through the browser's store. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../editor/static/stage/history.js";

/** @param {number} n @returns {import("../../editor/static/stage/history.js").Step} */
const box = (n) => ({ kind: "box", before: [n], after: [n + 1] });

/** @param {number} bytes @returns {import("../../editor/static/stage/history.js").Step} */
const stroke = (bytes) => ({ kind: "mask", edit: { rect: [0, 0, 1, 1], runs: new Uint32Array(bytes / 4) } });

test("steps come back newest first and go on in order, until something new is done", () => {
  const history = new History();
  for (let n = 0; n < 3; n++) history.push(box(n));
  assert.deepEqual([history.undo(), history.undo()], [box(2), box(1)]);
  assert.deepEqual(history.redo(), box(1));
  history.push(box(7));
  assert.equal(history.redo(), undefined);
  assert.deepEqual(
    [history.undo(), history.undo(), history.undo(), history.undo()],
    [box(7), box(1), box(0), undefined]
  );
});

test("the oldest steps go where there are too many, or too large ones", () => {
  const many = new History();
  for (let n = 0; n < 250; n++) many.push(box(n));
  assert.equal(many.done.length, 200);
  assert.deepEqual(many.done[0], box(50));
  const large = new History();
  for (let n = 0; n < 5; n++) large.push(stroke(80e6));
  assert.equal(large.done.length, 3);
  large.push(stroke(300e6));
  assert.equal(large.done.length, 1, "the newest stays, however large");
});

test("only what marks the picture counts as a mark", () => {
  const history = new History();
  history.push(box(0));
  history.push(stroke(4));
  history.push({ kind: "extend", before: [0, 0, 0, 0], after: [1, 0, 0, 0] });
  history.push({ kind: "open", before: "a", after: "b" });
  assert.equal(history.marks, 3);
});

test("a store takes steps by the place of their run, and gives them back with what is known of it", () => {
  const reviews = /** @type {any[]} */ ([{ name: "first" }, { name: "second" }]);
  const history = new History();
  const standing = (/** @type {number} */ version) => ({ version, mask: null });
  history.push(box(0));
  history.push({ kind: "drop", gone: [0, 1].map((at) => ({ review: reviews[at], index: 2 })) });
  history.push({ kind: "version", before: standing(0), after: standing(1), review: reviews[0], index: 0 });
  history.undo();
  const stored = structuredClone(history.stored(reviews));
  const back = new History();
  back.load(stored, reviews);
  assert.deepEqual(back.done, history.done);
  assert.deepEqual(back.undone, history.undone);
  assert.equal(back.bytes > 0, true);
  back.load(stored, reviews.slice(0, 1));
  assert.deepEqual(back.done[1], { kind: "drop", gone: [{ review: reviews[0], index: 2 }] });
  back.load(stored, []);
  assert.deepEqual(
    back.done.map(({ kind }) => kind),
    ["box"],
    "a variation that nothing is known of cannot be brought back"
  );
  assert.deepEqual(
    back.undone.map(({ kind }) => kind),
    ["version"]
  );
});

test("a store gets the newest steps that fit", () => {
  const history = new History();
  for (const bytes of [4, 12e6, 8e6, 4e6]) history.push(stroke(bytes));
  const { done } = history.stored([]);
  assert.deepEqual(
    done.map(({ step }) => step),
    history.done.slice(2)
  );
});
