// A step as a story: the stills between two states, in the order in which it happened. Pure functions.

import { binOf } from "./stage_plan.mjs";
import { PHASES } from "./wire.mjs";

/**
 * @import { Bin } from "./stage_plan.mjs"
 * @import { Lane, NoStep, Phase, State, Step, Verdict } from "./wire.mjs"
 *
 * @typedef {{place: "worker" | "nobody" | "winner"} | {place: "actor", position: number} | {place: Bin}} Spot
 *
 * One picture of a story: the message goes to a spot, and only there the page shows the state.
 * @typedef {object} Scene
 * @property {Told} shown
 * @property {Spot | null} to  where the message goes; null where it stays
 * @property {number} travel  milliseconds on the way
 * @property {number} hold  milliseconds there
 *
 * What a scene shows; the rest of the page is as it is now.
 * @typedef {Pick<State, "lanes" | "tray" | "actors" | "step" | "history" | "prediction" | "river">} Told
 *
 * One leg of the way that a message goes on the page.
 * @typedef {{leg: "pull" | "ask" | "run"} | {leg: "settle", to: Bin}} Leg
 */

const TRAVEL = 380;
const VISIT = 230;
const ANSWER = 170;
const WORK = 350;
/** Milliseconds that all visits take at most, however many actors are asked. */
const MOST_VISITS = 1800;

/**
 * Return the way of a message between two states, as legs to be shown one after the other.
 * @param {Step | NoStep | null} before  the step that was shown
 * @param {Step | NoStep} after  the step that is shown now
 * @returns {Leg[]}
 */
export function journey(before, after) {
  if (!after.number) return [];
  const same = before?.number === after.number && before.message.id === after.message.id;
  if (same && before.phase === after.phase) return [];
  const from = same && before.phase ? PHASES.indexOf(before.phase) : -1;
  const to = after.phase ? PHASES.indexOf(after.phase) : PHASES.length;
  if (to <= from) return [];
  /** @type {Leg[]} */
  const legs = [];
  if (from < PHASES.indexOf("pulled")) legs.push({ leg: "pull" });
  if (from < PHASES.indexOf("decided") && to >= PHASES.indexOf("decided")) legs.push({ leg: "ask" });
  if (after.winner && from < PHASES.indexOf("about to run") && to >= PHASES.indexOf("about to run")) {
    legs.push({ leg: "run" });
  }
  if (to === PHASES.length) legs.push({ leg: "settle", to: binOf(after.settlement?.action) });
  return legs;
}

/**
 * Return the stills between two states; the last one shows the new state. None where no message has moved on.
 * @param {State} before
 * @param {State} after
 * @returns {Scene[]}
 */
export function scenesBetween(before, after) {
  const { step } = after;
  const legs = journey(before.step, step);
  // Of many steps at once, of steps that were taken back, and of one that the page comes back to, nothing is told.
  if (!legs.length || !step.number || !isNext(before, after)) return [];
  const early = earlierThan(before, step, legs[0].leg === "pull");
  /** @type {Scene[]} */
  const scenes = [];
  for (const leg of legs) {
    switch (leg.leg) {
      case "pull":
        scenes.push(still(early, after, soFar(step, "leaving")));
        scenes.push(still(early, after, soFar(step, "pulled"), { place: "worker" }, TRAVEL, 120));
        break;
      case "ask":
        scenes.push(...askScenes(early, after, step));
        break;
      case "run":
        scenes.push(...runScenes(early, after, step));
        break;
      case "settle":
        scenes.push(...settleScenes(early, after, step, leg.to));
    }
  }
  scenes[scenes.length - 1].shown = after;
  return scenes;
}

/**
 * Return whether a state shows the step that comes after another state, or the same one later on. In a lesson the
 * newest step is there from the beginning.
 * @param {State} before
 * @param {State} after
 */
function isNext({ step: old, history: was }, { step, history }) {
  const added = history.newest - was.newest;
  if (step.phase) return added >= 0;
  const moved = history.at - was.at;
  return (moved === 1 && (added === 0 || added === 1)) || (moved === 0 && old.number === step.number);
}

/**
 * @param {Told} told
 * @param {State} after
 * @param {Step} step
 * @param {Spot | null} to
 * @returns {Scene}
 */
function still(told, after, step, to = null, travel = 0, hold = 0) {
  const actors = told.actors.channel === step.channel ? told.actors : after.actors;
  return { shown: { ...told, actors, step }, to, travel, hold };
}

/**
 * Return the state before the step has changed anything, but for the message, which has left its lane.
 * @param {State} before
 * @param {Step} step
 * @param {boolean} isPulled  whether it is pulled now
 * @returns {Told}
 */
