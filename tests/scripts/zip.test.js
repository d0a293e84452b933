/** Checksums of zip files; whole project files are read back by the server's own reader, in test_scripts.py. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as crc32OfZlib } from "node:zlib";
import { crc32 } from "../../editor/static/common/crc.js";
import { drawsOf } from "./golden.js";

test("checksums are zlib's", () => {
  const draw = drawsOf(9);
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  for (const length of [0, 1, 255, 10000]) {
    const bytes = Uint8Array.from({ length }, () => 256 * draw());
    assert.equal(crc32(bytes), crc32OfZlib(bytes));
  }
});
