// The Python of a page, as the page sees it.

/**
 * What a cell gives while it runs.
 * @typedef {object} Sink
 * @property {(text: string, isError: boolean) => void} stream
 * @property {(kind: "html" | "text" | "error" | "widget", text: string) => void} output
 */

/**
 * What a widget in Python says.
 * @typedef {{ kind: string, comm: string, text: string }} CommMessage
 */

/** @typedef {{ word: string, names: string[] }} Completions */

export class Kernel {
  /** @type {Map<number, { sink: Sink, done: (isGood: boolean) => void }>} */
  running = new Map();
  /** @type {Map<number, (found: Completions) => void>} */
  asked = new Map();
  questions = 0;
  /** @type {Uint8Array | null} memory that the page shares with its Python, where it is isolated */
  buffer = null;

  /**
   * @param {string} notebook its name
   * @param {{ comm: (message: CommMessage) => void, kept: () => string, keep: (answers: string) => void }} page
   */
  constructor(notebook, page) {
    this.notebook = notebook;
    this.page = page;
    this.worker = this.newWorker();
    this.ready = this.whenReady();
  }

  newWorker() {
    const worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => this.hear(data));
    worker.postMessage({ type: "begin", notebook: this.notebook, kept: this.page.kept() });
    return worker;
  }

  /** @returns {Promise<void>} */
  whenReady() {
    return new Promise((resolve, reject) => {
      this.worker.addEventListener("message", ({ data }) => {
        if (data.type === "ready") resolve();
        else if (data.type === "failed") reject(new Error(data.text));
      });
      this.worker.onerror = (event) => reject(new Error(event.message || "Python could not be loaded."));
    });
  }

  /** Forget everything that the cells have made. What runs ends. */
  restart() {
    this.worker.terminate();
    for (const { done } of this.running.values()) done(false);
    this.running.clear();
    this.asked.clear();
    this.buffer = null;
    this.worker = this.newWorker();
    this.ready = this.whenReady();
  }

  /** @param {number} cell @param {string} source @param {Sink} sink @returns {Promise<boolean>} */
  run(cell, source, sink) {
    return new Promise((done) => {
      this.running.set(cell, { sink, done });
      this.worker.postMessage({ type: "run", cell, source });
    });
  }

  interrupt() {
    // Memory reaches what is busy; there is such memory only where the page is isolated. A message reaches what awaits.
    if (this.buffer) Atomics.store(this.buffer, 0, 2);
    this.worker.postMessage({ type: "interrupt" });
  }

  /** @param {string} source @returns {Promise<Completions>} */
  complete(source) {
    const id = (this.questions += 1);
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.worker.postMessage({ type: "complete", id, source });
    });
  }

  /** @param {string} comm @param {object} message */
  say(comm, message) {
    this.worker.postMessage({ type: "comm", comm, text: JSON.stringify(message) });
  }

  /** @param {any} data */
  hear(data) {
    const { sink, done } = this.running.get(data.cell) ?? {};
    if (data.type === "ready") this.buffer = data.buffer;
    else if (data.type === "stream") sink?.stream(data.text, Boolean(data.isError));
    else if (data.type === "output") sink?.output(data.kind, data.text);
    else if (data.type === "comm") this.page.comm(data);
    else if (data.type === "kept") this.page.keep(data.text);
    else if (data.type === "completions") {
      this.asked.get(data.id)?.(JSON.parse(data.text));
      this.asked.delete(data.id);
    } else if (data.type === "done") {
      this.running.delete(data.cell);
      done?.(data.isGood);
    }
  }
}