function earlierThan({ lanes, ...before }, step, isPulled) {
  const { tray, actors, history, prediction, river, step: old } = before;
  const left = isPulled ? withoutMessage(lanes, step) : lanes;
  return { lanes: left, tray, actors, history, prediction, river, step: old };
}

/** @param {State["lanes"]} lanes @param {Step} step @returns {State["lanes"]} */
function withoutMessage(lanes, { key, message }) {
  const taken = (/** @type {Lane} */ lane) => ({
    ...lane,
    next: false,
    messages: lane.messages.filter((one) => one.id !== message.id),
    waiting: lane.waiting && lane.waiting - 1,
  });
  return { ...lanes, lanes: lanes.lanes.map((lane) => (lane.key === key ? taken(lane) : { ...lane, next: false })) };
}

/**
 * Return a step as it was in one of its phases.
 * @param {Step} step
 * @param {Phase} phase
 * @param {Partial<Step>} [more]
 * @returns {Step}
 */
function soFar(step, phase, more = {}) {
  const unknown = { winner: null, verdicts: [], more_verdicts: 0, arguments: [], printed: "", result: null };
  const undone = { raised: null, published: [], sent: 0, children: [], settlement: undefined };
  return { ...step, ...unknown, ...undone, phase, ...more };
}

/**
 * Return a still for each actor that was asked, in order, and one in which all is decided.
 * @param {Told} early
 * @param {State} after
 * @param {Step} step
 * @returns {Scene[]}
 */
function askScenes(early, after, step) {
  const { verdicts, winner, more_verdicts } = step;
  const asked = verdicts.filter((one) => one.asked !== false && one.role !== "shadowed");
  const pace = Math.min(1, MOST_VISITS / ((VISIT + ANSWER) * Math.max(1, asked.length)));
  const hidden = (/** @type {Verdict} */ one, /** @type {Verdict} */ last) =>
    one.position <= last.position ? one : { ...one, pending: true };
  const visits = asked.map((last) => {
    const said = verdicts.map((one) => hidden(one, last));
    const now = soFar(step, "pulled", { verdicts: said });
    return still(early, after, now, { place: "actor", position: last.position }, VISIT * pace, ANSWER * pace);
  });
  const decided = soFar(step, "decided", { verdicts, winner, more_verdicts });
  // The winner is the last one that was asked, so the message is there already.
  return [...visits, still(early, after, decided, winner ? null : { place: "nobody" }, VISIT, 200)];
}

/**
 * Return a still in which the winner works.
 * @param {Told} early
 * @param {State} after
 * @param {Step} step
 * @returns {Scene[]}
 */
function runScenes(early, after, step) {
  const { verdicts, winner, more_verdicts, arguments: given } = step;
  const running = soFar(step, "running", { verdicts, winner, more_verdicts, arguments: given });
  return [still(early, after, running, { place: "winner" }, 0, WORK)];
}

/**
 * Return the stills of a message's end: what the actor did and sent, and where the message goes.
 * @param {Told} early
 * @param {State} after
 * @param {Step} step
 * @param {Bin} to
 * @returns {Scene[]}
 */
function settleScenes(early, after, step, to) {
  const end = { shown: after, to: { place: to }, travel: TRAVEL, hold: 0 };
  if (!step.winner) return [end];
  /** @type {Step} */
  const ran = { ...step, phase: "ran", settlement: undefined };
  const lanes = step.sent ? withoutReturned(after.lanes, step, to) : early.lanes;
  return [still({ ...early, lanes }, after, ran, null, 0, step.sent ? 600 : 200), end];
}

/**
 * Return the lanes with what the actor sent, and without the message itself, which is still with the worker.
 * @param {State["lanes"]} lanes
 * @param {Step} step
 * @param {Bin} to
 */
const withoutReturned = (lanes, step, to) => (to === "back" ? withoutMessage(lanes, step) : lanes);

/**
 * Return whether two states show the same moment of the same step.
 * @param {State} one
 * @param {State} other
 */
export function isSameMoment({ step: one, history }, { step: other, history: now }) {
  const isSameStep = one.number === other.number && one.phase === other.phase;
  return isSameStep && history.at === now.at && history.live === now.live && history.newest === now.newest;
}

/**
 * Return whether a state shows the same step later on.
 * @param {State} one
 * @param {State} other
 */
export function isLaterMoment({ step: one, history }, { step: other, history: now }) {
  const isSame = one.number !== undefined && one.number === other.number && one.message.id === other.message.id;
  const phase = (/** @type {Phase | null} */ given) => (given ? PHASES.indexOf(given) : PHASES.length);
  return isSame && history.live && now.live && phase(one.phase) < phase(other.phase);
}
