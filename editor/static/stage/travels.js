/** One step back or on: what undo and redo do with each kind of step. Knows the steps, not how they came about. */

export class Travels {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** @param {boolean} back */
  go(back) {
    const { stage } = this;
    if (stage.pointers.cancel() || (back && stage.outliner.back())) return;
    if (stage.versions.pending || stage.sessions.restoring || stage.review?.sent) return;
    const step = back ? stage.history.undo() : stage.history.redo();
    if (!step) return;
    if (step.kind === "mask") {
      if (stage.mask) stage.mask.apply(step.edit);
      stage.marks.begin();
    } else if (step.kind === "box") {
      stage.change({ box: back ? step.before : step.after });
    } else if (step.kind === "extend") {
      stage.change({ extend: (back ? step.before : step.after).slice() });
    } else if (step.kind === "open") {
      stage.history[back ? "redo" : "undo"](); // the step stays with both: the last of the one, the first of the other
      return void this.reopen(step, back);
    } else if (step.kind === "drop") stage.choice.setDropped(step.gone, !back);
    else stage.versions.travel(step, back);
  }

  /** Goes back to what was on the stage before something was opened, or on to that.
   * @param {Extract<import("./history.js").Step, {kind: "open"}>} step
   * @param {boolean} back */
  async reopen(step, back) {
    const { stage } = this;
    if (!(await stage.sessions.visit(back ? step.before : step.after)) || !back) return;
    stage.history.returned(step);
  }
}
