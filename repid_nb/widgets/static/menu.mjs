// The tools that are seldom used, in a panel of their own.

import { createBreaks } from "./breaks.mjs";
import { button, createChanges, h, newId, setEnabled } from "./dom.mjs";
import { fillList } from "./finder.mjs";
import { createParting } from "./what_if.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
export function createMenu(actions, ui, update) {
  const source = sourceField(actions);
  const most = mostField(ui, update);
  const resets = resetTools(actions, ui);
  const breaks = createBreaks(actions);
  const parting = createParting(actions);
  const keys = button("keys", "? Keys", actions.keys, { title: "What the keys do (?)", "aria-expanded": "false" });
  const element = h(
    "section.menu",
    { "aria-label": "More", hidden: true },
    h("div.menurow", null, source.element, most.element, h("span.gap"), keys),
    breaks.element,
    resets.element,
    parting.element,
    h("div.menurow.live", null, exportTools(actions)),
  );

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    element.hidden = !ui.menu;
    source.draw(state, ui);
    most.draw(shown);
    breaks.draw(state, ui);
    resets.draw(shown, state);
    parting.draw(shown, state);
    keys.setAttribute("aria-expanded", String(ui.keys));
  }

  return { element, draw };
}

/**
 * Make the two ways back, each with what it would do.
 * @param {Actions} actions
 * @param {Ui} ui
 */
function resetTools(actions, ui) {
  const start = button("reset", "Back to the start", () => actions.reset("start"));
  const empty = button("empty", "Empty the queues", () => actions.reset("empty"), { class: "wb-button wb-live" });
  const said = h("span.resetsaid");
  const element = h("div.menurow", null, h("b.menuname", null, "Reset"), start, empty, said);

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, { status: { reset }, history }) {
    const canStart = shown.reset && (reset === undefined || reset.start !== "") && !history.no_way_back;
    setEnabled(start, canStart);
    setEnabled(empty, shown.send && reset?.empty !== "");
    start.title = canStart ? (reset?.start ?? "Everything back to the first moment") : (history.no_way_back ?? "");
    empty.title = reset?.empty ?? "";
    empty.textContent = ui.sure ? "Confirm: empty the queues" : "Empty the queues";
    said.textContent = [canStart && reset?.start, reset?.empty].filter(Boolean).join(" ");
  }

  return { element, draw };
}

/**
 * Make the field for the channel to pull from: one that is offered, or any other one by its name.
 * @param {Actions} actions
 */
function sourceField(actions) {
  const list = h("datalist", { id: newId() });
  const input = h("input.input", {
    "data-k": "from",
    list: list.id,
    placeholder: "each channel in turn",
    title: "A channel's name; empty for each channel in turn",
    onchange: () => actions.pullFrom(input.value.trim()),
    // What is offered is only a part of many channels: the others are found by a part of their name.
    oninput: () =>
      actions.find("channels", input.value, (rows) =>
        fillList(
          list,
          rows.map(([, name]) => name),
        ),
      ),
  });
  const element = h("label.field.inline.live", null, "Pull from ", input, list);
  const hasChanged = createChanges();

  /** @param {State} state @param {Ui} ui */
  function draw({ lanes, choices }, { pending }) {
    const names = [...new Set([...choices.channels.map(([, name]) => name), ...lanes.lanes.map((one) => one.channel)])];
    if (hasChanged("names", names)) fillList(list, names);
    // What was just chosen stands there until the kernel has heard of it.
    const isMine = pending !== null || input === input.ownerDocument.activeElement;
    if (!isMine) input.value = lanes.pull_from?.channel ?? "";
  }

  return { element, draw };
}

/** @param {Ui} ui @param {() => void} update */
function mostField(ui, update) {
  const most = h("input.input.narrow", {
    type: "number",
    min: 1,
    max: 10000,
    value: ui.most,
    "data-k": "most",
    oninput: () => {
      ui.most = most.value;
      update();
    },
  });
  const problem = h("span.problem", { role: "status" });

  /** @param {ControlsPlan} shown */
  function draw(shown) {
    problem.textContent = shown.most;
    most.setAttribute("aria-invalid", String(Boolean(shown.most)));
    if (most.value !== ui.most) most.value = ui.most;
  }

  return { element: h("div.group", null, h("label.field.inline", null, "Run at most ", most), problem), draw };
}

/** @param {Actions} actions */
function exportTools(actions) {
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
  return [
    h("b.menuname", null, "Export"),
    take("cell", "A cell of Python", "session.py"),
    take("json_lines", "Steps as JSON Lines", "steps.jsonl"),
    take("mermaid", "A Mermaid diagram", "steps.mmd"),
    take("html", "A plain page", "steps.html"),
    button("load", "Load steps …", () => load.click()),
    load,
  ];
}
