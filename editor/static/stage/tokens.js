/**
 * Which token cells an edit regenerates: core/geometry.py `cell_areas`, core/canvas/masks.py `latent_mask` and the
 * one-window case of core/canvas/plan.py, integer for integer. Knows nothing of screens; longer plans are the server's.
 */

/** @typedef {{window: number[], grid: number, cells: Uint8Array}} Pass */
/** @typedef {{pixels: number, grid: number, context: number, coverage: number, grow: number}} Model */
/**
 * @typedef {{width: number, height: number, bounds: number[] | null,
 *   rowRuns: (y: number, left: number, right: number, emit: (left: number, right: number) => void) => void}} Region
 */

const LEAST_CONTEXT = 1.25;

/** A box as a region, for Replace. @param {number[]} box @param {number} width @param {number} height @returns {Region} */
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

/** @param {Float64Array} areas @param {number} side @param {number} grid @param {number} coverage @param {number} grow */
export function latentMask(areas, side, grid, coverage, grow) {
  const least = coverage * (side * side);
  let cells = new Uint8Array(grid * grid);
  let most = 0;
  let any = false;
  for (let i = 0; i < areas.length; i++) {
    most = Math.max(most, areas[i]);
    if (areas[i] > least) any = !!(cells[i] = 1);
  }
  if (!any && most) for (let i = 0; i < areas.length; i++) cells[i] = areas[i] === most ? 1 : 0;
  for (let round = 0; round < grow; round++) {
    const grown = new Uint8Array(grid * grid);
    for (let y = 0; y < grid; y++) {
      for (let x = 0; x < grid; x++) {
        if (!cells[y * grid + x]) continue;
        for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, grid - 1); v++) {
          for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, grid - 1); u++) grown[v * grid + u] = 1;
        }
      }
    }
    cells = grown;
  }
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

/** The one window around a hole, or null where core/canvas/plan.py takes several. @param {Region} region @param {Model} model
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

/** @param {Region} region @param {Model} model @returns {Pass | null} */
export function onePass(region, model) {
  const window = oneWindow(region, model);
  if (!window) return null;
  const areas = cellAreas(region, window, model.grid);
  const cells = latentMask(areas, window[2] - window[0], model.grid, model.coverage, model.grow);
  return { window, grid: model.grid, cells };
}

/** Bits of a hex string, first cell = highest bit of the first byte (numpy.packbits). @param {string} hex @param {number} count */
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
