// The Python of a page, as the page sees it.

/**
 * What a cell gives while it runs.
 * @typedef {object} Sink
 * @property {(text: string, isError: boolean) => void} stream
 * @property {(kind: "html" | "text" | "error" | "widget", text: string) => void} output
 */

export class Kernel {
  /** @param {{ comm: (message: object) => void, solved: (exercise: string) => void }} page */
  constructor(page) {
    this.page = page;
    this.start();
  }

  start() {
    /** @type {Map<number, { sink: Sink, done: (isGood: boolean) => void }>} */
    this.running = new Map();
    this.asked = new Map();
    this.buffer = null;
    this.ready = new Promise((resolve, reject) => {
      this.worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
      this.worker.onmessage = ({ data }) => {
        if (data.type === "ready") resolve(undefined);
        this.hear(data);
      };
      this.worker.onerror = (event) => reject(new Error(event.message || "Python could not be loaded."));
    });
  }

  /** Forget everything that the cells have made. What runs ends. */
  restart() {
    this.worker.terminate();
    for (const { done } of this.running.values()) done(false);
    this.start();
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

  /** @param {string} source @returns {Promise<{ word: string, names: string[] }>} */
  complete(source) {
    const id = crypto.randomUUID?.() ?? String(Math.random());
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.worker.postMessage({ type: "complete", id, source });
    });
  }

  /** @param {string} comm @param {object} message */
  say(comm, message) {
    this.worker.postMessage({ type: "comm", comm, text: JSON.stringify(message) });
  }

  hear(data) {
    const { sink, done } = this.running.get(data.cell) ?? {};
    if (data.type === "ready") this.buffer = data.buffer;
    else if (data.type === "stream") sink?.stream(data.text, Boolean(data.isError));
    else if (data.type === "output") sink?.output(data.kind, data.text);
    else if (data.type === "comm") this.page.comm(data);
    else if (data.type === "solved") this.page.solved(data.text);
    else if (data.type === "completions") {
      this.asked.get(data.id)?.(JSON.parse(data.text));
      this.asked.delete(data.id);
    } else if (data.type === "done") {
      this.running.delete(data.cell);
      done?.(data.isGood);
    }
  }
}
