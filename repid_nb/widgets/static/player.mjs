// A lesson that plays without a kernel: a model of recorded states that answers the commands of the page as a kernel
// would. The page is the same, and does not know.

import { asking, heldState, historyAt, stops, withTaken } from "./recorded.mjs";

/**
 * @import { Lesson } from "./recorded.mjs"
 * @import { Command, Model, Phase, State, Step } from "./wire.mjs"
 */

/** Characters of a text that are given at once. */
const PIECE = 4000;

const ONLY_PLAYS = "This lesson plays what was recorded. To change something, run the notebook that it was made in.";
const NO_MORE = "The lesson holds no more of this text.";
const THE_END = "That was the last step of this lesson.";

/** Seconds between two steps of a run at full speed. */
const QUICKEST = 0.05;

const CHANGING = ["lanes", "tray", "actors", "step", "workers", "history", "prediction", "status"];

/** @typedef {{after: (run: () => void, milliseconds: number) => void}} Timer */

/** @type {Timer} */
const realTimer = { after: (run, milliseconds) => void setTimeout(run, milliseconds) };

/**
 * Plays a lesson: the page takes it for its model.
 * @implements {Model}
 */
export class Player {
  /** @type {Map<string, Set<(answer: any) => void>>} */
  #listeners = new Map();
  /** @type {Record<string, unknown>} */
  #kept = { projector: false };
  /** @type {Phase | null} */
  #phase = null;
  /** @type {{left: number, most: number, pace: number} | null} */
  #run = null;
  /** @type {State["prediction"]} */
  #score = { on: false, right: 0, asked: 0, last: null };
  /** @type {Record<string, number>} */
  #answered = {};
  #place = 0;
  #error = "";
  #notice = "";

  /**
   * @param {Lesson} lesson
   * @param {(at: number) => void} [onMove]  told of each moment that is shown
   * @param {Timer} [timer]
   */
  constructor(lesson, onMove = () => {}, timer = realTimer) {
    this.lesson = lesson;
    this.onMove = onMove;
    this.timer = timer;
  }

  /** The number of the step that is shown. */
  get at() {
    return this.lesson.first + this.#place;
  }

  /** Show the moment after a step. @param {number} at  its number */
  seek(at) {
    this.#run = null;
    this.#moveTo(at - this.lesson.first);
    this.#changed();
  }

  /** @param {string} name */
  get(name) {
    return this.#traits()[name];
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    this.#kept[name] = value;
  }

  save_changes() {
    for (const name of Object.keys(this.#kept)) this.#tell(`change:${name}`);
  }

  /** @param {any} event @param {(answer: any) => void} listener */
  on(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  /** @param {any} event @param {(answer: any) => void} listener */
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Do what a command of the page asks for. @param {Command & {id: [view: string, number: number]}} command */
  send(command) {
    this.#obey(command);
    const [view, number] = command.id;
    this.#answered[view] = Math.max(this.#answered[view] ?? 0, number);
    this.#changed();
  }

  /** @param {any} command */
  #obey(command) {
    const deeds = {
      step: () => this.#step(command.pick),
      step_into: () => this.#stepInto(),
      next_phase: () => this.#nextPhase(),
      finish: () => this.#moveTo(this.#place + 1),
      run: () => this.#startRun(Number(command.max_steps) || 100, Number(command.pace) || 0),
      set_pace: () => this.#setPace(Number(command.pace) || 0),
      seen: () => {},
      stop: () => this.#stop(),
      seek: () => this.#moveTo(Number(command.to) - this.lesson.first),
      reset: () => this.#reset(),
      predict: () => {
        this.#score.on = Boolean(command.on);
      },
      dismiss: () => {},
      find: () =>
        this.#tell("msg:custom", { type: "found", id: command.id, what: command.what, ...this.#found(command) }),
      trail: () => this.#tell("msg:custom", { type: "trail", id: command.id, ...this.#trailOf(command) }),
      open: () => this.#tell("msg:custom", { type: "text", id: command.id, ...this.#textOf(command) }),
    };
    const deed = Object.hasOwn(deeds, command.type) ? deeds[/** @type {keyof typeof deeds} */ (command.type)] : null;
    this.#notice = "";
    this.#error = deed ? "" : ONLY_PLAYS;
    deed?.();
  }

  /** @param {string} event @param {unknown} [value] */
  #tell(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value);
  }

  #changed() {
    for (const name of CHANGING) this.#tell(`change:${name}`);
  }

  /** @param {number} to  a place among the moments */
  #moveTo(to) {
    this.#phase = null;
    const place = Math.max(0, Math.min(this.lesson.moments.length - 1, Math.trunc(to) || 0));
    if (place === this.#place) return;
    this.#place = place;
    this.onMove(this.at);
  }

