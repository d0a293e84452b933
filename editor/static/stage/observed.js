/** Values that change, and those who listen. Knows nothing of what the values mean.
 *
 * Whoever changes something names it. Listeners hear of it once a frame, in the order in which they began to listen:
 * what one of them changes reaches those after it in the same frame. Watchers hear at once, in a hidden page
 * too. */

/** @typedef {(fresh: Set<string>) => void} Hear told the names of what has changed since it heard last */

export class Observed {
  /** @type {{names: Set<string> | null, hear: Hear, fresh: Set<string>}[]} */
  listeners = [];
  /** @type {{names: Set<string>, hear: () => void}[]} */
  watchers = [];
  due = false;
  telling = false;
  /** What it took to show changes, ms: for benchmarks. */
  frames = { count: 0, total: 0, worst: 0, last: 0 };

  /** Calls back in the next frame after any of these has changed. @param {string[] | null} names all, where null
   * @param {Hear} hear */
  listen(names, hear) {
    this.listeners.push({ names: names && new Set(names), hear, fresh: new Set() });
  }

  /** Calls back as soon as one of these changes. @param {string[]} names @param {() => void} hear */
  watch(names, hear) {
    this.watchers.push({ names: new Set(names), hear });
  }

  /** Sets values and names those that differ from before. @param {object} values by name */
  change(values) {
    const fresh = Object.entries(values).filter(([name, value]) => Reflect.get(this, name) !== value);
    Object.assign(this, values);
    this.tell(...fresh.map(([name]) => name));
  }

  /** Something has changed. @param {...string} names */
  tell(...names) {
    for (const listener of this.listeners)
      for (const name of names) if (!listener.names || listener.names.has(name)) listener.fresh.add(name);
    for (const watcher of this.watchers) if (names.some((name) => watcher.names.has(name))) watcher.hear();
    this.schedule();
  }

  schedule() {
    if (this.due || this.telling || !this.listeners.some(({ fresh }) => fresh.size)) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      const start = performance.now();
      this.flush();
      const took = performance.now() - start;
      this.frames.count++;
      this.frames.total += took;
      this.frames.last = took;
      this.frames.worst = Math.max(this.frames.worst, took);
    });
  }

  /** Tells the listeners what has changed, without waiting for the frame. */
  flush() {
    this.telling = true;
    try {
      for (const listener of this.listeners) {
        if (!listener.fresh.size) continue;
        const { fresh } = listener;
        listener.fresh = new Set();
        listener.hear(fresh);
      }
    } finally {
      this.telling = false;
      this.schedule(); // for what a later listener has changed of an earlier one's
    }
  }
}
