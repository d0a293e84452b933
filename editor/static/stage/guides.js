/** What lies over picture and tint: cells, windows, box, borders, outlines, the brush. Reads the stage and changes
 * nothing. */

import { TINTS } from "./painting.js";
import { context2d, makeCanvas } from "./picture.js";
import { cellAt } from "./tokens.js";
import { HANDLES } from "./tools.js";
import { toleranceOf, WORDS } from "./wording.js";

const CELL = "86, 180, 233"; // sky blue
const FLIP_MS = 220;

/** @param {string} colour @param {number} gap @param {number} width */
export function hatch(colour, gap, width) {
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

/** @param {CanvasRenderingContext2D} pen @param {number[]} box @param {string} text @param {boolean} [below]
 * @param {number} [span] width to centre it in */
export function label(pen, box, text, below = false, span = 0) {
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

export class Guides {
  /** @param {import("./stage.js").Stage} stage @param {() => void} again asks for another frame */
  constructor(stage, again) {
    this.stage = stage;
    this.again = again;
    this.boxHatch = hatch("rgba(255, 255, 255, .95)", 8, 1.6);
    this.newHatch = hatch(`rgba(${CELL}, .8)`, 10, 1.4);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** @param {CanvasRenderingContext2D} pen CSS pixels */
  draw(pen) {
    const { stage } = this;
    if (!stage.hasCanvas() || stage.comparing || stage.comparison.on || stage.peek) return;
    if (stage.crop) return this.drawCrop(pen, stage.crop.box);
    if (!stage.painter.hidden) this.drawIntent(pen);
    if (stage.rubber) this.drawRubber(pen, stage.rubber);
    if (stage.lasso?.open) this.drawScribble(pen, stage.lasso);
    else if (stage.lasso?.corners) this.drawCorners(pen, stage.lasso);
    else if (stage.lasso) this.drawLasso(pen, stage.lasso);
    if (stage.tolerance !== null && stage.pointer) {
      const [x, y] = stage.pointer;
      label(pen, [x + 14, y + 12], toleranceOf(stage.tolerance));
    }
    this.drawCursor(pen);
  }

  /** What will be or is being regenerated. @param {CanvasRenderingContext2D} pen */
  drawIntent(pen) {
    const { stage } = this;
    const extending = stage.mode === "extend" && stage.mask && !stage.review;
    if (extending) this.drawBorder(pen);
    const shown = this.shownCells();
    if (shown) this.drawRunning(pen, shown);
    else if (!stage.review && !stage.decoding) this.drawPlan(pen);
    stage.timeline.draw(pen, (box) => this.screenBox(box));
    stage.cells.draw(pen, (box) => this.screenBox(box));
    if (stage.tool === "inspect") stage.sources.draw(pen, this);
    if (extending && !stage.front) this.drawBorderHandles(pen);
    if (stage.mode === "replace" && stage.box && !stage.front && !stage.review) this.drawBox(pen, stage.box);
    if (stage.tool === "token" && stage.paintable() && !stage.front) this.drawCell(pen);
  }

  /** Cells to draw as undecided: those of the step that is shown. */
  shownCells() {
    const { timeline, decoding } = this.stage;
    if (timeline.look !== "picture") return null;
    return timeline.back ? timeline.undecided() : decoding;
  }

  /** @param {number[]} box canvas pixels @returns {[number, number, number, number]} CSS pixels */
  screenBox(box) {
    const { view } = this.stage;
    const edge = (/** @type {number} */ v, /** @type {number} */ at) =>
      Math.round((v * view.scale + at) * view.dpr) / view.dpr;
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

  /** Cells to regenerate: a wash, stronger where more of a cell is painted, and the outline of their union; cells kept
   * as context have thin outlines, clearer ones when the grid is on. @param {CanvasRenderingContext2D} pen
   * @param {number[]} box CSS pixels @param {number} grid @param {Uint8Array} cells @param {number} wash
   * @param {Float64Array} [cover] share of each cell that is painted */
  drawCells(pen, box, grid, cells, wash, cover) {
    const [l, t, r, b] = box;
    const x = Array.from({ length: grid + 1 }, (_, i) => l + ((r - l) * i) / grid);
    const y = Array.from({ length: grid + 1 }, (_, i) => t + ((b - t) * i) / grid);
    if ((r - l) / grid >= (this.stage.gridOn ? 4 : 8)) {
      pen.beginPath();
      for (let i = 1; i < grid; i++) {
        pen.moveTo(x[i], t);
        pen.lineTo(x[i], b);
        pen.moveTo(l, y[i]);
        pen.lineTo(r, y[i]);
      }
      pen.strokeStyle = `rgba(255, 255, 255, ${this.stage.gridOn ? 0.34 : 0.12})`;
      pen.lineWidth = 1;
      pen.stroke();
    }
    const set = (/** @type {number} */ u, /** @type {number} */ v) =>
      u >= 0 && v >= 0 && u < grid && v < grid && cells[v * grid + u];
    pen.fillStyle = `rgba(${CELL}, ${wash})`;
    const edges = new Path2D();
    /** @param {number} ax @param {number} ay @param {number} bx @param {number} by */
    const edge = (ax, ay, bx, by) => {
      edges.moveTo(ax, ay);
      edges.lineTo(bx, by);
    };
    for (let v = 0; v < grid; v++) {
      for (let u = 0; u < grid; u++) {
        if (!set(u, v)) continue;
        pen.globalAlpha = cover ? 0.4 + 0.6 * cover[v * grid + u] : 1;
        pen.fillRect(x[u], y[v], x[u + 1] - x[u], y[v + 1] - y[v]);
        if (!set(u, v - 1)) edge(x[u], y[v], x[u + 1], y[v]);
        if (!set(u, v + 1)) edge(x[u], y[v + 1], x[u + 1], y[v + 1]);
        if (!set(u - 1, v)) edge(x[u], y[v], x[u], y[v + 1]);
        if (!set(u + 1, v)) edge(x[u + 1], y[v], x[u + 1], y[v + 1]);
      }
    }
    pen.globalAlpha = 1;
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
    for (const pass of passes)
      this.drawCells(
        pen,
        this.screenBox(pass.window),
        pass.grid,
        pass.cells,
        passes.length > 1 ? 0.08 : 0.24,
        pass.cover
      );
    passes.forEach((pass, index) => {
      const box = this.screenBox(pass.window);
      pen.beginPath();
      pen.rect(box[0] + 0.5, box[1] + 0.5, box[2] - box[0] - 1, box[3] - box[1] - 1);
      if (many) {
        pen.strokeStyle = "rgba(255, 255, 255, .6)";
        pen.lineWidth = 1;
        pen.stroke();
      } else this.outline(pen, "rgba(255, 255, 255, .92)", 1, stage.pinned ? [] : [6, 5]);
      if (passes.length > 1 && box[2] - box[0] > 40) label(pen, [box[0] + 5, box[1] + 27], `${index + 1}`);
    });
  }

  /** @param {CanvasRenderingContext2D} pen
   * @param {{window: number[] | null, unknown: Uint8Array | null, decided: Map<number, number>}} running */
  drawRunning(pen, running) {
    if (!running.window || !running.unknown) return;
    const grid = Math.round(Math.sqrt(running.unknown.length)); // another model than today's may have drawn it
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
    if (moving) this.again();
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
    if (this.stage.feather === null) {
      pen.fillStyle = `rgba(${this.tint()}, .22)`;
      pen.fill();
      pen.globalAlpha = 0.3;
      pen.fillStyle = this.boxHatch;
      pen.fill();
      pen.globalAlpha = 1;
    }
    this.outline(pen, "#fff", 1.5);
    this.drawHandles(pen, at);
    label(pen, at, `${box[2] - box[0]} × ${box[3] - box[1]} px`, at[1] < 26);
  }

  /** What is cut off lies in the dark; lines at thirds. @param {CanvasRenderingContext2D} pen @param {number[]} box */
  drawCrop(pen, box) {
    const { view } = this.stage;
    const at = this.screenBox(box);
    const [l, t, r, b] = at;
    const around = new Path2D();
    around.rect(0, 0, view.width, view.height);
    around.rect(l, t, r - l, b - t);
    pen.fillStyle = "rgba(8, 12, 18, .6)";
    pen.fill(around, "evenodd");
    pen.beginPath();
    for (const share of [1 / 3, 2 / 3]) {
      const [x, y] = [Math.round(l + (r - l) * share) + 0.5, Math.round(t + (b - t) * share) + 0.5];
      pen.moveTo(x, t);
      pen.lineTo(x, b);
      pen.moveTo(l, y);
      pen.lineTo(r, y);
    }
    pen.strokeStyle = "rgba(255, 255, 255, .45)";
    pen.lineWidth = 1;
    pen.stroke();
    pen.beginPath();
    pen.rect(l, t, r - l, b - t);
    this.outline(pen, "#fff", 1.5);
    this.drawHandles(pen, at);
    label(pen, [l, t, r, b - 30], `${box[2] - box[0]} × ${box[3] - box[1]} px`, true, r - l);
  }

  /** @param {CanvasRenderingContext2D} pen @param {{rect: number[], erase: boolean}} rubber */
  drawRubber(pen, rubber) {
    const at = this.screenBox(rubber.rect);
    pen.beginPath();
    pen.rect(at[0], at[1], at[2] - at[0], at[3] - at[1]);
    pen.fillStyle = rubber.erase ? "rgba(255, 255, 255, .25)" : `rgba(${this.tint()}, .35)`;
    pen.fill();
    this.outline(pen, "#fff", 1, [4, 3]);
    label(pen, at, `${rubber.rect[2] - rubber.rect[0]} × ${rubber.rect[3] - rubber.rect[1]} px`, at[1] < 26);
  }

  tint() {
    return TINTS[this.stage.painter.colour].rgb;
  }

  /** The outline so far, and the straight line that would close it. @param {CanvasRenderingContext2D} pen
   * @param {{points: number[][], erase: boolean}} lasso */
  drawLasso(pen, { points, erase }) {
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(...this.stage.view.toScreen(x, y));
    pen.fillStyle = erase ? "rgba(255, 255, 255, .25)" : `rgba(${this.tint()}, .35)`;
    pen.fill("evenodd");
    this.outline(pen, "#fff", 1.25, erase ? [4, 3] : []);
  }

  /** The corners so far with the one that comes next, and how it would be closed. @param {CanvasRenderingContext2D} pen
   * @param {import("./outliner.js").Lasso} lasso */
  drawCorners(pen, { points, erase, held }) {
    const { view, pointer } = this.stage;
    const set = points.map(([x, y]) => view.toScreen(x, y));
    const next = held ? view.toScreen(held[0], held[1]) : pointer;
    const all = next ? [...set, next] : set;
    pen.beginPath();
    for (const at of all) pen.lineTo(at[0], at[1]);
    pen.fillStyle = erase ? "rgba(255, 255, 255, .25)" : `rgba(${this.tint()}, .35)`;
    pen.fill("evenodd");
    this.outline(pen, "#fff", 1.25, erase ? [4, 3] : []);
    const closable = set.length > 2;
    for (const [i, [x, y]] of (set.length ? set : all).entries()) {
      pen.beginPath();
      pen.arc(x, y, closable && !i ? 6 : 3, 0, 2 * Math.PI);
      pen.fillStyle = closable && !i ? `rgb(${this.tint()})` : "#fff";
      pen.fill();
      pen.lineWidth = 1.5;
      pen.strokeStyle = closable && !i ? "#fff" : "rgba(8, 12, 18, .8)";
      pen.stroke();
    }
  }

  /** A line over what is meant. @param {CanvasRenderingContext2D} pen
   * @param {{points: number[][], erase: boolean}} scribble */
  drawScribble(pen, { points, erase }) {
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(...this.stage.view.toScreen(x, y));
    pen.lineJoin = pen.lineCap = "round";
    this.outline(pen, erase ? "#fff" : `rgb(${this.tint()})`, 5, erase ? [1, 8] : []);
    pen.lineJoin = "miter";
    pen.lineCap = "butt";
  }

  /** The cell under the token pen, in the window that it would use. @param {CanvasRenderingContext2D} pen */
  drawCell(pen) {
    const { stage } = this;
    const spot = stage.crosshair.spot ?? stage.pointer;
    if (!spot || stage.pointers.panning || stage.pointers.spaceDown) return;
    const [x, y] = stage.view.toCanvas(...spot);
    const window = stage.painter.windowAt(x, y);
    if (!window) return;
    const { grid } = stage.model;
    const cell = cellAt(window, grid, x, y);
    const [l, t, r, b] = this.screenBox(window);
    const [across, down] = [(r - l) / grid, (b - t) / grid];
    if (!stage.plan.passes.length) {
      pen.beginPath();
      pen.rect(l, t, r - l, b - t);
      this.outline(pen, "rgba(255, 255, 255, .8)", 1, [3, 4]);
    }
    pen.beginPath();
    pen.rect(l + (cell % grid) * across, t + Math.floor(cell / grid) * down, across, down);
    this.outline(pen, "#fff", 1.5);
  }

  /** The new area, hatched. @param {CanvasRenderingContext2D} pen */
  drawBorder(pen) {
    const { stage } = this;
    const mask = /** @type {import("./mask.js").Mask} */ (stage.mask);
    const inner = this.screenBox([0, 0, mask.width, mask.height]);
    const outer = this.screenBox(stage.grown());
    if (!stage.front) {
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
    if (stage.extend.every((v) => !v)) label(pen, [inner[0] + 6, inner[1] + 28], WORDS.pullOutwards);
  }

  /** Lines over the whole viewport, strong near the place that they mean. @param {CanvasRenderingContext2D} pen
   * @param {[number, number]} spot */
  drawCrosshair(pen, [x, y]) {
    const { width, height } = this.stage.view;
    for (const [gap, across, down, width2, alpha] of [
      [24, width, height, 1, 0.5],
      [5, 24, 24, 2, 1],
    ]) {
      pen.beginPath();
      for (const way of [-1, 1]) {
        pen.moveTo(x + way * gap, y);
        pen.lineTo(x + way * across, y);
        pen.moveTo(x, y + way * gap);
        pen.lineTo(x, y + way * down);
      }
      pen.globalAlpha = alpha;
      this.outline(pen, "#fff", width2);
    }
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawCursor(pen) {
    const { stage } = this;
    const { spot } = stage.crosshair;
    if (spot) this.drawCrosshair(pen, spot);
    const at = spot ?? stage.pointer;
    if (!at || !stage.pointers.brushShown()) return;
    const { size, hardness } = stage.painter;
    const radius = Math.max((size / 2) * stage.view.scale, 1.5);
    pen.beginPath();
    pen.arc(at[0], at[1], radius, 0, 2 * Math.PI);
    this.outline(pen, "#fff", 1.25, stage.tool === "eraser" ? [4, 3] : []);
    if (hardness < 1 && radius * hardness > 3) {
      // The part that covers whole.
      pen.beginPath();
      pen.arc(at[0], at[1], radius * hardness, 0, 2 * Math.PI);
      this.outline(pen, "rgba(255, 255, 255, .7)", 0.75, [2, 3]);
    }
    if (radius > 12 && !spot) {
      pen.beginPath();
      pen.arc(at[0], at[1], 1.25, 0, 2 * Math.PI);
      pen.fillStyle = "#fff";
      pen.fill();
    }
  }
}
