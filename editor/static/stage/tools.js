/** What a drag does: brush, rectangle, token pen, box, border handles. Knows canvas positions, not the screen or
 * the wire. */

import { cellAreas, cellAt, cellPaint, cellPixels, latentMask, maskRegion } from "./tokens.js";

/** CSS pixels: how near a pointer counts as touching a handle. */
export const REACH = 9;

/** @typedef {import("./stage.js").Stage} Stage */
/**
 * @typedef {{x: number, y: number, screen: [number, number], reach: number, pressure: number, erase: boolean,
 *   shift: boolean}} Point
 * position on the canvas in picture pixels, and on the screen in CSS pixels; reach = how near counts as touching a
 * handle, in picture pixels
 */
/** @typedef {{side: number, pixels: number, least: number, degrees: number}} Limits
 * of a canvas: most pixels a side and of all, least pixels a side, and most degrees to straighten by */
/** @typedef {{move(point: Point): void, up(): void, cancel(): void}} Drag */

/** @type {[string, number, number][]} */
export const HANDLES = [
  ["nw", 0, 0],
  ["n", 0.5, 0],
  ["ne", 1, 0],
  ["e", 1, 0.5],
  ["se", 1, 1],
  ["s", 0.5, 1],
  ["sw", 0, 1],
  ["w", 0, 0.5],
];

/** The handle of a box that lies within reach, or "" . @param {number[]} box @param {Point} at @returns {string} */
export function handleAt(box, at) {
  for (const [name, u, v] of HANDLES) {
    const dx = box[0] + (box[2] - box[0]) * u - at.x;
    const dy = box[1] + (box[3] - box[1]) * v - at.y;
    if (Math.max(Math.abs(dx), Math.abs(dy)) <= at.reach) return name;
  }
  return "";
}

/** Positions are kept in eighths of a pixel, so that a stroke is the same wherever it is recomputed.
 * @param {number} v */
export function eighth(v) {
  return Math.floor(v * 8 + 0.5) / 8;
}

/** @param {Stage} stage @param {Point} first @param {boolean} erase @returns {Drag} */
export function strokeDrag(stage, first, erase) {
  const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
  const value = erase ? 0 : 255;
  const { size, hardness } = stage.painter;
  const radius = (/** @type {Point} */ p) => Math.max((size / 2) * p.pressure, 0.5);
  let [x, y, r] = [eighth(first.x), eighth(first.y), radius(first)];
  mask.capsule(x, y, x, y, r, value, hardness);
  return {
    move(point) {
      const [nx, ny, nr] = [eighth(point.x), eighth(point.y), radius(point)];
      // Pressure changes along the way: short pieces, each with its own width.
      const pieces = nr === r ? 1 : Math.min(Math.ceil(Math.hypot(nx - x, ny - y) / 4) || 1, 32);
      for (let i = 0; i < pieces; i++) {
        const [a, b] = [i / pieces, (i + 1) / pieces];
        mask.capsule(
          x + (nx - x) * a,
          y + (ny - y) * a,
          x + (nx - x) * b,
          y + (ny - y) * b,
          r + (nr - r) * b,
          value,
          hardness
        );
      }
      [x, y, r] = [nx, ny, nr];
    },
    up: () => stage.marks.commitMask(),
    cancel: () => mask.rollback(),
  };
}

/** Two corners as whole pixels, every touched pixel inside. @param {number} ax @param {number} ay @param {number} bx
 * @param {number} by @returns {[number, number, number, number]} */
export function spanned(ax, ay, bx, by) {
  return [
    Math.floor(Math.min(ax, bx)),
    Math.floor(Math.min(ay, by)),
    Math.floor(Math.max(ax, bx)) + 1,
    Math.floor(Math.max(ay, by)) + 1,
  ];
}

/** @param {Stage} stage @param {Point} first @param {boolean} erase @returns {Drag} */
export function rectangleDrag(stage, first, erase) {
  const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
  const set = (/** @type {Point} */ point) => {
    const rect = mask.clamped(spanned(first.x, first.y, point.x, point.y));
    stage.change({ rubber: { rect, erase } });
  };
  set(first);
  return {
    move: set,
    up() {
      if (stage.rubber) mask.rectangle(/** @type {any} */ (stage.rubber.rect), erase ? 0 : 255);
      stage.change({ rubber: null });
      stage.marks.commitMask();
    },
    cancel: () => stage.change({ rubber: null }),
  };
}

/** Sets or clears whole cells of the pinned window; the first cell decides which. @param {Stage} stage
 * @param {Point} first
 * @param {boolean} erase @returns {Drag} */
