/** What is chosen of the variations of all runs: shown, ordered, starred, kept, dropped, set aside. Knows no elements
 * and no messages. */

import { clearedRest, fitOf, groupName, letterOf, madeFrom, scoreOf, seamOf, WORDS } from "./wording.js";

/** @typedef {import("./review.js").Review} Review */
/** @typedef {import("./review.js").Running} Running */

const MEDALS = 3; // of a run, for those that fit best

export class Choice {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.peeked = ""; // what is looked at, or about to be
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

  /** Takes a variation out of the dock; undo brings it back. @param {Review | null} [review]
   * @param {number} [index] the one that is shown, where none is given */
  drop(review = this.stage.review, index = review?.index ?? 0) {
    const { stage } = this;
    if (!review || review.sent) return;
    const gone = [{ review, index }];
    stage.history.push({ kind: "drop", gone });
    this.setDropped(gone, true);
    stage.panel.toast(WORDS.dropped);
  }

  /** Takes all out of the dock that have no star. */
  clearRest() {
    const { stage } = this;
    const gone = stage.runner.reviews.flatMap((review) =>
      review.variations.flatMap(({ dropped, starred }, index) => (dropped || starred ? [] : [{ review, index }]))
    );
    if (!gone.length || stage.review?.sent) return;
    stage.history.push({ kind: "drop", gone });
    this.setDropped(gone, true);
    stage.panel.toast(clearedRest(gone.length));
  }

  /** @param {{review: Review, index: number}[]} gone @param {boolean} dropped */
  setDropped(gone, dropped) {
    const { stage } = this;
    const { review: shown } = stage;
    const next = shown && gone.length === 1 && gone[0].index === shown.index ? shown.neighbour(1) : null;
    for (const { review, index } of gone) review.variations[index].dropped = dropped;
    const [{ review, index }] = gone;
    if (!dropped) void this.sketchAll();
    if (!dropped && review.head === stage.versions.head) return void this.open(review, index);
    stage.tell("review");
    if (!shown?.current.dropped) return;
    const left = shown.ordered();
    if (!left.length) this.aside();
    else this.pick(next !== null && left.includes(next) ? next : left[0]);
  }

  /** Gives a variation a star, or takes it: those that have one outlast a clearing. @param {Review | null} [review]
   * @param {number} [index] the one that is shown, where none is given */
  star(review = this.stage.review, index = review?.index ?? 0) {
    if (!review) return;
    review.variations[index].starred = !review.variations[index].starred;
    this.stage.tell("review");
  }

  /** @param {import("./review.js").Order} order */
  orderBy(order) {
    const { review } = this.stage;
    if (!review) return;
    review.order = order;
    this.stage.tell("review");
  }

  /** Shows a variation of any run of this picture, going to the version that it repaints; or of what is decoding.
   * @param {Review | null} review @param {number} index */
  choose(review, index) {
    const { stage } = this;
    const { versions } = stage;
    this.peek(null);
    if (review && review === stage.review) return this.pick(index);
    if (stage.review?.sent) return;
    if (!review) return this.watch(index);
    stage.runner.setAside();
    review.index = index;
    if (review.head !== null && versions.all.has(review.head)) versions.visit(review.head, review);
    else void this.open(review);
  }

  /** Shows what decodes, where it is of the picture on the canvas. @param {number} index */
  watch(index) {
    const { review, running, runner, versions } = this.stage;
    if (!running || running.beside) return;
    const version = running.order ? running.order.version : running.family?.head;
    if (version !== versions.head) return;
    if (review) this.lift();
    if (running.aside) runner.follow();
    this.pick(index);
  }

