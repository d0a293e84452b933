import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlain, KeyMap } from "../../editor/static/stage/keymap.js";

test("only letters and signs, with or without Shift, can be chosen", () => {
  for (const key of ["B", "Shift+C", "?", ",", "Shift+["]) assert.ok(isPlain(key), key);
  for (const key of ["Enter", "Ctrl+S", "Space", "1", "Alt+B", "Escape", ""]) assert.ok(!isPlain(key), key);
});

test("a key does the deed of the one that it stands for, and that one none", () => {
  const map = new KeyMap();
  assert.equal(map.usualOf("B"), "B");
  map.set("B", "P");
  assert.deepEqual(
    ["P", "B", "E"].map((key) => map.usualOf(key)),
    ["B", "", "E"]
  );
  map.set("E", "B"); // it is free now
  assert.deepEqual(
    ["P", "B", "E"].map((key) => map.usualOf(key)),
    ["B", "E", ""]
  );
  map.set("B", "B");
  map.set("E", "E");
  assert.equal(map.own.size, 0);
});

test("titles name the keys that do it", () => {
  const map = new KeyMap();
  map.set("B", "P");
  map.set("Shift+C", "Q");
  assert.equal(map.titled("Brush (B)"), "Brush (P)");
  assert.equal(map.titled("Crop (Shift+C), or Bold"), "Crop (Q), or Bold");
  assert.equal(map.titled("Undo (Ctrl+B; Ctrl+Shift+C; hold Tab or B)"), "Undo (Ctrl+B; Ctrl+Shift+C; hold Tab or P)");
});
