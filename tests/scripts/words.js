/** Gives the page's scripts their words before they are imported, as the stage's component does in a browser. */

import { readFileSync } from "node:fs";

const file = new URL("../../editor/words/en.json", import.meta.url);
/** @type {any} */ (globalThis).mgeWords = JSON.parse(readFileSync(file, "utf8"));
