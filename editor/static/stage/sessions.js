/** Which work is on the stage, and the way back to other work: after a reload, by undo, from the list. Knows the store
 * and the server. */

import { saveBlob } from "../common/elements.js";
import { randomId } from "../common/random.js";
import { copyOf } from "./copies.js";
import { Mask } from "./mask.js";
import { Note } from "./note.js";
import { download, Picture } from "./picture.js";
import { Review } from "./review.js";
import { keepsSettings, openVault } from "./vault.js";
import { restoreFailed, WORDS } from "./wording.js";

/** @typedef {import("./autosave.js").Session} Session */
/** @typedef {import("./wire.js").Open} Open */
/** @typedef {import("./wire.js").Notice} Notice */

const TAB = "mge-session";
const PATIENCE_FOR_LOCK = 3000; // ms; the page that was just left may hold it a moment longer
const PATIENCE_FOR_LATE_LOCK = 60_000; // ms, with a sample on the stage: on a busy machine pages end late
const PATIENCE_TO_OFFER = 8000; // ms of restoring until the copy is offered as a download
const MOST_SESSIONS = 12;

export class Sessions {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.id = randomId();
    /** @type {import("./vault.js").Vault | null} null until it is known what this browser keeps */
    this.vault = null;
    /** @type {Session | null} what is being brought back */
    this.restoring = null;
    /** @type {Open | null} a first visit's sample, while it is not known whether there is something to bring back */
    this.aside = null;
    this.ready = false;
    /** True once the visitor has opened something himself. */
    this.chosen = false;
    /** @type {Set<string>} sessions that no other tab may write to */
    this.claimed = new Set();
    this.note = new Note("mge-restored");
  }

  /** Brings back what was on the stage when this tab was left; in a new tab the newest that no other has. */
  async start() {
    const vault = await openVault();
    this.vault = vault;
    if (!vault.lasts) this.note.warn(WORDS.nothingKept);
    else if (!keepsSettings()) this.note.warn(WORDS.settingsNotKept);
    const all = await vault.all().catch(() => []);
    const own = vault.lasts ? sessionStorage.getItem(TAB) : null;
    const found = await this.firstFree(
      own === null ? all : all.filter(({ id }) => id === own),
      own === null ? 0 : PATIENCE_FOR_LOCK
    );
    this.ready = true;
    if (found && !this.chosen) void this.restore(found);
    else {
      this.showAside();
      this.stage.autosave.soon();
      const late = all.find(({ id }) => id === own);
      if (late) void this.startLate(late);
    }
    for (const { id } of all.slice(MOST_SESSIONS)) if (await this.claim(id)) await vault.erase(id).catch(() => {});
  }

  /** Another tab has what was left here. If it lets go before anything else is begun, that comes back after all.
   * @param {Session} session */
  async startLate(session) {
    if (!(await this.claim(session.id, PATIENCE_FOR_LATE_LOCK))) return;
    if (!this.chosen && !this.stage.autosave.worthy) void this.restore(session);
  }

  /** @param {Session[]} sessions @param {number} patience ms */
  async firstFree(sessions, patience) {
    for (const session of sessions) if (await this.claim(session.id, patience)) return session;
    return null;
  }

  /** Makes a session this page's own, so that no second tab writes to it. @param {string} id @param {number} [patience]
   * ms
   * @returns {Promise<boolean>} false where another tab has it */
  claim(id, patience = 0) {
    if (this.claimed.has(id) || !this.vault || !this.vault.lasts) return Promise.resolve(true);
    return new Promise((done) => {
      const options = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
      navigator.locks
        .request(`mge-session-${id}`, options, (lock) => {
          if (lock) this.claimed.add(id);
          done(!!lock);
          return lock ? new Promise(() => {}) : undefined; // held for as long as the page lives
        })
        .catch(() => done(false));
    });
  }

  /** What is on the stage is what this tab comes back to. */
  own() {
    if (!this.vault?.lasts) return;
    sessionStorage.setItem(TAB, this.id);
    void this.claim(this.id);
  }

  /** Lets go of the oldest work that no tab has open. @returns {Promise<boolean>} whether there was any */
  async dropOldest() {
    const vault = /** @type {import("./vault.js").Vault} */ (this.vault);
    for (const { id } of (await vault.all().catch(() => [])).reverse()) {
      if (id === this.id || !(await this.claim(id))) continue;
      return vault.erase(id).then(
        () => true,
        () => false
      );
    }
    return false;
  }

  // ---- coming and going ---------------------------------------------------------------------------------------------

  /** The sample of a first visit: it gives way to whatever is open or being opened.
   * @param {Open} message */
  greeted(message) {
    this.aside = message;
    if (this.ready) this.showAside();
  }

  /** The visitor opens something himself: what was being brought back is not wanted any more. */
  giveWay() {
    this.chosen = true;
    this.restoring = null;
  }

  showAside() {
    const { aside, stage } = this;
    if (!aside || stage.doc || this.restoring || this.chosen) return;
    this.aside = null;
    void stage.files.opened(aside);
  }

  /** Another document comes onto the stage: what is there stays as it is, under its own id.
   * @returns {string | null} that id, where it is worth coming back to */
  leave() {
    const { autosave, doc } = this.stage;
    const left = doc && autosave.worthy ? this.id : null;
    if (left) void autosave.save();
    autosave.begin(false);
    if (doc) {
      this.note.fade();
      this.id = randomId();
    }
    return left;
  }

  /** Goes to other work that this browser keeps. @param {string} id @returns {Promise<boolean>} whether it is on the
   * stage now */
  async visit(id) {
    const { stage } = this;
    if (this.restoring || !this.vault || id === this.id) return false;
    stage.files.supersede();
    if (stage.doc) await stage.autosave.save();
    const session = await this.vault.session(id).catch(() => null);
    if (!session) stage.panel.toast(WORDS.workGone, "error");
    else if (!(await this.claim(id))) stage.panel.toast(WORDS.openElsewhere, "error");
    else return this.restore(session);
    stage.queue.release();
    return false;
  }

  /** @param {Session} session @returns {Promise<boolean>} whether it is on the stage now */
  async restore(session) {
    const { stage } = this;
    this.restoring = session;
    stage.change({ opening: true });
    const slow = setTimeout(
      () => this.restoring === session && this.offer(session, WORDS.restoring),
      PATIENCE_TO_OFFER
    );
    try {
      let message = session.doc ? await stage.wire.reopen(session.doc) : null;
      if (this.restoring !== session) return false;
      if (message?.kind !== "open") message = await this.bringBack(session);
      if (this.restoring !== session) return false;
      if (message?.kind !== "open") throw new Error(message ? message.message : "");
      await this.putBack(session, message);
      return true;
    } catch (error) {
      if (this.restoring !== session) return false;
      this.restoring = null;
      this.offer(session, restoreFailed(session.name, /** @type {Error} */ (error).message));
      this.showAside();
      return false;
    } finally {
      clearTimeout(slow);
      if (!this.restoring || this.restoring === session) {
        this.restoring = null;
        stage.change({ opening: false });
        stage.queue.release();
      }
    }
  }

  /** The server no longer has the document: this browser's own copy becomes one again. @param {Session} session
   * @returns {Promise<Open | Notice | null>} the server's answer; a notice where it did not come to that, null where
   * something else is wanted by then */
  async bringBack(session) {
    const { restoring } = this;
    const copy = await copyOf(session, (version) => this.picture(version, session.id));
    if (restoring !== this.restoring) return null;
    if (!copy) return { kind: "notice", level: "error", message: WORDS.copyIncomplete };
    return this.stage.files.carried(copy, `${session.name || "picture"}.zip`);
  }

  /** The PNG of a version. @param {number} version @param {string} [id] of the session
   * @returns {Promise<Blob | null>} */
  async picture(version, id = this.id) {
    const live = id === this.id ? this.stage.versions.all.get(version) : undefined;
    if (live?.blob) return live.blob;
    const kept = this.vault && (await this.vault.picture(id, version).catch(() => null));
    return kept ? kept.blob : null;
  }

  /** Offers a session's own copy, and another try. @param {Session} session @param {string} text */
  offer(session, text) {
    const deeds = [{ text: WORDS.saveCopy, title: WORDS.saveCopyTitle, act: () => void this.saveCopy(session) }];
    if (this.restoring !== session)
      deeds.push({ text: WORDS.again, title: WORDS.againTitle, act: () => void this.visit(session.id) });
    this.note.say(text, ...deeds);
  }

  /** @param {Session} session */
  async saveCopy(session) {
    const copy = await copyOf(session, (version) => this.picture(version, session.id));
    if (!copy) return this.stage.panel.toast(WORDS.copyIncomplete, "error");
    saveBlob(copy, `${session.name || "picture"}.zip`);
  }

  // ---- what comes back ----------------------------------------------------------------------------------------------

  /** Puts a stored session on the stage. @param {Session} session @param {Open} message its document as the
   * server has it */
  async putBack(session, message) {
    const { stage } = this;
    const { versions, runner } = stage;
    const same = message.doc === session.doc;
    const stored = new Set(
      await /** @type {import("./vault.js").Vault} */ (this.vault).pictures(session.id).catch(() => [])
    );
    const shown = session.versions.find(({ id }) => id === session.head);
    const blob = shown && (await this.picture(shown.id, session.id));
    const { width, height } = blob ? /** @type {any} */ (shown) : message;
    const picture = await Picture.decode(blob || (await download(message.url)), width, height);
    if (this.restoring !== session) return picture.close();
    this.leave();
    stage.leaveResults();
    versions.clear();
    for (const each of session.versions) versions.add({ ...each, blob: null, tile: null, stored: stored.has(each.id) });
    versions.next = Math.max(versions.next, session.next);
    if (!same) versions.moved(message);
    versions.opened(message);
    if (blob) versions.head = session.head;
    const mask = new Mask(width, height);
    if (session.mask && session.mask.width === width && session.mask.height === height) mask.load(session.mask);
    stage.describe(session.name, message);
    this.id = session.id;
    this.own();
    stage.autosave.begin(true);
    stage.askMode(session.mode);
    stage.place(message.doc, picture, mask);
    stage.change({ pinned: session.window, box: session.box });
    stage.marks.setExtend(session.extend);
    stage.marks.remember(session.last ?? null);
    // What was to choose from lies on the server alone.
    const kept = (same && session.reviews) || [];
    runner.forget(kept.map((each, i) => Review.revived({ number: kept.length - i, ...each })));
    stage.history.load(session.history, runner.reviews);
    stage.queue.load(session.queue);
    this.restoring = null;
    this.aside = null;
    this.note.say(WORDS.restored, {
      text: WORDS.startFresh,
      title: WORDS.startFreshTitle,
      act: () => void this.startFresh(),
    });
    const review = same && runner.reviews[session.reviewed];
    if (review) void stage.choice.open(review);
    void stage.choice.sketchAll();
    stage.tree.clear();
    void this.fetchTiles();
  }

  async fetchTiles() {
    const { versions } = this.stage;
    for (const version of versions.all.values()) {
      const kept = version.tile ? null : await this.vault?.picture(this.id, version.id).catch(() => null);
      if (kept && !version.tile) version.tile = kept.tile;
    }
    this.stage.tell("versions");
  }

  /** The server let go of the document on the stage: it becomes one again, with everything as it is.
   * @param {number | null} [head] version to show; the one that is shown where none is given
   * @returns {Promise<Open | Notice>} the server's answer; a notice without words where there is nothing more to say */
  async revive(head = this.stage.versions.head) {
    const { stage } = this;
    stage.panel.toast(WORDS.reviving);
    const session = { ...stage.autosave.session(), head };
    const message = await this.bringBack(session);
    stage.queue.release();
    if (!message || this.id !== session.id) return { kind: "notice", level: "info", message: "" };
    if (message.kind !== "open") {
      this.offer(session, restoreFailed(session.name, message.message));
      return { ...message, message: "" };
    }
    stage.versions.moved(message);
    stage.change({ doc: message.doc });
    return message;
  }

  /** Forgets what was restored and begins anew. */
  async startFresh() {
    this.note.hide();
    const vault = /** @type {import("./vault.js").Vault} */ (this.vault);
    this.vault = null; // nothing of this page is written any more
    await vault.erase(this.id).catch(() => {});
    sessionStorage.setItem(TAB, randomId()); // of work that is not there: nothing else is brought back instead
    location.reload();
  }
}
