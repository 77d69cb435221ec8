// What the page shows, as plain data: pure functions of the kernel's state and of the page's own.

import { mostProblem } from "./form_rules.mjs";
import { PHASES } from "./wire.mjs";

/**
 * @import { Actor, History, Lane, MessageAction, NoStep, Prediction, PulledMessage, Raised } from "./wire.mjs"
 * @import { State, Status, Step, Tone, Verdict } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 */

/**
 * @typedef {object} Plan
 * @property {ControlsPlan} controls
 * @property {LanePlan[]} lanes
 * @property {WorkerPlan} worker
 * @property {ActorsPlan} actors
 * @property {OutcomePlan | null} outcome
 * @property {BannerPlan | null} banner
 * @property {string} story
 * @property {PickingPlan | null} picking
 * @property {ScorePlan | null} score
 * @property {string[]} errors
 * @property {string} notice
 *
 * @typedef {object} ControlsPlan
 * @property {boolean} held
 * @property {boolean} busy
 * @property {string} next  the label of the button for the next phase
 * @property {boolean} step  whether it can be pressed, as for the next seven
 * @property {boolean} into
 * @property {boolean} run
 * @property {boolean} stop
 * @property {boolean} back
 * @property {boolean} forward
 * @property {boolean} seek
 * @property {boolean} reset
 * @property {string} progress
 * @property {string} most  the problem with the number of steps of a run; empty without one
 *
 * @typedef {Lane & {more: number, withoutActors: boolean}} LanePlan
 *
 * @typedef {{word: string, state: "done" | "open" | "skipped"}} TrackPhase
 * @typedef {{message: PulledMessage, number: number, sighting?: string | null}} WorkerStep
 * @typedef {{track: TrackPhase[], held: boolean, note: string, step: WorkerStep | null}} WorkerPlan
 *
 * @typedef {object} ActorsPlan
 * @property {string} channel
 * @property {ActorRow[]} rows
 * @property {number} more
 * @property {string} noWinner  the reason why no actor gets the message; empty when one does
 * @property {boolean} stale
 *
 * @typedef {object} RowFields
 * @property {"winner" | "shadowed" | "error" | "no" | "waiting"} look
 * @property {string} answer
 * @property {string} reason
 * @property {string} [led_to]
 * @property {RunPlan | null} run
 * @typedef {Actor & RowFields} ActorRow
 *
 * @typedef {{name: string, text: string, part: "printed" | "result" | null}} RunLine  part: what can be opened of it
 * @typedef {{waiting: string, lines: RunLine[], raised?: Raised | null, number: number}} RunPlan
 *
 * @typedef {object} OutcomePlan
 * @property {string} name
 * @property {MessageAction | null} action
 * @property {Tone} tone
 * @property {string} word
 * @property {string} where
 * @property {string} reason
 * @property {string | null} [took]
 *
 * @typedef {{text: string, goOn: boolean, undone: string, back: string}} BannerPlan
 * @typedef {{question: string, options: {value: string, text: string, key: string}[]}} PickingPlan
 * @typedef {{score: string, verdict: string, tone: Tone, answer: string}} ScorePlan
 */

const PHASE_WORDS = ["pulled", "asked", "run", "settled"];

/**
 * Return what the page shows.
 * @param {State} state
 * @param {Ui} ui
 * @returns {Plan}
 */
export function plan(state, ui) {
  const { step, status, history, prediction } = state;
  const held = Boolean(status.held);
  const waiting = state.lanes.lanes.reduce((sum, lane) => sum + (lane.actors ? lane.waiting : 0), 0);
  return {
    controls: controlsPlan(state, ui, waiting),
    lanes: state.lanes.lanes.map(lanePlan),
    worker: workerPlan(step, held, history.live),
    actors: actorsPlan(state, held),
    outcome: outcomePlan(step, held),
    banner: bannerPlan(history),
    story: step.number && step.story && !ui.gone ? step.story : emptyStory(state, waiting),
    picking: ui.picking ? pickingPlan(prediction) : null,
    score: scorePlan(prediction),
    errors: errorsPlan(status, ui),
    notice: status.notice,
  };
}

/**
 * @param {State} state
 * @param {Ui} ui
 * @param {number} waiting  how many messages can be pulled
 * @returns {ControlsPlan}
 */
