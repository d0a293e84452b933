/** One undo stack for strokes, boxes, borders, dropped variations and versions. Knows how many steps it holds, not what they do. */

const MOST_STEPS = 200;
const MOST_BYTES = 256 * 1024 * 1024;

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {{version: number, mask: WireMask | null}} Standing */
/**
 * @typedef {{kind: "mask", edit: import("./mask.js").Edit} |
 *   {kind: "box", before: number[] | null, after: number[] | null} |
 *   {kind: "extend", before: number[], after: number[]} |
 *   {kind: "drop", review: import("./review.js").Review, index: number} |
 *   {kind: "version", before: Standing, after: Standing, review: import("./review.js").Review | null, index: number}} Step
 * review and index of a version: what there was to choose from, and which was kept
 */

/** @param {WireMask | null} mask @returns {number} bytes, about */
function maskWeight(mask) {
  return mask ? 8 * mask.runs.length + (mask.values ? 8 * mask.values.length : 0) : 0;
}

/** @param {Step} step @returns {number} bytes, about */
function weight(step) {
  if (step.kind === "mask") return 64 + step.edit.runs.byteLength + (step.edit.values ? step.edit.values.byteLength : 0);
  if (step.kind === "version") return 64 + maskWeight(step.before.mask) + maskWeight(step.after.mask);
  return 64;
}

export class History {
  constructor() {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    this.bytes = 0;
  }

  clear() {
    this.done = [];
    this.undone = [];
    this.bytes = 0;
  }

  /** @param {Step} step */
  push(step) {
    this.done.push(step);
    this.undone = [];
    this.bytes = 0;
    for (const each of this.done) this.bytes += weight(each);
    while (this.done.length > MOST_STEPS || (this.bytes > MOST_BYTES && this.done.length > 1)) {
      this.bytes -= weight(/** @type {Step} */ (this.done.shift()));
    }
  }

  /** @returns {Step | undefined} the step to take back */
  undo() {
    const step = this.done.pop();
    if (step) this.undone.push(step);
    return step;
  }

  /** @returns {Step | undefined} the step to do again */
  redo() {
    const step = this.undone.pop();
    if (step) this.done.push(step);
    return step;
  }
}