  get #isOver() {
    return this.#place >= this.lesson.moments.length - 1;
  }

  /** @param {string} [pick] */
  #step(pick) {
    if (this.#isOver) {
      this.#notice = THE_END;
      return;
    }
    const guess = this.lesson.guesses[this.#place];
    if (pick && guess) {
      const right = pick === guess.pick;
      this.#score.asked += 1;
      this.#score.right += Number(right);
      this.#score.last = { right, answer: guess.answer };
    }
    this.#moveTo(this.#place + 1);
  }

  #stepInto() {
    if (this.#isOver) this.#notice = THE_END;
    else this.#phase = "pulled";
  }

  #nextPhase() {
    if (!this.#phase) return;
    const phases = stops(Boolean(this.#stepAt(this.#place + 1).winner));
    const next = phases[phases.indexOf(this.#phase) + 1];
    if (next) this.#phase = next;
    else this.#moveTo(this.#place + 1);
  }

  /** @param {number} most @param {number} pace */
  #startRun(most, pace) {
    const isUnderWay = this.#run !== null;
    this.#run = { left: most, most, pace };
    if (!isUnderWay) this.#goOn();
  }

  #goOn() {
    const run = this.#run;
    if (!run) return;
    this.#step();
    run.left -= 1;
    if (run.left <= 0 || this.#isOver) this.#run = null;
    else this.timer.after(() => this.#takeTurn(), Math.max(run.pace, QUICKEST) * 1000);
  }

  #takeTurn() {
    this.#goOn();
    this.#changed();
  }

  /** @param {number} pace */
  #setPace(pace) {
    if (this.#run) this.#run.pace = pace;
  }

  #stop() {
    this.#run = null;
    this.#phase = null;
  }

  #reset() {
    Object.assign(this.#score, { right: 0, asked: 0, last: null });
    this.#moveTo(0);
  }

  /** @param {number} place @returns {Step} */
  #stepAt(place) {
    return /** @type {Step} */ (this.lesson.traits.step[this.lesson.moments[place][3]]);
  }

  /** Return what a search finds: the predictions of the next step. @param {{what: string, text?: string}} question */
  #found({ what, text = "" }) {
    const options = what === "options" ? (this.lesson.guesses[this.#place]?.options ?? []) : [];
    return { rows: options.filter(([, name]) => name.toLowerCase().includes(text.toLowerCase())), more: 0 };
  }

  /** Return the whole way of a message, also what comes later. @param {{step?: number, message?: string}} question */
  #trailOf({ step, message }) {
    const { trails, moments, first, traits } = this.lesson;
    const asked = step === undefined ? null : traits.step[moments[step - first][3]];
    const name = (asked?.number ? asked.message.name : undefined) ?? this.#nameOf(message ?? "");
    let root = name;
    while (!Object.hasOwn(trails, root) && root.includes(".")) root = root.slice(0, root.lastIndexOf("."));
    const all = Object.hasOwn(trails, root) ? trails[root] : [];
    const own = all.filter((row) => row.name === name || row.name.startsWith(`${name}.`));
    const depth = own[0]?.depth ?? 0;
    return { name, rows: own.map((row) => ({ ...row, depth: row.depth - depth })), more: 0 };
  }

  /** Return the name of a message that is on the page now. @param {string} id */
  #nameOf(id) {
    const { lanes, tray } = this.lesson.traits;
    const [at, dead] = this.lesson.moments[this.#place];
    const waiting = lanes[at].lanes.flatMap((lane) => [...lane.messages, ...lane.working]);
    return [...waiting, ...tray[dead].letters].find((one) => one.id === id)?.name ?? id;
  }

  /** @param {{what: string, step?: number, channel?: string, message?: string, from?: number}} question */
  #textOf({ what, step, channel, message, from = 0 }) {
    const key = what === "waiting" ? `waiting/${channel}/${message}` : `${step}/${what}`;
    const text = Object.hasOwn(this.lesson.texts, key) ? this.lesson.texts[key] : NO_MORE;
    // As Python counts: by characters, not by halves of an emoji.
    const characters = [...text];
    const start = Math.max(0, from);
    const piece = characters.slice(start, start + PIECE);
    return { from: start, next: start + piece.length, total: characters.length, text: piece.join("") };
  }

  /** @returns {Record<string, unknown>} */
  #traits() {
    const { traits, moments, guesses, stories } = this.lesson;
    const [lanes, tray, actors, step, workers] = moments[this.#place];
    const held = this.#phase ? heldState(this.#stepAt(this.#place + 1), this.#phase, stories[this.#place] ?? {}) : null;
    return {
      ...this.#kept,
      lanes: held ? withTaken(traits.lanes[lanes], held) : traits.lanes[lanes],
      tray: traits.tray[tray],
      actors: traits.actors[held ? moments[this.#place + 1][2] : actors],
      step: held ?? traits.step[step],
      workers: traits.workers[held ? moments[this.#place + 1][4] : workers],
      river: this.lesson.river,
      history: historyAt(this.lesson, this.#place),
      prediction: { ...this.#score, ...(this.#score.on ? asking(guesses[this.#place]) : {}) },
      status: this.#status(),
    };
  }

  #status() {
    const run = this.#run;
    return {
      busy: run ? "run" : this.#phase ? "step_into" : null,
      held: this.#phase !== null,
      progress: run && [run.most - run.left, run.most],
      answered: { ...this.#answered },
      error: this.#error,
      notice: this.#notice,
      replay: "lesson",
    };
  }
}
