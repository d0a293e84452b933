/** Where a picture lies on another: moved, turned by quarters, mirrored. Knows numbers only; core/values/framing.py has
 * the same. */

/** @typedef {{offset: number[], turn: number}} Placing
 * offset = where its left upper corner lies; turn = quarters clockwise, and 4 more where it is mirrored before */

/** @type {Placing} */
export const UNMOVED = { offset: [0, 0], turn: 0 };

/** Turns the way from one point to another. @param {number} turn @param {number} x @param {number} y
 * @returns {[number, number]} */
export function turnedWay(turn, x, y) {
  if (turn >= 4) x = -x;
  for (let i = 0; i < turn % 4; i++) [x, y] = [-y, x];
  return [x + 0, y + 0]; // without the minus of a zero
}

/** Where it lies on a third picture, on which the second lies. @param {Placing} first @param {Placing} later
 * @returns {Placing} */
export function joined(first, later) {
  const [x, y] = turnedWay(later.turn, first.offset[0], first.offset[1]);
  const quarters = later.turn + (later.turn >= 4 ? 4 - (first.turn % 4) : first.turn);
  const mirrored = later.turn >= 4 !== first.turn >= 4;
  return { offset: [x + later.offset[0], y + later.offset[1]], turn: (quarters % 4) + (mirrored ? 4 : 0) };
}

/** A box of it as a box of the other. @param {Placing} placing @param {number[]} box @returns {number[]} */
export function placedBox({ offset, turn }, box) {
  const [ax, ay] = turnedWay(turn, box[0], box[1]);
  const [bx, by] = turnedWay(turn, box[2], box[3]);
  const [x, y] = offset;
  return [Math.min(ax, bx) + x, Math.min(ay, by) + y, Math.max(ax, bx) + x, Math.max(ay, by) + y];
}

/** How a picture lies on itself once it is turned. @param {number} turn @param {number} width @param {number} height
 * @returns {Placing} */
export function turnedIn(turn, width, height) {
  const [left, top] = placedBox({ offset: [0, 0], turn }, [0, 0, width, height]);
  return { offset: [0 - left, 0 - top], turn };
}

/** The same for a canvas: a, b, c, d, e, f. @param {Placing} placing
 * @returns {[number, number, number, number, number, number]} */
export function matrixOf({ offset, turn }) {
  return [...turnedWay(turn, 1, 0), ...turnedWay(turn, 0, 1), offset[0], offset[1]];
}
