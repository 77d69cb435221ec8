// The third column: the actors, asked from top to bottom. The one that gets the message is a card, the others a line.

import { count } from "./amounts.mjs";
import { bdi, button, code, h, icon, smallButton } from "./dom.mjs";
import { findField } from "./finder.mjs";
import { andMore, hint } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ActorRow, ActorsPlan, FoldedRows, RunLine, RunPlan } from "./stage_plan.mjs"
 * @import { Raised } from "./wire.mjs"
 *
 * @typedef {Actions["open"]} Open
 */

/** @param {ActorsPlan} actors @param {Actions} actions */
export function actorElements(actors, actions) {
  if (!actors.rows.length) {
    return [hint(actors.channel ? "No actor listens on this channel." : "No actor is registered yet.")];
  }
  return [
    actors.stale && staleElement(actions.keepNewest),
    h(
      "ol.actors",
      { "aria-label": `Actors of ${actors.channel}` },
      actors.rows.map((row) => ("folded" in row ? foldedElement(row, actions) : actorElement(row, actors, actions))),
    ),
    actors.more > 0 && andMore(`${count(actors.more, "more actor")}, not shown`),
    actors.more > 0 &&
      findField(actions, "actors", "Find one", (_, actor) =>
        actions.writeTo({ actor, position: 0, strategy: "topic" }),
      ),
    actors.noWinner && h("div.nobody", null, h("b", null, actors.noWinner)),
  ];
}

/** @param {FoldedRows} row @param {Actions} actions */
function foldedElement({ text }, { showEveryActor }) {
  return h("li.folded", { "data-row": "folded" }, smallButton("every actor", `… ${text}`, showEveryActor));
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

/** @param {ActorRow} row @param {{channel: string}} where @param {Actions} actions */
export function actorElement(row, { channel }, actions) {
  const isWinner = row.look === "winner" || row.look === "raised";
  return h(
    "li",
    {
      class: `wb-actor wb-is-${row.look}${row.unfolded ? " wb-unfolded" : ""}`,
      "data-actor": isWinner ? "winner" : null,
      "data-row": row.position,
    },
    h("span.lamp", { "aria-hidden": "true" }, row.lamp),
    button(`actor ${row.position}`, bdi(row.actor), () => actions.writeTo(row), {
      class: "wb-actorname",
      title: `Write a message to ${row.actor}`,
    }),
    saysElement(row, actions),
    row.unfolded && detailElements(row, channel, actions),
    row.note && h("div.warning", null, row.note.startsWith("↻") ? "" : icon("⚠ "), bdi(row.note)),
    row.run && runElement(row.run, actions.open),
  );
}

/** @type {Partial<Record<ActorRow["look"], string>>} */
const SPOKEN = { winner: "match: ", raised: "match: ", no: "no match: ", error: "error: " };

/** What an actor said, in a line; pressed, it tells the rest. @param {ActorRow} row @param {Actions} actions */
function saysElement(row, { unfold }) {
  const spoken = SPOKEN[row.look] ?? "";
  const text = [h("span.hidden", null, spoken), bdi(row.says)];
  if (!row.details.length) return h("span.why", { title: row.says }, text);
  return button(`why ${row.position}`, text, () => unfold(row.position), {
    class: "wb-why",
    title: row.says,
    "aria-expanded": String(row.unfolded),
  });
}

/** @param {ActorRow} row @param {string} channel @param {Actions} actions */
function detailElements({ says, details, position, actor }, channel, { breakAtActor }) {
  const lines = [...new Set([says, ...details]), channel && `actor ${position} of ${channel}`].filter(Boolean);
  const label = "Stop where it gets a message";
  const stop = channel && smallButton(`break at ${position}`, label, () => breakAtActor(actor));
  return h(
    "ul.details",
    null,
    lines.map((text) => h("li", null, bdi(text))),
    stop && h("li.live", null, stop),
  );
}

/** @param {RunPlan} run @param {Open} open */
function runElement({ waiting, running, elapsed, lines, raised, number }, open) {
  if (!lines.length && !raised && !waiting && !running) return null;
  return h(
    "div.run",
    null,
    waiting && hint(waiting),
    running &&
      h(
        "p.running",
        null,
        h("span.clockface", { "aria-hidden": "true" }),
        "running ",
        h("span.clock", { "data-clock": number, "data-elapsed": elapsed, "aria-hidden": "true" }, "0.0 s"),
      ),
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
function lineElements({ name, text, about, part }, isNamed, step, open) {
  return [
    h("dt", { class: name === "code" ? "wb-hidden" : null }, isNamed ? name : ""),
    h(
      "dd",
      { class: name === "code" ? "wb-declared" : null, title: [text, about].filter(Boolean).join(" · ") },
      part === "printed"
        ? h("pre.printed", null, bdi(text))
        : name === "sent"
          ? h("span.sent", null, bdi(text))
          : code(text),
      about && h("span.about", null, " ", bdi(about)),
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
    h("div", null, "raised ", h("b", null, bdi(raised.type)), raised.message ? ": " : "", bdi(raised.message)),
    raised.fields.length > 0 &&
      h(
        "ul.fields",
        null,
        raised.fields.map((text) => h("li", null, bdi(text))),
      ),
    raised.hint && h("p", null, bdi(raised.hint)),
    raised.traceback && smallButton("open raised", "Where?", where),
  );
}
