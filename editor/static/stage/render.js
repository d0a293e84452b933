/** Draws: picture below, mask tint above it, guides on top, three canvases of the viewport's size. Changes nothing but pixels. */

import { context2d, makeCanvas } from "./picture.js";
import { HANDLES } from "./tools.js";

const BAND = 1 << 20; // pixels turned into a bitmap at a time
const MOST_TINT = 16e6; // pixels; above it the tint starts at half size
const TINT = [0xd5, 0x5e, 0x00]; // vermillion, and below sky blue: told apart by every colour vision
const TINT_WORD = new Uint32Array(new Uint8Array([...TINT, 255]).buffer)[0];
const CELL = "86, 180, 233";
const FLIP_MS = 220;

/** The mask as bitmaps at full size and its halvings; a halved pixel is set where any of its four is, so no stroke vanishes. */
export class Tint {
  /** @param {import("./mask.js").Mask} mask */
  constructor(mask) {
    this.mask = mask;
    /** @type {{width: number, height: number, step: number, data: Uint8Array, canvas: HTMLCanvasElement | null}[]} */
    this.levels = [];
    for (let step = 1, w = mask.width, h = mask.height; ; step *= 2, w = Math.ceil(w / 2), h = Math.ceil(h / 2)) {
      const shown = w * h <= MOST_TINT;
      this.levels.push({
        width: w,
        height: h,
        step,
        data: step === 1 ? mask.data : new Uint8Array(w * h),
        canvas: shown ? makeCanvas(w, h) : null,
      });
      if (Math.max(w, h) <= 512) break;
    }
  }

  /** @param {number[]} rect on the canvas */
  update(rect) {
    let [l, t, r, b] = rect;
    this.levels.forEach((level, index) => {
      if (index) {
        [l, t, r, b] = [l >> 1, t >> 1, Math.min((r + 1) >> 1, level.width), Math.min((b + 1) >> 1, level.height)];
        const below = this.levels[index - 1];
        for (let y = t; y < b; y++) {
          const upper = 2 * y * below.width;
          const lower = 2 * y + 1 < below.height ? upper + below.width : upper;
          for (let x = l; x < r; x++) {
            const a = 2 * x;
            const c = a + 1 < below.width ? a + 1 : a;
            const d = below.data;
            level.data[y * level.width + x] = d[upper + a] | d[upper + c] | d[lower + a] | d[lower + c];
          }
        }
      }
      if (level.canvas) this.paint(level, l, t, r, b);
    });
  }

  /** @param {{width: number, data: Uint8Array, canvas: HTMLCanvasElement | null}} level @param {number} l @param {number} t
   * @param {number} r @param {number} b */
  paint(level, l, t, r, b) {
    if (l >= r) return;
    const pen = context2d(/** @type {HTMLCanvasElement} */ (level.canvas));
    const rows = Math.max(1, Math.floor(BAND / (r - l)));
    for (let top = t; top < b; top += rows) {
      const bottom = Math.min(top + rows, b);
      const image = new ImageData(r - l, bottom - top);
      const words = new Uint32Array(image.data.buffer);
      let n = 0;
      for (let y = top; y < bottom; y++) {
        for (let i = y * level.width + l, end = y * level.width + r; i < end; i++) words[n++] = level.data[i] ? TINT_WORD : 0;
      }
      pen.putImageData(image, l, top);
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} deviceScale */
  draw(pen, deviceScale) {
    let best = null;
    for (const level of this.levels) if (level.canvas && (!best || 1 / level.step >= deviceScale)) best = level;
    if (!best || !best.canvas) return;
    pen.imageSmoothingEnabled = deviceScale < 1;
    // A halving of an odd size reaches half a pixel past the picture.
    pen.drawImage(best.canvas, 0, 0, best.width * best.step, best.height * best.step);
  }

  close() {
    for (const { canvas } of this.levels) if (canvas) canvas.width = canvas.height = 1;
  }
}

/** @param {string} colour @param {number} gap @param {number} width */
function hatch(colour, gap, width) {
  const tile = makeCanvas(gap, gap);
  const pen = context2d(tile);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  for (const shift of [-gap, 0, gap]) {
    pen.moveTo(shift - 1, gap + 1);
    pen.lineTo(shift + gap + 1, -1);
  }
  pen.stroke();
  return /** @type {CanvasPattern} */ (pen.createPattern(tile, "repeat"));
}

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

/** @param {CanvasRenderingContext2D} pen @param {number[]} box @param {string} text @param {boolean} [below]
 * @param {number} [span] width to centre it in */
function label(pen, box, text, below = false, span = 0) {
  pen.font = "500 11px system-ui, sans-serif";
  const width = pen.measureText(text).width + 12;
  const x = Math.round(box[0] + (span ? (span - width) / 2 : 0));
  const y = Math.round(below ? box[3] + 4 : box[1] - 22);
  pen.fillStyle = "rgba(16, 20, 26, .82)";
  pen.beginPath();
  pen.roundRect(x, y, width, 18, 4);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillText(text, x + 6, y + 9.5);
}

export class Renderer {
  /** @param {import("./main.js").Stage} stage @param {HTMLElement} host */
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
    [this.picturePen, this.tintPen, this.guidesPen] = this.canvases.map(context2d);
    this.hatch = hatch("rgba(255, 255, 255, .95)", 8, 1.6);
    this.newHatch = hatch(`rgba(${CELL}, .8)`, 10, 1.4);
    this.checker = checkerboard();
    this.pictureStale = true;
    /** @type {number[] | null} what of the tint to draw again, on the canvas; the whole when tintStale */
    this.tintDirty = null;
    this.tintStale = true;
    this.pending = false;
    this.frames = { count: 0, total: 0, worst: 0, last: 0 };
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    /** @type {Map<string, number>} cell -> when it was decided */
    this.flips = new Map();
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
      canvas.style.width = clientWidth + "px";
      canvas.style.height = clientHeight + "px";
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
      ? [Math.min(this.tintDirty[0], rect[0]), Math.min(this.tintDirty[1], rect[1]), Math.max(this.tintDirty[2], rect[2]), Math.max(this.tintDirty[3], rect[3])]
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
    this.drawGuides();
  }

