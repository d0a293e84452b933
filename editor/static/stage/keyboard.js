/** Which key does what: one table that binds the keys and that the help sheet shows. Knows the names of the stage's
 * actions only. */

import { Focus, isTyping } from "./focus.js";
import { WORDS } from "./wording.js";

/** @typedef {import("./stage.js").Stage} Stage */
/**
 * @typedef {{keys: string[], does: string, also?: string[], act?: (stage: Stage, key: number) => unknown,
 *   hold?: (stage: Stage, on: boolean) => void, home?: boolean}} Shortcut
 * keys are as people read them, and act is told which of them; also = the same on other keyboards; home = only while
 * nothing but the canvas has the focus. One without act and hold is bound elsewhere: a pointer's gesture, or a key that
 * depends on where the focus is.
 */

/** Clicks what the page has for a mode: the radio of the Edit tab, or the Sweep tab. @param {string} mode */
export function chooseMode(mode) {
  const tabs = [...document.querySelectorAll("#mge-tabs [role=tab]")];
  const sweep = tabs.find((tab) => /sweep/i.test(tab.textContent || ""));
  const edit = tabs.find((tab) => tab !== sweep);
  const tab = (mode === "sweep" && sweep) || edit;
  if (tab instanceof HTMLElement && tab.getAttribute("aria-selected") !== "true") tab.click();
  const radio = document.querySelector(`#mge-mode input[value=${mode}]`);
  if (radio instanceof HTMLElement) radio.click();
}

