/** Which key does what. Knows the names of the stage's actions only. */

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select, [role=combobox], [role=listbox]")) return true;
  return target instanceof HTMLInputElement && !/^(button|checkbox|radio|submit)$/.test(target.type);
}

/** @param {import("./main.js").Stage} stage @param {HTMLElement} host */
export function listenToKeys(stage, host) {
  /** @type {Record<string, () => void>} */
  const plain = {
    b: () => stage.setTool("brush"),
    e: () => stage.setTool("eraser"),
    r: () => stage.setTool("rectangle"),
    m: () => stage.setTool("box"),
    h: () => stage.setTool("hand"),
    g: () => stage.toggleGrid(),
    x: () => stage.invert(),
    "[": () => stage.resizeBrush(-1),
    "]": () => stage.resizeBrush(1),
    delete: () => stage.clear(),
    backspace: () => stage.clear(),
    escape: () => stage.escape(),
  };
  /** @type {Record<string, () => void>} */
  const withControl = {
    z: () => stage.undo(),
    "shift+z": () => stage.redo(),
    y: () => stage.redo(),
    0: () => stage.fit(),
    1: () => stage.actualSize(),
  };
  const atHome = () => document.activeElement === document.body || document.activeElement === host || document.activeElement === null;

  document.addEventListener("keydown", (e) => {
    if (isTyping(e.target) || !stage.visible()) return;
    const key = e.key.toLowerCase();
    if (e.ctrlKey || e.metaKey) {
      const action = withControl[(e.shiftKey ? "shift+" : "") + key];
      if (action && !e.altKey) {
        e.preventDefault();
        action();
      }
      return;
    }
    if (e.altKey) return;
    if (key === " " && atHome()) {
      e.preventDefault();
      stage.pointers.spaceDown = true;
      stage.pointers.cursor();
      stage.renderer.schedule();
    } else if (key === "\\" || (key === "tab" && document.activeElement === host && stage.focusByPointer && !e.shiftKey)) {
      // Someone who came here by keyboard leaves by Tab; someone who came by pointer compares with it.
      e.preventDefault();
      stage.compare(true);
    } else if (key === "enter" && atHome()) {
      e.preventDefault();
      if (stage.review) stage.keep();
      else stage.run();
    } else if (key.startsWith("arrow") && atHome()) {
      if (stage.arrow(key.slice(5), e.shiftKey)) e.preventDefault();
    } else if (/^[1-5]$/.test(key)) {
      const radios = document.querySelectorAll("#mge-mode input[type=radio]");
      const radio = radios[Number(key) - 1];
      if (radio instanceof HTMLElement) radio.click();
    } else if (plain[key] && !(key === "backspace" && !atHome())) {
      e.preventDefault();
      plain[key]();
    }
  });
  document.addEventListener("keyup", (e) => {
    if (e.key === " ") {
      stage.pointers.spaceDown = false;
      stage.pointers.cursor();
      stage.renderer.schedule();
    }
    if (e.key === "Tab" || e.key === "\\") stage.compare(false);
  });
  window.addEventListener("blur", () => {
    stage.pointers.spaceDown = false;
    stage.compare(false);
  });
  host.addEventListener("blur", () => {
    stage.focusByPointer = false;
    host.classList.remove("mge-quiet");
    stage.compare(false);
  });
}