function controlsPlan({ step, status, history }, ui, waiting) {
  const busy = Boolean(status.busy) || ui.pending !== null;
  const held = Boolean(status.held);
  const free = !busy && history.live;
  const most = mostProblem(ui.most);
  return {
    held,
    busy,
    next: held && step.number ? nextLabel(step) : "",
    step: free && !ui.picking,
    into: free && !ui.picking,
    run: free && !most,
    stop: Boolean(status.busy) && !held,
    back: !busy && history.at > history.first,
    forward: !busy && history.at < history.newest,
    seek: !busy && history.newest > history.first,
    reset: !busy && !history.replay && (history.newest > history.first || waiting > 0),
    progress: status.progress ? `${status.progress[0]} of at most ${status.progress[1]}` : "",
    most: held ? "" : most,
  };
}

/** @param {Step} step */
function nextLabel(step) {
  switch (step.phase) {
    case "pulled":
      return "Ask the actors";
    case "decided":
      return step.winner ? "Read the arguments" : "Settle it";
    case "about to run":
      return `Run ${step.winner}`;
    default:
      return "Settle it";
  }
}

/** @param {Lane} lane @returns {LanePlan} */
function lanePlan(lane) {
  return { ...lane, more: lane.waiting - lane.messages.length, withoutActors: !lane.actors };
}

/**
 * @param {Step | NoStep} step
 * @param {boolean} held
 * @param {boolean} live
 * @returns {WorkerPlan}
 */
function workerPlan(step, held, live) {
  if (!step.number) return { step: null, track: [], held: false, note: "" };
  const { message, number, sighting } = step;
  const underWay = held ? "held here, between two phases" : "at work";
  return {
    step: { message, number, sighting },
    track: PHASE_WORDS.map((word, place) => ({ word, state: trackState(step, place) })),
    held: Boolean(step.phase),
    note: step.phase ? underWay : live ? "last step" : "as it was",
  };
}

/**
 * Return whether a step has reached one of the PHASE_WORDS.
 * @param {Step} step
 * @param {number} place  which of them
 * @returns {TrackPhase["state"]}
 */
function trackState(step, place) {
  const reached = step.phase ? PHASES.indexOf(step.phase) : PHASES.length;
  const isDone = [
    true,
    reached >= PHASES.indexOf("decided"),
    reached >= PHASES.indexOf("ran"),
    reached === PHASES.length && Boolean(step.settlement?.action),
  ];
  const isSkipped = PHASE_WORDS[place] === "run" && !step.winner && reached > PHASES.indexOf("decided");
  return isSkipped ? "skipped" : isDone[place] ? "done" : "open";
}

/**
 * Return the actors of one channel: with the verdicts of the step if there are any, otherwise waiting to be asked.
 * @param {State} state
 * @param {boolean} held
 * @returns {ActorsPlan}
 */
function actorsPlan({ step, actors }, held) {
  const stale = actors.stale && !held;
  if (step.number && step.verdicts.length) {
    const rows = step.verdicts.map((verdict) => verdictRow(verdict, verdict.role === "winner" ? runPlan(step) : null));
    return { channel: step.channel, rows, more: step.more_verdicts ?? 0, noWinner: noWinnerText(step), stale };
  }
  const rows = actors.actors.map((actor) => waitingRow(actor));
  return { channel: actors.channel, rows, more: actors.more, noWinner: "", stale };
}

/**
 * @param {Verdict} verdict
 * @param {RunPlan | null} [run]  what the actor did
 * @returns {ActorRow}
 */
export function verdictRow(verdict, run = null) {
  return { ...verdict, look: verdict.role ?? (verdict.outcome === "error" ? "error" : "no"), run };
}

/** @param {Actor} actor @returns {ActorRow} */
function waitingRow(actor) {
  return { ...actor, look: "waiting", answer: "", reason: "", run: null };
}

/** @param {Step} step */
function noWinnerText(step) {
  if (step.winner) return "";
  const failed = step.verdicts.some((one) => one.outcome === "error" && one.asked);
  return failed ? "Nobody gets it: a strategy failed" : "Nobody takes it";
}