/** @type {{group: string, shortcuts: Shortcut[]}[]} */
export const KEYS = [
  {
    group: WORDS.keyGroups.tools,
    shortcuts: [
      { keys: ["B"], does: WORDS.does.brush, act: (stage) => stage.setTool("brush") },
      { keys: ["E"], does: WORDS.does.eraser, act: (stage) => stage.setTool("eraser") },
      { keys: ["R"], does: WORDS.does.rectangle, act: (stage) => stage.setTool("rectangle") },
      { keys: ["L"], does: WORDS.does.lasso, act: (stage) => stage.outliner.choose() },
      {
        keys: ["W"],
        does: WORDS.does.select,
        act: (stage) => stage.selector.choose(),
      },
      { keys: ["T"], does: WORDS.does.token, act: (stage) => stage.setTool("token") },
      { keys: ["M"], does: WORDS.does.box, act: (stage) => stage.setTool("box") },
      { keys: ["I"], does: WORDS.does.inspect, act: (stage) => stage.setTool("inspect") },
      { keys: ["Shift+C"], does: WORDS.does.crop, act: (stage) => stage.setTool("crop") },
      { keys: ["H"], does: WORDS.does.hand, act: (stage) => stage.setTool("hand") },
      {
        keys: ["K"],
        does: WORDS.does.crosshair,
        act: (stage) => stage.crosshair.toggle(),
      },
      {
        keys: ["Space"],
        does: WORDS.does.space,
        hold: (stage, on) => stage.space(on),
        home: true,
      },
      { keys: ["[", "]"], does: WORDS.does.size, act: (stage, key) => stage.painter.resize(key ? 1 : -1) },
      {
        keys: ["Shift+[", "Shift+]"],
        does: WORDS.does.hardness,
        act: (stage, key) => stage.painter.setHardness(stage.painter.hardness + (key ? 0.1 : -0.1)),
      },
      { keys: ["Right button", "Alt+drag"], does: WORDS.does.erase },
      { keys: ["Shift+drag"], does: WORDS.does.addTo },
    ],
  },
  {
    group: WORDS.keyGroups.mask,
    shortcuts: [
      { keys: ["X"], does: WORDS.does.invert, act: (stage) => stage.marks.invert() },
      { keys: ["A"], does: WORDS.does.again, act: (stage) => stage.marks.again() },
      {
        keys: ["Delete", "Backspace"],
        does: WORDS.does.clear,
        act: (stage) => stage.outliner.back() || stage.marks.clear(),
        home: true,
      },
      { keys: ["G"], does: WORDS.does.grid, act: (stage) => stage.toggleGrid() },
      { keys: ["O"], does: WORDS.does.hide, hold: (stage, on) => stage.painter.hide(on) },
      { keys: ["Arrows"], does: WORDS.does.arrows },
      { keys: ["Ctrl+Z"], does: WORDS.does.undo, act: (stage) => stage.undo() },
      { keys: ["Ctrl+Shift+Z", "Ctrl+Y"], does: WORDS.does.redo, act: (stage) => stage.redo() },
    ],
  },
  {
    group: WORDS.keyGroups.run,
    shortcuts: [
      {
        keys: ["Enter"],
        does: WORDS.does.enter,
        act: (stage) => stage.enter(),
        home: true,
      },
      { keys: ["Shift+Enter"], does: WORDS.does.fresh, act: (stage) => stage.runFresh(), home: true },
      {
        keys: ["Esc"],
        does: WORDS.does.escape,
        also: ["Escape"],
        act: (stage) => stage.escape(),
      },
      { keys: ["Left", "Right"], does: WORDS.does.others },
      { keys: ["Painting"], does: WORDS.does.onward },
      { keys: ["S"], does: WORDS.does.star, act: (stage) => stage.choice.star() },
      { keys: ["V"], does: WORDS.does.history, act: (stage) => stage.tree.toggle() },
      { keys: [",", "."], does: WORDS.does.scrub, act: (stage, key) => stage.scrub(key ? 1 : -1) },
    ],
  },
  {
    group: WORDS.keyGroups.compare,
    shortcuts: [
      { keys: ["Tab", "\\"], does: WORDS.does.original },
      { keys: ["C"], does: WORDS.does.slider, act: (stage) => stage.comparison.show("slider") },
      { keys: ["D"], does: WORDS.does.difference, act: (stage) => stage.comparison.show("difference") },
      { keys: ["U"], does: WORDS.does.pair, act: (stage) => stage.comparison.show("pair") },
    ],
  },
  {
    group: WORDS.keyGroups.view,
    shortcuts: [
      { keys: ["Wheel", "Pinch"], does: WORDS.does.zoom },
      { keys: ["Middle button"], does: WORDS.does.hand },
      {
        keys: ["N"],
        does: WORDS.does.numbers,
        act: (stage) => stage.toggleNumbers(),
      },
      { keys: ["Ctrl+0"], does: WORDS.does.fit, act: (stage) => stage.fit() },
      { keys: ["Ctrl+1"], does: WORDS.does.actual, act: (stage) => stage.actualSize() },
    ],
  },
  {
    group: WORDS.keyGroups.files,
    shortcuts: [
      ...Object.entries(WORDS.modes).map(([mode, name], i) => ({
        keys: [String(i + 1)],
        does: name,
        act: () => chooseMode(mode),
      })),
      { keys: ["Ctrl+V"], does: WORDS.does.paste },
      { keys: ["Ctrl+C"], does: WORDS.does.copy, act: (stage) => stage.outgoing.copyPicture() },
      { keys: ["Ctrl+Shift+C"], does: WORDS.does.copyMask, act: (stage) => stage.outgoing.copyMask() },
      { keys: ["Dragging a tile"], does: WORDS.does.dragOut },
      { keys: ["Ctrl+S"], does: WORDS.does.export, act: (stage) => stage.export() },
      { keys: ["?"], does: WORDS.does.help, act: (stage) => stage.help.show() },
    ],
  },
];

/** What a key's place is called where its character is none of ours: the letters and signs of an American keyboard.
 * @param {KeyboardEvent} e */
function placeOf(e) {
  const signs = /** @type {Record<string, string>} */ ({
    BracketLeft: "[",
    BracketRight: "]",
    Comma: ",",
    Period: ".",
    Backslash: "\\",
  });
  const foreign = e.key === "Dead" || /\P{ASCII}/u.test(e.key);
  if (foreign && /^Key[A-Z]$/.test(e.code)) return e.code[3];
  // As characters they need Shift on a French keyboard.
  if (!e.shiftKey && /^Digit[0-9]$/.test(e.code)) return e.code[5];
  return (e.shiftKey && !foreign) || (e.key.length > 1 && !foreign) ? "" : signs[e.code] || "";
}

