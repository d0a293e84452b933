/** An edit as it was ordered: what is marked, on which version, with which settings. Knows neither queue nor server. */

import { Mask } from "./mask.js";
import { context2d, makeCanvas } from "./picture.js";
import { Tint } from "./tint.js";
import { sightOf } from "./trace.js";

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {import("./trace.js").Cut} Cut */
/** @typedef {{mode: string, mask: WireMask | null, box: number[] | null, extend: number[], window: number[] | null,
 *   version: number | null, model: string | null}} Marked what is marked; version = the browser's own number */
/**
 * @typedef {Marked & {id: string, settings: Record<string, any> | null, cells: Uint8Array | null, tile: string,
 *   about: string, began: number, waited: boolean}} StoredOrder
 * settings = of the controls, by name; null until they are known, and those of its start where they never are; cells =
 * those to regenerate, where one window was planned; tile = address of a small picture; about = its class, or "";
 * began = how often it was started; waited = whether it was in the list
 */
/** @typedef {StoredOrder & {cut?: Cut, revived?: boolean}} Order cut = what of its previews is new; revived = whether
 * the server had to be given its picture anew already */

const MOST_CUT = 1024; // pixels along the longer side of a kept mask
const SKETCH_SIDE = 72; // pixels of a small picture, for 36 of a fine screen
const NEW = "rgba(86, 180, 233, .55)"; // over what a box or a border makes new

/**
 * What of the previews of a run will be new.
 * @param {Marked} marked @param {number[]} size of the picture @param {number[]} rgb of the kept mask
 * @param {Tint | null} [tint] of the mask, where it is on the screen
 * @returns {Cut}
 */
export function cutOf({ mode, mask, box }, size, rgb, tint = null) {
  if (mode === "extend") return { kind: "outside", size };
  if (box) return { kind: "box", box: box.slice() };
  if (!mask) return { kind: "all" };
  const drawn = tint ?? tinted(mask, rgb);
  const bounds = drawn.mask.bounds();
  if (!bounds) return { kind: "all" };
  const [l, t, r, b] = bounds;
  const k = Math.min(1, MOST_CUT / Math.max(r - l, b - t));
  const canvas = makeCanvas(Math.ceil((r - l) * k), Math.ceil((b - t) * k));
  const pen = context2d(canvas);
  pen.setTransform(k, 0, 0, k, -l * k, -t * k);
  drawn.draw(pen, k);
  if (!tint) drawn.close();
  return { kind: "mask", box: bounds, canvas };
}

/** @param {WireMask} wire @param {number[]} rgb @returns {Tint} */
function tinted(wire, rgb) {
  const mask = new Mask(wire.width, wire.height);
  mask.load(wire);
  const tint = new Tint(mask, rgb);
  const bounds = mask.bounds();
  if (bounds) tint.update(bounds);
  return tint;
}

/** A small picture of what is marked. @param {import("./picture.js").Picture | null} picture @param {Cut} cut
 * @param {number[]} extend @returns {string} its address; "" where there is no picture */
export function sketchOf(picture, cut, extend) {
  if (!picture || cut.kind === "all") return "";
  const { width, height } = picture;
  const [left, top, right, bottom] = extend;
  const whole = [-left, -top, width + right, height + bottom];
  const [l, t, r, b] = cut.kind === "outside" ? whole : sightOf(cut.box, [0, 0, width, height]);
  const k = SKETCH_SIDE / Math.max(r - l, b - t);
  const canvas = makeCanvas(Math.round((r - l) * k), Math.round((b - t) * k));
  const pen = context2d(canvas);
  pen.setTransform(k, 0, 0, k, -l * k, -t * k);
  pen.fillStyle = NEW;
  if (cut.kind === "outside") pen.fillRect(l, t, r - l, b - t);
  pen.drawImage(picture.level(k), 0, 0, width, height);
  if (cut.kind === "outside") return canvas.toDataURL("image/webp");
  const [x, y, wide, high] = [cut.box[0], cut.box[1], cut.box[2] - cut.box[0], cut.box[3] - cut.box[1]];
  if (cut.kind === "box") pen.fillRect(x, y, wide, high);
  else {
    pen.globalAlpha = 0.6;
    pen.drawImage(cut.canvas, x, y, wide, high);
  }
  return canvas.toDataURL("image/webp");
}

/** Whether the same is marked. @param {Marked} a @param {Marked} b */
export function sameMarks(a, b) {
  const text = (/** @type {Marked} */ { mode, mask, box, extend, window, version }) =>
    JSON.stringify([mode, mask && [mask.runs, mask.values], box, extend, window, version]);
  return text(a) === text(b);
}

/** Whether two orders give the same pictures: with other settings, they need not. @param {Order} a @param {Order} b */
export function sameOrder(a, b) {
  return !!a.settings && JSON.stringify(a.settings) === JSON.stringify(b.settings) && sameMarks(a, b);
}
