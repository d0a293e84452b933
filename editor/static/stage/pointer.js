/** From pointers, wheel and fingers to drags, pans and zooms. Knows what a drag is, not what it paints. */

import { boxDrag, extendDrag, handleAt, REACH, rectangleDrag, strokeDrag, tokenDrag } from "./tools.js";

/** @typedef {import("./tools.js").Drag} Drag */

const LEAST_PRESSURE = 0.15; // of the brush's width, at no pressure
const FINGER_REACH = 20; // CSS pixels: a fingertip hides what it means

export class Pointers {
  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} host */
  constructor(stage, host) {
    this.stage = stage;
    this.host = host;
    /** @type {Map<number, {x: number, y: number}>} fingers that are down */
    this.fingers = new Map();
    /** @type {Drag | null} */
    this.drag = null;
    this.dragId = -1;
    this.panning = false;
    this.spaceDown = false;
    this.penDown = false;
    /** Whether the canvas has the focus because it was pressed. */
    this.focused = false;
    host.addEventListener("blur", () => {
      this.focused = false;
    });
    host.addEventListener("pointerdown", (e) => this.down(e));
    host.addEventListener("pointermove", (e) => this.move(e));
    host.addEventListener("pointerup", (e) => this.up(e, false));
    host.addEventListener("pointercancel", (e) => this.up(e, true));
    host.addEventListener("dblclick", () => stage.outliner.clickedTwice());
    host.addEventListener("pointerleave", () => this.hover(null));
    host.addEventListener("contextmenu", (e) => e.preventDefault());
    host.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    host.addEventListener("auxclick", (e) => e.preventDefault());
    host.addEventListener("mousedown", (e) => e.button === 1 && e.preventDefault());
  }

  /** @param {PointerEvent | WheelEvent} e @returns {[number, number]} */
  at(e) {
    const box = this.host.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }

  /** @param {PointerEvent} e @returns {import("./tools.js").Point} */
  point(e) {
    const [sx, sy] = this.at(e);
    const { view } = this.stage;
    const [x, y] = view.toCanvas(sx, sy);
    const pen = e.pointerType === "pen" && e.pressure > 0;
    return {
      x,
      y,
      screen: [sx, sy],
      reach: (e.pointerType === "touch" ? FINGER_REACH : REACH) / view.scale,
      pressure: pen ? LEAST_PRESSURE + (1 - LEAST_PRESSURE) * e.pressure : 1,
      erase: e.altKey || e.button === 2 || (e.buttons & (2 | 32)) !== 0,
      shift: e.shiftKey,
    };
  }

  /** @param {[number, number] | null} at */
  hover(at) {
    const { stage } = this;
    stage.change({ pointer: at });
    if (at && stage.tool === "inspect") stage.sources.pointAt(stage.view.toCanvas(...at));
  }

  /** The canvas has the keys, as after a press on it. */
  takeFocus() {
    this.host.focus({ preventScroll: true });
    this.focused = true;
    this.host.classList.add("mge-quiet");
  }

  /** @param {PointerEvent} e */
  down(e) {
    const { stage } = this;
    this.takeFocus();
    stage.crosshair.hide();
    if (e.pointerType === "pen") this.palmsAway();
    if (e.pointerType === "touch") {
      if (this.penDown) return; // the hand that holds it
      this.fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
      if (this.fingers.size === 2) {
        // A second finger means: look, not paint.
        if (this.drag) this.drag.cancel();
        this.end();
        this.panning = false;
        return;
      }
      if (this.fingers.size > 2) return;
    } else if (this.drag || this.panning) {
      return;
    }
    e.preventDefault();
    try {
      this.host.setPointerCapture(e.pointerId);
    } catch {
      // A pointer that is already gone cannot be held.
    }
    this.dragId = e.pointerId;
    this.hover(this.at(e));
    if (e.button === 1 || this.spaceDown || stage.tool === "hand" || !stage.mask) {
      this.panning = true;
      this.last = { x: e.clientX, y: e.clientY };
      stage.tell("cursor");
      return;
    }
    const drag = this.started(() => this.point(e), e.button === 2);
    if (drag) this.begin(drag);
    else {
      this.panning = true;
      this.last = { x: e.clientX, y: e.clientY };
    }
  }

  /** A pen wins over the fingers that are down, which are a palm at rest: what they began is given up. */
  palmsAway() {
    if (this.fingers.has(this.dragId)) {
      if (this.drag) this.drag.cancel();
      this.end();
    }
    this.fingers.clear();
    this.penDown = true;
  }

  /** What was pressed draws from here on. @param {Drag} drag */
  begin(drag) {
    this.drag = drag;
    this.stage.change({ dragging: true });
  }

  /** @param {() => import("./tools.js").Point} at where it starts @param {boolean} [right] by the right button
   * @returns {Drag | null} */
  started(at, right = false) {
    const { stage } = this;
    const point = at();
    if (stage.comparison.on) return null;
    if (stage.crop) return stage.cropper.drag(point);
    if (stage.tool === "inspect") {
      // A press looks into the cell; a drag moves the view, as with the hand.
      stage.cells.inspect(point.x, point.y);
      return null;
    }
    if (stage.mode === "extend") return extendDrag(stage, point);
    if (stage.tool === "box" && right) return null;
    const erase = point.erase || stage.tool === "eraser";
    if (stage.outliner.clicks) return stage.outliner.cornerDrag(point, erase);
    // What selects is answered later: it corrects what a result was made of.
    if (erase || stage.tool === "select" || !stage.onward.possible) return this.drawn(point, erase);
    stage.onward.begin();
    return stage.onward.over(this.drawn(at(), erase)); // the result may begin elsewhere than the picture
  }

  /** @param {import("./tools.js").Point} point @param {boolean} erase @returns {Drag} */
  drawn(point, erase) {
    const { stage } = this;
    if (stage.tool === "box") return boxDrag(stage, point);
    stage.marks.begin();
    if (stage.tool === "select") return stage.selector.drag(point, erase);
    if (stage.tool === "token") return tokenDrag(stage, point, erase);
    if (stage.tool === "lasso") return stage.outliner.freeDrag(point, erase);
    return stage.tool === "rectangle" ? rectangleDrag(stage, point, erase) : strokeDrag(stage, point, erase);
  }

  /** @param {PointerEvent} e */
  move(e) {
    const { stage } = this;
    if (this.fingers.has(e.pointerId) && this.fingers.size === 2) return this.pinch(e);
    if (this.fingers.has(e.pointerId)) this.fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    if (this.panning && e.pointerId === this.dragId && this.last) {
      stage.view.panBy(e.clientX - this.last.x, e.clientY - this.last.y);
      this.last = { x: e.clientX, y: e.clientY };
    } else if (this.drag && e.pointerId === this.dragId) {
      const events = e.getCoalescedEvents ? e.getCoalescedEvents() : [];
      for (const each of events.length ? events : [e]) this.drag.move(this.point(each));
    }
    this.hover(this.at(e));
    if (!this.drag && !this.panning) this.cursor(this.point(e));
  }

  /** @param {PointerEvent} e */
  pinch(e) {
    const { stage } = this;
    const before = [...this.fingers.values()];
    this.fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    const after = [...this.fingers.values()];
    const box = this.host.getBoundingClientRect();
    const middle = (/** @type {{x: number, y: number}[]} */ p) => [
      (p[0].x + p[1].x) / 2 - box.left,
      (p[0].y + p[1].y) / 2 - box.top,
    ];
    const apart = (/** @type {{x: number, y: number}[]} */ p) =>
      Math.max(Math.hypot(p[0].x - p[1].x, p[0].y - p[1].y), 1);
    const [from, to] = [middle(before), middle(after)];
    stage.view.panBy(to[0] - from[0], to[1] - from[1]);
    stage.view.zoomAt(...stage.comparison.shared(to[0], to[1]), apart(after) / apart(before));
    stage.change({ pointer: null });
  }

  /** @param {PointerEvent} e @param {boolean} lost */
  up(e, lost) {
    this.fingers.delete(e.pointerId);
    if (e.pointerType === "pen") this.penDown = false;
    if (e.pointerId !== this.dragId) return;
    if (this.drag) {
      if (lost) this.drag.cancel();
      else this.drag.up();
    }
    this.end();
    if (e.pointerType === "touch") this.hover(null);
    this.cursor();
  }

  end() {
    this.drag = null;
    this.panning = false;
    this.dragId = -1;
    this.stage.change({ dragging: false });
  }

  /** Gives up the drag in progress. @returns {boolean} whether there was one */
  cancel() {
    if (!this.drag) return false;
    this.drag.cancel();
    this.end();
    return true;
  }

  /** @param {WheelEvent} e */
  wheel(e) {
    const { stage } = this;
    if (!stage.hasCanvas()) return;
    e.preventDefault();
    const [x, y] = this.at(e);
    const unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 120 : 1;
    const speed = e.ctrlKey ? 0.01 : 0.0016;
    stage.view.zoomAt(
      ...stage.comparison.shared(x, y),
      Math.exp(-Math.max(-240, Math.min(240, e.deltaY * unit)) * speed)
    );
    stage.change({ pointer: [x, y] });
  }

  /** Holds the view to be moved, whatever the tool, or lets it go. @param {boolean} on */
  holdSpace(on) {
    this.spaceDown = on;
    this.stage.tell("cursor");
  }

  brushShown() {
    const { stage } = this;
    return stage.paintable() && ["brush", "eraser"].includes(stage.tool) && !this.spaceDown && !this.panning;
  }

  /** The box that has handles now. @returns {number[] | null} */
  handled() {
    const { stage } = this;
    if (stage.crop) return stage.crop.box;
    if (stage.mode === "extend") return stage.grown();
    return stage.tool === "box" && !stage.review ? stage.box : null;
  }

  /** The mouse cursor over the canvas. @param {import("./tools.js").Point} [point] */
  cursor(point) {
    const { stage } = this;
    let cursor = "crosshair";
    if (!stage.hasCanvas()) cursor = "default";
    else if (this.panning) cursor = "grabbing";
    else if (this.spaceDown || stage.tool === "hand" || !stage.mask || stage.comparison.on) cursor = "grab";
    else if (this.brushShown()) cursor = "none";
    else if (point) {
      const box = this.handled();
      const handle = box ? handleAt(box, point) : "";
      const inside = box && point.x >= box[0] && point.x < box[2] && point.y >= box[1] && point.y < box[3];
      if (handle) cursor = `${handle}-resize`;
      else if (stage.mode === "extend" && !stage.crop) cursor = "grab";
      else if (inside) cursor = "move";
    }
    this.host.style.cursor = cursor;
  }
}