/** A key as the table calls it. @param {KeyboardEvent} e @param {string} [place] instead of its character */
export function nameOf(e, place = "") {
  const third = e.getModifierState("AltGraph"); // reaches characters, commands nothing
  const bracket = { BracketLeft: "[", BracketRight: "]", "{": "[", "}": "]" }[/[{}]/.test(e.key) ? e.key : e.code];
  if (bracket && (e.shiftKey || /[{}]/.test(e.key)) && !e.ctrlKey) return `Shift+${bracket}`;
  const key = place || (e.key === " " ? "Space" : e.key.length === 1 ? e.key.toUpperCase() : e.key);
  // Of other characters the character tells by itself whether Shift is part of it.
  const shift = e.shiftKey && (key.length > 1 || /[A-Z]/.test(key)) ? "Shift+" : "";
  return ((e.ctrlKey || e.metaKey) && !third ? "Ctrl+" : "") + (e.altKey && !third ? "Alt+" : "") + shift + key;
}

/** What is bound to a usual key. @type {Map<string, {shortcut: Shortcut, key: number}>} */
export const BOUND = new Map();
for (const shortcut of KEYS.flatMap(({ shortcuts }) => shortcuts)) {
  if (!shortcut.act && !shortcut.hold) continue;
  for (const [key, name] of shortcut.keys.entries()) BOUND.set(name, { shortcut, key });
  for (const name of shortcut.also || []) BOUND.set(name, { shortcut, key: 0 });
}

/** @param {Stage} stage @param {HTMLElement} host */
export function listenToKeys(stage, host) {
  const focus = new Focus(host, () => stage.pointers.takeFocus());
  const foundFor = (/** @type {KeyboardEvent} */ e) => {
    const place = placeOf(e);
    const bound = (/** @type {string} */ name) => BOUND.get(stage.keymap.usualOf(name));
    return bound(nameOf(e)) || (place ? bound(nameOf(e, place)) : undefined);
  };
  /** @type {Set<Shortcut>} */
  const held = new Set();
  const release = () => {
    for (const shortcut of held) shortcut.hold?.(stage, false);
    held.clear();
    stage.compare(false);
  };

  document.addEventListener("keydown", (e) => {
    const name = nameOf(e);
    const runs = /^(Shift\+)?Enter$/.test(name) && focus.runs(e.target);
    // What has the focus may have answered already.
    if (((isTyping(e.target) || e.defaultPrevented) && !runs) || !stage.visible()) return;
    if (name === "Ctrl+C" && String(getSelection())) return; // of selected text
    const found = foundFor(e);
    if (runs) host.focus({ preventScroll: true }); // what was typed counts
    if (name === "\\" || (name === "Tab" && document.activeElement === host && stage.pointers.focused)) {
      // Someone who came here by keyboard leaves by Tab; someone who came by pointer compares with it.
      e.preventDefault();
      stage.compare(true);
    } else if (/^(Shift\+)?Arrow/.test(name)) {
      if (!focus.answers && stage.arrow(e.key.slice(5).toLowerCase(), e.shiftKey)) e.preventDefault();
    } else if (found && (!found.shortcut.home || runs || !focus.answers)) {
      const { shortcut, key } = found;
      e.preventDefault();
      if (shortcut.act) shortcut.act(stage, key);
      else if (shortcut.hold && !held.has(shortcut)) {
        held.add(shortcut);
        shortcut.hold(stage, true);
      }
    }
  });
  document.addEventListener("keyup", (e) => {
    const names = [nameOf(e), nameOf(e, placeOf(e))].map((name) => name.replace(/^.*\+(?=.)/, ""));
    for (const shortcut of held) {
      if (!shortcut.hold || !shortcut.keys.some((key) => names.includes(stage.keymap.keyFor(key)))) continue;
      shortcut.hold(stage, false);
      held.delete(shortcut);
    }
    if (e.key === "Tab" || e.key === "\\") stage.compare(false);
  });
  window.addEventListener("blur", release);
  host.addEventListener("blur", () => {
    host.classList.remove("mge-quiet");
    release();
  });
}
