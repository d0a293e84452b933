/** Elements of the page, made and switched. Knows nothing of what they stand for. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} name @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function makeElement(tag, name, attributes = {}, ...children) {
  const node = document.createElement(tag);
  node.className = name;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** An icon of 20 x 20, drawn with the strokes of a path. @param {string} path */
export function strokes(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** @param {string} text @param {string} title @param {(e: MouseEvent) => void} action @param {string} [name] */
export function textButton(text, title, action, name = "") {
  const node = makeElement("button", `mge-button ${name}`.trim(), { type: "button", title }, text);
  node.addEventListener("click", action);
  return node;
}

/**
 * A button that is greyed out but can be reached and says why.
 * @param {HTMLElement} node @param {string} title @param {string} objection
 */
export function setPossible(node, title, objection) {
  node.setAttribute("aria-disabled", String(!!objection));
  node.title = objection || title;
}

const TIME_TO_SAVE = 10000; // ms; a download may not have begun at once

/** Has the browser save what is at an address. @param {string} href @param {string} name of the file */
export function saveLink(href, name) {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
}

/** @param {Blob} blob @param {string} name of the file */
export function saveBlob(blob, name) {
  const href = URL.createObjectURL(blob);
  saveLink(href, name);
  letGo(href);
}

/** Forgets an address of `URL.createObjectURL` once what was saved from it has begun. @param {string} href */
export function letGo(href) {
  setTimeout(() => URL.revokeObjectURL(href), TIME_TO_SAVE);
}
