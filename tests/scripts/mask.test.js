/** The brush mask: its counts are those of its bytes after any edit, edits undo themselves, and it crosses the wire. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask, union } from "../../editor/static/stage/mask.js";
import { drawsOf, GOLDEN } from "./golden.js";

/** Draws something at random. @param {Mask} mask @param {() => number} draw */
function scribble(mask, draw) {
  const at = () => [draw() * 1.2 * mask.width - 8, draw() * 1.2 * mask.height - 8];
  const value = draw() < 0.7 ? 255 : 0;
  const [[ax, ay], [bx, by]] = [at(), at()];
  const kind = Math.floor(draw() * 5);
  if (kind === 0) mask.capsule(ax, ay, bx, by, 0.5 + 12 * draw(), value, draw() < 0.5 ? 1 : draw());
  else if (kind === 1) mask.rectangle([ax, ay, bx, by].map(Math.floor), value);
  else if (kind === 2) mask.polygon([at(), at(), at(), at()], value);
  else if (kind === 3) mask.grow(Math.floor(draw() * 9) - 4);
  else mask.invert();
}

/** @param {Mask} mask */
function check(mask) {
  const set = mask.data.filter(Boolean).length;
  assert.equal(mask.painted, set);
  assert.equal(
    mask.soft,
    mask.data.some((byte) => byte > 0 && byte < 255)
  );
  /** @type {import("../../editor/static/stage/mask.js").Rect | null} */
  let box = null;
  mask.data.forEach((byte, i) => {
    const [x, y] = [i % mask.width, Math.floor(i / mask.width)];
    if (byte) box = union(box, [x, y, x + 1, y + 1]);
  });
  assert.deepEqual(mask.bounds(), box);
}

test("counts and bounds are those of the bytes, whatever was drawn", () => {
  const draw = drawsOf(2);
  for (let round = 0; round < 20; round++) {
    const mask = new Mask(20 + Math.floor(draw() * 90), 20 + Math.floor(draw() * 90));
    for (let n = 0; n < 6; n++) {
      scribble(mask, draw);
      check(mask);
    }
  }
});

test("an edit applied again is taken back, and once more is there again", () => {
  const draw = drawsOf(3);
  const mask = new Mask(90, 70);
  const edits = [];
  const hashes = [mask.hash()];
  while (edits.length < 12) {
    scribble(mask, draw);
    const edit = mask.commit();
    if (!edit) continue;
    edits.push(edit);
    hashes.push(mask.hash());
  }
  for (let n = edits.length - 1; n >= 0; n--) {
    mask.apply(edits[n]);
    assert.equal(mask.hash(), hashes[n]);
    check(mask);
    mask.invert();
    mask.rollback();
    assert.equal(mask.hash(), hashes[n], "what is dropped afterwards goes back to there");
  }
  for (const [n, edit] of edits.entries()) {
    mask.apply(edit);
    assert.equal(mask.hash(), hashes[n + 1]);
  }
});

test("what another mask has set replaces, adds to, or is taken from what there is, in one edit", () => {
  const draw = drawsOf(5);
  for (let round = 0; round < 10; round++) {
    const [mask, other] = [new Mask(90, 70), new Mask(90, 70)];
    scribble(mask, draw);
    scribble(other, draw);
    mask.commit();
    const before = Uint8Array.from(mask.data);
    const hash = mask.hash();
    for (const how of /** @type {const} */ (["new", "more", "less"])) {
      assert.ok(mask.join(other.wire(), how));
      check(mask);
      for (const [i, set] of other.data.entries()) {
        const kept = how === "new" ? 0 : before[i];
        assert.equal(mask.data[i], set ? (how === "less" ? 0 : 255) : kept);
      }
      const edit = mask.commit();
      if (edit) mask.apply(edit);
      assert.equal(mask.hash(), hash, "one edit takes it back");
    }
  }
  const mask = new Mask(9, 9);
  assert.ok(!mask.join(new Mask(9, 8).wire(), "new"), "of another size");
  assert.ok(!mask.join({ width: 9, height: 9, runs: [80] }, "new"), "too short");
});

test("what was not committed can be dropped, and nothing drawn is no edit", () => {
  const mask = new Mask(40, 40);
  mask.rectangle([3, 3, 9, 9], 255);
  assert.ok(mask.commit());
  const before = mask.hash();
  mask.capsule(20, 20, 25, 25, 4, 255, 0.3);
  assert.notEqual(mask.hash(), before);
  mask.rollback();
  assert.equal(mask.hash(), before);
  assert.equal(mask.commit(), null);
  mask.rectangle([3, 3, 9, 9], 255);
  assert.equal(mask.commit(), null);
});

test("it crosses the wire as it is, soft edges too, and lands where it is put", () => {
  const mask = new Mask(50, 30);
  mask.capsule(20, 12, 30, 18, 9, 255, 0.4);
  assert.ok(mask.soft);
  const other = new Mask(50, 30);
  assert.ok(other.load(mask.wire()));
  assert.equal(other.hash(), mask.hash());
  const moved = new Mask(60, 40);
  assert.ok(moved.load(mask.wire(), 10, 5));
  const [l, t, r, b] = /** @type {number[]} */ (mask.bounds());
  assert.deepEqual(moved.bounds(), [l + 10, t + 5, r + 10, b + 5]);
});

test("the server's masks are read, and what is none changes nothing", () => {
  const { mask: wire } = GOLDEN.cells[0];
  const mask = new Mask(wire.width, wire.height);
  assert.ok(mask.load(wire));
  assert.deepEqual(mask.wire(), wire);
  assert.equal(mask.load({ ...wire, runs: [1] }), false);
  assert.deepEqual(mask.wire(), wire);
});

test("a stroke of no length marks the pixel that holds it", () => {
  const mask = new Mask(9, 9);
  mask.capsule(4.01, 5.99, 4.01, 5.99, 0.1, 255);
  assert.deepEqual(mask.bounds(), [4, 5, 5, 6]);
});
