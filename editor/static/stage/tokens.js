/**
 * Which token cells an edit regenerates: core/values/geometry.py `cell_areas`, core/canvas/masks.py `latent_mask` and
 * the one-window case of core/canvas/plan.py, integer for integer. Knows nothing of screens; longer plans are the
 * server's.
 */

/** @typedef {{window: number[], grid: number, cells: Uint8Array, cover?: Float64Array}} Pass cover = share of each cell
 * painted */
/**
 * @typedef {{pixels: number, grid: number, context: number, coverage: number}} Model
 */
/**
 * @typedef {{width: number, height: number, bounds: number[] | null,
 *   rowRuns: (y: number, left: number, right: number, emit: (left: number, right: number) => void) => void}} Region
 */

const LEAST_CONTEXT = 1.25;
const JOINED = 1.5; // core/canvas/holes.py

/** A box as a region, for Replace. @param {number[]} box @param {number} width @param {number} height
 * @returns {Region} */
export function boxRegion(box, width, height) {
  return {
    width,
    height,
    bounds: box,
    rowRuns(y, left, right, emit) {
      if (y < box[1] || y >= box[3]) return;
      const from = Math.max(left, box[0]);
      const to = Math.min(right, box[2]);
      if (from < to) emit(from, to);
    },
  };
}

/** @param {import("./mask.js").Mask} mask @returns {Region} */
export function maskRegion(mask) {
  return {
    width: mask.width,
    height: mask.height,
    bounds: mask.bounds(),
    rowRuns: (y, left, right, emit) => mask.rowRuns(y, left, right, emit),
  };
}

/**
 * Area of each cell that is set, in units of 1/(s*g) squared; s*s means covered whole.
 * @param {Region} region @param {number[]} window @param {number} grid @returns {Float64Array} exact integers
 */
export function cellAreas(region, window, grid) {
  const [left, top, right] = window;
  const side = right - left;
  const areas = new Float64Array(grid * grid);
  const row = new Float64Array(grid);
  const bounds = region.bounds;
  if (!bounds) return areas;
  const last = Math.min(bounds[3], window[3]);
  for (let y = Math.max(bounds[1], top); y < last; y++) {
    let any = false;
    region.rowRuns(y, Math.max(left, bounds[0]), Math.min(right, bounds[2]), (from, to) => {
      if (!any) row.fill(0);
      any = true;
      const low = (from - left) * grid;
      const high = (to - left) * grid;
      for (let cell = Math.floor(low / side); cell * side < high; cell++) {
        row[cell] += Math.min(high, (cell + 1) * side) - Math.max(low, cell * side);
      }
    });
    if (!any) continue;
    const low = (y - top) * grid;
    const high = low + grid;
    for (let cell = Math.floor(low / side); cell * side < high; cell++) {
      const overlap = Math.min(high, (cell + 1) * side) - Math.max(low, cell * side);
      for (let column = 0; column < grid; column++) areas[cell * grid + column] += overlap * row[column];
    }
  }
  return areas;
}

/** @param {Float64Array} areas @param {number} side @param {number} grid @param {number} coverage */
export function latentMask(areas, side, grid, coverage) {
  const least = coverage * (side * side);
  const cells = new Uint8Array(grid * grid);
  let most = 0;
  let any = false;
  for (let i = 0; i < areas.length; i++) {
    most = Math.max(most, areas[i]);
    if (areas[i] <= least) continue;
    cells[i] = 1;
    any = true;
  }
  if (!any && most) for (let i = 0; i < areas.length; i++) cells[i] = areas[i] === most ? 1 : 0;
  return cells;
}

/** @param {number} start @param {number} length @param {number} size */
function shiftedInside(start, length, size) {
  const past = size - (start + length);
  return start + (start < 0 ? Math.min(-start, past) : Math.min(0, past));
}

/** @param {Region} region @param {number[]} window */
function allSet(region, window) {
  for (let y = window[1]; y < window[3]; y++) {
    let set = 0;
    region.rowRuns(y, window[0], window[2], (from, to) => (set += to - from));
    if (set < window[2] - window[0]) return false;
  }
  return true;
}

/** The one window around a hole, or null where core/canvas/plan.py takes several. @param {Region} region
 * @param {Model} model
 * @returns {number[] | null} */
