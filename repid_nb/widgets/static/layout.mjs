// The page as a whole: elements that stay, and hosts for those that are drawn anew.

import { createControls } from "./controls.mjs";
import { button, h } from "./dom.mjs";
import { createRegions } from "./regions.mjs";
import { createSendForm } from "./send_form.mjs";
import { createTopBar } from "./top_bar.mjs";

/**
 * @import { Actions } from "./actions.mjs"
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
  const topBar = createTopBar(actions);
  const form = createSendForm(actions, ui, update);
  const controls = createControls(actions, ui, update);
  const regions = createRegions(actions, () => root.focus());
  const { hosts } = regions;
  const stage = stageElement(hosts);
  const body = h(
    "div.body",
    null,
    [topBar.element, hosts.keys, hosts.errors, form.element, hosts.explanation, controls.element, hosts.banner],
    [hosts.score, hosts.picking, hosts.story, hosts.notice, stage, hosts.pills, exportMenu(actions), hosts.opened],
  );
  const root = h(
    "section.root",
    { class: "repid-wb", "aria-label": "repid_nb workbench", tabindex: "-1", "data-lm-suppress-shortcuts": "true" },
    body,
  );
  const places = { root, step: controls.step, payload: form.payload };

  /** @param {"root" | "step" | "payload" | "picking"} place */
  function focus(place) {
    const element = place === "picking" ? hosts.picking.querySelector("button") : places[place];
    element?.focus();
  }

  /** @param {Plan} shown @param {State} state */
  function draw(shown, state) {
    topBar.draw(state, ui);
    form.draw(shown.controls, state);
    controls.draw(shown.controls, state);
    regions.draw(shown, state, ui);
    root.classList.toggle("wb-large", state.projector);
    root.setAttribute("aria-busy", String(shown.controls.busy && !shown.controls.held));
  }

  const showOpened = () => hosts.opened.firstElementChild?.scrollIntoView({ block: "nearest" });
  return { root, stage, focus, draw, showOpened, canSend: form.canSend };
}

/** @param {Regions["hosts"]} hosts */
function stageElement({ lanes, worker, actors, outcome, tray }) {
  return h(
    "div.stage",
    null,
    column("queues", "Queue", "waits, next one on top", lanes),
    column("workers", "Worker", "takes one at a time", worker),
    column("listeners", "Actors", "asked from top to bottom", actors),
    column("outcomes", "Outcome", "what becomes of it", outcome, tray),
  );
}

/** @param {string} name @param {string} title @param {string} hint @param {...Children} children */
function column(name, title, hint, ...children) {
  const heading = h("h3.heading", null, title, h("span.hint", null, hint));
  return h(`section.column.${name}`, { "aria-label": title }, heading, ...children);
}

/** @param {Actions} actions */
function exportMenu(actions) {
  /**
   * @param {"cell" | "json_lines" | "mermaid" | "html"} form
   * @param {string} label
   * @param {string} file
   */
  const take = (form, label, file) =>
    button(`take ${form}`, label, () => actions.open(label, { type: "take", form }, file));
  const load = h("input", {
    type: "file",
    accept: ".jsonl,.ndjson,.json,.txt",
    hidden: true,
    onchange: async () => {
      const file = load.files?.[0];
      if (file) actions.load(await file.text());
      load.value = "";
    },
  });
  return h(
    "details.take",
    null,
    h("summary", null, "Export"),
    h(
      "div.takerow",
      null,
      take("cell", "A cell of Python", "session.py"),
      take("json_lines", "Steps as JSON Lines", "steps.jsonl"),
      take("mermaid", "A Mermaid diagram", "steps.mmd"),
      take("html", "A plain page", "steps.html"),
      button("load", "Load steps …", () => load.click()),
      load,
    ),
  );
}
