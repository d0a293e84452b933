/** The soft edge of what is painted, as core's feather_weight has it (core/canvas/masks.py). Knows planes of bytes, no
 * screen. */

const FAR = 1e6; // pixels: beyond any plane

/**
 * What of the new picture each pixel gets, the edge softened inwards; the plane's own rim is no edge.
 * @param {Uint8Array} bytes @param {number} width @param {number} height of the plane
 * @param {number} radius of the edge, in pixels of the picture
 * @param {number} [step] of these that one of the plane has
 * @returns {Uint8Array} a new plane
 */
export function softened(bytes, width, height, radius, step = 1) {
  const out = bytes.slice();
  if (!radius || bytes.every(Boolean)) return out;
  const away = distances(bytes, width);
  for (let i = 0; i < away.length; i++) if (away[i]) away[i] = step * (away[i] - 0.5) + 0.5;
  for (const part of partsOf(bytes, width, height)) {
    let deepest = 0;
    for (const i of part) deepest = Math.max(deepest, away[i]);
    const full = Math.min(deepest / 2, deepest - 1, radius) + 1;
    for (const i of part) {
      const share = Math.min(away[i] / full, 1);
      out[i] = Math.max(1, Math.round(bytes[i] * share * share * (3 - 2 * share)));
    }
  }
  return out;
}

/** How far each set pixel lies from the nearest that is not (Felzenszwalb and Huttenlocher 2012).
 * @param {Uint8Array} bytes @param {number} width */
function distances(bytes, width) {
  const away = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) if (bytes[i]) away[i] = i < width ? FAR : Math.min(away[i - width] + 1, FAR);
  for (let i = bytes.length - width - 1; i >= 0; i--) away[i] = Math.min(away[i], away[i + width] + 1);
  const squares = new Float64Array(width);
  const feet = new Int32Array(width); // of the parabolas that are lowest somewhere
  const from = new Float64Array(width + 1); // where each begins to be
  for (let row = 0; row < bytes.length; row += width) {
    for (let x = 0; x < width; x++) squares[x] = away[row + x] ** 2;
    let last = 0;
    feet[0] = 0;
    from[0] = -Infinity;
    from[1] = Infinity;
    for (let x = 1; x < width; x++) {
      let at = 0;
      for (;;) {
        const foot = feet[last];
        at = (squares[x] + x * x - squares[foot] - foot * foot) / (2 * (x - foot));
        if (at > from[last]) break;
        last--;
      }
      feet[++last] = x;
      from[last] = at;
      from[last + 1] = Infinity;
    }
    for (let x = 0, k = 0; x < width; x++) {
      while (from[k + 1] < x) k++;
      away[row + x] = Math.sqrt((x - feet[k]) ** 2 + squares[feet[k]]);
    }
  }
  return away;
}

/** The pixels of each connected part, corners included. @param {Uint8Array} bytes @param {number} width
 * @param {number} height @returns {number[][]} */
function partsOf(bytes, width, height) {
  const seen = new Uint8Array(bytes.length);
  const parts = [];
  for (let start = 0; start < bytes.length; start++) {
    if (!bytes[start] || seen[start]) continue;
    const part = [start];
    seen[start] = 1;
    for (let n = 0; n < part.length; n++) {
      const x = part[n] % width;
      const y = (part[n] - x) / width;
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++)
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
          const i = v * width + u;
          if (!bytes[i] || seen[i]) continue;
          seen[i] = 1;
          part.push(i);
        }
    }
    parts.push(part);
  }
  return parts;
}