export function oneWindow(region, model) {
  const hole = region.bounds;
  if (!hole) return null;
  const shorter = Math.min(region.width, region.height);
  const wide = hole[2] - hole[0];
  const high = hole[3] - hole[1];
  const longer = Math.max(wide, high);
  if (longer > shorter) return null;
  /** @type {number[]} */
  let window = [];
  for (const factor of [model.context, Math.max(model.context, LEAST_CONTEXT)]) {
    const side = Math.min(Math.max(model.pixels, Math.ceil(longer * factor)), shorter);
    const left = shiftedInside(hole[0] + Math.floor((wide - side) / 2), side, region.width);
    const top = shiftedInside(hole[1] + Math.floor((high - side) / 2), side, region.height);
    window = [left, top, left + side, top + side];
    if (!allSet(region, window)) return window;
  }
  return region.width === region.height ? window : null;
}

/** Whether core/canvas/plan.py may look through several windows where one would do: around parts that lie far apart, or
 * along a long thin hole. @param {Region} region @param {Model} model */
export function maybeSeveral({ bounds }, model) {
  return (
    !!bounds &&
    Math.ceil(Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]) * model.context) > JOINED * model.pixels
  );
}

/** The one pass of a plan, through the pinned window where there is one. @param {Region} region @param {Model} model
 * @param {number[] | null} [pinned] @returns {Pass | null} */
export function onePass(region, model, pinned = null) {
  const window = region.bounds && pinned ? pinned : oneWindow(region, model);
  if (!window) return null;
  const areas = cellAreas(region, window, model.grid);
  const side = window[2] - window[0];
  const cells = latentMask(areas, side, model.grid, model.coverage);
  return { window, grid: model.grid, cells, cover: areas.map((area) => area / side ** 2) };
}

/** Where a pinned window lies when nothing is painted yet: about a pixel, in steps of a cell. @param {number} x
 * @param {number} y @param {number} width @param {number} height @param {Model} model @returns {number[]} */
export function windowAround(x, y, width, height, model) {
  const side = Math.min(model.pixels, width, height);
  const cell = side / model.grid;
  const start = (/** @type {number} */ at, /** @type {number} */ size) =>
    Math.min(Math.max(Math.round(Math.round((at - side / 2) / cell) * cell), 0), size - side);
  const [left, top] = [start(x, width), start(y, height)];
  return [left, top, left + side, top + side];
}

/** The cell of a window that holds a canvas position, or -1. @param {number[]} window @param {number} grid
 * @param {number} x @param {number} y */
export function cellAt(window, grid, x, y) {
  const side = window[2] - window[0];
  const column = Math.floor(((x - window[0]) * grid) / side);
  const row = Math.floor(((y - window[1]) * grid) / side);
  return column >= 0 && row >= 0 && column < grid && row < grid ? row * grid + column : -1;
}

/** Pixels of a cell: those that lie wholly in it, or all that touch it. @param {number[]} window @param {number} grid
 * @param {number} cell @param {boolean} touching @returns {[number, number, number, number]} may be empty where not
 * touching */
export function cellPixels(window, grid, cell, touching) {
  const side = window[2] - window[0];
  const [low, high] = touching ? [Math.floor, Math.ceil] : [Math.ceil, Math.floor];
  const edge = (/** @type {number} */ i, /** @type {(v: number) => number} */ to) => to((i * side) / grid);
  const [u, v] = [cell % grid, Math.floor(cell / grid)];
  return [
    window[0] + edge(u, low),
    window[1] + edge(v, low),
    window[0] + edge(u + 1, high),
    window[1] + edge(v + 1, high),
  ];
}

/** The pixels to paint so that a cell counts: its own, or all that touch it where its own are too few.
 * @param {number[]} window
 * @param {Model} model @param {number} cell @returns {[number, number, number, number]} */
export function cellPaint(window, model, cell) {
  const own = cellPixels(window, model.grid, cell, false);
  const share =
    (Math.max(own[2] - own[0], 0) * Math.max(own[3] - own[1], 0) * model.grid ** 2) / (window[2] - window[0]) ** 2;
  return share > model.coverage ? own : cellPixels(window, model.grid, cell, true);
}

/** Bits of a hex string, first cell = highest bit of the first byte (numpy.packbits). @param {string} hex
 * @param {number} count */
export function bitsOf(hex, count) {
  const bits = new Uint8Array(count);
  for (let i = 0; i < count; i++) bits[i] = (parseInt(hex[i >> 2], 16) >> (3 - (i & 3))) & 1;
  return bits;
}

/** @param {Uint8Array} cells */
export function countSet(cells) {
  let sum = 0;
  for (const cell of cells) sum += cell;
  return sum;
}
