// What the four columns of the stage show, as plain data.

import { count } from "./amounts.mjs";
import { PHASES } from "./wire.mjs";

/**
 * @import { Actor, Lane, MessageAction, NoStep, PulledMessage, Raised, State, Step, Tone, Verdict } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 *
 * @typedef {object} StagePlan
 * @property {LanePlan[]} lanes
 * @property {WorkerPlan} worker
 * @property {ActorsPlan} actors
 * @property {OutcomePlan} outcome
 * @property {Track} track
 *
 * @typedef {Lane & {amount: string, more: number, withoutActors: boolean}} LanePlan  more: how many are not shown
 *
 * @typedef {"done" | "open" | "skipped"} TrackState
 * @typedef {"pulled" | "asked" | "run" | "settled"} TrackWord
 * @typedef {Record<TrackWord, TrackState> | null} Track  how far the message has come
 *
 * @typedef {object} WorkerStep
 * @property {PulledMessage} message
 * @property {string} channel  its key
 * @property {number} number
 * @property {string | null} [sighting]
 * @property {[seen: number, most: number] | null} dots  the same to count, where it can be counted at a glance
 * @typedef {{held: boolean, note: string, step: WorkerStep | null}} WorkerPlan
 *
 * @typedef {object} ActorsPlan
 * @property {string} channel
 * @property {(ActorRow | FoldedRows)[]} rows
 * @property {number} more  how many actors the kernel has not sent
 * @property {string} noWinner  the reason why no actor gets the message; empty when one does
 * @property {boolean} stale
 *
 * @typedef {object} RowFields
 * @property {"winner" | "raised" | "shadowed" | "error" | "no" | "unasked" | "waiting"} look
 * @property {string} lamp  a symbol, or the position of an actor that was not asked
 * @property {string} says  in a word or a line
 * @property {string[]} details  the rest, on demand
 * @property {boolean} unfolded
 * @property {RunPlan | null} run
 * @typedef {Actor & RowFields} ActorRow
 * @typedef {{folded: number, text: string}} FoldedRows
 *
 * @typedef {object} RunLine
 * @property {string} name
 * @property {string} text
 * @property {string} [about]  where it comes from
 * @property {"printed" | "result"} [part]  what can be opened of it
 * @typedef {object} RunPlan
 * @property {string} waiting
 * @property {boolean} running
 * @property {number} elapsed
 * @property {RunLine[]} lines
 * @property {Raised | null} raised
 * @property {number} number
 *
 * @typedef {"done" | "back" | "tray" | "open"} Bin
 * @typedef {object} OutcomePlan
 * @property {Bin | null} hit  where the message of the step has ended
 * @property {Tone} tone
 * @property {string} word
 * @property {string} reason
 * @property {string} took
 * @property {string} note  what is to be known of the step on a broker
 * @property {string} done  how many steps ended so
 * @property {string} back
 */

/** Rows of actors, beyond which those that did not get the message are folded. */
const MOST_ROWS = 7;

/** Sightings that can be counted at a glance. */
const MOST_DOTS = 10;

/**
 * @param {State} state
 * @param {Ui} ui
 * @returns {StagePlan}
 */
export function stagePlan(state, ui) {
  const { step, status, history } = state;
  return {
    lanes: state.lanes.lanes.map(lanePlan),
    worker: workerPlan(step, status.held, history.live),
    actors: actorsPlan(state, ui),
    outcome: outcomePlan(step, history),
    track: trackPlan(step),
  };
}

/** @param {Lane} lane @returns {LanePlan} */
function lanePlan(lane) {
  const { waiting, actors, messages } = lane;
  const amount = waiting === null ? "not known" : waiting ? `${waiting.toLocaleString("en")} waiting` : "empty";
  return { ...lane, amount, more: Math.max(0, (waiting ?? 0) - messages.length), withoutActors: !actors };
}

/**
 * @param {Step | NoStep} step
 * @param {boolean} held
 * @param {boolean} live
 * @returns {WorkerPlan}
 */
function workerPlan(step, held, live) {
  if (!step.number || step.phase === "leaving") return { step: null, held: false, note: "" };
  const { message, number, key: channel, sighting = null, sightings = [0, 0] } = step;
  const [seen, most] = sightings;
  const underWay = held ? "held here" : "at work";
  return {
    step: { message, channel, number, sighting, dots: sighting && most && most <= MOST_DOTS ? [seen, most] : null },
    held: Boolean(step.phase),
    note: step.phase ? underWay : live ? "" : "as it was",
  };
}

