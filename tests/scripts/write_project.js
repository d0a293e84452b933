/** Writes the project file of a page to the path that is given; test_scripts.py reads it. */

import { writeFileSync } from "node:fs";
import { projectFile } from "../../editor/static/stage/zip.js";

const about = { name: "Käfer", format: "jpeg", head: 7, state: { note: "…" } };
const versions = [
  { id: 3, parent: null, offset: [0, 0], png: new Blob(["first"]) },
  { id: 7, parent: 3, offset: [2, -5], png: new Blob([new Uint8Array([0, 255, 13, 10])]) },
];
const file = await projectFile(about, versions);
writeFileSync(process.argv[2], new Uint8Array(await file.arrayBuffer()));
