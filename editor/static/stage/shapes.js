/** Which pixels of each row a shape covers, by their centres. Knows nothing of masks or screens. */

/** @typedef {(y: number, left: number, right: number) => void} EmitRow half-open, may reach past the picture's sides */

/**
 * All pixels whose centre lies within `radius` of the segment a-b.
 * @param {number} ax @param {number} ay @param {number} bx @param {number} by @param {number} radius
 * @param {number} height rows of the picture @param {EmitRow} emit at most once a row
 */
export function capsuleRows(ax, ay, bx, by, radius, height, emit) {
  const length = Math.hypot(bx - ax, by - ay);
  const ux = length ? (bx - ax) / length : 1;
  const uy = length ? (by - ay) / length : 0;
  const top = Math.max(Math.floor(Math.min(ay, by) - radius - 1), 0);
  const bottom = Math.min(Math.ceil(Math.max(ay, by) + radius + 1), height);
  for (let y = top; y < bottom; y++) {
    let low = Infinity;
    let high = -Infinity;
    const disc = (/** @type {number} */ cx, /** @type {number} */ cy) => {
      const square = radius * radius - (y + 0.5 - cy) ** 2;
      if (square < 0) return;
      const half = Math.sqrt(square);
      low = Math.min(low, cx - half);
      high = Math.max(high, cx + half);
    };
    disc(ax, ay);
    if (length) {
      disc(bx, by);
      // The straight part: |across| <= radius and 0 <= along <= length, both linear in x on this row.
      const dy = y + 0.5 - ay;
      let l = -Infinity;
      let h = Infinity;
      const bound = (
        /** @type {number} */ slope,
        /** @type {number} */ offset,
        /** @type {number} */ min,
        /** @type {number} */ max
      ) => {
        if (Math.abs(slope) < 1e-12) {
          if (offset < min || offset > max) h = -Infinity;
          return;
        }
        const p = (min - offset) / slope;
        const q = (max - offset) / slope;
        l = Math.max(l, Math.min(p, q));
        h = Math.min(h, Math.max(p, q));
      };
      bound(uy, -dy * ux, -radius, radius);
      bound(ux, dy * uy, 0, length);
      if (l <= h) {
        low = Math.min(low, ax + l);
        high = Math.max(high, ax + h);
      }
    }
    if (low <= high) emit(y, Math.ceil(low - 0.5), Math.floor(high - 0.5) + 1);
  }
}

/**
 * All pixels whose centre lies inside a closed polygon, by the even-odd rule.
 * @param {number[][]} points [x, y] each; the last joins the first @param {number} height rows of the picture
 * @param {EmitRow} emit any number of times a row, from left to right
 */
export function polygonRows(points, height, emit) {
  /** @type {Map<number, number[]>} where the outline crosses the middle of a row */
  const crossings = new Map();
  points.forEach(([x1, y1], i) => {
    const [x0, y0] = points[(i || points.length) - 1];
    const first = Math.max(Math.ceil(Math.min(y0, y1) - 0.5), 0);
    const last = Math.min(Math.ceil(Math.max(y0, y1) - 0.5), height);
    for (let y = first; y < last; y++) {
      const x = x0 + ((y + 0.5 - y0) * (x1 - x0)) / (y1 - y0);
      const row = crossings.get(y);
      if (row) row.push(x);
      else crossings.set(y, [x]);
    }
  });
  for (const [y, row] of crossings) {
    row.sort((a, b) => a - b);
    for (let i = 0; i + 1 < row.length; i += 2) emit(y, Math.ceil(row[i] - 0.5), Math.ceil(row[i + 1] - 0.5));
  }
}
