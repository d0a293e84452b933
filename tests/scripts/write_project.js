/** Writes the project file of a page to the path that is given; test_scripts.py reads it. */

import { writeFileSync } from "node:fs";
import { projectFile } from "../../editor/static/stage/projectfile.js";

const about = { name: "Käfer", format: "jpeg", head: 7, state: { note: "…" } };
const versions = [
  { id: 3, parent: null, offset: [0, 0], turn: 0, anew: false, png: new Blob(["first"]) },
  { id: 7, parent: 3, offset: [2, -5], turn: 2, anew: false, png: new Blob([new Uint8Array([0, 255, 13, 10])]) },
];
const file = await projectFile(about, versions);
writeFileSync(process.argv[2], new Uint8Array(await file.arrayBuffer()));