  /** Shows a variation of the picture on the canvas for as long as it is pointed at. @param {Review | null} review none
   * any more @param {number} [index] */
  async peek(review, index = 0) {
    const { stage } = this;
    const key = review ? `${review.number}:${index}` : "";
    if (key === this.peeked) return;
    this.peeked = key;
    stage.peek?.picture.close();
    stage.change({ peek: null });
    const here = review && review.head === stage.versions.head;
    if (!here || stage.comparison.on || (review === stage.review && index === review.index)) return;
    const picture = await review.look(index).catch(() => null);
    if (picture && this.peeked === key) stage.change({ peek: { picture, offset: review.offset } });
    else picture?.close();
  }

  /** Makes the tiles of variations that are not loaded, one after the other. */
  async sketchAll() {
    const { stage } = this;
    const { reviews } = stage.runner;
    for (const review of reviews)
      for (const index of review.ordered()) {
        if (review.ownTiles.has(index)) continue;
        const picture = await review.look(index).catch(() => null);
        if (stage.runner.reviews !== reviews) return picture?.close();
        if (picture) review.sketch(index, picture);
        picture?.close();
        stage.tell("tiles");
      }
  }

  /** The dock again. */
  show() {
    const { review, running, runner, panel } = this.stage;
    const runs = runner.reviews.slice().sort((a, b) => a.number - b.number);
    const groups = runs.flatMap((each) => this.groupsOf(each));
    if (running) groups.push(this.decoding(running));
    panel.strip.show(groups, review);
  }

  /** @param {Review} review @returns {import("./strip.js").Group[]} one for each of its runs */
  groupsOf(review) {
    const shown = review.ordered();
    return review.outcomes
      .map((outcome) => ({
        title: groupName(outcome.from, review.number),
        tiles: shown
          .filter((index) => review.variations[index].outcome === outcome)
          .map((index) => this.tile(review, index)),
      }))
      .filter(({ tiles }) => tiles.length);
  }

  /** @param {Review} review @param {number} index @returns {import("./strip.js").Tile} */
  tile(review, index) {
    const { rank, outcome, starred } = review.variations[index];
    return {
      key: `${review.number}:${index}`,
      review,
      index,
      letter: letterOf(index),
      picture: review.tiles[index],
      title: this.told(review, index),
      note: outcome.draft ? WORDS.draft : "",
      medal: rank !== null && rank < MEDALS ? rank + 1 : 0,
      starred,
      chosen: review === this.stage.review && index === review.index,
    };
  }

  /** @param {Running} running @returns {import("./strip.js").Group} */
  decoding(running) {
    const number = running.family?.number ?? this.stage.runner.nextNumber;
    const tiles = Array.from({ length: Math.max(running.tiles.length, 1) }, (_, index) => ({
      key: `${running.run}:${index}`,
      review: null,
      index,
      letter: letterOf(index),
      picture: running.tiles[index] ?? null,
      title: `${WORDS.variation} ${letterOf(index)}, ${WORDS.decoding}`,
      note: "",
      medal: 0,
      starred: false,
      chosen: !this.stage.review && !running.aside && index === running.index,
    }));
    return { title: groupName(running.from, number), tiles };
  }

  /** What is known of a variation. @param {Review} review @param {number} index @returns {string} */
  told(review, index) {
    const { seed, score, fit, rank, seam, outcome, note } = review.variations[index];
    const parts = [`${WORDS.variation} ${letterOf(index)}`, `${WORDS.seed} ${seed}`];
    const { from } = outcome;
    if (from) {
      const parent = review.variations.findIndex(
        (each) => each.outcome.run === from.run && each.place === from.variation
      );
      parts.push(madeFrom(from, parent < 0 ? "" : letterOf(parent)));
    }
    if (outcome.draft) parts.push(WORDS.draft);
    if (rank !== null) parts.push(`#${rank + 1}`);
    if (this.stage.numbers) {
      if (score !== null) parts.push(scoreOf(score));
      if (fit !== null) parts.push(fitOf(fit));
      if (seam !== null) parts.push(seamOf(seam));
    }
    if (note) parts.push(note);
    return parts.join(", ");
  }
}
