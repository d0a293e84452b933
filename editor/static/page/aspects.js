/** How far a picture grows at each side for a wanted shape. Knows numbers only; sides are left, top, right, bottom. */

/** What of the growth lies before the picture: kept at the start, in the middle, at the end. */
const SHARES = [0, 0.5, 1];

/**
 * The smallest border that gives the picture a shape.
 * @param {number} width @param {number} height @param {number} aspect wanted width / height
 * @param {[number, number]} anchor where the picture lies in the result, 0 to 2 across and down
 * @returns {number[]} whole pixels
 */
export function aspectSides(width, height, aspect, anchor) {
  const wide = Math.max(0, Math.round(height * aspect) - width);
  const high = Math.max(0, Math.round(width / aspect) - height);
  const left = Math.round(wide * SHARES[anchor[0]]);
  const top = Math.round(high * SHARES[anchor[1]]);
  return [left, top, wide - left, high - top];
}

/** @param {number[]} sides @param {number} width @param {number} height @param {number} share of the picture's own
 * size */
export function grownSides(sides, width, height, share) {
  return sides.map((pixels, i) => pixels + Math.round(share * (i % 2 ? height : width)));
}
