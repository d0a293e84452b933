/** Settings that every mode has for itself: what a person gave it, else the model's advice for what it does. Knows no
 * controls. */

/** @typedef {import("./kept.js").Setting} Setting */
/** @typedef {Record<string, Record<string, any>>} Given values by mode and name */

export class ModeSettings {
  /** @param {Setting[]} settings @param {string} mode @param {Given} given
   * @param {(mode: string) => string} taskOf what a mode does now */
  constructor(settings, mode, given, taskOf) {
    this.settings = settings.filter(({ tasks }) => tasks);
    this.mode = mode;
    this.given = given;
    this.taskOf = taskOf;
    /** Mode that a hand has just chosen: one that comes otherwise brings its own values. */
    this.chosen = "";
    /** @type {Map<string, any>} what the controls were told and do not hold yet */
    this.awaited = new Map();
  }

  /** @param {Setting} setting */
  advice({ tasks, advice }) {
    return tasks?.[this.taskOf(this.mode)] ?? advice;
  }

  /** The advice for this mode in words. @param {Setting} setting */
  adviceSaid(setting) {
    const value = String(this.advice(setting));
    return setting.grows?.includes(this.taskOf(this.mode)) ? `1 → ${value}` : value;
  }

  /** What a control is to hold in this mode. @param {Setting} setting @param {any} now what it holds */
  told(setting, now) {
    const { name, carried } = setting;
    const value = this.given[this.mode]?.[name] ?? (carried ? now : this.advice(setting));
    if (value !== now || this.awaited.has(name)) this.awaited.set(name, value);
    return value;
  }

  /** A hand has just set a control: what it holds counts. @param {string} name */
  take(name) {
    this.awaited.delete(name);
  }

  /** The controls hold this: what differs from the advice is the person's, and the mode's. @param {any[]} now */
  note(now) {
    for (const [i, setting] of this.settings.entries()) {
      const { name } = setting;
      if (this.awaited.has(name) && this.awaited.get(name) !== now[i]) continue;
      this.awaited.delete(name);
      const { [name]: _, ...others } = this.given[this.mode] ?? {};
      this.given[this.mode] = now[i] === this.advice(setting) ? others : { ...others, [name]: now[i] };
    }
  }

  /** Whether a person has given this mode a value of its own. @param {string} name */
  touched(name) {
    return name in (this.given[this.mode] ?? {});
  }

  /** The mode may do something else now: what it was not given follows the advice. @param {any[]} now */
  follow(now) {
    return this.settings.map((setting, i) => (this.touched(setting.name) ? now[i] : this.told(setting, now[i])));
  }

  /** Another mode; returns what the controls are to hold. @param {string} mode @param {any[]} now */
  go(mode, now) {
    if (mode === this.mode) return now;
    const byHand = this.chosen === mode;
    this.chosen = "";
    if (byHand) this.note(now);
    else this.awaited.clear();
    this.mode = mode;
    if (byHand) return this.settings.map((setting, i) => this.told(setting, now[i]));
    this.note(now);
    return now;
  }
}
