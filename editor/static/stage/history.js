/** One undo stack for strokes, boxes, borders, dropped variations and versions. Knows how many steps it holds, not what
 * they do. */

const MOST_STEPS = 200;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_STORED_BYTES = 16e6; // of the steps that are written to the browser's store, newest first

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {{version: number, mask: WireMask | null, box?: number[] | null, extend?: number[],
 *   pinned?: number[] | null}} Standing a version with what is marked on it; stored steps may know its mask alone */
/**
 * @typedef {{kind: "mask", edit: import("./mask.js").Edit} |
 *   {kind: "box", before: number[] | null, after: number[] | null} |
 *   {kind: "extend", before: number[], after: number[]} |
 *   {kind: "open", before: string, after: string} |
 *   {kind: "drop", gone: {review: import("./review.js").Review, index: number}[]} |
 *   {kind: "version", before: Standing, after: Standing, review: import("./review.js").Review | null, index: number}
 * } Step
 * review and index of a version: what there was to choose from, and which was kept; before and after of what was
 * opened: sessions
 */
/** @typedef {{step: Step | {kind: "drop", gone: {review: number, index: number}[]}, review: number}[]} StoredSteps
 * a step without its reviews, whose places among the runs stand instead, or beside it; -1 where there is none */
/** @typedef {{done: StoredSteps, undone: StoredSteps}} StoredHistory */

/** @param {WireMask | null} mask @returns {number} bytes, about */
function maskWeight(mask) {
  return mask ? 8 * mask.runs.length + (mask.values ? 8 * mask.values.length : 0) : 0;
}

/** @param {Step} step @returns {number} bytes, about */
function weight(step) {
  if (step.kind === "mask")
    return 64 + step.edit.runs.byteLength + (step.edit.values ? step.edit.values.byteLength : 0);
  if (step.kind === "version") return 64 + maskWeight(step.before.mask) + maskWeight(step.after.mask);
  return 64;
}

export class History {
  /** @param {() => void} [moved] called whenever there is another step to take back or to do again */
  constructor(moved = () => {}) {
    this.moved = moved;
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    this.bytes = 0;
  }

  /** Steps that changed what is marked. */
  get marks() {
    return this.done.filter(({ kind }) => kind === "mask" || kind === "box" || kind === "extend").length;
  }

  clear() {
    this.done = [];
    this.undone = [];
    this.bytes = 0;
    this.moved();
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
    this.moved();
  }

  /** The newest steps as they can be written to a store. @param {import("./review.js").Review[]} reviews
   * @returns {StoredHistory} */
  stored(reviews) {
    let room = MOST_STORED_BYTES;
    const plain = (/** @type {Step[]} */ steps) => {
      /** @type {StoredSteps} */
      const kept = [];
      for (const step of steps.slice().reverse()) {
        room -= weight(step);
        if (room < 0) break;
        const at = (/** @type {import("./review.js").Review | null} */ each) => (each ? reviews.indexOf(each) : -1);
        if (step.kind === "drop") {
          const gone = step.gone.map((each) => ({ ...each, review: at(each.review) }));
          kept.unshift({ step: { kind: "drop", gone }, review: -1 });
        } else if (step.kind === "version") kept.unshift({ step: { ...step, review: null }, review: at(step.review) });
        else kept.unshift({ step, review: -1 });
      }
      return kept;
    };
    return { done: plain(this.done), undone: plain(this.undone) };
  }

  /** Takes over what was stored; a variation that nothing is known of any more cannot be brought back or dropped.
   * @param {StoredHistory | undefined} stored @param {import("./review.js").Review[]} reviews */
  load(stored, reviews) {
    this.clear();
    const whole = (/** @type {StoredSteps} */ steps) => {
      /** @type {Step[]} */
      const kept = [];
      for (const { step, review } of steps) {
        if (step.kind === "version") kept.push({ ...step, review: reviews[review] || null });
        else if (step.kind !== "drop") kept.push(step);
        else {
          const gone = (step.gone || []).map((each) => ({ ...each, review: reviews[Number(each.review)] }));
          const known = gone.filter((each) => each.review);
          if (known.length) kept.push({ kind: "drop", gone: known });
        }
      }
      return kept;
    };
    if (!stored) return;
    this.done = whole(stored.done);
    this.undone = whole(stored.undone);
    for (const each of this.done) this.bytes += weight(each);
    this.moved();
  }

  /** @returns {Step | undefined} the step to take back */
  undo() {
    const step = this.done.pop();
    if (step) this.undone.push(step);
    this.moved();
    return step;
  }

  /** @returns {Step | undefined} the step to do again */
  redo() {
    const step = this.undone.pop();
    if (step) this.done.push(step);
    this.moved();
    return step;
  }

  /** What was on the stage before something was opened is there again, with its own history: on from here it goes to
   * that. @param {Extract<Step, {kind: "open"}>} step */
  returned(step) {
    this.undone = [...this.undone.filter((each) => each.kind !== "open" || each.after !== step.after), step];
    this.moved();
  }
}
