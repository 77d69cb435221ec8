// The page as a whole: elements that stay, and hosts for those that are drawn anew.

import { h, widgetRoot } from "./dom.mjs";
import { createFilm } from "./film.mjs";
import { createMenu } from "./menu.mjs";
import { createRegions } from "./regions.mjs";
import { createRiver } from "./river.mjs";
import { createSendForm } from "./send_form.mjs";
import { createSendRow } from "./send_row.mjs";
import { createTools } from "./tools.mjs";

/**
 * @import { Actions, Place } from "./actions.mjs"
 * @import { Children } from "./dom.mjs"
 * @import { Plan } from "./plan.mjs"
 * @import { Regions } from "./regions.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
export function createLayout(actions, ui, update) {
  const tools = createTools(actions, ui);
  const menu = createMenu(actions, ui, update);
  const row = createSendRow(actions, ui);
  const form = createSendForm(actions, ui, update);
  const river = createRiver(actions, ui);
  const film = createFilm(actions, ui, river.toggle);
  const regions = createRegions(actions, () => root.focus());
  const { hosts } = regions;
  const stage = stageElement(hosts);
  const body = h(
    "div.body",
    null,
    [tools.element, menu.element, row.element, hosts.errors, hosts.banner, hosts.picking, form.element],
    [hosts.keys, hosts.explanation, hosts.classroom],
    [h("div.head", null, hosts.headline, h("div.aside", null, hosts.score, hosts.notice)), hosts.story],
    [stage, hosts.worlds, hosts.trail, film.element, river.element, hosts.opened],
  );
  const root = widgetRoot("repid_nb workbench", body, { tabindex: "-1" });

  /** @param {Place} place */
  function focus(place) {
    const first = { picking: hosts.picking, menu: menu.element };
    if (place === "root") root.focus();
    else if (place === "step") (tools.step.hidden ? tools.next : tools.step).focus();
    else if (place === "payload") {
      form.payload.focus();
      // What is typed next is written over it.
      form.payload.select();
    } else firstIn(first[place])?.focus();
  }

  /** @param {Plan} shown @param {State} state */
  function draw(shown, state) {
    const focused = focusedIn(root);
    tools.draw(shown.controls, state);
    menu.draw(shown.controls, state);
    row.draw(shown.controls, state);
    // What has to be read or answered first stands in its place.
    row.element.hidden = shown.errors.length > 0 || shown.banner !== null || shown.picking !== null;
    form.draw(shown.controls, state);
    film.draw(shown.controls, state);
    river.draw(shown.controls, state);
    regions.draw(shown, state, ui);
    root.classList.toggle("wb-projector", state.projector);
    root.classList.toggle("wb-lesson", state.status.replay === "lesson");
    root.setAttribute("aria-busy", String(shown.controls.busy && !shown.controls.held));
    // The focus never falls to the page, where JupyterLab's keys would get what is pressed next.
    const isLost = focused !== null && !isSeen(focused);
    if (isLost && !focusedIn(root)?.checkVisibility()) (tools.replacementOf(focused) ?? root).focus();
  }

  const showOpened = () => hosts.opened.firstElementChild?.scrollIntoView({ block: "nearest" });
  return { root, stage, focus, draw, showOpened, canSend: form.canSend, close: river.close };
}

/** @param {Element} part @returns {HTMLElement | null} */
const firstIn = (part) => part.querySelector("input, button");

/** @param {HTMLElement} root */
function focusedIn(root) {
  const active = root.ownerDocument.activeElement;
  return active !== root && root.contains(active) ? active : null;
}

/** @param {Element} element */
const isSeen = (element) => element.isConnected && !element.closest("[hidden]");

/** @param {Regions["hosts"]} hosts */
function stageElement({ lanes, worker, actors, outcome, pulled, asked, run, settled }) {
  return h(
    "div.stage",
    null,
    column("queues", "Queue", [], lanes),
    column("workers", "Worker", [pulled], worker),
    column("listeners", "Actors", [asked, run], actors),
    column("outcomes", "Outcome", [settled], outcome),
  );
}

/** @param {string} name @param {string} title @param {Children} track @param {...Children} children */
function column(name, title, track, ...children) {
  const heading = h("h3.heading", null, title);
  return h(`section.column.${name}`, { "aria-label": title }, h("div.columnhead", null, heading, track), ...children);
}
