/** The project file: all versions of a picture in one zip. Knows nothing of the server or of stores. */

import { zipped } from "../common/zip.js";

/** @typedef {{id: number, parent: number | null, offset: number[], turn: number, anew: boolean, png: Blob}}
 * ProjectVersion each after its parent */

/** A project file as editor/documents/project.py writes it.
 * @param {{name: string, format: string, head: number, state: object | null}} about @param {ProjectVersion[]} versions
 * @returns {Promise<Blob>} */
export function projectFile(about, versions) {
  const tree = versions.map(({ id, png, ...rest }) => ({ version: id, ...rest }));
  const index = { app: "maskgit-editor", version: 1, ...about, tree };
  return zipped([
    { name: "project.json", data: new Blob([JSON.stringify(index)]) },
    ...versions.map(({ id, png }) => ({ name: `versions/${id}.png`, data: png })),
  ]);
}
