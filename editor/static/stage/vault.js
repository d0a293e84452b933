/** Where this browser keeps work: its own database, or this page's memory where it has none. Knows sessions, not what
 * is in them. */

/** @typedef {import("./autosave.js").Session} Session */
/** @typedef {{id: number, blob: Blob, tile: Blob | null}} Kept the PNG of a version and its small picture */
/** @typedef {{put: (session: Session, pictures: Kept[]) => Promise<void>,
 *   session: (id: string) => Promise<Session | null>, all: () => Promise<Session[]>, picture: (id: string,
 *   version: number) => Promise<Kept | null>, pictures: (id: string) => Promise<number[]>,
 *   erase: (id: string) => Promise<void>, lasts: boolean}} Vault
 * put writes everything or nothing; pictures = the versions of which it has one; lasts = whether it outlives the
 * page */

const DATABASE = "mge-sessions";
const PATIENCE_TO_OPEN = 3000; // ms for the database to open

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/** All pictures of a session. @param {string} id */
const picturesOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

class Database {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
    this.lasts = true;
  }

  /** @param {(stores: {sessions: IDBObjectStore, pictures: IDBObjectStore}) => void} work */
  async write(work) {
    const transaction = this.database.transaction(["sessions", "pictures"], "readwrite");
    const ended = new Promise((done, fail) => {
      transaction.oncomplete = done;
      transaction.onabort = () => fail(transaction.error);
    });
    try {
      work({ sessions: transaction.objectStore("sessions"), pictures: transaction.objectStore("pictures") });
    } catch (error) {
      ended.catch(() => {});
      transaction.abort();
      throw error;
    }
    await ended;
  }

  /** @param {"sessions" | "pictures"} name */
  reading(name) {
    return this.database.transaction(name, "readonly").objectStore(name);
  }

  /** @param {Session} session @param {Kept[]} pictures */
  put(session, pictures) {
    return this.write((stores) => {
      for (const { id, blob, tile } of pictures) stores.pictures.put({ blob, tile }, [session.id, id]);
      stores.sessions.put(session);
    });
  }

  /** @param {string} id @returns {Promise<Session | null>} */
  async session(id) {
    return (await answer(this.reading("sessions").get(id))) || null;
  }

  /** @returns {Promise<Session[]>} newest first */
  async all() {
    const found = /** @type {Session[]} */ (await answer(this.reading("sessions").getAll()));
    return found.sort((a, b) => b.savedAt - a.savedAt);
  }

  /** @param {string} id @param {number} version @returns {Promise<Kept | null>} */
  async picture(id, version) {
    const found = await answer(this.reading("pictures").get([id, version]));
    return found ? { id: version, ...found } : null;
  }

  /** @param {string} id @returns {Promise<number[]>} */
  async pictures(id) {
    const keys = await answer(this.reading("pictures").getAllKeys(picturesOf(id)));
    return keys.map((key) => /** @type {[string, number]} */ (key)[1]);
  }

  /** @param {string} id */
  erase(id) {
    return this.write(({ sessions, pictures }) => {
      sessions.delete(id);
      pictures.delete(picturesOf(id));
    });
  }
}

class Memory {
  constructor() {
    this.lasts = false;
    /** @type {Map<string, {session: Session, pictures: Map<number, Kept>}>} */
    this.kept = new Map();
  }

  /** @param {Session} session @param {Kept[]} pictures */
  async put(session, pictures) {
    const { pictures: known } = this.kept.get(session.id) || { pictures: new Map() };
    for (const each of pictures) known.set(each.id, each);
    this.kept.set(session.id, { session, pictures: known });
  }

  /** @param {string} id */
  async session(id) {
    return this.kept.get(id)?.session || null;
  }

  async all() {
    return [...this.kept.values()].map(({ session }) => session).sort((a, b) => b.savedAt - a.savedAt);
  }

  /** @param {string} id @param {number} version */
  async picture(id, version) {
    return this.kept.get(id)?.pictures.get(version) || null;
  }

  /** @param {string} id */
  async pictures(id) {
    return [...(this.kept.get(id)?.pictures.keys() || [])];
  }

  /** @param {string} id */
  async erase(id) {
    this.kept.delete(id);
  }
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("sessions", { keyPath: "id" });
    request.result.createObjectStore("pictures");
  };
  return Promise.race([
    answer(request),
    new Promise((_, fail) => setTimeout(() => fail(new Error("the database does not open")), PATIENCE_TO_OPEN)),
  ]);
}

/**
 * Opens this browser's store. Without a place of its own for each tab, or without locks, two tabs could write over each
 * other's work: then nothing is kept either.
 * @returns {Promise<Vault>}
 */
export async function openVault() {
  try {
    sessionStorage.getItem("mge-session");
    if (!navigator.locks) return new Memory();
    return new Database(await openDatabase());
  } catch {
    return new Memory();
  }
}

/** Whether this browser keeps the page's settings. */
export function keepsSettings() {
  try {
    return !!localStorage;
  } catch {
    return false;
  }
}