  /** @param {CanvasRenderingContext2D} pen canvas pixels from here on */
  onCanvas(pen) {
    const { view } = this.stage;
    pen.setTransform(view.deviceScale, 0, 0, view.deviceScale, Math.round(view.x * view.dpr), Math.round(view.y * view.dpr));
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
    this.onCanvas(pen);
    const scale = stage.view.deviceScale;
    const { shown, offset } = stage.shownPicture();
    if (shown) {
      if (stage.alpha) {
        pen.save();
        pen.setTransform(stage.view.dpr, 0, 0, stage.view.dpr, 0, 0);
        const [l, t] = stage.view.toScreen(-offset[0], -offset[1]);
        pen.fillStyle = this.checker;
        pen.fillRect(l, t, shown.width * stage.view.scale, shown.height * stage.view.scale);
        pen.restore();
      }
      shown.draw(pen, -offset[0], -offset[1], scale);
    }
    for (const { box, canvas } of stage.shownPreviews()) {
      pen.imageSmoothingEnabled = true;
      pen.drawImage(canvas, box[0], box[1], box[2] - box[0], box[3] - box[1]);
    }
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
      const tint = /** @type {Tint} */ (stage.tint);
      pen.beginPath();
      pen.rect(0, 0, tint.mask.width, tint.mask.height);
      pen.clip();
      pen.globalAlpha = 0.58;
      tint.draw(pen, view.deviceScale);
      pen.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
      pen.globalCompositeOperation = "source-atop";
      pen.globalAlpha = 0.4;
      pen.fillStyle = this.hatch;
      pen.fillRect(0, 0, view.width, view.height);
    }
    pen.restore();
  }

  /** Keeps drawing to a rectangle of the canvas and the pixels beside it. @param {CanvasRenderingContext2D} pen in device
   * pixels @param {number[]} rect */
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

  drawGuides() {
    const pen = this.guidesPen;
    const { stage } = this;
    const { view } = stage;
    this.wipe(pen);
    pen.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
    if (!stage.hasCanvas() || stage.comparing) return;
    const extending = stage.mode === "extend" && stage.mask && !stage.review;
    if (extending) this.drawBorder(pen);
    if (stage.running && stage.running.step) this.drawRunning(pen, stage.running);
    else if (!stage.review) this.drawPlan(pen);
    if (extending && !stage.running) this.drawBorderHandles(pen);
    if (stage.mode === "replace" && stage.box && !stage.running && !stage.review) this.drawBox(pen, stage.box);
    if (stage.rubber) this.drawRubber(pen, stage.rubber);
    this.drawCursor(pen);
  }

  /** @param {number[]} box canvas pixels @returns {[number, number, number, number]} CSS pixels */
  screenBox(box) {
    const { view } = this.stage;
    const edge = (/** @type {number} */ v, /** @type {number} */ at) => Math.round((v * view.scale + at) * view.dpr) / view.dpr;
    return [edge(box[0], view.x), edge(box[1], view.y), edge(box[2], view.x), edge(box[3], view.y)];
  }

  /** Strokes a path dark, then light, so that it shows on any picture. @param {CanvasRenderingContext2D} pen
   * @param {string} colour @param {number} width @param {number[]} [dash] */
  outline(pen, colour, width, dash = []) {
    pen.setLineDash([]);
    pen.strokeStyle = "rgba(8, 12, 18, .6)";
    pen.lineWidth = width + 1.5;
    pen.stroke();
    pen.setLineDash(dash);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
    pen.setLineDash([]);
  }

  /** Cells to regenerate: a light wash and the outline of their union; all cells as thin lines when the grid is on.
   * @param {CanvasRenderingContext2D} pen @param {number[]} box CSS pixels @param {number} grid @param {Uint8Array} cells
   * @param {number} wash */
  drawCells(pen, box, grid, cells, wash) {
    const [l, t, r, b] = box;
    const x = Array.from({ length: grid + 1 }, (_, i) => l + ((r - l) * i) / grid);
    const y = Array.from({ length: grid + 1 }, (_, i) => t + ((b - t) * i) / grid);
    if (this.stage.gridOn && (r - l) / grid >= 4) {
      pen.beginPath();
      for (let i = 1; i < grid; i++) {
        pen.moveTo(x[i], t);
        pen.lineTo(x[i], b);
        pen.moveTo(l, y[i]);
        pen.lineTo(r, y[i]);
      }
      pen.strokeStyle = "rgba(255, 255, 255, .28)";
      pen.lineWidth = 1;
      pen.stroke();
    }
    const set = (/** @type {number} */ u, /** @type {number} */ v) => u >= 0 && v >= 0 && u < grid && v < grid && cells[v * grid + u];
    pen.fillStyle = `rgba(${CELL}, ${wash})`;
    const edges = new Path2D();
    for (let v = 0; v < grid; v++) {
      for (let u = 0; u < grid; u++) {
        if (!set(u, v)) continue;
        pen.fillRect(x[u], y[v], x[u + 1] - x[u], y[v + 1] - y[v]);
        if (!set(u, v - 1)) edges.moveTo(x[u], y[v]), edges.lineTo(x[u + 1], y[v]);
        if (!set(u, v + 1)) edges.moveTo(x[u], y[v + 1]), edges.lineTo(x[u + 1], y[v + 1]);
        if (!set(u - 1, v)) edges.moveTo(x[u], y[v]), edges.lineTo(x[u], y[v + 1]);
        if (!set(u + 1, v)) edges.moveTo(x[u + 1], y[v]), edges.lineTo(x[u + 1], y[v + 1]);
      }
    }
    pen.lineCap = "square";
    if (this.stage.plan.passes.length < 2) {
      pen.strokeStyle = "rgba(8, 12, 18, .55)";
      pen.lineWidth = 3;
      pen.stroke(edges);
    }
    pen.strokeStyle = `rgb(${CELL})`;
    pen.lineWidth = 1.5;
    pen.stroke(edges);
    pen.lineCap = "butt";
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawPlan(pen) {
    const { stage } = this;
    const passes = stage.plan.passes;
    if (!passes.length) return;
    const many = passes.length > 4;
    for (const pass of passes) this.drawCells(pen, this.screenBox(pass.window), pass.grid, pass.cells, passes.length > 1 ? 0.08 : 0.16);
    passes.forEach((pass, index) => {
      const box = this.screenBox(pass.window);
      pen.beginPath();
      pen.rect(box[0] + 0.5, box[1] + 0.5, box[2] - box[0] - 1, box[3] - box[1] - 1);
      if (many) {
        pen.strokeStyle = "rgba(255, 255, 255, .6)";
        pen.lineWidth = 1;
        pen.stroke();
      } else this.outline(pen, "rgba(255, 255, 255, .92)", 1, [6, 5]);
      if (passes.length > 1 && box[2] - box[0] > 40) label(pen, [box[0] + 5, box[1] + 27], `${index + 1}`);
    });
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./review.js").Running} running */
  drawRunning(pen, running) {
    if (!running.window || !running.unknown) return;
    const { grid } = this.stage.model;
    const box = this.screenBox(running.window);
    const now = performance.now();
    const [l, t, r, b] = box;
    const across = (r - l) / grid;
    const down = (b - t) / grid;
    let moving = false;
    for (let i = 0; i < grid * grid; i++) {
      let veil = running.unknown[i] ? 1 : 0;
      const since = running.decided.get(i);
      if (!veil && since !== undefined && !this.calm.matches) {
        veil = Math.max(0, 1 - (now - since) / FLIP_MS);
        if (veil) moving = true;
      }
      if (!veil) continue;
      pen.fillStyle = `rgba(16, 28, 44, ${0.34 * veil})`;
      pen.fillRect(l + (i % grid) * across, t + Math.floor(i / grid) * down, across, down);
    }
    this.drawCells(pen, box, grid, running.unknown, 0.1);
    pen.beginPath();
    pen.rect(box[0] + 0.5, box[1] + 0.5, box[2] - box[0] - 1, box[3] - box[1] - 1);
    this.outline(pen, "rgba(255, 255, 255, .92)", 1, [6, 5]);
    if (moving) this.schedule();
  }

  /** @param {CanvasRenderingContext2D} pen @param {number[]} box */
  drawHandles(pen, box) {
    for (const [, u, v] of HANDLES) {
      const x = Math.round(box[0] + (box[2] - box[0]) * u);
      const y = Math.round(box[1] + (box[3] - box[1]) * v);
      pen.beginPath();
      pen.roundRect(x - 5, y - 5, 10, 10, 2.5);
      pen.fillStyle = "#fff";
      pen.fill();
      pen.lineWidth = 1.5;
      pen.strokeStyle = "rgba(8, 12, 18, .8)";
      pen.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {number[]} box */
  drawBox(pen, box) {
    const at = this.screenBox(box);
    pen.beginPath();
    pen.rect(at[0], at[1], at[2] - at[0], at[3] - at[1]);
    pen.fillStyle = `rgba(${TINT}, .22)`;
    pen.fill();
    pen.globalAlpha = 0.3;
    pen.fillStyle = this.hatch;
    pen.fill();
    pen.globalAlpha = 1;
    this.outline(pen, "#fff", 1.5);
    this.drawHandles(pen, at);
    label(pen, at, `${box[2] - box[0]} × ${box[3] - box[1]} px`, at[1] < 26);
  }

  /** @param {CanvasRenderingContext2D} pen @param {{rect: number[], erase: boolean}} rubber */
  drawRubber(pen, rubber) {
    const at = this.screenBox(rubber.rect);
    pen.beginPath();
    pen.rect(at[0], at[1], at[2] - at[0], at[3] - at[1]);
    pen.fillStyle = rubber.erase ? "rgba(255, 255, 255, .25)" : `rgba(${TINT}, .35)`;
    pen.fill();
    this.outline(pen, "#fff", 1, [4, 3]);
    label(pen, at, `${rubber.rect[2] - rubber.rect[0]} × ${rubber.rect[3] - rubber.rect[1]} px`, at[1] < 26);
  }

  /** The new area, hatched. @param {CanvasRenderingContext2D} pen */
  drawBorder(pen) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    const inner = this.screenBox([0, 0, mask.width, mask.height]);
    const outer = this.screenBox(stage.grown());
    if (!stage.running) {
      const ring = new Path2D();
      ring.rect(outer[0], outer[1], outer[2] - outer[0], outer[3] - outer[1]);
      ring.rect(inner[0], inner[1], inner[2] - inner[0], inner[3] - inner[1]);
      pen.fillStyle = `rgba(${CELL}, .14)`;
      pen.fill(ring, "evenodd");
      pen.fillStyle = this.newHatch;
      pen.fill(ring, "evenodd");
    }
    pen.beginPath();
    pen.rect(inner[0], inner[1], inner[2] - inner[0], inner[3] - inner[1]);
    this.outline(pen, "rgba(255, 255, 255, .9)", 1, [3, 3]);
  }

  /** Handles and pixels a side. @param {CanvasRenderingContext2D} pen */
  drawBorderHandles(pen) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    const inner = this.screenBox([0, 0, mask.width, mask.height]);
    const outer = this.screenBox(stage.grown());
    pen.beginPath();
    pen.rect(outer[0], outer[1], outer[2] - outer[0], outer[3] - outer[1]);
    this.outline(pen, "#fff", 1.5);
    this.drawHandles(pen, outer);
    const [l, top, r, bottom] = stage.extend;
    const [x, y] = [(outer[0] + outer[2]) / 2, (outer[1] + outer[3]) / 2];
    if (l) label(pen, [outer[0] - 29, y - 13], `+${l} px`, false, 58);
    if (r) label(pen, [outer[2] - 29, y - 13], `+${r} px`, false, 58);
    if (top) label(pen, [x - 29, outer[1] - 10], `+${top} px`, false, 58);
    if (bottom) label(pen, [x - 29, outer[3] + 32], `+${bottom} px`, false, 58);
    if (stage.extend.every((v) => !v)) label(pen, [inner[0] + 6, inner[1] + 28], "Drag a handle outwards");
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawCursor(pen) {
    const { stage } = this;
    const at = stage.pointer;
    if (!at || !stage.brushShown()) return;
    const radius = Math.max((stage.size / 2) * stage.view.scale, 1.5);
    pen.beginPath();
    pen.arc(at[0], at[1], radius, 0, 2 * Math.PI);
    this.outline(pen, "#fff", 1.25, stage.erasing() ? [4, 3] : []);
    if (radius > 12) {
      pen.beginPath();
      pen.arc(at[0], at[1], 1.25, 0, 2 * Math.PI);
      pen.fillStyle = "#fff";
      pen.fill();
    }
  }
}
