/** Shapes by rows: held to the plain definition, pixel by pixel. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { grown } from "../../editor/static/stage/grown.js";
import { capsuleRows, polygonRows } from "../../editor/static/stage/shapes.js";
import { drawsOf } from "./golden.js";

const [WIDTH, HEIGHT] = [40, 30];

/** @param {(emit: import("../../editor/static/stage/shapes.js").EmitRow) => void} shape */
function plane(shape) {
  const bytes = new Uint8Array(WIDTH * HEIGHT);
  shape((y, left, right) => {
    assert.ok(y >= 0 && y < HEIGHT);
    for (let x = Math.max(left, 0); x < Math.min(right, WIDTH); x++) bytes[y * WIDTH + x] = 1;
  });
  return bytes;
}

test("a capsule holds the pixels whose centre is near enough to its segment", () => {
  const draw = drawsOf(4);
  for (let round = 0; round < 100; round++) {
    const [ax, ay, bx, by] = [draw() * 50 - 5, draw() * 40 - 5, draw() * 50 - 5, draw() * 40 - 5];
    const radius = 0.3 + 9 * draw();
    const found = plane((emit) => capsuleRows(ax, ay, bx, by, radius, HEIGHT, emit));
    for (let i = 0; i < found.length; i++) {
      const [x, y] = [(i % WIDTH) + 0.5, Math.floor(i / WIDTH) + 0.5];
      const square = (bx - ax) ** 2 + (by - ay) ** 2;
      const along = Math.min(Math.max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square, 0), 1);
      const far = Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
      if (Math.abs(far - radius) > 1e-6) assert.equal(found[i], far < radius ? 1 : 0);
    }
  }
});

test("a polygon holds the pixels that a ray leaves an odd number of times", () => {
  const draw = drawsOf(5);
  for (let round = 0; round < 100; round++) {
    const points = Array.from({ length: 3 + Math.floor(draw() * 5) }, () => [draw() * 50 - 5, draw() * 40 - 5]);
    const found = plane((emit) => polygonRows(points, HEIGHT, emit));
    for (let i = 0; i < found.length; i++) {
      const [x, y] = [(i % WIDTH) + 0.5, Math.floor(i / WIDTH) + 0.5];
      let crossed = 0;
      for (const [n, [x1, y1]] of points.entries()) {
        const [x0, y0] = points[(n + points.length - 1) % points.length];
        if (y0 > y !== y1 > y && x0 + ((y - y0) * (x1 - x0)) / (y1 - y0) > x) crossed++;
      }
      assert.equal(found[i], crossed % 2);
    }
  }
});

test("growing takes the greatest byte within a disc", () => {
  const draw = drawsOf(6);
  for (const radius of [1, 2, 5, 60]) {
    const bytes = Uint8Array.from({ length: WIDTH * HEIGHT }, () => (draw() < 0.01 ? 17 * Math.ceil(15 * draw()) : 0));
    const found = grown(bytes, WIDTH, HEIGHT, radius);
    for (let i = 0; i < bytes.length; i++) {
      let most = 0;
      for (let j = 0; j < bytes.length; j++) {
        const square = ((i % WIDTH) - (j % WIDTH)) ** 2 + (Math.floor(i / WIDTH) - Math.floor(j / WIDTH)) ** 2;
        if (bytes[j] > most && square <= radius * radius) most = bytes[j];
      }
      assert.equal(found[i], most);
    }
  }
});
