/** Steps of a run: when each cell was decided, how sure of it the model was, and where to look. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sightOf, Trace } from "../../editor/static/stage/trace.js";

const WINDOW = [10, 20, 26, 36];

const STEP = {
  run: "r",
  grid: 2,
  offset: [0, 0],
  window: WINDOW,
  steps: 3,
  passes: 1,
  variation_count: 1,
  canvas: [64, 64],
  finish: false,
  pass_index: 0,
  urls: ["data:,"],
};

/** Three steps over 2 x 2 cells of which the first is given; bits and bytes row by row. */
function traced() {
  const trace = new Trace("r", "fill", { kind: "box", box: [12, 22, 16, 24] }, Uint8Array.of(0, 1, 1, 1));
  const steps = [
    { step: 1, unknown: "60", confidence: "ff000080" },
    { step: 2, unknown: "20", confidence: "ff400080" },
    { step: 3, unknown: "00", confidence: "ff40c080" },
  ];
  for (const { step, unknown, confidence } of steps) {
    trace.add({ ...STEP, step, unknown: [unknown], confidence: [confidence] });
  }
  return trace;
}

test("each cell has the share of the pass at which it was decided", () => {
  const trace = traced();
  assert.deepEqual([.../** @type {Float32Array} */ (trace.order(3, 0))], [-1, 0.5, 1, 0]);
  assert.deepEqual([.../** @type {Float32Array} */ (trace.order(1, 0))], [-1, -1, -1, 0]);
  assert.equal(trace.order(0, 0), null);
});

test("sureness is told of decided cells alone", () => {
  const found = /** @type {Float32Array} */ (traced().sureness(2, 0));
  assert.deepEqual(
    [...found].map((value) => Math.round(255 * value)),
    [-255, 0x40, -255, 0x80]
  );
});

test("before the first step all of the hole is undecided", () => {
  const trace = traced();
  assert.deepEqual([...(trace.undecided(0, 0)?.unknown ?? [])], [0, 1, 1, 1]);
  assert.deepEqual([...(trace.undecided(2, 0)?.unknown ?? [])], [0, 0, 1, 0]);
});

test("a branch takes over what came before it", () => {
  const branch = new Trace("s", "fill", { kind: "all" }, null);
  branch.begin(traced(), 2, 0, 3);
  assert.equal(branch.moments.length, 2);
  assert.equal(branch.moments[1].unknown.length, 3);
  assert.deepEqual([.../** @type {Uint8Array} */ (branch.region)], [0, 1, 1, 1]);
  assert.deepEqual(branch.window, WINDOW);
});

test("a look at the finish decides nothing, and is forgotten with it", () => {
  const trace = traced();
  const order = trace.order(3, 0);
  trace.moments.push({ ...trace.moments[2], finish: true });
  assert.equal(trace.decoded, 3);
  assert.deepEqual(trace.order(4, 0), order);
  trace.unfinish();
  assert.equal(trace.moments.length, 3);
});

test("a look at the finish of several windows is no step", () => {
  const trace = traced();
  trace.add({ ...STEP, step: 3, finish: true, passes: 4, unknown: [], confidence: [], urls: [] });
  assert.equal(trace.moments.length, 3);
});

test("the sight is a square about what is new and a quarter more, where there is room", () => {
  assert.deepEqual(sightOf([100, 100, 140, 120], [0, 0, 400, 300]), [95, 85, 145, 135]);
  assert.deepEqual(sightOf([0, 280, 40, 300], [0, 0, 400, 300]), [0, 250, 50, 300]);
  assert.deepEqual(sightOf([0, 0, 400, 20], [0, 0, 400, 300]), [0, 0, 400, 300]);
  assert.deepEqual(sightOf([50, 50, 52, 51], [0, 0, 400, 300]), [39, 38.5, 63, 62.5], "a dot is not blown up");
});

test("the sight of a run lies within its window", () => {
  const [l, t, r, b] = /** @type {number[]} */ (traced().sight);
  assert.ok(l >= WINDOW[0] && t >= WINDOW[1] && r <= WINDOW[2] && b <= WINDOW[3]);
  assert.ok(l <= 12 && r >= 16 && t <= 22 && b >= 24);
});
