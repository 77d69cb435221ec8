// The headline: in big who got the message and what became of it, in small why.

import { count } from "./amounts.mjs";
import { isRunning } from "./stage_plan.mjs";

/**
 * @import { NoStep, State, Step, Ticket, Tone } from "./wire.mjs"
 *
 * @typedef {object} HeadlinePlan
 * @property {(string | Ticket)[]} big  with tickets of the messages that it names
 * @property {string} became  what became of the message; empty as long as that is open
 * @property {Tone} tone
 * @property {string} why
 */

/** @type {(...big: (string | Ticket)[]) => Omit<HeadlinePlan, "why">} */
const open = (...big) => ({ big, became: "", tone: "open" });

/**
 * @param {State} state
 * @param {number} waiting  how many messages can be pulled
 * @param {boolean} isPicking  whether a guess is asked for
 * @returns {HeadlinePlan}
 */
export function headline(state, waiting, isPicking) {
  const { step, status, history } = state;
  if (!step.number) return emptyHeadline(state, waiting, isPicking);
  if (step.phase) return heldHeadline(step, status.held);
  const { settlement, winner, message } = step;
  const got = [winner ?? "Nobody", " got ", ticketOf(message)];
  if (history.live && isBackAgain(state, step)) {
    return { big: got, became: "↩ sent again", tone: "back", why: "It was a dead letter, and waits again." };
  }
  return {
    big: got,
    became: settlement?.word ?? "",
    tone: settlement?.tone ?? "open",
    why: winner ? whyGot(step) : whyNobody(step),
  };
}

/** @param {Step["message"]} message @returns {Ticket} */
const ticketOf = ({ id, name, title, hue }) => ({ id, name, title, hue });

/**
 * @param {State} state
 * @param {number} waiting
 * @param {boolean} isPicking
 * @returns {HeadlinePlan}
 */
function emptyHeadline({ lanes, history }, waiting, isPicking) {
  if (history.replay) return { ...open("Loaded steps"), why: "Go through them with Forward, or along the strip." };
  if (!lanes.lanes.some((lane) => lane.actors)) {
    return { ...open("No actor listens yet"), why: "Declare one in a cell, and send it a message." };
  }
  if (!waiting && lanes.lanes.some((lane) => lane.actors && lane.waiting === null)) {
    return { ...open("What waits is not known"), why: "Press Step: the worker asks for the next message." };
  }
  if (!waiting) return { ...open("Nothing is waiting"), why: "Send a message, then press Step." };
  const wait = `${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}`;
  return {
    ...open(wait),
    why: isPicking ? "Pick who will get it: then the worker takes it." : "Press Step: the worker takes the next one.",
  };
}

/**
 * Return the headline of a step that is not settled yet.
 * @param {Step} step
 * @param {boolean} held
 * @returns {HeadlinePlan}
 */
function heldHeadline(step, held) {
  const { phase, winner, channel } = step;
  const message = ticketOf(step.message);
  if (isRunning(step, held)) {
    return {
      ...open(winner ?? "The actor", " works on ", message),
      why: step.acked_first
        ? "It was acked already: it is lost if the worker crashes now."
        : "It is not settled before the actor returns.",
    };
  }
  switch (phase) {
    case "leaving":
      return { ...open("The worker takes ", message), why: `The next message of ${channel}.` };
    case "pulled":
      return { ...open("The worker holds ", message), why: askedSoFar(step) };
    case "decided":
      if (!winner) return { ...open("Nobody takes ", message), why: whyNobody(step) };
      return { ...open(winner, " gets ", message), why: `${whyFirst(step)}. It has not run yet.` };
    case "about to run":
      return { ...open(winner ?? "", " is about to run for ", message), why: "Its arguments are read." };
    default:
      return {
        ...open(winner ?? "", step.raised ? " raised" : " returned", " for ", message),
        why: step.acked_first ? "It was acked before it ran." : "Not settled yet.",
      };
  }
}

/** @param {Step} step */
function askedSoFar({ verdicts }) {
  const said = verdicts.filter((one) => !one.pending);
  if (!said.length) return "Nobody has been asked yet.";
  return `${count(said.length, "actor")} asked, in order of registration.`;
}

/** @param {Step} step */
function whyFirst({ verdicts, more_verdicts = 0 }) {
  const actors = verdicts.length + more_verdicts;
  const place = verdicts.find((one) => one.role === "winner")?.position;
  return actors > 1 && place ? `the first yes: actor ${place} of ${actors}` : "the only actor, and it said yes";
}

/** @param {Step} step */
function whyGot(step) {
  const { raised, sent = 0, children = [] } = step;
  const names = children.length === sent ? children.map(({ name }) => name) : [];
  const parts = [whyFirst(step)];
  if (raised) parts.push(`it raised ${raised.type}${raised.message ? `: ${raised.message}` : ""}`);
  if (sent) parts.push(`it sent ${count(sent, "more message")}${named(names)}`);
  if (step.settlement?.tone !== "good" && step.settlement?.where) parts.push(step.settlement.where);
  return parts.join(" · ");
}

/** @param {string[]} names */
const named = (names) => (names.length ? `: ${names.join(", ")}` : "");

/** @param {Step} step */
function whyNobody({ verdicts, more_verdicts = 0, settlement, sighting }) {
  const failed = verdicts.find((one) => one.outcome === "error" && one.asked);
  const asked = verdicts.length + more_verdicts;
  const said = failed
    ? `the strategy of ${failed.actor} failed`
    : asked
      ? `${count(asked, "actor")} said no`
      : "no actor listens on this channel";
  const seen = sighting === "1" ? "seen once" : sighting && `seen ${sighting} times`;
  return [said, seen, settlement?.where].filter(Boolean).join(" · ");
}

/**
 * Return whether the dead letter of a step waits again, as far as the page sees.
 * @param {State} state
 * @param {Step} step
 */
function isBackAgain({ lanes, tray }, { settlement, message }) {
  if (settlement?.action !== "nacked") return false;
  const isDead = tray.letters.some((letter) => letter.id === message.id);
  return !isDead && lanes.lanes.some((lane) => lane.messages.some((one) => one.id === message.id));
}

/**
 * Return the sentence for screen readers.
 * @param {State} state
 * @param {HeadlinePlan} shown
 */
export function spokenStory({ step }, { big, became, why }) {
  if (isTold(step)) return step.story;
  const words = big.map((part) => (typeof part === "string" ? part : part.name)).join("");
  return [`${words}.`, became && `${became}.`, why].filter(Boolean).join(" ");
}

/** @param {Step | NoStep} step @returns {step is Step} */
const isTold = (step) => Boolean(step.number && !step.phase && step.story);
