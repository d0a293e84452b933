/** What is marked on a version when it becomes the picture. Knows masks and why another picture is shown, not how it
 * comes. */

import { Mask } from "./mask.js";
import { placedBox } from "./placing.js";

/** @typedef {import("./mask.js").WireMask} WireMask */

/** What a mask has beyond another of its size. @param {WireMask} mask @param {WireMask | null} done
 * @returns {WireMask} */
function without(mask, done) {
  const { width, height } = mask;
  if (!done || done.width !== width || done.height !== height) return mask;
  const [left, gone] = [mask, done].map((each) => {
    const whole = new Mask(width, height);
    whole.load(each);
    return whole;
  });
  for (let i = 0; i < left.data.length; i++) if (gone.data[i]) left.data[i] = 0;
  left.touch([0, 0, width, height]);
  return left.wire();
}

/** Lays what a mask has on another picture. @param {WireMask} old @param {Mask} mask
 * @param {import("./placing.js").Placing} placing of the picture of the first on that of the second */
function moveAlong(old, mask, placing) {
  const from = new Mask(old.width, old.height);
  from.load(old);
  const [left, top, right, bottom] = from.bounds() || [0, 0, 0, 0];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const value = from.data[y * from.width + x];
      if (!value) continue;
      const [u, v] = placedBox(placing, [x, y, x + 1, y + 1]);
      if (u >= 0 && v >= 0 && u < mask.width && v < mask.height) mask.data[v * mask.width + u] = value;
    }
  mask.touch([0, 0, mask.width, mask.height]);
  mask.commit();
}

/** @param {import("./lineage.js").Version} version that is about to be shown @param {import("./lineage.js").Wish} wish
 * @param {WireMask | null} old of the version that is left @param {boolean} keepMask whether it stays where nothing
 * else is known
 * @returns {Mask} */
export function maskOn(version, wish, old, keepMask) {
  const { width, height } = version;
  const mask = new Mask(width, height);
  const fits = (/** @type {WireMask | null} */ each) => !!each && each.width === width && each.height === height;
  if (wish.kind === "travel") {
    const wanted = (wish.back ? wish.step.before : wish.step.after).mask;
    if (wanted && fits(wanted)) mask.load(wanted);
  } else if (wish.kind === "keep") {
    // What the run did not repaint is still to be done.
    const [x, y] = version.offset;
    if (old && old.width + x <= width && old.height + y <= height) mask.load(without(old, wish.review.asked), x, y);
  } else if (wish.kind === "frame") {
    // What is straightened leaves its mask with the version that it was made of.
    if (old && !version.anew) moveAlong(old, mask, version);
  } else if (version.mask && fits(version.mask)) mask.load(version.mask);
  else if (old && keepMask && fits(old)) mask.load(old);
  return mask;
}
