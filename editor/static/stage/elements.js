/** Elements of the page, made and switched. Knows nothing of what they stand for. */

/**
 * @param {string} tag @param {string} name @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function makeElement(tag, name, attributes = {}, ...children) {
  const node = document.createElement(tag);
  node.className = name;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** @param {string} text @param {string} title @param {() => void} action @param {string} [name] */
export function textButton(text, title, action, name = "") {
  const made = makeElement("button", `mge-button ${name}`.trim(), { type: "button", title }, text);
  const node = /** @type {HTMLButtonElement} */ (made);
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
