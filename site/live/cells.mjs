// The cells of a page: each can be changed and run, and shows below it what it gives.

import { Kernel } from "./kernel.mjs";
import { makeEditor } from "./editor.mjs";
import { Edits, answers } from "./kept.mjs";
import { Widgets } from "./widgets.mjs";

/**
 * Make the cells of a page live.
 *
 * @param {HTMLElement} article
 * @param {string} name the page's, such as `02_routing`
 * @param {{ answered: () => void, ran: (isWhole: boolean) => void, busy: (isBusy: boolean) => void }} page
 */
export function makeLive(article, name, page) {
  const edits = new Edits(name);
  const widgets = new Widgets((comm, message) => kernel.say(comm, message));
  const kernel = new Kernel(name, {
    comm: (message) => widgets.hear(message),
    kept: answers.text,
    keep(text) {
      answers.keep(text);
      page.answered();
    },
  });
  const cells = [...article.querySelectorAll(".cell")]
    .flatMap((element) => {
      const pre = /** @type {HTMLPreElement | null} */ (element.querySelector(".cell_input pre"));
      return pre ? [{ element: /** @type {HTMLElement} */ (element), pre }] : [];
    })
    .map(({ element, pre }, number) => new Cell(element, pre, number, { edits, kernel, widgets, ran }));
  let underWay = 0;

  /** @param {Cell} cell @param {Promise<boolean>} end */
  async function ran(cell, end) {
    underWay += 1;
    page.busy(true);
    cell.isRun = await end;
    underWay -= 1;
    page.busy(underWay > 0);
    page.ran(cells.every((one) => one.isRun || one.mayFail));
  }

  return {
    ready: kernel.ready,
    cells,
    interrupt: () => kernel.interrupt(),
    async runAll() {
      for (const cell of cells) if (!(await cell.run()) && !cell.mayFail) return false;
      return true;
    },
    async startOver() {
      edits.forget();
      for (const cell of cells) cell.startOver();
      kernel.restart();
      await kernel.ready;
    },
  };
}

/**
 * @typedef {object} Page what a cell needs of its page
 * @property {Edits} edits
 * @property {Kernel} kernel
 * @property {Widgets} widgets
 * @property {(cell: Cell, end: Promise<boolean>) => void} ran
 */

class Cell {
  isRun = false;

  /** @param {HTMLElement} element @param {HTMLPreElement} pre @param {number} number @param {Page} page */
  constructor(element, pre, number, page) {
    this.element = element;
    this.number = number;
    this.page = page;
    // The course shows errors on purpose: such a cell is tagged, and its run is not a failure.
    this.mayFail = element.classList.contains("tag_raises-exception");
    // It needs another program, a socket or a library that a browser has not.
    this.isLeftOut = element.classList.contains("tag_not-in-a-browser");
    this.book = (pre.textContent ?? "").replace(/\n$/, "");
    const { now, older } = page.edits.of(number, this.book);
    pre.textContent = now;
    this.editor = makeEditor(pre, {
      label: `Cell ${number + 1}`,
      run: () => this.runAndGoOn(),
      changed: (source) => page.edits.keep(number, this.book, source),
      complete: (source) => page.kernel.complete(source),
    });
    this.button = button("▶ Run", () => void this.run());
    const bar = document.createElement("div");
    bar.className = "live-cell-bar";
    bar.append(this.button);
    if (older !== null) bar.append(this.bringBack(older));
    pre.closest(".cell_input")?.append(bar);
    this.output = element.querySelector(".cell_output") ?? element.appendChild(document.createElement("div"));
    this.output.closest("details.guess")?.replaceWith(this.output);
    this.output.classList.add("cell_output");
    this.output.setAttribute("aria-live", "polite");
    this.committed = [...this.output.childNodes];
    this.output.classList.toggle("from-the-book", this.committed.length > 0);
  }

  /** @param {string} older */
  bringBack(older) {
    const back = button("This cell has changed in the book. Bring back yours", () => {
      this.editor.set(older);
      this.page.edits.keep(this.number, this.book, older);
      back.remove();
    });
    return back;
  }

  startOver() {
    this.editor.set(this.book);
    this.isRun = false;
    this.output.replaceChildren(...this.committed);
    this.output.classList.toggle("from-the-book", this.committed.length > 0);
  }

  sayWhatIsLeftOut() {
    this.isRun = true;
    if (this.element.querySelector(".left-out")) return;
    const note = document.createElement("p");
    note.className = "left-out";
    note.textContent = "A browser cannot run this cell. Below is what it showed elsewhere.";
    this.output.before(note);
  }

  runAndGoOn() {
    void this.run();
    const next = this.element.nextElementSibling;
    const cells = [...document.querySelectorAll(".cell [role=textbox]")];
    const here = cells.findIndex((one) => this.element.contains(one));
    /** @type {HTMLElement | undefined} */ (cells[here + 1])?.focus({ preventScroll: next?.matches(".cell") ?? false });
  }

  /** @returns {Promise<boolean>} */
  run() {
    if (this.isLeftOut) {
      this.sayWhatIsLeftOut();
      return Promise.resolve(true);
    }
    this.button.disabled = true;
    this.button.textContent = "… running";
    this.output.classList.remove("from-the-book");
    let isNew = true;
    const fresh = () => {
      if (isNew) this.output.replaceChildren();
      isNew = false;
    };
    /** @type {import("./kernel.mjs").Sink} */
    const sink = {
      stream: (text, isError) => {
        fresh();
        const last = this.output.lastElementChild;
        const pre = last?.matches("pre.live-stream") && last.classList.contains("stderr") === isError ? last : null;
        const into = pre ?? this.output.appendChild(document.createElement("pre"));
        into.classList.add("live-stream");
        into.classList.toggle("stderr", isError);
        into.append(text);
      },
      output: (kind, text) => {
        fresh();
        show(this.output, kind, text, this.page.widgets);
      },
    };
    const end = this.page.kernel.run(this.number, this.editor.source(), sink).then((isGood) => {
      fresh();
      this.button.disabled = false;
      this.button.textContent = "▶ Run";
      return isGood;
    });
    this.page.ran(this, end);
    return end;
  }
}

/** @param {Element} output @param {string} kind @param {string} text @param {Widgets} widgets */
function show(output, kind, text, widgets) {
  const box = output.appendChild(document.createElement(kind === "html" || kind === "widget" ? "div" : "pre"));
  if (kind === "widget") {
    box.className = "live-widget";
    void widgets.show(text, box);
  }
  // The page's own Python made it, which escapes what comes from messages.
  else if (kind === "html") box.innerHTML = text;
  else box.textContent = text;
  if (kind === "error") box.className = "live-error";
}

/** @param {string} text @param {() => void} press */
export function button(text, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.onclick = press;
  return made;
}
