/** Photos of a folder: what counts as one, and names and table as core writes them; a zip keeps names of any script. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ENDINGS,
  manifestText,
  outputNames,
  photosAmong,
  rowOf,
  variationNames,
} from "../../editor/static/page/photos.js";
import { GOLDEN } from "./golden.js";

test("photos are those that core takes, by name, without what is hidden", () => {
  assert.deepEqual([GOLDEN.folders[0].endings], [ENDINGS]);
  const paths = ["b/z.PNG", "a.jpg", ".thumbs/a.jpg", "b/.z.png", "notes.txt", "png", "a.jpg"];
  const found = photosAmong(paths.map((path) => ({ path, file: /** @type {File} */ ({}) })));
  assert.deepEqual(
    found.map(({ path }) => path),
    ["a.jpg", "b/z.PNG"]
  );
});

test("results and their table are what core writes", () => {
  for (const { paths, outputs, variations, rows, text } of GOLDEN.folders) {
    assert.deepEqual(outputNames(paths), outputs);
    assert.deepEqual(variationNames(outputs[0], 3), variations);
    assert.equal(manifestText(rows), text);
  }
  assert.deepEqual(outputNames(["a/x.jpg", "b/x.jpg", "b/x.png"]), ["a/x.png", "b/x.jpg.png", "b/x.png.png"]);
});

test("a photo that failed has its sentence and no output", () => {
  const about = { path: "a.jpg", mask: "mask.png", best: 1, seconds: 2, told: "Why." };
  const made = rowOf({ ...about, outputs: ["a-1.png", "a-2.png"] });
  assert.deepEqual(
    [made.status, made.outputs, made.best, made.seconds],
    ["made", "a-1.png; a-2.png", "a-2.png", "2.00"]
  );
  const failed = rowOf({ ...about, outputs: [] });
  assert.deepEqual([failed.status, failed.outputs, failed.best, failed.seconds], ["failed", "", "", ""]);
});