export function tokenDrag(stage, first, erase) {
  const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
  const { model } = stage;
  const { grid } = model;
  const window = stage.painter.pin(first.x, first.y);
  if (!window) return { move() {}, up() {}, cancel() {} };
  // What the growth adds is not painted: only cells that count by themselves can be cleared.
  const set = latentMask(cellAreas(maskRegion(mask), window, grid), window[2] - window[0], grid, model.coverage);
  const clears = erase || !!set[cellAt(window, grid, first.x, first.y)];
  const done = new Set();
  const touch = (/** @type {number} */ x, /** @type {number} */ y) => {
    const cell = cellAt(window, grid, x, y);
    if (cell < 0 || done.has(cell)) return;
    done.add(cell);
    if (clears) mask.rectangle(cellPixels(window, grid, cell, true), 0);
    else mask.rectangle(cellPaint(window, model, cell), 255);
  };
  let { x, y } = first;
  touch(x, y);
  return {
    move(point) {
      const pieces =
        Math.min(Math.ceil((2 * grid * Math.hypot(point.x - x, point.y - y)) / (window[2] - window[0])), 4 * grid) || 1;
      for (let i = 1; i <= pieces; i++) touch(x + ((point.x - x) * i) / pieces, y + ((point.y - y) * i) / pieces);
      ({ x, y } = point);
    },
    up: () => stage.marks.commitMask(),
    cancel: () => mask.rollback(),
  };
}

/** Draws a new box, or moves or resizes the one there is. @param {Stage} stage @param {Point} first @returns {Drag} */
export function boxDrag(stage, first) {
  const before = stage.box;
  const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
  const handle = before ? handleAt(before, first) : "";
  const inside =
    before && !handle && first.x >= before[0] && first.x < before[2] && first.y >= before[1] && first.y < before[3];
  const place = (/** @type {number[] | null} */ box) => stage.change({ box });
  const move = (/** @type {Point} */ point) => {
    if (before && handle) {
      const [l, t, r, b] = before;
      const x = Math.round(point.x);
      const y = Math.round(point.y);
      const [u, v] = [handle.includes("w") ? r : l, handle.includes("n") ? b : t];
      const xs = /[we]/.test(handle) ? [Math.min(u, x), Math.max(u, x)] : [l, r];
      const ys = /[ns]/.test(handle) ? [Math.min(v, y), Math.max(v, y)] : [t, b];
      place(mask.clamped([xs[0], ys[0], Math.max(xs[1], xs[0] + 1), Math.max(ys[1], ys[0] + 1)]));
    } else if (before && inside) {
      const [dx, dy] = [Math.round(point.x - first.x), Math.round(point.y - first.y)];
      place(shiftedBox(before, dx, dy, mask.width, mask.height));
    } else {
      const rect = mask.clamped(spanned(first.x, first.y, point.x, point.y));
      const far = Math.hypot(point.x - first.x, point.y - first.y) > first.reach / 2;
      place(far && rect[0] < rect[2] && rect[1] < rect[3] ? rect : null);
    }
  };
  move(first);
  return {
    move,
    up: () => stage.marks.commitBox(before),
    cancel: () => place(before),
  };
}

/** @param {number[]} box @param {number} dx @param {number} dy @param {number} width @param {number} height */
export function shiftedBox(box, dx, dy, width, height) {
  const x = Math.min(Math.max(dx, -box[0]), width - box[2]);
  const y = Math.min(Math.max(dy, -box[1]), height - box[3]);
  return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
}

/** Keeps the grown picture within what the core accepts. @param {number[]} extend @param {number} width
 * @param {number} height @param {Limits} most */
export function allowedExtend(extend, width, height, most) {
  const sides = extend.map((v) => Math.max(0, Math.round(v) || 0));
  const fits = () => {
    const [w, h] = [width + sides[0] + sides[2], height + sides[1] + sides[3]];
    return w <= most.side && h <= most.side && w * h <= most.pixels;
  };
  for (let tries = 0; !fits() && tries < 64; tries++) for (let i = 0; i < 4; i++) sides[i] = Math.floor(sides[i] * 0.9);
  return sides;
}

/** Pulls the border, by as many screen pixels as the pointer moves at the scale it began with; Shift goes in steps of
 * 64 px. @param {Stage} stage @param {Point} first @returns {Drag | null} */
export function extendDrag(stage, first) {
  const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
  const { width, height } = mask;
  const before = stage.extend.slice();
  const handle = handleAt(stage.grown(), first);
  const { scale } = stage.view;
  if (!handle) return null;
  return {
    move(point) {
      const step = point.shift ? 64 : 1;
      const to = (/** @type {number} */ v) => Math.max(0, Math.round(v / step) * step);
      const next = before.slice();
      const [across, down] = [0, 1].map((axis) => (point.screen[axis] - first.screen[axis]) / scale);
      if (handle.includes("w")) next[0] = to(before[0] - across);
      if (handle.includes("n")) next[1] = to(before[1] - down);
      if (handle.includes("e")) next[2] = to(before[2] + across);
      if (handle.includes("s")) next[3] = to(before[3] + down);
      stage.change({ extend: allowedExtend(next, width, height, stage.limits) });
    },
    up: () => stage.marks.commitExtend(before),
    cancel: () => stage.change({ extend: before }),
  };
}
