/** What is kept in this browser, so that a reload or a crash loses nothing: pictures, tree, mask. Knows no server but by asking the stage. */

import { makeElement } from "./panel.js";
import { Review } from "./review.js";
import { textButton } from "./strip.js";
import { randomId } from "./wire.js";
import { WORDS } from "./words.js";

/** @typedef {import("./versions.js").Version} Version */
/** @typedef {Omit<Version, "blob" | "tile">} StoredVersion */
/**
 * @typedef {{id: string, savedAt: number, doc: string | null, name: string, mode: string, box: number[] | null, extend: number[],
 *   window: number[] | null, mask: import("./mask.js").WireMask | null, head: number | null, next: number, versions: StoredVersion[],
 *   reviews: import("./review.js").StoredReview[], reviewed: number}} Session reviewed = which of the reviews is shown, or -1
 */

const DATABASE = "mge-sessions";
const DELAY = 400; // ms after the last stroke
const PATIENCE_FOR_SERVER = 20000; // ms until this browser's own copy is opened instead
const PATIENCE_FOR_LOCK = 3000; // ms
const MOST_SESSIONS = 3;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("sessions", { keyPath: "id" });
    request.result.createObjectStore("pictures");
  };
  return answer(request);
}

/** All pictures of a session. @param {string} id */
const picturesOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

