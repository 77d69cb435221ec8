// What this browser keeps for the reader: changed cells, and what is done. Nothing of it leaves the browser.

const ROOT = new URL("..", import.meta.url).pathname;

/** @param {string} name */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(`${ROOT} ${name}`) ?? "null") ?? {};
  } catch {
    return {};
  }
}

/** @param {string} name @param {object} value */
function write(name, value) {
  try {
    if (Object.keys(value).length) localStorage.setItem(`${ROOT} ${name}`, JSON.stringify(value));
    else localStorage.removeItem(`${ROOT} ${name}`);
  } catch {
    // The browser keeps nothing here (a private window, a full disk). The page works all the same.
  }
}

/**
 * The cells of a page that the reader has changed.
 *
 * Each is kept with the text that it had in the book. When the book has another text there since, the reader's own is
 * not put in its place, and is not lost either.
 */
export class Edits {
  /** @param {string} page */
  constructor(page) {
    this.name = `edits ${page}`;
    /** @type {Record<string, { book: string, mine: string }>} */
    this.cells = read(this.name);
  }

  /** @param {number} cell @param {string} book @returns {{ now: string, older: string | null }} */
  of(cell, book) {
    const kept = this.cells[cell];
    if (!kept) return { now: book, older: null };
    return kept.book === book ? { now: kept.mine, older: null } : { now: book, older: kept.mine };
  }

  /** @param {number} cell @param {string} book @param {string} mine */
  keep(cell, book, mine) {
    if (mine === book && this.cells[cell]?.book !== book) return;
    if (mine === book) delete this.cells[cell];
    else this.cells[cell] = { book, mine };
    write(this.name, this.cells);
  }

  forget() {
    this.cells = {};
    write(this.name, {});
  }
}

/** What the course has kept of the reader's answers: the text that is a file where there are files. */
export const answers = {
  text: () => JSON.stringify(read("answers")),

  /** @param {string} text */
  keep: (text) => write("answers", JSON.parse(text)),
};

/** The chapters that were run to their end, and the exercises that were solved. */
export const progress = {
  /** @returns {Record<string, "run" | "solved">} */
  all: () => ({
    ...read("progress"),
    ...Object.fromEntries(
      (read("answers").solved ?? []).map((/** @type {string} */ one) => [`exercises/${one}`, "solved"]),
    ),
  }),

  /** @param {string} chapter */
  ran: (chapter) => write("progress", { ...read("progress"), [chapter]: "run" }),
};
