// Finding the mistake in a JSON text. `JSON.parse` finds it too, but browsers differ in their words, and some give no
// line and column. A learner reads this while typing a payload, so it is the same in every browser.

/** The first mistake in a text. Not an Error: it is no failure of the page, and one is made with every key pressed. */
class Mistake {
  /** @param {string} before  the text up to the mistake @param {string} text  what is wrong */
  constructor(before, text) {
    const lines = before.split("\n");
    this.line = lines.length;
    this.column = lines[lines.length - 1].length + 1;
    this.text = text;
  }
}

const ESCAPE = /^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/;
const WORD = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)(?![\w.+-])/;
/** @type {Record<string, string>} */
const PYTHON_WORDS = { True: "true", False: "false", None: "null" };

/** @type {[form: RegExp, problem: string][]} */
const NUMBER_PROBLEMS = [
  [/^-?(NaN|Infinity)\b/, "JSON has no NaN and no Infinity: null, or a text in double quotes"],
  [/^-?0\d/, "a number does not begin with a zero: 7, not 07"],
  [/^-?\.\d/, "a number does not begin with a point: 0.5, not .5"],
  [/^\+\d/, "a number has no plus before it"],
  [/^-?\d/, "this is no number as JSON writes it"],
];
const NO_VALUE = "this is no JSON value: a text needs double quotes";

/** Reads a text from its beginning, and throws the first Mistake. */
class JsonReader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  peek() {
    return this.text[this.at];
  }

  isAtEnd() {
    return this.at >= this.text.length;
  }

  /**
   * @param {string} why
   * @param {number} [place]
   * @returns {never}
   */
  fail(why, place = this.at) {
    throw new Mistake(this.text.slice(0, place), why);
  }

  /** Read one value and what is after it. */
  readAll() {
    this.readValue();
    this.skipSpace();
    if (!this.isAtEnd()) this.fail("something is left over after the end");
  }

  skipSpace() {
    while (!this.isAtEnd() && " \t\n\r".includes(this.peek())) this.at += 1;
  }

  readValue() {
    this.skipSpace();
    if (this.peek() === undefined) this.fail("a value is missing at the end");
    if (this.peek() === '"') this.readString("text");
    else if (this.peek() === "[") this.readItems("]", () => this.readValue());
    else if (this.peek() === "{") this.readItems("}", () => this.readMember());
    else this.readWord();
  }

  /** @param {"text" | "name"} what */
  readString(what) {
    const start = this.at;
    this.at += 1;
    for (;;) {
      if (this.isAtEnd() || this.peek() === "\n") this.fail(`this ${what} has no closing quote`, start);
      if (this.peek() === '"') break;
      if (this.peek() < " ") this.fail("a control character inside a text: write it as \\t or \\u0009");
      if (this.peek() === "\\" && !ESCAPE.test(this.text.slice(this.at, this.at + 6))) {
        this.fail('after a backslash only " \\ / b f n r t or u and four digits');
      }
      this.at += this.peek() === "\\" ? 2 : 1;
    }
    this.at += 1;
  }

  /**
   * Read what is between two brackets, with commas.
   * @param {"]" | "}"} end
   * @param {() => void} readItem
   */
  readItems(end, readItem) {
    const start = this.at;
    this.at += 1;
    this.skipSpace();
    while (this.peek() !== end) {
      this.failIfOpen(start);
      readItem();
      this.skipSpace();
      if (this.peek() === end) break;
      this.failIfOpen(start);
      if (this.peek() !== ",") this.fail(`a comma or ${end} is missing here`);
      this.at += 1;
      this.skipSpace();
      if (this.peek() === end) this.fail(`a comma too many before ${end}`);
    }
    this.at += 1;
  }

  /** @param {number} start  where the bracket is */
  failIfOpen(start) {
    if (this.isAtEnd()) this.fail(`this ${this.text[start]} is never closed`, start);
  }

  readMember() {
    if (this.peek() !== '"') this.fail('a name in "double quotes" is missing here');
    this.readString("name");
    this.skipSpace();
    if (this.peek() !== ":") this.fail("a colon is missing after the name");
    this.at += 1;
    this.readValue();
  }

  readWord() {
    const word = WORD.exec(this.text.slice(this.at, this.at + 400));
    if (!word) this.failAtWord();
    this.at += word[0].length;
  }

  /** @returns {never} */
  failAtWord() {
    if (this.peek() === "'") this.fail("texts stand in double quotes");
    const written = /^\w*/.exec(this.text.slice(this.at, this.at + 9))?.[0] ?? "";
    const meant = PYTHON_WORDS[written];
    if (meant) this.fail(`in JSON this is ${meant}`);
    this.fail(NUMBER_PROBLEMS.find(([form]) => form.test(this.text.slice(this.at, this.at + 400)))?.[1] ?? NO_VALUE);
  }
}

/**
 * Find the first mistake in a JSON text.
 * @param {string} text
 * @returns {{line: number, column: number, text: string} | null} both counted from 1; null when there is none
 */
export function jsonProblem(text) {
  try {
    new JsonReader(text).readAll();
    return null;
  } catch (problem) {
    if (problem instanceof RangeError) return { line: 1, column: 1, text: "it is nested too deep" };
    if (problem instanceof Mistake) return problem;
    throw problem;
  }
}