/** @param {Step | NoStep} step @returns {Track} */
function trackPlan(step) {
  if (!step.number) return null;
  const reached = step.phase ? PHASES.indexOf(step.phase) : PHASES.length;
  const isRunSkipped = !step.winner && reached > PHASES.indexOf("decided");
  const done = (/** @type {boolean} */ isDone) => (isDone ? "done" : "open");
  return {
    pulled: done(reached >= 0),
    asked: done(reached >= PHASES.indexOf("decided")),
    run: isRunSkipped ? "skipped" : done(reached >= PHASES.indexOf("ran")),
    settled: done(reached === PHASES.length && Boolean(step.settlement?.action)),
  };
}

/**
 * Return whether an actor runs at this moment: it is past the phase "about to run", and nothing holds it there.
 * @param {Step} step
 * @param {boolean} held
 */
export const isRunning = ({ phase }, held) => phase === "running" || (phase === "about to run" && !held);

/**
 * Return the actors of one channel: with the verdicts of the step if there are any, otherwise waiting to be asked.
 * @param {State} state
 * @param {Ui} ui
 * @returns {ActorsPlan}
 */
function actorsPlan({ step, actors, status }, ui) {
  const stale = actors.stale && !status.held;
  if (step.number && step.verdicts.length) {
    const run = step.winner ? runPlan(step, status.held) : null;
    const all = step.verdicts.map((verdict) => verdictRow(verdict, verdict.role === "winner" ? run : null, ui));
    const more = step.more_verdicts ?? 0;
    const rows = ui.everyActor ? all : foldRows(all);
    return { channel: step.channel, rows, more, noWinner: noWinnerText(step), stale };
  }
  const rows = actors.actors.map((actor) => waitingRow(actor, ui));
  return {
    channel: actors.channel,
    rows: ui.everyActor ? rows : foldRows(rows),
    more: actors.more,
    noWinner: "",
    stale,
  };
}

/**
 * Return rows that leave room for the winner: of many others only the first ones, and how many more.
 * @param {ActorRow[]} rows
 * @returns {(ActorRow | FoldedRows)[]}
 */
function foldRows(rows) {
  if (rows.length <= MOST_ROWS) return rows;
  const place = rows.findIndex(({ look }) => look === "winner" || look === "raised");
  if (place < 0) return [...rows.slice(0, MOST_ROWS - 1), folded(rows.slice(MOST_ROWS - 1))];
  const before = rows.slice(0, place);
  const after = rows.slice(place + 1);
  const first = before.length > 3 ? [...before.slice(0, 2), folded(before.slice(2))] : before;
  const last = after.length > 3 ? [...after.slice(0, 2), folded(after.slice(2))] : after;
  return [...first, rows[place], ...last];
}

/** @type {Partial<Record<RowFields["look"], string>>} */
const FOLDED = { no: "said no", error: "said no", unasked: "not asked", shadowed: "not asked" };

/** @param {ActorRow[]} rows @returns {FoldedRows} */
function folded(rows) {
  const what = FOLDED[rows[0].look] ?? "";
  return { folded: rows.length, text: `${count(rows.length, "more actor")} ${what}`.trim() };
}

/**
 * @param {Verdict} verdict
 * @param {RunPlan | null} [run]  what the actor did
 * @param {Ui} [ui]
 * @returns {ActorRow}
 */
export function verdictRow(verdict, run = null, ui) {
  if (verdict.pending) return waitingRow(verdict, ui);
  const look = lookOf(verdict, run);
  const strategy = verdict.strategy && `its strategy: ${verdict.strategy}`;
  const { says, details } = wordsOf(verdict, look);
  const where = verdict.code ? `${verdict.code.where}: ${verdict.code.text}` : "";
  return {
    ...verdict,
    look,
    lamp: LAMPS[look] || String(verdict.position),
    says,
    details: [...details, strategy, where].filter(Boolean),
    unfolded: Boolean(ui?.unfolded.includes(verdict.position)),
    run,
  };
}

const LAMPS = { winner: "✓", raised: "⚠", error: "⚠", no: "✗", shadowed: "", unasked: "", waiting: "" };

