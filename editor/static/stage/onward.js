/** Painting on: what is drawn on a shown result goes on from it, as if it had been kept before. Knows whose place the
 * result takes, nothing of what is drawn. */

import { Mask } from "./mask.js";
import { letterOf, wentOn } from "./wording.js";

/** @typedef {import("./tools.js").Drag} Drag */
/** @typedef {Pick<import("./state.js").State, "picture" | "mask" | "tint" | "box" | "extend" | "pinned">
 *   & {review: import("./review.js").Review, before: import("./history.js").Standing}} Left */

export class Onward {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Left | null} what was on the stage before the drawing in progress, which goes on from a result */
    this.left = null;
    this.marked = false; // something came of the drawing
  }

  /** Whether what is drawn next goes on from the result, instead of correcting what it was made of. */
  get possible() {
    const { review, painting, versions } = this.stage;
    if (!review?.shown || !review.blobs[review.index] || review.sent) return false;
    return !painting && !versions.pending && this.stage.paintable();
  }

  /** The result takes the picture's place, with nothing marked; what was there waits until something is. */
  begin() {
    const { stage } = this;
    const { picture, mask, tint, box, extend, pinned } = stage;
    const review = /** @type {import("./review.js").Review} */ (stage.review);
    this.left = { picture, mask, tint, box, extend, pinned, review, before: stage.versions.standing() };
    this.marked = false;
    const { width, height, offset } = review;
    stage.view.rebase(offset[0], offset[1]);
    stage.cells.close();
    stage.change({ picture: review.take(), review: null, box: null, extend: [0, 0, 0, 0], pinned: null });
    stage.cover(new Mask(width, height));
    stage.timeline.reset();
  }

  /** A drawing that ends with the result kept, or with everything as it was where nothing came of it.
   * @param {Drag | null} drag @returns {Drag | null} */
  over(drag) {
    if (!drag) this.back();
    return (
      drag && {
        move: (point) => drag.move(point),
        up: () => {
          drag.up();
          if (this.marked) this.settle();
          else this.back();
        },
        cancel: () => {
          drag.cancel();
          this.back();
        },
      }
    );
  }

  /** What is marked becomes part of the step that keeps the result. @returns {boolean} whether it does */
  takes() {
    if (!this.left) return false;
    this.marked = true;
    return true;
  }

  back() {
    const { stage, left } = this;
    if (!left) return;
    this.left = null;
    const { before, ...was } = left;
    was.review.give(stage.picture);
    stage.tint?.close();
    stage.view.rebase(-was.review.offset[0], -was.review.offset[1]);
    stage.change(was);
    stage.timeline.reset();
  }

  settle() {
    const { stage } = this;
    const { review, before, picture, tint } = /** @type {Left} */ (this.left);
    this.left = null;
    const { changed_outside: outside, seam, shift } = review.current;
    stage.versions.adopt(review, before);
    review.close();
    picture?.close();
    tint?.close();
    stage.change({ proof: { outside, seam, shift } });
    stage.comparison.forget();
    stage.panel.toast(wentOn(letterOf(review.index), review.ordered().length));
  }
}
