// The tools that are seldom used, in a panel of their own.

import { button, createChanges, fill, h, newId, setEnabled } from "./dom.mjs";

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
  const reset = button("reset", "Reset", actions.reset, { title: "Everything back to the first moment" });
  const keys = button("keys", "? Keys", actions.keys, { title: "What the keys do (?)", "aria-expanded": "false" });
  const element = h(
    "section.menu",
    { "aria-label": "More", hidden: true },
    h("div.menurow", null, source.element, most.element, reset, keys),
    h("div.menurow.live", null, exportTools(actions)),
  );

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    element.hidden = !ui.menu;
    source.draw(state, ui);
    most.draw(shown);
    setEnabled(reset, shown.reset);
    reset.textContent = ui.sure ? "Confirm reset" : "Reset";
    keys.setAttribute("aria-expanded", String(ui.keys));
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
  });
  const element = h("label.field.inline.live", null, "Pull from ", input, list);
  const hasChanged = createChanges();

  /** @param {State} state @param {Ui} ui */
  function draw({ lanes, choices }, { pending }) {
    const names = [...new Set([...choices.channels.map(([, name]) => name), ...lanes.lanes.map((one) => one.channel)])];
    if (hasChanged("names", names))
      fill(
        list,
        names.map((value) => h("option", { value })),
      );
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