/** @param {Step} step @returns {RunPlan} */
function runPlan(step) {
  /** @type {RunLine[]} */
  const lines = (step.arguments ?? []).map((text) => ({ name: "called with", text, part: null }));
  if (step.printed) lines.push({ name: "printed", text: step.printed, part: "printed" });
  if (step.result !== null && step.result !== undefined) {
    lines.push({ name: "returned", text: step.result, part: "result" });
  }
  if (step.published?.length) {
    const text = `${count(step.sent ?? 0, "message")} to ${step.published.join(", ")}`;
    lines.push({ name: "sent", text, part: null });
  }
  const waiting = step.phase === "decided" ? "It will run next." : "";
  return { waiting, lines, raised: step.raised, number: step.number };
}

/**
 * @param {Step | NoStep} step
 * @param {boolean} held
 * @returns {OutcomePlan | null}
 */
function outcomePlan(step, held) {
  if (!step.number) return null;
  const { name } = step.message;
  if (step.settlement) return { ...step.settlement, name };
  const where = held ? "still in work" : "";
  return { tone: "open", word: "… not settled yet", where, reason: "", name, action: null };
}

/** @param {History} history @returns {BannerPlan | null} */
function bannerPlan({ at, newest, replay, live }) {
  if (replay) {
    const text = `Loaded steps, ${stepName(at)} of ${newest}.`;
    return { text, goOn: false, undone: "", back: "Back to my session" };
  }
  if (live) return null;
  const first = at + 1;
  const undone = first === newest ? `step ${first}` : `steps ${first} to ${newest}`;
  return {
    text: `You are looking at ${stepName(at)} of ${newest}.`,
    goOn: true,
    undone: `Going on from here takes ${undone} back. What the actors did stays done.`,
    back: "Back to now",
  };
}

/** @param {number} at */
export function stepName(at) {
  return at ? `step ${at}` : "the moment before the first step";
}

/**
 * @param {State} state
 * @param {number} waiting
 */
function emptyStory(state, waiting) {
  if (!state.lanes.lanes.some((lane) => lane.actors)) {
    return "No actor listens yet. Declare one in a cell, and send it a message.";
  }
  if (!waiting) return "Nothing is waiting. Send a message, then press Step.";
  return `${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}. Press Step: the worker takes the next one.`;
}

/** @param {Prediction} prediction @returns {PickingPlan | null} */
function pickingPlan({ message = "", options }) {
  if (!options) return null;
  const shortened = message.length > 8 ? `${message.slice(0, 8)}…` : message;
  return {
    question: `Who will get ${shortened}?`,
    options: options.map(([value, text]) => ({ value, text, key: /^\d$/.test(value) ? value : "" })),
  };
}

/** @param {Prediction} prediction @returns {ScorePlan | null} */
function scorePlan({ asked, right, last }) {
  if (!asked && !last) return null;
  const isRight = last?.right ?? null;
  return {
    score: `${right} of ${asked} right`,
    verdict: !last ? "" : isRight === null ? "–" : isRight ? "✓ Right." : "✗ Not this time.",
    tone: isRight === null ? "open" : isRight ? "good" : "bad",
    answer: last?.answer ?? "",
  };
}

/** @param {Status} status @param {Ui} ui */
function errorsPlan(status, ui) {
  const errors = [];
  if (ui.gone) errors.push("The kernel is gone. When it is back, run the cell again.");
  else if (ui.silent) {
    errors.push(
      "The kernel has not answered yet: it is busy with a cell, or gone. If it was restarted, run the cell again.",
    );
  }
  if (status.error) errors.push(status.error);
  return errors;
}

/** @param {number} number @param {string} noun */
export function count(number, noun) {
  return `${Number(number).toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * One leg of the way that a message goes on the page.
 * @typedef {{leg: "pull" | "ask" | "run"} | {leg: "settle", to: "done" | "tray" | "tail" | "worker"}} Leg
 */

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
  if (after.winner && from < PHASES.indexOf("ran") && to >= PHASES.indexOf("about to run")) legs.push({ leg: "run" });
  if (to === PHASES.length) legs.push({ leg: "settle", to: endOf(after.settlement?.action) });
  return legs;
}

/**
 * Return where on the page a settled message ends.
 * @param {MessageAction | null | undefined} action
 */
function endOf(action) {
  switch (action) {
    case "nacked":
      return "tray";
    case "rejected":
      return "tail";
    default:
      return action ? "done" : "worker";
  }
}
