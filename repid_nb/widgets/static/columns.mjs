// The four columns as elements: the queue's lanes, the worker, the actors, the outcome with the dead letters.

import { bdi, button, code, h, icon, smallButton } from "./dom.mjs";
import { count } from "./plan.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Child, Properties } from "./dom.mjs"
 * @import { ActorRow, ActorsPlan, LanePlan, OutcomePlan, RunLine, RunPlan, TrackPhase } from "./plan.mjs"
 * @import { WorkerPlan, WorkerStep } from "./plan.mjs"
 * @import { DeadLetter, Lane, Message, PulledMessage, Raised, State, Ticket } from "./wire.mjs"
 *
 * @typedef {Actions["open"]} Open
 */

const hint = (/** @type {Child[]} */ ...children) => h("p.nothing", null, ...children);
const andMore = (/** @type {string} */ text) => h("p.andmore", null, `… and ${text}`);

/** @param {Ticket} message @param {Properties} [properties] */
function ticket(message, properties = {}) {
  const title = message.title ?? (message.id === message.name ? null : message.id);
  return h("span.ticket", { "data-message": message.id, title, ...properties }, bdi(message.name));
}

/** @param {Message} message */
function tags(message) {
  return [
    message.topic === null
      ? h("span.tag.quiet", null, "no topic")
      : h("span.tag", null, h("span.tagname", null, "topic "), bdi(message.topic)),
    message.priority !== undefined && h("span.tag.strong", null, `priority ${message.priority}`),
    message.seen && h("span.tag.back", null, icon("↩ "), `sent back, ${message.seen}`),
  ];
}

/** @param {LanePlan[]} lanes @param {Open} open */
export function laneElements(lanes, open) {
  return lanes.length ? lanes.map((lane) => laneElement(lane, open)) : [hint("No channel yet.")];
}

/** @param {LanePlan} lane @param {Open} open */
function laneElement(lane, open) {
  const waiting = lane.waiting ? `${lane.waiting.toLocaleString("en")} waiting` : "empty";
  return h(
    "div.lane",
    { "data-lane": lane.key, class: `wb-lane${lane.next ? " wb-next" : ""}` },
    h("div.lanehead", null, h("b.lanename", null, bdi(lane.channel)), h("span.count", null, waiting)),
    lane.in_work > 0 && inWorkElement(lane),
    lane.withoutActors && h("p.warning", null, icon("⚠ "), "no actor listens here"),
    lane.messages.length > 0 && waitingElement(lane, open),
    lane.more > 0 && lane.messages.length > 0 && andMore(`${lane.more.toLocaleString("en")} more`),
    h("span.tail", { "data-tail": lane.key, "aria-hidden": "true" }),
    lane.more_channels && andMore(count(lane.more_channels, "more channel")),
  );
}

/** Messages that were pulled and are not settled: still on the queue, but no worker gets them. @param {Lane} lane */
function inWorkElement(lane) {
  const more = lane.in_work - lane.working.length;
  return h(
    "div.messagehead.inwork",
    null,
    h("span.count", null, "in work: "),
    lane.working.map((message) => ticket(message)),
    more > 0 && h("span.count", null, ` and ${more.toLocaleString("en")} more`),
  );
}

/** @param {LanePlan} lane @param {Open} open */
function waitingElement(lane, open) {
  return h(
    "ol.messages",
    { tabindex: "0", "data-k": `messages ${lane.key}`, "aria-label": `Waiting on ${lane.channel}` },
    lane.messages.map((message, place) => messageElement(lane, message, place === 0 && lane.next, open)),
  );
}

/** @param {Lane} lane @param {Message} message @param {boolean} isNext @param {Open} open */
function messageElement(lane, message, isNext, open) {
  const openMessage = () =>
    open(`Message ${message.name}`, { type: "open", what: "waiting", channel: lane.key, message: message.id });
  const label = { "aria-label": `Open ${message.name}` };
  return h(
    "li.message",
    null,
    h("div.messagehead", null, ticket(message), isNext && h("span.tag.next", null, "next"), tags(message)),
    h(
      "div.payloadline",
      null,
      code(message.payload),
      message.payload.endsWith("…") && smallButton(`open ${lane.key} ${message.id}`, "open", openMessage, label),
    ),
  );
}