/** @param {Verdict} verdict @param {RunPlan | null} run @returns {RowFields["look"]} */
function lookOf({ role, outcome, asked }, run) {
  if (role === "winner") return run?.raised ? "raised" : "winner";
  if (role) return role;
  if (asked === false) return "unasked";
  return outcome === "error" ? "error" : "no";
}

/**
 * Return what a row says at once, and what on demand. An actor that the worker did not ask says so, and no more: its
 * answer comes from the explanation alone.
 * @param {Verdict} verdict
 * @param {RowFields["look"]} look
 * @returns {{says: string, details: string[]}}
 */
function wordsOf({ answer, reason, led_to = "", strategy }, look) {
  const wouldSay = `It would have said: ${answer}${reason ? `, ${reason}` : ""}`;
  switch (look) {
    case "winner":
    case "raised":
      return { says: strategy, details: [reason] };
    case "shadowed":
      return { says: led_to || "would match too", details: [wouldSay] };
    case "unasked":
      return { says: "not asked", details: [wouldSay] };
    default:
      return { says: shortened(reason) || answer, details: [answer, reason] };
  }
}

/** The lamp beside it says no already. @param {string} reason */
const shortened = (reason) => reason.replace(/^read (.*) → False$/s, "$1");

/** @param {Actor} actor @param {Ui} [ui] @returns {ActorRow} */
function waitingRow({ position, actor, strategy, note, code, sample }, ui) {
  const details = code ? [`${code.where}: ${code.text}`] : [];
  const unfolded = Boolean(ui?.unfolded.includes(position));
  const fields = { position, actor, strategy, note, code, sample };
  return { ...fields, look: "waiting", lamp: String(position), says: strategy, details, unfolded, run: null };
}

/** @param {Step} step */
function noWinnerText(step) {
  if (step.winner || step.verdicts.some((one) => one.pending || one.role === "winner")) return "";
  const failed = step.verdicts.some((one) => one.outcome === "error" && one.asked);
  return failed ? "Nobody gets it: a strategy failed" : "Nobody takes it";
}

/** @param {Step} step @param {boolean} held @returns {RunPlan} */
function runPlan(step, held) {
  /** @type {RunLine[]} */
  const lines = codeLines(step);
  for (const [text, about] of step.arguments ?? []) lines.push({ name: "called with", text, about });
  if (step.printed) lines.push({ name: "printed", text: step.printed, part: "printed" });
  if (step.result !== null && step.result !== undefined) {
    lines.push({ name: "returned", text: step.result, part: "result" });
  }
  if (step.published?.length) lines.push({ name: "sent", text: sentText(step) });
  const waiting = step.phase === "decided" ? "It will run next." : "";
  const running = isRunning(step, held);
  return { waiting, running, elapsed: step.elapsed ?? 0, lines, raised: step.raised ?? null, number: step.number };
}

/** Return the lines of code that say why the winner got it, and what it is. @param {Step} step @returns {RunLine[]} */
function codeLines({ verdicts, code }) {
  const strategy = verdicts.find((one) => one.role === "winner")?.code;
  /** @type {RunLine[]} */
  const lines = strategy ? [{ name: "chosen by", text: strategy.text, about: strategy.where }] : [];
  return code ? [{ name: "code", text: code.text, about: code.where }, ...lines] : lines;
}

/** @param {Step} step */
function sentText({ sent = 0, published = [], children = [] }) {
  if (children.length && children.length === sent) {
    return children.map(({ name, channel }) => `${name} → ${channel}`).join(", ");
  }
  return `${count(sent, "message")} to ${published.join(", ")}`;
}

/**
 * Return where on the page a settled message ends.
 * @param {MessageAction | null | undefined} action
 * @returns {Bin}
 */
export function binOf(action) {
  switch (action) {
    case "nacked":
      return "tray";
    case "rejected":
      return "back";
    default:
      return action ? "done" : "open";
  }
}

/**
 * @param {Step | NoStep} step
 * @param {State["history"]} history
 * @returns {OutcomePlan}
 */
function outcomePlan(step, { done, back }) {
  const settlement = step.number ? step.settlement : undefined;
  return {
    hit: settlement ? binOf(settlement.action) : null,
    tone: settlement?.tone ?? "open",
    word: settlement?.word ?? "",
    reason: settlement?.reason ?? "",
    took: settlement?.took ? `took ${settlement.took}` : "",
    note: (step.number && step.note) || "",
    done: done.toLocaleString("en"),
    back: back === undefined ? "" : back.toLocaleString("en"),
  };
}
