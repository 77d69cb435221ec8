// A small editor for a cell: colours, indentation, undo, and names to choose from.

import { CodeJar } from "./codejar.js";
import "./prism-core.min.js";
import "./prism-python.min.js";

/**
 * Make a `pre` an editor.
 *
 * Tab indents, or completes a name; after Escape it goes on to the next control, so that a keyboard gets out again.
 *
 * @param {HTMLPreElement} pre
 * @param {{ label: string, run: () => void, changed: (source: string) => void,
 *   complete: (source: string) => Promise<{ word: string, names: string[] }> }} cell
 */
export function makeEditor(pre, cell) {
  pre.setAttribute("role", "textbox");
  pre.setAttribute("aria-multiline", "true");
  pre.setAttribute("aria-label", cell.label);
  colour(pre);
  const choice = new Choice(pre);
  let isLeaving = false;
  let isCompleting = false;
  pre.addEventListener(
    "keydown",
    (event) => {
      if (choice.isOpen && choice.take(event)) return stop(event);
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        stop(event);
        cell.run();
      } else if (event.key === "Tab" && !event.shiftKey && isLeaving) {
        // The browser moves the focus; the editor does not see the key.
        event.stopImmediatePropagation();
      } else if (event.key === "Tab" && !event.shiftKey && /[\w.]$/.test(before(pre))) {
        stop(event);
        isCompleting = true;
        offer();
      }
      isLeaving = event.key === "Escape" || (isLeaving && event.key === "Shift");
    },
    { capture: true },
  );
  // At the end of a key the editor colours its text a little later, and takes the focus back for it.
  pre.addEventListener(
    "keyup",
    (event) => {
      if (event.key === "Tab" && isCompleting) event.stopImmediatePropagation();
      isCompleting = false;
    },
    { capture: true },
  );
  const jar = CodeJar(pre, colour, { tab: "    ", addClosing: false, indentOn: /[:([{]\s*$/ });
  // Not the editor's own event, which keys cause only: text is also dropped, dictated and inserted by a menu.
  pre.addEventListener("input", () => {
    // What comes in such a way may have elements for its line ends.
    for (const end of pre.querySelectorAll("br")) end.replaceWith("\n");
    cell.changed(jar.toString());
  });

  async function offer() {
    const source = before(pre);
    const { word, names } = await cell.complete(source);
    if (before(pre) === source && names.length) choice.open(names, (name) => insert(name.slice(word.length)));
  }

  /** @param {string} text */
  function insert(text) {
    pre.focus();
    document.execCommand("insertText", false, text);
    const place = jar.save();
    colour(pre);
    jar.restore(place);
  }

  return { source: () => jar.toString(), set: (/** @type {string} */ source) => jar.updateCode(source) };
}

/** @param {HTMLElement} pre */
function colour(pre) {
  const { Prism } = window;
  pre.innerHTML = Prism.highlight(pre.textContent ?? "", Prism.languages.python, "python");
}

/** The text before the cursor. @param {HTMLElement} pre */
function before(pre) {
  const selection = getSelection();
  if (!selection?.rangeCount || !pre.contains(selection.anchorNode)) return "";
  const range = selection.getRangeAt(0).cloneRange();
  range.setStart(pre, 0);
  return range.toString();
}

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** The names from which a reader chooses. */
class Choice {
  marked = 0;
  /** @type {(name: string) => void} */
  chosen = () => {};

  /** @param {HTMLElement} pre */
  constructor(pre) {
    this.pre = pre;
    this.isOpen = false;
    this.list = document.createElement("ul");
    this.list.className = "live-names";
    this.list.setAttribute("role", "listbox");
    this.list.id = `names-${Math.random().toString(36).slice(2)}`;
    this.list.hidden = true;
    pre.after(this.list);
    pre.setAttribute("aria-controls", this.list.id);
    pre.addEventListener("blur", () => this.close());
  }

  /** @param {string[]} names @param {(name: string) => void} chosen */
  open(names, chosen) {
    this.chosen = chosen;
    if (names.length === 1) {
      chosen(names[0]);
      return;
    }
    this.list.replaceChildren(
      ...names.map((name, index) => {
        const item = document.createElement("li");
        item.textContent = name;
        item.id = `${this.list.id}-${index}`;
        item.setAttribute("role", "option");
        item.onpointerdown = (event) => {
          event.preventDefault();
          this.choose(name);
        };
        return item;
      }),
    );
    const at = getSelection()?.getRangeAt(0).getBoundingClientRect();
    const frame = this.pre.parentElement?.getBoundingClientRect();
    if (at && frame) this.list.style.insetInlineStart = `${Math.max(at.left - frame.left, 0)}px`;
    if (at && frame) this.list.style.insetBlockStart = `${at.bottom - frame.top + 4}px`;
    this.list.hidden = false;
    this.isOpen = true;
    this.mark(0);
  }

  /** @param {number} index */
  mark(index) {
    const items = [...this.list.children];
    this.marked = (index + items.length) % items.length;
    items.forEach((item, one) => item.setAttribute("aria-selected", String(one === this.marked)));
    this.pre.setAttribute("aria-activedescendant", items[this.marked].id);
    items[this.marked].scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  take(event) {
    if (event.key === "ArrowDown") this.mark(this.marked + 1);
    else if (event.key === "ArrowUp") this.mark(this.marked - 1);
    else if (event.key === "Enter" || event.key === "Tab")
      this.choose(this.list.children[this.marked].textContent ?? "");
    else {
      this.close();
      return event.key === "Escape";
    }
    return true;
  }

  /** @param {string} name */
  choose(name) {
    this.close();
    this.chosen(name);
  }

  close() {
    this.isOpen = false;
    this.list.hidden = true;
    this.pre.removeAttribute("aria-activedescendant");
  }
}
