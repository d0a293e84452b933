/** What is marked on a version when it becomes the picture. Knows masks and why another picture is shown, not how it
 * comes. */

import { Mask } from "./mask.js";

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
  } else if (version.mask && fits(version.mask)) mask.load(version.mask);
  else if (old && keepMask && fits(old)) mask.load(old);
  return mask;
}