/** @param {WorkerPlan} worker @param {Open} open */
export function workerElements(worker, open) {
  if (!worker.step) {
    return [h("div.slot.empty", { "data-slot": "worker" }, h("span.nothing", null, "idle"))];
  }
  return [
    heldElement(worker, worker.step, open),
    h("ol.track", { "aria-label": "How far it has come" }, worker.track.map(trackElement)),
  ];
}

/** @param {WorkerPlan} worker @param {WorkerStep} step @param {Open} open */
function heldElement(worker, { message, number, sighting }, open) {
  const openMessage = () => open(`Message ${message.name}`, { type: "open", what: "message", step: number });
  return h(
    "div.slot",
    { "data-slot": "worker", class: `wb-slot${worker.held ? " wb-held" : ""}` },
    h("div.slothead", null, h("b", null, `Step ${number}`), h("span.count", null, worker.note)),
    h(
      "div.messagehead",
      null,
      ticket(message, { class: "wb-ticket wb-current" }),
      tags({ ...message, seen: undefined }),
    ),
    h("div.payloadblock", null, code(message.payload)),
    headerElements(message),
    h(
      "div.slotfoot",
      null,
      h("span.count", null, sizeText(message)),
      smallButton("open message", "open", openMessage, { "aria-label": `Open ${message.name}` }),
    ),
    sighting && h("p.sighting", null, icon("↩ "), `sighting ${sighting}`),
  );
}

/** @param {PulledMessage} message */
function headerElements({ headers, more_headers }) {
  return [
    headers.length > 0 &&
      h(
        "dl.headers",
        null,
        headers.map(([name, value]) => [h("dt", null, bdi(name)), h("dd", null, bdi(value))]),
      ),
    more_headers > 0 && andMore(count(more_headers, "more header")),
  ];
}

/** @param {PulledMessage} message */
function sizeText({ size, content_type }) {
  return [size, content_type === "application/json" ? "" : content_type].filter(Boolean).join(" · ");
}

const TRACK = {
  done: { symbol: "●", text: ": done" },
  skipped: { symbol: "–", text: ": left out" },
  open: { symbol: "○", text: ": not yet" },
};

/** @param {TrackPhase} phase */
function trackElement({ word, state }) {
  const { symbol, text } = TRACK[state];
  const classes = { class: `wb-phase wb-${state}` };
  return h("li", classes, icon(symbol), h("span.phaseword", null, word), h("span.hidden", null, text));
}

/** @param {ActorsPlan} actors @param {Actions} actions */
export function actorElements(actors, { open, keepNewest }) {
  if (!actors.rows.length) {
    return [hint(actors.channel ? "No actor listens on this channel." : "No actor is registered yet.")];
  }
  return [
    actors.stale && staleElement(keepNewest),
    h(
      "ol.actors",
      { "aria-label": `Actors of ${actors.channel}` },
      actors.rows.map((row) => actorElement(row, open)),
    ),
    actors.more > 0 && andMore(count(actors.more, "more actor")),
    actors.noWinner && h("div.nobody", null, h("b", null, actors.noWinner)),
  ];
}

/** @param {() => void} keepNewest */
function staleElement(keepNewest) {
  const text = "An actor is left over: its cell ran again without it.";
  return h(
    "div.stale",
    null,
    icon("⚠ "),
    h("span", null, text),
    button("keep newest", "Forget what is left over", keepNewest),
  );
}

const LED_TO = { winner: "★ ", shadowed: "◌ ", error: "", no: "", waiting: "" };

/** @param {ActorRow} row @param {Open} open */
export function actorElement(row, open) {
  const symbol = LED_TO[row.look];
  return h(
    "li",
    { class: `wb-actor wb-is-${row.look}`, "data-actor": row.look === "winner" ? "winner" : null },
    h(
      "div.actorhead",
      null,
      h("span.position", null, row.position),
      h("b.actorname", null, bdi(row.actor)),
      h("span.strategy", null, bdi(row.strategy)),
    ),
    row.look !== "waiting" &&
      h("div.verdict", null, h("b.answer", null, row.answer), " ", h("span.why", null, bdi(row.reason))),
    row.led_to && h("div.ledto", null, symbol && icon(symbol), row.led_to),
    row.note && h("div.warning", null, row.note.startsWith("↻") ? "" : icon("⚠ "), bdi(row.note)),
    row.run && runElement(row.run, open),
  );
}

