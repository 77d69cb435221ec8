// What a lesson shows at a moment, as plain data: pure functions of what was recorded.

import { PHASES } from "./wire.mjs";

/** @import { Lane, NoStep, Phase, State, Step, StepSummary, TrailRow } from "./wire.mjs" */

/**
 * What one step was asked about: who will get the message?
 * @typedef {object} Guess
 * @property {string} message
 * @property {[pick: string, text: string][]} options
 * @property {string} pick  the right one
 * @property {string} answer  what happened, as a sentence
 *
 * Each value of a trait once.
 * @typedef {object} Traits
 * @property {State["lanes"][]} lanes
 * @property {State["tray"][]} tray
 * @property {State["actors"][]} actors
 * @property {(Step | NoStep)[]} step
 * @property {State["workers"][]} workers
 *
 * @typedef {[lanes: number, tray: number, actors: number, step: number, workers: number]} Moment  places in the traits
 *
 * A recorded session. Moment 0 is before the first step, moment 1 after it.
 * @typedef {object} Lesson
 * @property {number} first  the number of moment 0
 * @property {Traits} traits
 * @property {Moment[]} moments
 * @property {StepSummary[]} summaries
 * @property {[done: number, back: number][]} counts  by moment
 * @property {(Guess | null)[]} guesses  by step
 * @property {Partial<Record<Phase, string>>[]} stories  by step
 * @property {State["river"]} river  of all steps
 * @property {Record<string, TrailRow[]>} trails  the way of each message, with what came of it, by its name
 * @property {Record<string, string>} texts  long texts, by what asks for them
 */

/** How many steps the page is told of at once, as by the kernel. */
const WINDOW = 60;

/**
 * Return the phases that a step into stops at.
 * @param {boolean} isRun  whether an actor takes the message
 */
export function stops(isRun) {
  const past = ["running", ...(isRun ? [] : ["about to run", "ran"])];
  return PHASES.filter((phase) => !past.includes(phase));
}

/** @param {Guess | null | undefined} guess */
export function asking(guess) {
  return guess ? { message: guess.message, options: guess.options } : {};
}

/**
 * @param {Lesson} lesson
 * @param {number} place
 * @returns {State["history"]}
 */
export function historyAt(lesson, place) {
  const { first, summaries, counts } = lesson;
  const start = Math.max(0, Math.min(place - WINDOW / 2, summaries.length - WINDOW));
  const [done, back] = counts[place];
  const newest = first + summaries.length;
  const steps = summaries.slice(start, start + WINDOW);
  const told = { at: first + place, first, newest, steps, replay: false, live: true, done, back };
  return told;
}

/**
 * Return a step as it is while it is held at a phase: what comes later is not there yet.
 * @param {Step} step
 * @param {Phase} phase
 * @param {Partial<Record<Phase, string>>} stories
 * @returns {Step}
 */
export function heldState(step, phase, stories) {
  const reached = PHASES.indexOf(phase);
  const { settlement: _, ...held } = step;
  held.phase = phase;
  held.story = stories[phase] ?? "";
  if (reached < PHASES.indexOf("decided"))
    Object.assign(held, { winner: null, verdicts: [], more_verdicts: 0, code: undefined });
  if (reached < PHASES.indexOf("about to run")) held.arguments = [];
  if (reached < PHASES.indexOf("ran")) {
    Object.assign(held, { printed: "", result: null, raised: null, published: [], sent: 0, children: [] });
  }
  return held;
}

/**
 * Return the lanes after a message was taken off its own.
 * @param {State["lanes"]} lanes
 * @param {Step} step
 * @returns {State["lanes"]}
 */
export function withTaken(lanes, step) {
  const { topic: _topic, payload: _payload, ...ticket } = step.message;
  const taken = (/** @type {Lane} */ lane) => ({
    ...lane,
    messages: lane.messages.filter((one) => one.id !== ticket.id),
    waiting: lane.waiting && lane.waiting - 1,
    in_work: (lane.in_work ?? 0) + 1,
    working: [ticket, ...lane.working],
    next: false,
  });
  return { ...lanes, lanes: lanes.lanes.map((lane) => (lane.key === step.key ? taken(lane) : lane)) };
}