export class Autosave {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.id = randomId();
    /** @type {IDBDatabase | null} null where this browser keeps nothing */
    this.database = null;
    this.timer = 0;
    this.complained = false;
    /** @type {Session | null} what is being restored */
    this.restoring = null;
    /** @type {any} a document that came while another was being restored */
    this.aside = null;
    /** True once the visitor has chosen a file himself: that is what he wants to see. */
    this.chosen = false;
    /** True once there is something that is worth restoring. */
    this.touched = false;
    this.patience = 0;
    this.writing = 0;
    this.note = makeElement(
      "div", "mge-restored mge-float", { role: "status" }, makeElement("span", "", {}, WORDS.restored),
      textButton(WORDS.startFresh, WORDS.startFreshTitle, () => void this.startFresh(), "mge-small"),
      textButton("×", WORDS.close, () => (this.note.hidden = true), "mge-small")
    );
    this.note.hidden = true;
    for (const name of ["change", "drop", "click"]) {
      document.addEventListener(name, (e) => {
        const where = name === "click" ? "#mge-samples" : "#mge-upload";
        if (e.isTrusted && e.target instanceof Element && e.target.closest(where)) this.chosen = true;
      }, true);
    }
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    window.addEventListener("pagehide", () => this.flush());
  }

  /** @param {"readonly" | "readwrite"} mode */
  stores(mode) {
    const transaction = /** @type {IDBDatabase} */ (this.database).transaction(["sessions", "pictures"], mode);
    return { transaction, sessions: transaction.objectStore("sessions"), pictures: transaction.objectStore("pictures") };
  }

  // ---- saving ---------------------------------------------------------------------------------------------------------

  /** Something worth keeping has changed. */
  soon() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.database || this.restoring) return;
    this.timer = window.setTimeout(() => void this.save(), DELAY);
  }

  /** Writes now what waits to be written. */
  flush() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    void this.save();
  }

  /** @returns {Session} */
  session() {
    const { stage } = this;
    const { versions, mask } = stage;
    return {
      id: this.id, savedAt: Date.now(), doc: stage.doc, name: stage.name, mode: stage.mode, box: stage.box, extend: stage.extend,
      window: stage.painter.window, mask: mask && mask.wire(), head: versions.head, next: versions.next,
      versions: [...versions.all.values()].map(({ blob, tile, ...rest }) => rest),
      reviews: stage.runner.reviews.map((each) => each.stored()), reviewed: stage.runner.reviews.findIndex((each) => each === stage.review),
    };
  }

  async save() {
    this.timer = 0;
    const { stage } = this;
    // The sample of a first visit that nobody has touched yet is not worth a word at the next.
    this.touched = this.touched || this.chosen || stage.history.done.length > 0 || stage.versions.all.size > 1 || stage.runner.reviews.length > 0;
    if (!this.database || this.restoring || !stage.mask || stage.versions.pending || !this.touched) return;
    await this.write(({ sessions }) => sessions.put(this.session()));
  }

  /** Whether all that is worth keeping is written. */
  get saved() {
    return !this.timer && !this.writing;
  }

  /** @param {(stores: {sessions: IDBObjectStore, pictures: IDBObjectStore}) => void} work @returns {Promise<boolean>} whether it is done */
  async write(work) {
    this.writing++;
    try {
      const { transaction, ...stores } = this.stores("readwrite");
      work(stores);
      await new Promise((done, fail) => {
        transaction.oncomplete = done;
        transaction.onabort = () => fail(transaction.error);
      });
      return true;
    } catch {
      this.complain();
      return false;
    } finally {
      this.writing--;
    }
  }

  /** Stores a version's PNG and small picture; the stage then need not hold them. @param {Version} version */
  async keepPicture(version) {
    const { blob, tile } = version;
    const done = this.database && blob && (await this.write(({ pictures }) => pictures.put({ blob, tile }, [this.id, version.id])));
    if (done) version.blob = null;
    this.soon();
  }

  /** The PNG of a version. @param {number} id @returns {Promise<Blob | null>} */
  async picture(id) {
    if (!this.database) return null;
    try {
      const found = await answer(this.stores("readonly").pictures.get([this.id, id]));
      return found ? found.blob : null;
    } catch {
      return null;
    }
  }

  /** Says once that the browser has no room. */
  complain() {
    if (this.complained) return;
    this.complained = true;
    this.stage.panel.toast(WORDS.notSaved);
  }

  // ---- restoring ------------------------------------------------------------------------------------------------------

  /** Looks for what an earlier page of this tab, or one that is gone, has left, and asks for it. */
  async start() {
    try {
      this.database = await openDatabase();
      const all = /** @type {Session[]} */ (await answer(this.stores("readonly").sessions.getAll()));
      all.sort((a, b) => b.savedAt - a.savedAt);
      const own = sessionStorage.getItem("mge-session");
      const found = (await this.claimed(all.find(({ id }) => id === own), PATIENCE_FOR_LOCK)) || (await this.firstFree(all));
      if (found) this.id = found.id;
      else await this.claimed({ id: this.id });
      sessionStorage.setItem("mge-session", this.id);
      void this.prune(all.filter(({ id }) => id !== this.id).slice(MOST_SESSIONS - 1));
      if (!found || this.chosen) return this.soon();
      this.restoring = found;
      this.touched = true;
      this.patience = window.setTimeout(() => void this.gone(), PATIENCE_FOR_SERVER);
      if (found.doc) this.stage.wire.reopen(found.doc, found.name);
      else void this.gone();
    } catch {
      this.database = null;
    }
  }

  /** Makes a session this page's own, so that no second tab writes to it. @template {{id: string}} T @param {T | undefined} session
   * @param {number} [patience] ms; the page that was just left may hold it a moment longer
   * @returns {Promise<T | null>} null where another tab has it */
  claimed(session, patience = 0) {
    if (!session) return Promise.resolve(null);
    if (!navigator.locks) return Promise.resolve(session);
    return new Promise((done) => {
      const options = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
      navigator.locks.request(`mge-session-${session.id}`, options, (lock) => {
        done(lock ? session : null);
        return lock ? new Promise(() => {}) : undefined; // held for as long as the page lives
      }).catch(() => done(null));
    });
  }

  /** @param {Session[]} sessions */
  async firstFree(sessions) {
    for (const session of sessions) {
      const found = await this.claimed(session);
      if (found) return found;
    }
    return null;
  }

  /** @param {Session[]} sessions */
  async prune(sessions) {
    for (const { id } of sessions) await this.write((stores) => this.erase(stores, id));
  }

  /** @param {{sessions: IDBObjectStore, pictures: IDBObjectStore}} stores @param {string} id */
  erase({ sessions, pictures }, id) {
    sessions.delete(id);
    pictures.delete(picturesOf(id));
  }

  /** Whether an opened document is not the one to wait for. @param {any} message of kind "open" */
  puts(message) {
    const wanted = this.restoring;
    if (message.first && this.stage.doc) {
      this.aside = message; // the sample of a first visit gives way to whatever is open
      return true;
    }
    if (!wanted || message.doc === wanted.doc || this.stage.versions.pending) return false;
    if (this.chosen) this.restoring = null;
    else this.aside = message;
    return !this.chosen;
  }

  /** Another document is open: what was kept of the one before stays as it is. */
  begin() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.touched = false;
    this.note.hidden = true;
    if (!this.stage.doc) return;
    this.id = randomId();
    void this.claimed({ id: this.id });
    sessionStorage.setItem("mge-session", this.id);
  }

  /** The server no longer has the document: its own copy is uploaded instead. */
  async gone() {
    const { stage, restoring } = this;
    const { versions } = stage;
    clearTimeout(this.patience);
    if (!restoring || versions.pending) return;
    this.fill(restoring);
    const head = restoring.head === null ? undefined : versions.all.get(restoring.head);
    const blob = head && (await this.picture(head.id));
    if (!head || !blob) return this.giveUp();
    versions.pending = { wish: { kind: "visit", review: null }, id: head.id, upload: true };
    if (stage.files.upload(new File([blob], restoring.name || "picture.png", { type: blob.type || "image/png" }))) return;
    versions.pending = null;
    this.giveUp();
  }

  /** Nothing can be restored: what the server has opened is shown. */
  giveUp() {
    const { aside } = this;
    this.restoring = null;
    this.aside = null;
    this.stage.versions.clear();
    if (aside) void this.stage.files.opened(aside);
  }

  /** Puts the stored tree in place. @param {Session} session */
  fill(session) {
    const { versions } = this.stage;
    versions.clear();
    for (const each of session.versions) versions.add({ ...each, blob: null, tile: null });
    versions.next = Math.max(versions.next, session.next);
    versions.head = session.head;
    this.stage.name = session.name;
  }

  /** Mask, box, border, mode and runs, once the picture is there. @param {Session} session */
  async finish(session) {
    const { stage } = this;
    clearTimeout(this.patience);
    this.restoring = null;
    const { mask, versions } = stage;
    const fits = mask && session.mask && session.mask.width === mask.width && session.mask.height === mask.height;
    if (mask && session.mask && fits) mask.load(session.mask);
    stage.history.clear();
    stage.askMode(session.mode);
    stage.painter.window = session.window;
    stage.box = session.box;
    if (session.extend.some((v) => v > 0)) stage.setExtend(session.extend);
    stage.history.clear();
    this.note.hidden = false;
    if (stage.doc === session.doc) this.review(session);
    stage.renderer.all();
    stage.changed();
    const { pictures } = this.stores("readonly");
    for (const version of versions.all.values()) {
      const request = pictures.get([this.id, version.id]);
      request.onsuccess = () => {
        if (!request.result || version.tile) return;
        version.tile = request.result.tile;
        stage.tree.refresh();
      };
    }
  }

  /** Puts the runs back whose pictures the server still has, and the one that was under review. @param {Session} session */
  review({ reviews = [], reviewed = -1 }) {
    const { runner, choice } = this.stage;
    runner.reviews = reviews.map((each) => Review.revived(each));
    const shown = runner.reviews[reviewed];
    if (shown) void choice.open(shown);
  }

  /** Forgets what was restored and begins anew. */
  async startFresh() {
    this.note.hidden = true;
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.database) await this.write((stores) => this.erase(stores, this.id));
    const { aside } = this;
    this.aside = null;
    if (aside) void this.stage.files.opened(aside);
    else {
      this.database = null; // nothing of this page is written any more
      location.reload();
    }
  }
}
