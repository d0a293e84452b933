/** One undo stack for strokes, boxes, borders and accepted edits. Knows how many steps it holds, not what they do. */

const MOST_STEPS = 200;
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * @typedef {{width: number, height: number, runs: number[]}} MaskRuns
 * @typedef {{kind: "mask", edit: import("./mask.js").Edit} |
 *   {kind: "box", before: number[] | null, after: number[] | null} |
 *   {kind: "extend", before: number[], after: number[]} |
 *   {kind: "accept", before: MaskRuns | null, after: MaskRuns | null}} Step
 */

/** @param {Step} step @returns {number} bytes, about */
function weight(step) {
  if (step.kind === "mask") return 64 + step.edit.runs.byteLength;
  if (step.kind === "accept") return 64 + 8 * ((step.before ? step.before.runs.length : 0) + (step.after ? step.after.runs.length : 0));
  return 64;
}

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
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