/** @param {RunPlan} run @param {Open} open */
function runElement({ waiting, lines, raised, number }, open) {
  if (!lines.length && !raised && !waiting) return null;
  return h(
    "div.run",
    null,
    waiting && hint(waiting),
    lines.length > 0 &&
      h(
        "dl.lines",
        null,
        lines.map((line, place) => lineElements(line, lines[place - 1]?.name !== line.name, number, open)),
      ),
    raised && raisedElement(raised, number, open),
  );
}

/** @param {RunLine} line @param {boolean} isNamed @param {number} step @param {Open} open */
function lineElements({ name, text, part }, isNamed, step, open) {
  return [
    h("dt", null, isNamed ? name : ""),
    h(
      "dd",
      null,
      part === "printed" ? h("pre.printed", null, bdi(text)) : code(text),
      part &&
        text.endsWith("…") &&
        smallButton(`open ${part}`, "open", () => open(part, { type: "open", what: part, step }), {
          "aria-label": `Open what was ${part}`,
        }),
    ),
  ];
}

/** @param {Raised} raised @param {number} step @param {Open} open */
function raisedElement(raised, step, open) {
  const where = () => open("Where it was raised", { type: "open", what: "raised", step });
  return h(
    "div.raised",
    null,
    h(
      "div",
      null,
      icon("⚠ "),
      "raised ",
      h("b", null, bdi(raised.type)),
      raised.message ? ": " : "",
      bdi(raised.message),
    ),
    raised.fields.length > 0 &&
      h(
        "ul.fields",
        null,
        raised.fields.map((text) => h("li", null, bdi(text))),
      ),
    raised.hint && h("p.hintline", null, bdi(raised.hint)),
    raised.traceback && smallButton("open raised", "Where?", where),
  );
}

/** @param {OutcomePlan | null} outcome @param {State["history"]} history */
export function outcomeElements(outcome, { done, first }) {
  // Steps that are not kept any more are not counted.
  const number = `${done.toLocaleString("en")}${first > 0 ? " or more" : ""}`;
  return [
    outcome && settlementElement(outcome),
    h(
      "div.bin",
      { "data-bin": "done" },
      h("span.binname", null, icon("✓ "), "Done"),
      h("span.binnumber", null, number),
    ),
  ];
}

/** @param {OutcomePlan} outcome */
function settlementElement(outcome) {
  return h(
    "div",
    { class: `wb-settlement wb-tone-${outcome.tone}` },
    h("div.settledword", null, h("b", null, outcome.word), h("span.count", null, bdi(outcome.name))),
    outcome.where && h("div.where", null, outcome.where),
    outcome.reason && h("div.why", null, bdi(outcome.reason)),
    outcome.took && h("div.count", null, `the actor took ${outcome.took}`),
  );
}

/** @param {State["tray"]} tray @param {boolean} isLocked @param {Actions} actions */
export function deadLetterElements({ dead, letters }, isLocked, actions) {
  const hidden = dead - letters.length;
  return [
    h(
      "div",
      { class: `wb-bin wb-traybin${letters.length ? " wb-full" : ""}`, "data-bin": "tray" },
      h(
        "div.traytop",
        null,
        h("span.binname", null, icon("✗ "), "Dead letters"),
        h("span.binnumber", null, dead.toLocaleString("en")),
      ),
      letters.length > 0 &&
        h(
          "ol.letters",
          null,
          letters.map((letter) => deadLetterElement(letter, isLocked, actions)),
        ),
      hidden > 0 && andMore(`${hidden.toLocaleString("en")} older`),
    ),
  ];
}

/** @param {DeadLetter} letter @param {boolean} isLocked @param {Actions} actions */
function deadLetterElement(letter, isLocked, { open, resend }) {
  const { key, id, name } = letter;
  const openLetter = () => open(`Dead letter ${name}`, { type: "open", what: "waiting", channel: key, message: id });
  return h(
    "li.letter",
    null,
    h("div.messagehead", null, ticket(letter), tags(letter)),
    h("div.why", null, bdi(letter.reason)),
    h(
      "div.letterbuttons",
      null,
      smallButton(`open ${key} ${id}`, "Open", openLetter, { "aria-label": `Open ${name}` }),
      smallButton(`resend ${key} ${id}`, "Send again", () => resend(key, id), {
        "aria-disabled": String(isLocked),
        "aria-label": `Send again ${name}`,
      }),
    ),
  );
}
