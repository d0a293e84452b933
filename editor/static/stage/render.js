/** Draws: picture below, mask tint above it, guides on top, three canvases of the viewport's size. Changes nothing but
 * pixels. */

import { Guides, hatch } from "./guides.js";
import { context2d, makeCanvas } from "./picture.js";
import { matrixOf, placedBox } from "./placing.js";

/** @type {import("./state.js").Name[]} what the picture shows */
const PICTURE = [
  "picture",
  "alpha",
  "running",
  "review",
  "held",
  "peek",
  "timeline",
  "comparing",
  "comparison",
  "split",
  "crop",
  "view",
];
/** @type {import("./state.js").Name[]} what the whole tint depends on, beside the strokes */
const TINT = [
  "mask",
  "mode",
  "box",
  "running",
  "review",
  "peek",
  "painting",
  "comparing",
  "comparison",
  "overlay",
  "feather",
  "crop",
  "view",
];

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

/** @param {CanvasRenderingContext2D} pen @param {number} degrees clockwise @param {number} x @param {number} y */
function turnAbout(pen, degrees, x, y) {
  pen.translate(x, y);
  pen.rotate((degrees * Math.PI) / 180);
  pen.translate(-x, -y);
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
    this.guides = new Guides(stage, () => stage.tell("motion"));
    this.hatch = hatch("rgba(255, 255, 255, .95)", 8, 1.6);
    this.checker = checkerboard();
  }

  /** Takes the size of the page's viewport. */
  resize() {
    const { clientWidth, clientHeight } = this.host;
    const dpr = window.devicePixelRatio || 1;
    if (!this.stage.view.resize(clientWidth, clientHeight, dpr)) return;
    for (const canvas of this.canvases) {
      canvas.width = Math.max(1, Math.round(clientWidth * dpr));
      canvas.height = Math.max(1, Math.round(clientHeight * dpr));
      canvas.style.width = `${clientWidth}px`;
      canvas.style.height = `${clientHeight}px`;
    }
  }

  /** @param {Set<string>} fresh what has changed */
  draw(fresh) {
    if (PICTURE.some((name) => fresh.has(name))) this.drawPicture();
    const whole = TINT.some((name) => fresh.has(name));
    if (whole || this.stage.tint?.fresh) this.drawTint(whole);
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
    if (stage.comparison.draw(pen, (target, side, within) => this.drawOne(target, side, within))) return;
    this.onCanvas(pen);
    const { shown, offset } = this.shownPicture();
    const placing = { offset: offset.map((v) => -v), turn: 0 };
    if (shown) this.drawOne(pen, { picture: shown, placing, shift: [0, 0] });
    for (const { box, canvas } of this.shownPreviews()) {
      pen.imageSmoothingEnabled = true;
      pen.drawImage(canvas, box[0], box[1], box[2] - box[0], box[3] - box[1]);
    }
  }

  /** One picture, on a checkerboard where it has transparency. @param {CanvasRenderingContext2D} pen
   * @param {import("./compare.js").Side} side @param {number[] | null} [within] a box of the canvas that may cut it */
  drawOne(pen, { picture, placing, shift }, within = null) {
    const { alpha, view, crop } = this.stage;
    const [x, y] = shift.map((v) => Math.round(v * view.dpr));
    const box = placedBox(placing, [0, 0, picture.width, picture.height]);
    pen.save();
    this.onCanvas(pen);
    const at = pen.getTransform();
    pen.setTransform(at.a, 0, 0, at.d, at.e + x, at.f + y);
    if (within && box.some((v, i) => (i < 2 ? v < within[i] : v > within[i]))) {
      pen.beginPath();
      pen.rect(within[0], within[1], within[2] - within[0], within[3] - within[1]);
      pen.clip();
    }
    if (crop?.degrees) turnAbout(pen, crop.degrees, picture.width / 2, picture.height / 2);
    const there = pen.getTransform();
    if (alpha) {
      pen.setTransform(view.dpr, 0, 0, view.dpr, x, y);
      const [l, t] = view.toScreen(box[0], box[1]);
      pen.fillStyle = this.checker;
      pen.fillRect(l, t, (box[2] - box[0]) * view.scale, (box[3] - box[1]) * view.scale);
    }
    pen.setTransform(there);
    pen.transform(...matrixOf(placing));
    picture.draw(pen, 0, 0, view.deviceScale);
    pen.restore();
    this.onCanvas(pen);
  }

  /** @returns {{shown: import("./picture.js").Picture | null, offset: number[]}} */
  shownPicture() {
    const { review, timeline, comparing, decoding, picture, peek } = this.stage;
    if (peek && !comparing) return { shown: peek.picture, offset: peek.offset };
    const trace = timeline.back ? timeline.trace : decoding?.trace;
    if (trace && trace.mode === "generate" && !comparing) return { shown: null, offset: [0, 0] };
    if (review?.shown && !comparing && !timeline.back) return { shown: review.shown, offset: review.offset };
    return { shown: picture, offset: [0, 0] };
  }

  shownPreviews() {
    const { timeline, comparing, decoding, held, peek } = this.stage;
    if (comparing || peek) return [];
    if (timeline.back) return timeline.layers();
    const from = decoding || held;
    return from ? from.film.layers : [];
  }

  /** @returns {import("./mask.js").Rect | null} the box that counts instead of what is painted */
  get boxed() {
    return /** @type {any} */ (this.stage.mode === "replace" ? this.stage.box : null);
  }

  /** The tint, where it is to be seen. */
  shownTint() {
    const { tint, comparing, comparison, painter, painting, review, front, peek } = this.stage;
    if (peek || comparing || comparison.on || painter.hidden || this.stage.crop) return null;
    if (!this.stage.paintable()) return null;
    if (this.boxed && this.stage.feather === null) return null;
    return painting || !(review || front?.step) ? tint : null;
  }

  /** @param {boolean} whole or only where something was painted */
  drawTint(whole) {
    const pen = this.tintPen;
    const { view, tint, painter, feather } = this.stage;
    const painted = this.boxed ?? this.stage.painted;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.save();
    if (!whole && tint?.fresh) this.clipTo(pen, tint.fresh);
    if (tint) tint.fresh = null;
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
    const shown = painted && this.shownTint();
    if (shown) {
      this.clipTo(pen, painted);
      this.onCanvas(pen);
      pen.beginPath();
      pen.rect(0, 0, shown.mask.width, shown.mask.height);
      pen.clip();
      pen.globalAlpha = painter.opacity;
      if (feather === null) shown.draw(pen, view.deviceScale);
      else shown.drawSoft(pen, view.deviceScale, feather, this.boxed);
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
