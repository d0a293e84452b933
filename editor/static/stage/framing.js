/** The frame of a crop: within a picture that may be turned a little about its middle, of a free or a fixed shape.
 * Knows numbers only; boxes are left, top, right, bottom in pixels of the picture. */

/** @typedef {{width: number, height: number, degrees: number, least: number}} Sheet
 * the picture, how it is turned, and the least side of what may be left of it */

const NEAR = 1e-9; // pixels: a corner on the edge lies inside

/** Whether the turned picture fills a box. @param {Sheet} sheet @param {number[]} box */
export function holds({ width, height, degrees }, box) {
  const angle = (degrees * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const x of [box[0] - width / 2, box[2] - width / 2])
    for (const y of [box[1] - height / 2, box[3] - height / 2])
      if (Math.abs(x * c + y * s) > width / 2 + NEAR || Math.abs(y * c - x * s) > height / 2 + NEAR) return false;
  return true;
}

/** The sides of the largest box about the middle that the turned picture fills. @param {Sheet} sheet
 * @param {number | null} aspect width / height; free where null @returns {[number, number]} */
function largestSides({ width, height, degrees }, aspect) {
  const angle = (Math.abs(degrees) * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  if (aspect !== null) {
    const high = Math.min(width / (aspect * c + s), height / (aspect * s + c));
    return [aspect * high, high];
  }
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (short <= 2 * s * c * long) {
    // Two corners lie on the long sides, the others touch nothing.
    const sides = /** @type {[number, number]} */ ([short / 2 / s, short / 2 / c]);
    return width >= height ? sides : [sides[1], sides[0]];
  }
  const double = c * c - s * s;
  return [(width * c - height * s) / double, (height * c - width * s) / double];
}

/** @param {Sheet} sheet @param {number | null} aspect @returns {number[]} whole pixels */
export function largest(sheet, aspect) {
  const [width, height] = largestSides(sheet, aspect);
  const [x, y] = [sheet.width / 2, sheet.height / 2];
  if (aspect !== null) {
    // Beside the middle by half a pixel it may be larger by one.
    const [wide, high] = [Math.floor(width + 1e-6), Math.floor(height + 1e-6)];
    const [left, top] = [Math.floor(x - wide / 2), Math.floor(y - high / 2)];
    const box = whole([left, top, left + wide, top + high], aspect, "se");
    if (holds(sheet, box)) return box;
  }
  return whole([x - width / 2, y - height / 2, x + width / 2, y + height / 2], aspect, "se");
}

/** The box farthest on the way from one that the picture fills to another. @param {Sheet} sheet
 * @param {number[]} from @param {number[]} to */
export function towards(sheet, from, to) {
  if (holds(sheet, to)) return to;
  let [low, high] = [0, 1];
  const at = (/** @type {number} */ share) => from.map((v, i) => v + (to[i] - v) * share);
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (holds(sheet, at(middle))) low = middle;
    else high = middle;
  }
  return at(low);
}

/** The same box in whole pixels, no larger; of a fixed shape it keeps to it as well as it can, and gives way at the
 * handle. @param {number[]} box @param {number | null} aspect @param {string} handle @returns {number[]} */
export function whole(box, aspect, handle) {
  let [l, t] = [0 + Math.ceil(box[0] - 1e-6), 0 + Math.ceil(box[1] - 1e-6)]; // without the minus of a zero
  let [r, b] = [Math.floor(box[2] + 1e-6), Math.floor(box[3] + 1e-6)];
  if (aspect === null) return [l, t, r, b];
  const width = Math.min(r - l, Math.round((b - t) * aspect));
  const height = Math.min(b - t, Math.round(width / aspect));
  if (handle.includes("w")) l = r - width;
  else r = l + width;
  if (handle.includes("n")) t = b - height;
  else b = t + height;
  return [l, t, r, b];
}

/** A frame whose handle, or all of it where the handle is "", is moved by so many pixels, as far as the picture goes.
 * @param {Sheet} sheet @param {number[]} box @param {string} handle @param {number} dx @param {number} dy
 * @param {number | null} aspect @returns {number[]} whole pixels */
export function pulled(sheet, box, handle, dx, dy, aspect) {
  if (!handle) return moved(sheet, moved(sheet, box, dx, 0), 0, dy);
  if (aspect !== null) return whole(shaped(sheet, box, handle, dx, dy, aspect), aspect, handle);
  const across = edgesMoved(box, handle, dx, 0, sheet.least);
  const first = towards(sheet, box, across);
  return whole(towards(sheet, first, edgesMoved(first, handle, 0, dy, sheet.least)), null, handle);
}

/** @param {Sheet} sheet @param {number[]} box @param {number} dx @param {number} dy @returns {number[]} of the same
 * size */
function moved(sheet, box, dx, dy) {
  const wanted = box.map((v, i) => v + (i % 2 ? dy : dx));
  const found = towards(sheet, box, wanted);
  const [x, y] = [0, 1].map((i) => Math.trunc(found[i] - box[i] + 1e-6 * Math.sign(wanted[i] - box[i])));
  return box.map((v, i) => v + (i % 2 ? y : x));
}

/** @param {number[]} box @param {string} handle @param {number} dx @param {number} dy @param {number} least */
function edgesMoved([l, t, r, b], handle, dx, dy, least) {
  if (handle.includes("w")) l = Math.min(l + dx, r - least);
  if (handle.includes("e")) r = Math.max(r + dx, l + least);
  if (handle.includes("n")) t = Math.min(t + dy, b - least);
  if (handle.includes("s")) b = Math.max(b + dy, t + least);
  return [l, t, r, b];
}

/** Of a fixed shape: the side that is pulled farther decides; what lies opposite stays. @param {Sheet} sheet
 * @param {number[]} box @param {string} handle @param {number} dx @param {number} dy @param {number} aspect */
function shaped(sheet, box, handle, dx, dy, aspect) {
  const wide = box[2] - box[0] + (handle.includes("w") ? -dx : handle.includes("e") ? dx : 0);
  const high = box[3] - box[1] + (handle.includes("n") ? -dy : handle.includes("s") ? dy : 0);
  let width = handle.length === 2 ? Math.max(wide, high * aspect) : /[we]/.test(handle) ? wide : high * aspect;
  width = Math.max(width, (sheet.least + 2) * Math.max(1, aspect)); // whole pixels take up to two of it
  const anchored = (/** @type {number} */ side, /** @type {number} */ towardsHandle, /** @type {number[]} */ edges) =>
    towardsHandle < 0
      ? [edges[1] - side, edges[1]]
      : towardsHandle > 0
        ? [edges[0], edges[0] + side]
        : [(edges[0] + edges[1] - side) / 2, (edges[0] + edges[1] + side) / 2];
  const sign = (/** @type {string} */ before, /** @type {string} */ after) =>
    handle.includes(before) ? -1 : handle.includes(after) ? 1 : 0;
  const [l, r] = anchored(width, sign("w", "e"), [box[0], box[2]]);
  const [t, b] = anchored(width / aspect, sign("n", "s"), [box[1], box[3]]);
  return towards(sheet, box, [l, t, r, b]);
}

/** A frame on a picture that is turned otherwise than when it was drawn: as large as it was, or smaller about the
 * picture's middle. @param {Sheet} sheet @param {number[]} box @param {number | null} aspect @returns {number[]} */
export function refitted(sheet, box, aspect) {
  const [x, y] = [sheet.width / 2, sheet.height / 2];
  return whole(towards(sheet, [x, y, x, y], box), aspect, "se");
}
