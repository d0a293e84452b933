/** What is chosen of the variations under review: shown, ordered, kept, dropped, set aside. Knows no tiles and no
 * messages. */

import { letterOf, madeFrom, seamOf, WORDS } from "./wording.js";

/** @typedef {import("./review.js").Review} Review */
/** @typedef {import("./review.js").Running} Running */

export class Choice {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** Puts variations on the stage and loads them. @param {Review} review @param {number} [index] the one to show */
  async open(review, index = review.index) {
    const { stage } = this;
    if (stage.review !== review) {
      stage.review?.close();
      stage.change({ review, marksSeen: stage.history.marks });
    }
    review.closed = false;
    review.index = review.variations[index].dropped ? review.ordered()[0] : index;
    stage.timeline.reset();
    await this.load();
    for (const each of review.ordered()) {
      if (stage.review !== review) return;
      // A variation that cannot be loaded says so when it is chosen.
      await review.load(each).catch(() => {});
      if (stage.review === review) stage.tell("tiles");
    }
  }

  /** Loads and shows the chosen variation. */
  async load() {
    const { stage } = this;
    const { review } = stage;
    if (!review) return;
    stage.cells.close();
    stage.tell("review");
    try {
      await review.load(review.index);
    } catch {
      stage.panel.toast(WORDS.loadFailed, "error");
    }
    if (stage.review !== review) return;
    this.hold(null);
    stage.timeline.redraw();
    stage.tell("review");
  }

  /** Shows the last preview of a run until its result is loaded, or no longer. @param {Running | null} running */
  hold(running) {
    const { stage } = this;
    stage.held?.close();
    stage.change({ held: running });
  }

  /** Shows another variation, of what is decoding or of what is under review. @param {number} index */
  pick(index) {
    const { stage } = this;
    const { review, running } = stage;
    if (review) {
      review.index = index;
      void this.load();
    } else if (running) {
      running.index = index;
      running.picked = true;
      if (running.step) running.advance();
      stage.tell("tiles");
      void running.draw().then((drawn) => drawn && stage.tell("running"));
    }
  }

  /** Takes the review off the stage; it stays among the runs. */
  lift() {
    const { stage } = this;
    this.hold(null);
    stage.review?.close();
    stage.change({ review: null, painting: false });
    stage.cells.close();
    stage.timeline.reset();
  }

  /** Back to the picture. */
  aside() {
    const { review } = this.stage;
    if (review && !review.sent) this.lift();
  }

  keep() {
    const { stage } = this;
    const { review } = stage;
    if (!review || review.sent || stage.versions.pending) return;
    review.sent = true;
    void stage.versions.keep(review);
    stage.tell("review");
  }

  /** Takes a variation out of the strip; undo brings it back. @param {number} [index] */
  drop(index) {
    const { stage } = this;
    const { review } = stage;
    if (!review || review.sent) return;
    const which = index ?? review.index;
    stage.history.push({ kind: "drop", review, index: which });
    this.setDropped(review, which, true);
    stage.panel.toast(WORDS.dropped);
  }

  /** @param {Review} review @param {number} index @param {boolean} dropped */
  setDropped(review, index, dropped) {
    const next = review.index === index ? review.neighbour(1) : review.index;
    review.variations[index].dropped = dropped;
    if (!dropped) void this.open(review, index);
    else if (this.stage.review !== review) return;
    else if (!review.ordered().length) this.aside();
    else this.pick(next);
  }

  /** @param {import("./review.js").Order} order */
  orderBy(order) {
    const { review } = this.stage;
    if (!review) return;
    review.order = order;
    this.stage.tell("review");
  }

  /** The strip again. */
  show() {
    const { stage } = this;
    const { review, running } = stage;
    const { strip } = stage.panel;
    strip.standClear(this.place());
    if (review) {
      const order = review.ordered();
      strip.show(
        order.map((i) => ({ index: i, tile: review.tiles[i], ...this.told(review, i) })),
        review.index,
        review
      );
    } else if (running) {
      strip.show(
        running.tiles.map((tile, i) => ({
          index: i,
          tile,
          title: `${WORDS.variation} ${letterOf(i)}, ${WORDS.decoding}`,
          note: "",
        })),
        running.index,
        null
      );
    } else strip.show([], 0, null);
  }

  /** Where on the stage the new part lies, CSS pixels: left, top, right, bottom; null where it is everywhere. */
  place() {
    const { review, running, view } = this.stage;
    const trace = review ? review.current.outcome.trace : running?.trace;
    const box = trace?.newBox ?? null;
    return box && [...view.toScreen(box[0], box[1]), ...view.toScreen(box[2], box[3])];
  }

  /** @param {Review} review @param {number} index @returns {{title: string, note: string}} */
  told(review, index) {
    const { seed, score, fit, worth, rank, seam, outcome, note } = review.variations[index];
    const parts = [`${WORDS.variation} ${letterOf(index)}`, `${WORDS.seed} ${seed}`];
    const { from } = outcome;
    if (from) {
      const parent = review.variations.findIndex(
        (each) => each.outcome.run === from.run && each.place === from.variation
      );
      parts.push(madeFrom(from, parent < 0 ? "" : letterOf(parent)));
    }
    if (outcome.draft) parts.push(WORDS.draft);
    if (score !== null) parts.push(`${WORDS.score} ${score.toFixed(2)}`);
    if (rank !== null) parts.push(`#${rank + 1}`);
    if (fit !== null) parts.push(`${WORDS.fit} ${fit.toFixed(2)}`);
    if (seam !== null) parts.push(seamOf(seam));
    if (note) parts.push(note);
    const shown = {
      drawn: worth === null && rank !== null ? `#${rank + 1}` : (worth ?? score)?.toFixed(2),
      best: rank === null ? "" : `#${rank + 1}`,
      seam: seam?.toFixed(2),
    }[review.order];
    return { title: parts.join(", "), note: outcome.draft ? WORDS.draft : (shown ?? "") };
  }
}
