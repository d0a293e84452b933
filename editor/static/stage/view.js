/** Where the canvas lies on the screen: zoom, pan, fit. Knows nothing of pictures, masks or events. */

const MOST_ZOOM = 48; // device pixels per picture pixel

/**
 * Screen positions are CSS pixels from the viewport's corner; canvas positions are picture pixels.
 * screen = canvas * scale + (x, y).
 */
export class View {
  /** @param {() => void} [moved] called whenever it has become another */
  constructor(moved = () => {}) {
    this.moved = moved;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.width = 1;
    this.height = 1;
    this.dpr = 1;
    /** True until the user moves the view himself: a resized page then fits the picture again. */
    this.fitted = true;
  }

  /** @param {number} sx @param {number} sy @returns {[number, number]} */
  toCanvas(sx, sy) {
    return [(sx - this.x) / this.scale, (sy - this.y) / this.scale];
  }

  /** @param {number} cx @param {number} cy @returns {[number, number]} */
  toScreen(cx, cy) {
    return [cx * this.scale + this.x, cy * this.scale + this.y];
  }

  /** @param {number} width CSS pixels @param {number} height @param {number} dpr device pixels per CSS pixel
   * @returns {boolean} whether that is another size */
  resize(width, height, dpr) {
    if (this.width === width && this.height === height && this.dpr === dpr) return false;
    Object.assign(this, { width, height, dpr });
    this.moved();
    return true;
  }

  /** Picture pixels to device pixels. */
  get deviceScale() {
    return this.scale * this.dpr;
  }

  /** @param {number} sx @param {number} sy @param {number} factor */
  zoomAt(sx, sy, factor) {
    const scale = Math.min(Math.max(this.scale * factor, 0.01 / this.dpr), MOST_ZOOM / this.dpr);
    const [cx, cy] = this.toCanvas(sx, sy);
    this.scale = scale;
    this.x = sx - cx * scale;
    this.y = sy - cy * scale;
    this.fitted = false;
    this.snap();
  }

  /** @param {number} dx @param {number} dy */
  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.snap();
  }

  /** Another picture pixel is the canvas's corner, and nothing moves on the screen. @param {number} x where the old
   * corner lies on the new canvas @param {number} y */
  rebase(x, y) {
    this.x -= x * this.scale;
    this.y -= y * this.scale;
    this.snap();
  }

  /**
   * Shows a whole rectangle, never above 8 device pixels per picture pixel.
   * @param {number[]} box left, top, right, bottom on the canvas @param {number[]} inset free CSS pixels l, t, r, b
   */
  fit(box, inset) {
    const width = Math.max(this.width - inset[0] - inset[2], 16);
    const height = Math.max(this.height - inset[1] - inset[3], 16);
    const w = box[2] - box[0];
    const h = box[3] - box[1];
    this.scale = Math.min(width / w, height / h, 8 / this.dpr);
    this.x = inset[0] + (width - w * this.scale) / 2 - box[0] * this.scale;
    this.y = inset[1] + (height - h * this.scale) / 2 - box[1] * this.scale;
    this.fitted = true;
    this.snap();
  }

  /** One picture pixel on one device pixel, about the middle of the viewport. */
  actual() {
    this.zoomAt(this.width / 2, this.height / 2, 1 / this.deviceScale);
  }

  /** Puts the picture's corner on a device pixel, so that edges stay sharp. */
  snap() {
    this.x = Math.round(this.x * this.dpr) / this.dpr;
    this.y = Math.round(this.y * this.dpr) / this.dpr;
    this.moved();
  }
}
