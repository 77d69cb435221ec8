// What the page shows, as plain data: pure functions of the kernel's state and of the page's own.

import { mostProblem } from "./form_rules.mjs";
import { headline, spokenStory } from "./headline.mjs";
import { stagePlan } from "./stage_plan.mjs";

/**
 * @import { HeadlinePlan } from "./headline.mjs"
 * @import { StagePlan } from "./stage_plan.mjs"
 * @import { ClassFields, History, Prediction, State, Status, Step, Tone } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 */

/**
 * @typedef {object} PagePlan
 * @property {ControlsPlan} controls
 * @property {BannerPlan | null} banner
 * @property {HeadlinePlan} headline
 * @property {string} story  the same in a sentence
 * @property {PickingPlan | null} picking
 * @property {ScorePlan | null} score
 * @property {ClassFields | null} classroom  how the class has answered, while predictions are on
 * @property {string[]} errors
 * @property {string} notice
 * @typedef {PagePlan & StagePlan} Plan
 *
 * @typedef {object} ControlsPlan
 * @property {boolean} held
 * @property {boolean} busy
 * @property {string} next  the label of the button for the next phase
 * @property {boolean} step  whether it can be pressed, as for the next eight
 * @property {boolean} into
 * @property {boolean} run
 * @property {boolean} stop
 * @property {boolean} back
 * @property {boolean} forward
 * @property {boolean} seek
 * @property {boolean} reset
 * @property {boolean} send
 * @property {boolean} crash
 * @property {string} undo  what can be taken back, in words; empty for nothing
 * @property {string} progress
 * @property {string} most  the problem with the number of steps of a run; empty without one
 *
 * @typedef {{text: string, goOn: boolean, undone: string, back: string}} BannerPlan
 * @typedef {{question: string, options: {value: string, text: string, key: string}[], more: number}} PickingPlan
 * @typedef {{score: string, verdict: string, tone: Tone, answer: string}} ScorePlan
 */

const GONE = "The kernel is gone, or was started again without this workbench. Run its cell again.";

/**
 * Return what the page shows.
 * @param {State} state
 * @param {Ui} ui
 * @returns {Plan}
 */
export function plan(state, ui) {
  const { status, prediction, history } = state;
  const waiting = state.lanes.lanes.reduce((sum, lane) => sum + (lane.actors ? (lane.waiting ?? 0) : 0), 0);
  const shown = ui.gone ? goneHeadline : headline(state, waiting, ui.picking !== null);
  return {
    ...stagePlan(state, ui),
    controls: controlsPlan(state, ui, waiting),
    banner: bannerPlan(history),
    headline: shown,
    story: spokenStory(ui.gone ? { ...state, step: {} } : state, shown),
    picking: ui.picking ? pickingPlan(prediction) : null,
    score: scorePlan(state, ui),
    classroom: prediction.on ? (prediction.class ?? null) : null,
    errors: errorsPlan(status, ui),
    notice: status.notice,
  };
}

/** @type {HeadlinePlan} */
const goneHeadline = { big: ["The kernel is gone"], became: "", tone: "open", why: "Run this cell again." };

/**
 * @param {State} state
 * @param {Ui} ui
 * @param {number} waiting  how many messages can be pulled
 * @returns {ControlsPlan}
 */
function controlsPlan({ step, status, history }, ui, waiting) {
  const busy = Boolean(status.busy) || ui.pending !== null || ui.gone;
  const held = Boolean(status.held) && !ui.gone;
  const free = !busy && history.live;
  const isBackOff = Boolean(history.no_way_back);
  const most = mostProblem(ui.most);
  return {
    held,
    busy,
    next: held && step.number ? nextLabel(step) : "",
    step: free && !ui.picking,
    into: free && !ui.picking,
    run: free && !most,
    stop: Boolean(status.busy) && !held && !ui.gone,
    back: !busy && history.at > history.first,
    forward: !busy && history.at < history.newest,
    seek: !ui.gone && !status.busy && history.newest > history.first,
    reset: !busy && !history.replay && !isBackOff && (history.newest > history.first || waiting > 0),
    send: !busy && !history.replay,
    crash: held || Boolean(status.busy === "step" || status.busy === "run"),
    undo: busy || history.replay ? "" : (status.undo ?? ""),
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

/** @param {History} history @returns {BannerPlan | null} */
function bannerPlan({ at, newest, replay, live, no_way_back }) {
  if (replay) {
    const text = `Loaded steps, ${stepName(at)} of ${newest}.`;
    return { text, goOn: false, undone: "", back: "Back to my session" };
  }
  if (live) return null;
  const first = at + 1;
  const undone = first === newest ? `step ${first}` : `steps ${first} to ${newest}`;
  return {
    text: `You are looking at ${stepName(at)} of ${newest}.`,
    goOn: !no_way_back,
    undone: no_way_back ?? `Going on from here takes ${undone} back. What the actors did stays done.`,
    back: "Back to now",
  };
}

/** @param {number} at */
export function stepName(at) {
  return at ? `step ${at}` : "the moment before the first step";
}

/** @param {Prediction} prediction @returns {PickingPlan | null} */
function pickingPlan({ message = "", options, more = 0 }) {
  if (!options) return null;
  const shortened = message.length > 8 ? `…${message.slice(-8)}` : message;
  return {
    more,
    question: `Who will get ${shortened}?`,
    options: options.map(([value, text]) => ({ value, text, key: /^\d$/.test(value) ? value : "" })),
  };
}

/**
 * Return the score; what is said of a guess goes away with the step that it was about.
 * @param {State} state
 * @param {Ui} ui
 * @returns {ScorePlan | null}
 */
function scorePlan({ prediction, history, step }, { scored }) {
  const { on, asked, right, last } = prediction;
  if (!on || (!asked && !last)) return null;
  const isOfThis = history.live && scored !== null && scored.step === (step.number ?? 0);
  const told = isOfThis ? last : null;
  const isRight = told?.right ?? null;
  return {
    score: `${right} of ${asked} right`,
    verdict: !told ? "" : isRight === null ? "–" : isRight ? "✓ Right." : "✗ Not this time.",
    tone: isRight === null ? "open" : isRight ? "good" : "bad",
    answer: told?.answer ?? "",
  };
}

/** @param {Status} status @param {Ui} ui */
function errorsPlan(status, ui) {
  const errors = [];
  if (ui.gone) errors.push(GONE);
  else if (ui.silent) {
    errors.push(
      "The kernel has not answered yet: it is busy with a cell, or gone. If it was restarted, run the cell again.",
    );
  }
  if (status.error) errors.push(status.error);
  return errors;
}
