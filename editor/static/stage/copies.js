/** The project file of a session that this browser keeps: what the server opens again, and what can be saved. Knows no
 * requests. */

import { joined, UNMOVED } from "./placing.js";
import { projectFile } from "./projectfile.js";

/** @typedef {import("./autosave.js").Session} Session */

/** The canvas as a project file keeps it. @param {Session} session */
function stateOf({ mode, box, extend, mask, head, versions }) {
  const masks = versions.flatMap((each) => {
    const own = each.id === head ? mask : each.mask;
    return own ? [[each.id, own]] : [];
  });
  return { v: 1, mode, box, extend, masks };
}

/**
 * The session as a project file, with every version whose picture is here; the children of one that is not hang on its
 * parent.
 * @param {Session} session @param {(version: number) => Promise<Blob | null>} pictureOf
 * @returns {Promise<Blob | null>} null where the picture that was shown is not here
 */
export async function copyOf(session, pictureOf) {
  /** @type {Map<number, import("./projectfile.js").ProjectVersion>} */
  const kept = new Map();
  // Of versions that were kept before there were crops it says nothing of turns.
  const versions = session.versions.map((each) => ({ ...each, turn: each.turn || 0, anew: !!each.anew }));
  const known = new Map(versions.map((each) => [each.id, each]));
  for (const version of versions.sort((a, b) => a.id - b.id)) {
    const png = await pictureOf(version.id);
    if (!png) continue;
    /** @type {import("./placing.js").Placing} */
    let placing = version;
    let anew = version.anew;
    let above = version.parent === null ? undefined : known.get(version.parent);
    for (; above && !kept.has(above.id); above = above.parent === null ? undefined : known.get(above.parent)) {
      placing = joined(above, placing);
      anew ||= above.anew;
    }
    const [first] = kept.keys(); // a tree has one root
    const parent = above ? above.id : (first ?? null);
    const { offset, turn } = above ? placing : UNMOVED;
    kept.set(version.id, { id: version.id, parent, offset, turn, anew, png });
  }
  if (session.head === null || !kept.has(session.head)) return null;
  const about = {
    name: session.name || "picture",
    format: session.format || "png",
    head: session.head,
    state: stateOf(session),
  };
  return projectFile(about, [...kept.values()]);
}
