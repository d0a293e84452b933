/** Who hears of what: each part of the stage with the values that it shows. Knows nothing of how they show it. */

/** @typedef {import("./state.js").Name} Name */

/** @type {Name[]} what a session keeps */
const KEPT = ["doc", "mask", "history", "mode", "box", "extend", "pinned", "review", "queue"];
/** @type {Name[]} what says how large the canvas is */
const FRAME = ["mask", "mode", "extend", "review", "running", "comparison", "crop", "dragging", "view", "hint"];
/** @type {Name[]} what a run would be asked for */
const PLAN = ["mask", "paint", "mode", "box", "extend", "pinned", "model"];
/** @type {Name[]} */
const BUTTONS = ["picture", "mask", "alpha", "opening", "mode", "tool", "running", "review", "gridOn", "history"];
/** @type {Name[]} what the page reads again where the stage names its mode */
const SAID = ["extend", "dragging", "model"];
/** @type {Name[]} */
const LINES = [
  "mask",
  "opening",
  "proof",
  "model",
  "mode",
  "extend",
  "plan",
  "running",
  "review",
  "lasso",
  "numbers",
  "selecting",
  "view",
];

/** @param {import("./stage.js").Stage} stage */
export function listenAll(stage) {
  const { panel, timeline, choice, pointers, queue, renderer } = stage;
  stage.watch(KEPT, () => stage.autosave.soon());
  stage.watch(PLAN, () => stage.planner.forget());
  stage.watch(["tool", "mode", "mask"], () => stage.outliner.giveUp());
  stage.watch(["mode"], () => stage.crosshair.leave(false));
  stage.watch(["doc"], () => stage.crosshair.leave(true));
  stage.watch(["running"], () => stage.running && stage.change({ hint: "" }));
  stage.watch(["tool", "picture", "mask", "running", "review", "comparison"], () => stage.cropper.follow());
  stage.listen(["crop", "view", "versions"], () => panel.cropBar.show());
  // What it speaks of is not shown over a crop, where Enter is not Run either.
  stage.listen(["hint", "tool"], () => panel.showHint(stage.tool === "crop" ? "" : stage.hint));
  stage.watch(["running", "opening"], () => queue.look());
  stage.listen(["queue"], () => queue.list.show());
  stage.listen(["running", "review", "tiles", "doc", "queue", "numbers"], () => choice.show());
  stage.listen(FRAME, () => stage.refit());
  stage.listen(PLAN, () => stage.planner.replan());
  stage.listen([...BUTTONS, ...SAID, "brush", "overlay", "comparison", "tree"], () => panel.refreshTools());
  stage.listen(["comparing"], () => panel.showOriginal(stage.comparing));
  stage.listen(LINES, () => stage.planner.status());
  stage.listen(["running", "review", "timeline"], () => timeline.refresh());
  stage.listen(["versions"], () => stage.tree.refresh());
  stage.listen(["view", "cells"], () => stage.cells.place());
  stage.listen(["picture", "mask", "mode", "tool", "review", "running", "comparison", "crop", "cursor"], () =>
    pointers.cursor()
  );
  stage.listen(null, (fresh) => renderer.draw(fresh));
}
