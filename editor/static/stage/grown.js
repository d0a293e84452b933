/** Grows what is set in a plane of bytes by a round reach. Knows nothing of masks; its cost does not depend on the
 * reach. */

/**
 * The greatest byte within a disc around each pixel; nothing is set outside the plane.
 * @param {Uint8Array} bytes @param {number} width @param {number} height @param {number} radius whole pixels, 1..254
 * @returns {Uint8Array} a new plane
 */
export function grown(bytes, width, height, radius) {
  const present = new Uint8Array(256);
  for (let i = 0; i < bytes.length; i++) present[bytes[i]] = 1;
  const out = new Uint8Array(bytes.length);
  const far = new Uint8Array(bytes.length);
  // How far a pixel reaches along its row when the nearest set pixel of its column lies d rows away.
  const reach = new Int32Array(radius + 2);
  for (let d = 0; d <= radius; d++) reach[d] = Math.floor(Math.sqrt(radius * radius - d * d));
  reach[radius + 1] = -width;
  // One level after the other, higher ones over lower ones.
  for (let level = 1; level < 256; level++) if (present[level]) growLevel(bytes, out, far, reach, width, height, level);
  return out;
}

/** Writes `level` wherever a byte of at least `level` is near. @param {Uint8Array} bytes @param {Uint8Array} out
 * @param {Uint8Array} far room to work in @param {Int32Array} reach @param {number} width @param {number} height
 * @param {number} level */
function growLevel(bytes, out, far, reach, width, height, level) {
  const beyond = reach.length - 1;
  for (let i = 0; i < bytes.length; i++) {
    const above = i < width ? beyond : far[i - width];
    far[i] = bytes[i] >= level ? 0 : above < beyond ? above + 1 : beyond;
  }
  for (let i = bytes.length - width - 1; i >= 0; i--) {
    const below = far[i + width] + 1;
    if (below < far[i]) far[i] = below;
  }
  for (let y = 0; y < height; y++) {
    const start = y * width;
    for (let x = 0, until = -1; x < width; x++) {
      const to = x + reach[far[start + x]];
      if (to > until) until = to;
      if (x <= until) out[start + x] = level;
    }
    for (let x = width - 1, until = width; x >= 0; x--) {
      const to = x - reach[far[start + x]];
      if (to < until) until = to;
      if (x >= until) out[start + x] = level;
    }
  }
}
