/** The class search: the same order as core's, and near misses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainName, rankClasses } from "../../editor/static/page/classsearch.js";
import { GOLDEN } from "./golden.js";

/** @type {import("../../editor/static/page/classsearch.js").ClassEntry[]} */
const CLASSES = GOLDEN.classes.map((/** @type {any} */ each) => ({ ...each, name: each.names[0] }));

test("a query finds the classes that core finds, in its order", () => {
  for (const { query, found } of GOLDEN.searches) {
    const ids = rankClasses(CLASSES, query).map(({ entry }) => entry.id);
    assert.deepEqual(ids, found, query);
  }
});

test("one letter wrong, missing, too many, or two swapped still find", () => {
  for (const query of ["stret", "streeet", "stteet", "stretee", "srteet"]) {
    const names = rankClasses(CLASSES, query).map(({ entry }) => entry.name);
    assert.deepEqual(names, query === "stretee" ? [] : ["street"], query);
  }
});

test("the name that matched is told", () => {
  const [entry] = CLASSES;
  const other = { ...entry, names: ["seashore", "coast"], also: ["littoral"] };
  assert.equal(rankClasses([other], "coa")[0].by, "coast");
  assert.equal(rankClasses([other], "litt")[0].by, "littoral");
});

test("names are compared without case, dashes and spare spaces", () => {
  assert.equal(plainName("  Black-eyed_Susan  s "), "black eyed susan s");
});
