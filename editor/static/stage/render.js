/** Draws: picture below, mask tint above it, guides on top, three canvases of the viewport's size. Changes nothing but
 * pixels. */

import { Guides, hatch } from "./guides.js";
import { context2d, makeCanvas } from "./picture.js";

function checkerboard() {
  const tile = makeCanvas(16, 16);
  const pen = context2d(tile);
  pen.fillStyle = "#c9c9c9";
  pen.fillRect(0, 0, 16, 16);
  pen.fillStyle = "#f1f1f1";
  pen.fillRect(0, 0, 8, 8);
  pen.fillRect(8, 8, 8, 8);
  return /** @type {CanvasPattern} */ (pen.createPattern(tile, "repeat"));
}

export class Renderer {
  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} host */
  constructor(stage, host) {
    this.stage = stage;
    this.host = host;
    this.canvases = ["picture", "tint", "guides"].map((name) => {
      const canvas = makeCanvas(1, 1);
      canvas.className = "mge-canvas";
      canvas.dataset.layer = name;
      host.appendChild(canvas);
      return canvas;
    });
    const [picturePen, tintPen, guidesPen] = this.canvases.map(context2d);
    this.picturePen = picturePen;
    this.tintPen = tintPen;
    this.guidesPen = guidesPen;
    this.guides = new Guides(stage, () => this.schedule());
    this.hatch = hatch("rgba(255, 255, 255, .95)", 8, 1.6);
    this.checker = checkerboard();
    this.pictureStale = true;
    /** @type {number[] | null} what of the tint to draw again, on the canvas; the whole when tintStale */
    this.tintDirty = null;
    this.tintStale = true;
    this.pending = false;
    this.frames = { count: 0, total: 0, worst: 0, last: 0 };
  }

  /** Takes the size of the page's viewport. @returns {boolean} whether it changed */
  resize() {
    const { clientWidth, clientHeight } = this.host;
    const dpr = window.devicePixelRatio || 1;
    const { view } = this.stage;
    if (view.width === clientWidth && view.height === clientHeight && view.dpr === dpr) return false;
    view.width = clientWidth;
    view.height = clientHeight;
    view.dpr = dpr;
    for (const canvas of this.canvases) {
      canvas.width = Math.max(1, Math.round(clientWidth * dpr));
      canvas.height = Math.max(1, Math.round(clientHeight * dpr));
      canvas.style.width = `${clientWidth}px`;
      canvas.style.height = `${clientHeight}px`;
    }
    this.all();
    return true;
  }

  /** Everything again. */
  all() {
    this.pictureStale = this.tintStale = true;
    this.schedule();
  }

  /** @param {number[]} rect on the canvas */
  tint(rect) {
    this.tintDirty = this.tintDirty
      ? [
          Math.min(this.tintDirty[0], rect[0]),
          Math.min(this.tintDirty[1], rect[1]),
          Math.max(this.tintDirty[2], rect[2]),
          Math.max(this.tintDirty[3], rect[3]),
        ]
      : rect.slice();
    this.schedule();
  }

  schedule() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      const start = performance.now();
      this.stage.beforeFrame();
      this.draw();
      const took = performance.now() - start;
      this.frames.count++;
      this.frames.total += took;
      this.frames.last = took;
      this.frames.worst = Math.max(this.frames.worst, took);
    });
  }

  draw() {
    if (this.pictureStale) this.drawPicture();
    if (this.tintStale || this.tintDirty) this.drawTint();
    this.pictureStale = this.tintStale = false;
    this.tintDirty = null;
    const pen = this.guidesPen;
    const { dpr } = this.stage.view;
    this.wipe(pen);
    pen.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.guides.draw(pen);
  }

  /** @param {CanvasRenderingContext2D} pen canvas pixels from here on */
  onCanvas(pen) {
    const { view } = this.stage;
    pen.setTransform(
      view.deviceScale,
      0,
      0,
      view.deviceScale,
      Math.round(view.x * view.dpr),
      Math.round(view.y * view.dpr)
    );
  }

  /** @param {CanvasRenderingContext2D} pen */
  wipe(pen) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  }

  drawPicture() {
    const pen = this.picturePen;
    const { stage } = this;
    this.wipe(pen);
    if (stage.comparison.draw(pen, (target, side) => this.drawOne(target, side))) return;
    this.onCanvas(pen);
    const { shown, offset } = stage.shownPicture();
    if (shown) this.drawOne(pen, { picture: shown, offset, shift: [0, 0] });
    for (const { box, canvas } of stage.shownPreviews()) {
      pen.imageSmoothingEnabled = true;
      pen.drawImage(canvas, box[0], box[1], box[2] - box[0], box[3] - box[1]);
    }
  }

  /** One picture, on a checkerboard where it has transparency. @param {CanvasRenderingContext2D} pen
   * @param {import("./compare.js").Side} side */
  drawOne(pen, { picture, offset, shift }) {
    const { alpha, view } = this.stage;
    const [x, y] = shift.map((v) => Math.round(v * view.dpr));
    if (alpha) {
      pen.setTransform(view.dpr, 0, 0, view.dpr, x, y);
      const [l, t] = view.toScreen(-offset[0], -offset[1]);
      pen.fillStyle = this.checker;
      pen.fillRect(l, t, picture.width * view.scale, picture.height * view.scale);
    }
    this.onCanvas(pen);
    const at = pen.getTransform();
    pen.setTransform(at.a, 0, 0, at.d, at.e + x, at.f + y);
    picture.draw(pen, -offset[0], -offset[1], view.deviceScale);
    this.onCanvas(pen);
  }

  drawTint() {
    const pen = this.tintPen;
    const { stage } = this;
    const { view } = stage;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.save();
    if (!this.tintStale && this.tintDirty) this.clipTo(pen, this.tintDirty);
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
    const bounds = stage.tintShown() ? stage.painted : null;
    if (bounds) {
      this.clipTo(pen, bounds);
      this.onCanvas(pen);
      const tint = /** @type {import("./tint.js").Tint} */ (stage.tint);
      pen.beginPath();
      pen.rect(0, 0, tint.mask.width, tint.mask.height);
      pen.clip();
      pen.globalAlpha = stage.painter.opacity;
      tint.draw(pen, view.deviceScale);
      pen.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
      pen.globalCompositeOperation = "source-atop";
      pen.globalAlpha = 0.4;
      pen.fillStyle = this.hatch;
      pen.fillRect(0, 0, view.width, view.height);
    }
    pen.restore();
  }

  /** Keeps drawing to a rectangle of the canvas and the pixels beside it. @param {CanvasRenderingContext2D} pen in
   * device pixels @param {number[]} rect */
  clipTo(pen, rect) {
    const { view } = this.stage;
    const [l, t] = view.toScreen(rect[0], rect[1]);
    const [r, b] = view.toScreen(rect[2], rect[3]);
    // One halved pixel of the level that is drawn may lie beside the rectangle.
    const margin = 3 + 2 * Math.ceil(Math.max(view.deviceScale, 1));
    const x = Math.floor(l * view.dpr) - margin;
    const y = Math.floor(t * view.dpr) - margin;
    pen.beginPath();
    pen.rect(x, y, Math.ceil(r * view.dpr) + margin - x, Math.ceil(b * view.dpr) + margin - y);
    pen.clip();
  }
}
