/** The values of golden.json, which core computes too; golden.py writes them. */

import { readFileSync } from "node:fs";

export const GOLDEN = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8"));

/** Repeatable numbers in [0, 1): mulberry32. @param {number} seed @returns {() => number} */
export function drawsOf(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
