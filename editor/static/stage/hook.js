/** What tests and benchmarks read and turn: window.__mge. Knows everything of the stage and changes nothing on its
 * own. */

/** @typedef {import("./stage.js").Stage} Stage */

/** The stage in short. @param {Stage} stage */
function summary(stage) {
  const { view, running, review } = stage;
  return {
    mode: stage.mode,
    model: stage.model,
    tool: stage.tool,
    size: stage.painter.size,
    hardness: stage.painter.hardness,
    window: stage.pinned,
    compare: stage.comparison.way,
    doc: stage.doc,
    width: stage.mask ? stage.mask.width : 0,
    height: stage.mask ? stage.mask.height : 0,
    view: { scale: view.scale, x: view.x, y: view.y, dpr: view.dpr },
    painted: stage.mask ? stage.mask.painted : 0,
    box: stage.box,
    extend: stage.extend,
    aim: stage.aim,
    crop: stage.crop,
    pending: !!stage.versions.pending,
    gridOn: stage.gridOn,
    comparing: stage.comparing,
    calm: stage.renderer.guides.calm.matches,
    running: running ? { run: running.run, step: running.step, steps: running.steps, aside: running.aside } : null,
    queue: stage.queue.orders.map((order) => ({ mode: order.mode, version: order.version, settings: order.settings })),
    review: review
      ? {
          run: review.run,
          index: review.index,
          count: review.ordered().length,
          loaded: !!review.shown,
          order: review.order,
        }
      : null,
    timeline: {
      length: stage.timeline.length,
      position: stage.timeline.position,
      look: stage.timeline.look,
      layers: stage.timeline.layers().length,
    },
    version: stage.versions.head,
    versions: [...stage.versions.all.values()].map(({ id, parent, version, doc }) => ({
      id,
      parent,
      version,
      here: doc === stage.doc,
    })),
    runs: stage.runner.reviews.length,
    restoring: !stage.sessions.ready || !!stage.sessions.restoring,
    opening: stage.opening,
    session: stage.sessions.id,
    saved: stage.autosave.saved,
    undo: stage.history.done.length,
    redo: stage.history.undone.length,
    status: stage.panel.status.textContent,
  };
}

/** @param {Stage} stage */
export function hookOf(stage) {
  return {
    ready: true,
    maskHash: () => (stage.mask ? stage.mask.hash() : ""),
    maskRuns: () => (stage.mask ? stage.mask.wire().runs : []),
    loadMask: (/** @type {number[]} */ runs, /** @type {number[]} */ values) =>
      stage.mask?.load({ width: stage.mask.width, height: stage.mask.height, runs, values }),
    cells: () => {
      stage.planner.replan();
      const { passes } = stage.plan;
      if (!passes.length) return null;
      const { window, grid, cells } = passes[0];
      return { window, grid, cells: Array.from(cells), passes: passes.length };
    },
    passes: () => stage.plan.passes.map(({ window, grid, cells }) => ({ window, grid, cells: Array.from(cells) })),
    state: () => {
      stage.flush(); // as the next frame will show it
      return summary(stage);
    },
    timeline: () => {
      const { timeline } = stage;
      const { trace, variation } = timeline;
      const at = timeline.position ?? timeline.length;
      const list = (/** @type {Float32Array | null} */ values) => values && Array.from(values);
      return (
        trace && {
          steps: trace.moments.map(({ step, run }) => ({ step, run })),
          order: list(trace.order(at, variation)),
          sureness: list(trace.sureness(at, variation)),
        }
      );
    },
    origin: (/** @type {number} */ x, /** @type {number} */ y) => stage.sources.look(x, y),
    go: (/** @type {number} */ position) => {
      stage.timeline.go(position);
      stage.flush();
    },
    frames: () => ({ ...stage.frames }),
    resetFrames: () => Object.assign(stage.frames, { count: 0, total: 0, worst: 0, last: 0 }),
  };
}
