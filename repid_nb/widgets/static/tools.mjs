// The tools in one row: step, run, and the switches of the page itself.

import { button, fill, h, setEnabled } from "./dom.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

const group = (/** @type {Node[]} */ ...children) => h("div.group", null, ...children);

/** @param {Actions} actions @param {Ui} ui */
export function createTools(actions, ui) {
  const steps = stepTools(actions);
  const runs = runTools(actions, ui);
  const switches = pageSwitches(actions);
  const element = h(
    "div.tools",
    { role: "group", "aria-label": "Steps" },
    steps.element,
    runs.element,
    h("span.gap"),
    switches.element,
  );
  const replacements = [...steps.replacements, ...runs.replacements];

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    steps.draw(shown);
    runs.draw(shown, state);
    switches.draw(shown, state, ui);
  }

  /** Return the button that takes the place of one that is hidden now. @param {Element} gone */
  const replacementOf = (gone) => replacements.find(([from, to]) => from === gone && !to.hidden)?.[1];

  return { element, step: steps.step, next: steps.next, replacementOf, draw };
}

/** @param {Actions} actions */
function stepTools(actions) {
  const primary = { class: "wb-button wb-primary" };
  const step = button("step", "Step", actions.step, { ...primary, title: "Take one message its whole way (S, Space)" });
  const next = button("next", "", actions.next, { ...primary, title: "The next phase (I, Space)" });
  const into = button("into", "Step into", actions.into, { title: "Stop after each phase (I)" });
  const crash = button("crash", "Crash the worker", actions.crash, {
    title: "The worker dies now: what it holds is seen again",
    class: "wb-button wb-live",
  });
  const finish = button("finish", "Finish the step", actions.finish, { title: "Without further stops (F)" });
  const putBack = button("put back", "Put it back", actions.stop, { title: "As if it had not been pulled (Esc)" });
  const replacements = [
    [step, next],
    [into, next],
    [next, step],
    [finish, step],
    [putBack, step],
    [crash, step],
  ];

  /** @param {ControlsPlan} shown */
  function draw(shown) {
    step.hidden = shown.held;
    into.hidden = shown.held || shown.crash;
    for (const one of [next, finish, putBack]) one.hidden = !shown.held;
    crash.hidden = !shown.crash;
    next.textContent = shown.next;
    setEnabled(step, shown.step);
    setEnabled(into, shown.into);
  }

  return { element: group(step, next, into, finish, putBack, crash), step, next, replacements, draw };
}

/** @param {Actions} actions @param {Ui} ui */
function runTools(actions, ui) {
  const run = button("run", "Run", actions.run, { title: "Step until nothing waits (R)" });
  const stop = button("stop", "Stop", actions.stop, { title: "Stop (R or Esc)" });
  const pace = paceSelect(ui, actions.setPace);
  const paceBox = h("label.field.inline", null, h("span.hidden", null, "Pace"), pace);
  const progress = h("span.progress");

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, { status }) {
    run.hidden = shown.stop || shown.held;
    stop.hidden = !shown.stop;
    paceBox.hidden = shown.held;
    setEnabled(run, shown.run);
    if (pace.value !== ui.pace) pace.value = ui.pace;
    progress.textContent = status.busy === "run" ? shown.progress : "";
  }

  const replacements = [
    [run, stop],
    [stop, run],
  ];
  return { element: group(run, stop, paceBox, progress), replacements, draw };
}

const PACES = [
  ["0", "at full speed"],
  ["0.4", "quickly"],
  ["1.5", "to watch"],
  ["4", "slowly"],
];

/** @param {Ui} ui @param {(pace: string) => void} setPace */
function paceSelect(ui, setPace) {
  const options = PACES.map(([value, label]) => h("option", { value, selected: value === ui.pace }, label));
  const title = "How fast; it waits for what moves, and for reading";
  const select = h("select.input", { "data-k": "pace", title, onchange: () => setPace(select.value) }, options);
  return select;
}

/** @param {Actions} actions */
function pageSwitches(actions) {
  const undo = button("undo", "Undo", actions.undo, { title: "Take back what was done last by hand (Z)" });
  const predict = button("predict", "Predict", actions.predict, {
    title: "Guess before each step (P)",
    "aria-pressed": "false",
  });
  const large = button("large", "Stage only", actions.large, {
    title: "The stage alone, as large as the screen: for a projector (L)",
    "aria-pressed": "false",
  });
  const beside = button("beside", "Beside", actions.beside, {
    title: "In a tab beside the notebook, where it stays in sight",
    class: "wb-button wb-tobeside",
  });
  const menu = button("menu", "⋯", actions.menu, {
    title: "More: pull from, reset, export, keys",
    "aria-label": "More",
    "aria-expanded": "false",
  });

  const element = group(undo, predict, beside, large, menu);

  /** @param {ControlsPlan} shown @param {State} state @param {Ui} ui */
  function draw(shown, state, ui) {
    const { prediction, projector } = state;
    undo.hidden = !shown.undo;
    predict.hidden = shown.held;
    fill(undo, "Undo", h("span.undoword", null, shown.undo.replace(/^Undo/, "")));
    predict.setAttribute("aria-pressed", String(prediction.on));
    beside.hidden = !state.beside || projector || shown.held;
    large.setAttribute("aria-pressed", String(projector));
    large.textContent = projector ? "Leave the stage" : "Stage only";
    menu.setAttribute("aria-expanded", String(ui.menu));
  }

  return { element, draw };
}
