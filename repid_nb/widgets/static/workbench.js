// @ts-check
// The page's half of the workbench. Python holds the truth: traits are what is to be seen, messages are commands.
// `plan` says what the page shows, as plain data; `draw` makes the page so, however often it is called; motion is laid
// over a page that is already true. Somebody's text comes into the page by `textContent` only.

/**
 * @typedef {Record<string, any>} Fields
 * @typedef {{lanes: Fields, tray: Fields, actors: Fields, step: Fields, history: Fields, choices: Fields,
 *   prediction: Fields, status: Fields, projector: boolean}} State  what the kernel says
 * @typedef {{pending: number|null, silent: boolean, sure: boolean, picking: null|"step"|"step_into", keys: boolean,
 *   most: string, form: Form, explanation: Fields|null, opened: Opened|null, gone: boolean}} Ui  what only this page knows
 * @typedef {{channel: string, operation: string, other: boolean, topic: string, payload: string, content_type: string,
 *   priority: string, count: string, headers: [string, string][]}} Form
 * @typedef {{title: string, file: string, text: string, next: number, total: number, whole: boolean,
 *   more: () => void}} Opened  a text, as far as it was read; `next` is what Python calls the place of the rest
 */

const TRAITS = ["lanes", "tray", "actors", "step", "history", "choices", "prediction", "status", "projector"];

/** How far a held message has come, and what the next press of the button does. */
const PHASES = ["pulled", "decided", "about to run", "ran"];
const PHASE_WORDS = ["pulled", "asked", "run", "settled"];

/** Milliseconds of one phase of the motion. */
const BEAT = 320;
const SILENCE = 4000;

// ---------------------------------------------------------------------------------------------------------- what to show

/**
 * Say what the page shows.
 * @param {State} state
 * @param {Ui} ui
 */
export function plan(state, ui) {
  const { step, status, history, prediction } = state;
  const busy = Boolean(status.busy) || ui.pending !== null;
  const held = Boolean(status.held);
  const live = history.live !== false;
  const free = !busy && live;
  const waiting = (state.lanes.lanes ?? []).reduce((sum, lane) => sum + (lane.actors ? lane.waiting : 0), 0);
  return {
    controls: {
      held,
      busy,
      next: held ? nextLabel(step) : "",
      step: free && !ui.picking,
      into: free && !ui.picking,
      run: free && !mostProblem(ui.most),
      stop: Boolean(status.busy) && !held,
      back: !busy && history.at > history.first,
      forward: !busy && history.at < history.newest,
      seek: !busy && history.newest > history.first,
      reset: !busy && !history.replay && (history.newest > history.first || waiting > 0),
      progress: status.progress ? `${status.progress[0]} of at most ${status.progress[1]}` : "",
      most: held ? "" : mostProblem(ui.most),
    },
    lanes: lanesPlan(state),
    worker: workerPlan(step, held, live),
    actors: actorsPlan(state, held),
    outcome: outcomePlan(step, held),
    banner: bannerPlan(history),
    story: step.story && !(ui.gone) ? step.story : emptyStory(state, waiting),
    empty: !step.number,
    picking: ui.picking && prediction.options ? pickingPlan(prediction) : null,
    score: scorePlan(prediction),
    errors: [
      ...(ui.gone ? ["The kernel is gone. When it is back, run the cell again."] : []),
      ...(ui.silent && !ui.gone
        ? ["The kernel has not answered yet: it is busy with a cell, or gone. If it was restarted, run the cell again."]
        : []),
      ...(status.error ? [status.error] : []),
    ],
    notice: status.notice ?? "",
  };
}

/** @param {Fields} step */
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

/** @param {State} state */
function lanesPlan(state) {
  return (state.lanes.lanes ?? []).map((lane) => ({
    ...lane,
    more: lane.waiting - lane.messages.length,
    unheard: !lane.actors,
  }));
}

/**
 * @param {Fields} step
 * @param {boolean} held
 * @param {boolean} live
 */
function workerPlan(step, held, live) {
  if (!step.number) return { message: null, track: [], held: false, note: "" };
  const reached = step.phase ? PHASES.indexOf(step.phase) : PHASES.length;
  const ran = Boolean(step.winner);
  const track = PHASE_WORDS.map((word, place) => {
    const skipped = word === "run" && !ran && reached > 1;
    const done = place === 3 ? reached === PHASES.length && Boolean(step.settlement?.action) : word === "run" ? reached >= 3 : reached >= place;
    return { word, state: skipped ? "skipped" : done ? "done" : "open" };
  });
  return {
    message: step.message,
    number: step.number,
    sighting: step.sighting,
    track,
    held: Boolean(step.phase),
    note: step.phase ? (held ? "held here, between two phases" : "at work") : live ? "last step" : "as it was",
  };
}

/**
 * The actors of one channel: with the verdicts of the step where there are some, otherwise as they wait to be asked.
 * @param {State} state
 * @param {boolean} held
 */
function actorsPlan(state, held) {
  const { step, actors } = state;
  const verdicts = step.verdicts ?? [];
  const rows = verdicts.length
    ? verdicts.map((verdict) => ({
        ...verdict,
        look: verdict.role ?? (verdict.outcome === "error" ? "error" : "no"),
        run: verdict.role === "winner" ? runPlan(step) : null,
      }))
    : (actors.actors ?? []).map((actor) => ({ ...actor, look: "waiting", answer: "", reason: "", led_to: "", run: null }));
  const nobody =
    verdicts.length && !step.winner
      ? verdicts.some((one) => one.outcome === "error" && one.asked)
        ? "Nobody gets it: a strategy failed"
        : "Nobody takes it"
      : "";
  return {
    channel: verdicts.length ? step.channel : actors.channel,
    rows,
    more: verdicts.length ? step.more_verdicts : (actors.more ?? 0),
    nobody,
    stale: Boolean(actors.stale) && !held,
    none: !rows.length,
  };
}

/** @param {Fields} step */
function runPlan(step) {
  const asked = step.phase === "decided";
  return {
    waiting: asked ? "It will run next." : "",
    lines: [
      ...(step.arguments ?? []).map((text) => ["called with", text, null]),
      ...(step.printed ? [["printed", step.printed, "printed"]] : []),
      ...(step.result !== null && step.result !== undefined ? [["returned", step.result, "result"]] : []),
      ...(step.published?.length
        ? [["sent", `${count(step.sent, "message")} to ${step.published.join(", ")}`, null]]
        : []),
    ],
    raised: step.raised,
    number: step.number,
  };
}

/**
 * @param {Fields} step
 * @param {boolean} held
 */
function outcomePlan(step, held) {
  if (!step.number) return null;
  if (step.settlement) return { ...step.settlement, name: step.message.name };
  return { tone: "open", word: "… not settled yet", where: held ? "still in work" : "", reason: "", name: step.message.name, action: null };
}

/** @param {Fields} history */
function bannerPlan(history) {
  if (history.replay) {
    return { text: `Loaded steps, ${stepName(history.at)} of ${history.newest}.`, goOn: false, back: "Back to my session" };
  }
  if (history.live !== false) return null;
  const first = history.at + 1;
  const undone = first === history.newest ? `step ${first}` : `steps ${first} to ${history.newest}`;
  return {
    text: `You are looking at ${stepName(history.at)} of ${history.newest}.`,
    goOn: true,
    undone: `Going on from here takes ${undone} back. What the actors did stays done.`,
    back: "Back to now",
  };
}

/** @param {number} at */
function stepName(at) {
  return at ? `step ${at}` : "the moment before the first step";
}

/**
 * @param {State} state
 * @param {number} waiting
 */
function emptyStory(state, waiting) {
  const lanes = state.lanes.lanes ?? [];
  if (!lanes.some((lane) => lane.actors)) return "No actor listens yet. Declare one in a cell, and send it a message.";
  if (!waiting) return "Nothing is waiting. Send a message, then press Step.";
  return `${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}. Press Step: the worker takes the next one.`;
}

/** @param {Fields} prediction */
function pickingPlan(prediction) {
  return {
    question: `Who will get ${short(prediction.message)}?`,
    options: prediction.options.map(([value, text]) => ({ value, text, key: /^\d$/.test(value) ? value : "" })),
  };
}

/** @param {Fields} prediction */
function scorePlan(prediction) {
  if (!prediction.asked && !prediction.last) return null;
  const last = prediction.last;
  return {
    score: `${prediction.right} of ${prediction.asked} right`,
    verdict: !last ? "" : last.right === null ? "–" : last.right ? "✓ Right." : "✗ Not this time.",
    tone: !last || last.right === null ? "open" : last.right ? "good" : "bad",
    answer: last?.answer ?? "",
  };
}

/** @param {number} number @param {string} noun */
export function count(number, noun) {
  return `${Number(number).toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** @param {string} text */
function short(text) {
  return text.length > 8 ? `${text.slice(0, 8)}…` : text;
}

/**
 * Say which way a message has gone between two states, as legs to be shown one after the other.
 * @param {Fields|null} before  the step that was shown
 * @param {Fields} after  the step that is shown now
 * @returns {{leg: "pull"|"ask"|"run"|"settle", to?: string}[]}
 */
export function journey(before, after) {
  if (!after?.number) return [];
  const same = before?.number === after.number && before?.message?.id === after.message?.id;
  if (same && (before?.phase ?? null) === (after.phase ?? null)) return [];
  const from = same && before?.phase ? PHASES.indexOf(before.phase) : -1;
  const to = after.phase ? PHASES.indexOf(after.phase) : PHASES.length;
  if (to <= from) return [];
  const legs = [];
  if (from < 0) legs.push({ leg: "pull" });
  if (from < 1 && to >= 1) legs.push({ leg: "ask" });
  if (after.winner && from < 3 && to >= 2) legs.push({ leg: "run" });
  if (to === PHASES.length) {
    const action = after.settlement?.action;
    legs.push({ leg: "settle", to: action === "nacked" ? "tray" : action === "rejected" ? "tail" : action ? "done" : "worker" });
  }
  return /** @type {any} */ (legs);
}

// ------------------------------------------------------------------------------------------------------------- the form

/** @returns {Form} */
export function emptyForm() {
  return {
    channel: "",
    operation: "",
    other: false,
    topic: "",
    payload: "",
    content_type: "application/json",
    priority: "",
    count: "1",
    headers: [],
  };
}

/**
 * Say what keeps a message from being sent, and in which field; null when nothing does.
 * @param {Form} form
 * @returns {{field: string, text: string}|null}
 */
export function formProblem(form) {
  if (!form.channel && !form.operation) return { field: "to", text: "Say where it goes." };
  if ((form.content_type || "application/json") === "application/json" && form.payload.trim()) {
    const problem = jsonProblem(form.payload);
    if (problem) {
      return { field: "payload", text: `Line ${problem.line}, column ${problem.column}: ${problem.text}` };
    }
  }
  const number = Number(form.count);
  if (!Number.isInteger(number) || number < 1 || number > 1000) return { field: "count", text: "How many: 1 to 1000." };
  const names = form.headers.map(([name]) => name);
  if (form.headers.some(([name, value]) => !name && value)) return { field: "headers", text: "A header needs a name." };
  const twice = names.find((name, place) => name && names.indexOf(name) !== place);
  if (twice !== undefined) return { field: "headers", text: `The header ${twice} is there twice.` };
  return null;
}

/** Say what is wrong with how many steps a run may take; nothing when it is well. @param {string} most */
export function mostProblem(most) {
  const number = Number(most);
  return Number.isInteger(number) && number >= 1 && number <= 10000 ? "" : "At most: 1 to 10,000 steps.";
}

/**
 * Find the first mistake in a JSON text. The browsers' own messages differ, and not all say where.
 * @param {string} text
 * @returns {{line: number, column: number, text: string}|null}
 */
export function jsonProblem(text) {
  let at = 0;
  const fail = (/** @type {string} */ why, place = at) => {
    const lines = text.slice(0, place).split("\n");
    throw { line: lines.length, column: lines[lines.length - 1].length + 1, text: why };
  };
  const space = () => {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  };
  const string = (/** @type {string} */ what) => {
    const start = at;
    at += 1;
    for (;;) {
      if (at >= text.length || text[at] === "\n") fail(`this ${what} has no closing quote`, start);
      if (text[at] === '"') break;
      if (text[at] < " ") fail("a control character inside a text: write it as \\t or \\u0009");
      if (text[at] === "\\" && !/^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) {
        fail("after a backslash only \" \\ / b f n r t or u and four digits");
      }
      at += text[at] === "\\" ? 2 : 1;
    }
    at += 1;
  };
  const many = (/** @type {string} */ end, /** @type {() => void} */ one) => {
    const start = at;
    at += 1;
    space();
    if (text[at] === end) {
      at += 1;
      return;
    }
    for (;;) {
      if (at >= text.length) fail(`this ${text[start]} is never closed`, start);
      one();
      space();
      if (text[at] === end) break;
      if (at >= text.length) fail(`this ${text[start]} is never closed`, start);
      if (text[at] !== ",") fail(`a comma or ${end} is missing here`);
      at += 1;
      space();
      if (text[at] === end) fail(`a comma too many before ${end}`, at);
    }
    at += 1;
  };
  const value = () => {
    space();
    const one = text[at];
    if (one === undefined) fail("a value is missing at the end");
    if (one === '"') return string("text");
    if (one === "[") return many("]", value);
    if (one === "{") {
      return many("}", () => {
        if (text[at] !== '"') fail('a name in "double quotes" is missing here');
        string("name");
        space();
        if (text[at] !== ":") fail("a colon is missing after the name");
        at += 1;
        value();
      });
    }
    const word = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)(?![\w.+-])/.exec(text.slice(at, at + 400));
    if (word) {
      at += word[0].length;
      return undefined;
    }
    if (one === "'") fail("texts stand in double quotes");
    const meant = { True: "true", False: "false", None: "null" }[/^\w*/.exec(text.slice(at, at + 9))?.[0] ?? ""];
    return fail(meant ? `in JSON this is ${meant}` : "this is no JSON value: a text needs double quotes");
  };
  try {
    value();
    space();
    if (at < text.length) fail("something is left over after the end");
    return null;
  } catch (problem) {
    if (problem instanceof RangeError) return { line: 1, column: 1, text: "it is nested too deep" };
    return /** @type {any} */ (problem);
  }
}

/**
 * What goes to the kernel from the form.
 * @param {Form} form
 */
export function formMessage(form) {
  return { ...form, headers: form.headers.filter(([name]) => name) };
}

// ------------------------------------------------------------------------------------------------------------- the keys

export const KEYS = [
  ["S", "Step"],
  ["I", "Step into; then the next phase"],
  ["F", "Finish the step that is held"],
  ["R", "Run, and stop"],
  ["Esc", "Stop; give back what is held; close what is open"],
  ["← →", "Back and forward"],
  ["Home End", "The first moment, and now"],
  ["G", "Go on from here"],
  ["N", "Write a new message"],
  ["W", "Who would get this?"],
  ["P", "Predict before each step"],
  ["1 … 9", "Pick an actor; 0 for the tail, D for the dead letters"],
  ["L", "Large type"],
  ["?", "These keys"],
];

/**
 * Say what a key means; null when it means nothing here.
 * @param {{key: string, typing: boolean, sliding: boolean, modified: boolean}} pressed
 * @param {{held: boolean, running: boolean, picking: boolean, options: string[]}} now
 * @returns {string|null}
 */
export function keyAction(pressed, now) {
  if (pressed.modified) return null;
  if (pressed.key === "Escape") return "escape";
  if (pressed.typing) return null;
  if (now.picking) {
    const picked = pressed.key === "0" ? "back" : pressed.key.toLowerCase() === "d" ? "tray" : pressed.key;
    if (now.options.includes(picked)) return `pick ${picked}`;
  }
  if (pressed.sliding && /^(Arrow|Home|End|Page)/.test(pressed.key)) return null;
  switch (pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key) {
    case "s":
      return now.held ? "finish" : "step";
    case "i":
      return now.held ? "next" : "into";
    case "f":
      return now.held ? "finish" : null;
    case "r":
      return now.running ? "stop" : "run";
    case "ArrowLeft":
      return "back";
    case "ArrowRight":
      return "forward";
    case "Home":
      return "first";
    case "End":
      return "now";
    case "g":
      return "go on";
    case "n":
      return "write";
    case "w":
      return "who";
    case "p":
      return "predict";
    case "l":
      return "large";
    case "?":
      return "keys";
    default:
      return null;
  }
}

// ------------------------------------------------------------------------------------------------------------- elements

/**
 * An element. Texts become text nodes, whatever they hold; functions under on… are listeners.
 * @param {string} tag  a tag, with a class after a dot
 * @param {Fields|null} [properties]
 * @param {...any} children
 * @returns {any}
 */
function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.map((one) => `wb-${one}`).join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") /** @type {any} */ (element).value = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** Somebody's text, whatever direction it is written in. @param {string} text */
const theirs = (text) => h("bdi", null, text);

/** @param {string} text */
const code = (text) => h("code.code", null, theirs(text));

/** A symbol for the eye only: the word beside it says the same. @param {string} symbol */
const mark = (symbol) => h("span.mark", { "aria-hidden": "true" }, symbol);

/** Greyed, a button can still be pressed: `disabled` would take the focus away with every step. @param {Element} element */
const isAble = (element) => element.getAttribute("aria-disabled") !== "true";

/**
 * @param {string} key  by which it finds the focus again after a redraw
 * @param {string} label
 * @param {() => void} pressed  what to do, unless the button is greyed
 * @param {Fields} [properties]
 */
function button(key, label, pressed, properties = {}) {
  const onclick = (/** @type {any} */ event) => {
    if (isAble(event.currentTarget)) pressed();
  };
  return h("button.button", { type: "button", "data-k": key, onclick, ...properties }, label);
}

/** @param {Fields} message @param {Fields} [properties] */
function ticket(message, properties = {}) {
  return h("span.ticket", { "data-message": message.id, title: message.title ?? (message.id === message.name ? null : message.id), ...properties }, theirs(message.name));
}

/** @param {Fields} message */
function tags(message) {
  return [
    message.topic === null
      ? h("span.tag.quiet", null, "no topic")
      : h("span.tag", null, h("span.tagname", null, "topic "), theirs(message.topic)),
    message.priority !== undefined && h("span.tag.strong", null, `priority ${message.priority}`),
    message.seen && h("span.tag.back", null, mark("↩ "), `sent back, ${message.seen}`),
  ];
}

/** Whether two things to show are the same. @param {any} one @param {any} other */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// ------------------------------------------------------------------------------------------------------------- the page

/**
 * @param {{model: any, el: HTMLElement}} context
 * @returns {() => void} what cleans up
 */
function render({ model, el }) {
  /** @type {Ui} */
  const ui = {
    pending: null,
    silent: false,
    sure: false,
    picking: null,
    keys: false,
    most: "100",
    form: emptyForm(),
    explanation: null,
    opened: null,
    gone: false,
  };
  // A workbench may be shown in several places, and each waits for its own answers.
  const view = Math.random().toString(36).slice(2, 10);
  let number = 0;
  let shownStep = /** @type {Fields|null} */ (null);
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let silence;
  /** @type {Map<number, (content: Fields) => void>} */
  const answers = new Map();
  const drawn = new Map();
  const motion = createMotion();
  /** @returns {State} */
  const state = () => /** @type {any} */ (Object.fromEntries(TRAITS.map((name) => [name, model.get(name) ?? {}])));

  /** Ask the kernel for something. @param {string} type @param {Fields} [rest] @param {(content: Fields) => void} [heard] */
  function ask(type, rest = {}, heard) {
    number += 1;
    ui.sure = false;
    if (heard) answers.set(number, heard);
    if (!["open", "take", "predict", "dismiss"].includes(type)) ui.pending = number;
    clearTimeout(silence);
    silence = setTimeout(() => {
      if (ui.pending !== null && !model.get("status")?.busy) {
        ui.silent = true;
        ui.pending = null;
        update();
      }
    }, SILENCE);
    try {
      model.send({ type, id: [view, number], ...rest });
    } catch {
      ui.gone = true;
      ui.pending = null;
    }
    drawNow();
  }

  /** What the page does when somebody asks for it, by button or by key. */
  const deeds = {
    step: () => choose("step"),
    into: () => choose("step_into"),
    next: () => ask("next_phase"),
    finish: () => ask("finish"),
    run: () => ask("run", { max_steps: Number(ui.most), pace: Number(parts.pace.value) }),
    stop: () => ask("stop"),
    back: () => ask("seek", { to: state().history.at - 1 }),
    forward: () => ask("seek", { to: state().history.at + 1 }),
    first: () => ask("seek", { to: state().history.first }),
    now: () => ask("seek", { to: state().history.newest }),
    goOn: () => ask("go_on", { to: state().history.at }),
    reset: () => {
      if (ui.sure) return ask("reset");
      ui.sure = true;
      return update();
    },
    large: () => {
      model.set("projector", !model.get("projector"));
      model.save_changes();
      update();
    },
    predict: () => {
      ui.picking = null;
      ask("predict", { on: !state().prediction.on });
    },
    keys: () => {
      ui.keys = !ui.keys;
      update();
    },
    send: () => {
      if (isAble(parts.send)) ask("send", { form: formMessage(ui.form) });
    },
    who: () => {
      if (!isAble(parts.who)) return;
      ask("explain", { form: formMessage(ui.form) }, (content) => {
        ui.explanation = content;
        update();
      });
    },
  };

  /** Step, or first ask who will get it. @param {"step"|"step_into"} type @param {string} [pick] */
  function choose(type, pick) {
    if (state().prediction.on && state().prediction.options && !pick) {
      ui.picking = type;
      drawNow();
      parts.root.querySelector(".wb-picking button")?.focus();
      return;
    }
    if (ui.picking) parts.step.focus();
    ui.picking = null;
    ask(type, pick ? { pick } : {});
  }

  /** Show a whole text, the rest of it when asked for. @param {string} title @param {Fields} command @param {string} [file] */
  function open(title, command, file = "") {
    const more = () =>
      ask(command.type, { ...command, from: mine.next }, (content) => {
        // This one was closed meanwhile, another one opened, or the same piece asked for twice.
        if (ui.opened !== mine || content.from !== mine.next) return;
        mine.text += content.text;
        mine.next = content.next;
        mine.total = content.total;
        mine.whole = content.next >= content.total;
        // A file is wanted whole; a text is read as far as somebody wants.
        if (file && !mine.whole) more();
        update();
        if (!content.from) parts.root.querySelector(".wb-opened")?.scrollIntoView?.({ block: "nearest" });
      });
    /** @type {Opened} */
    const mine = { title, file, text: "", next: 0, total: 0, whole: false, more };
    ui.opened = mine;
    more();
  }

  const parts = skeleton(ui, deeds, { update, open, ask, state });
  el.replaceChildren(parts.root);

  /** Draw one region if what it shows has changed; the focus stays where it was. @param {string} name @param {any} shown @param {() => any[]} made */
  function region(name, shown, made) {
    if (drawn.has(name) && same(drawn.get(name), shown)) return;
    drawn.set(name, shown === undefined ? null : JSON.parse(JSON.stringify(shown)));
    const host = parts[name];
    const focused = host.contains(host.ownerDocument.activeElement) ? host.ownerDocument.activeElement?.getAttribute("data-k") : null;
    host.replaceChildren(...made().filter(Boolean));
    if (focused) ([...host.querySelectorAll("[data-k]")].find((one) => one.getAttribute("data-k") === focused) ?? parts.root).focus();
  }

  function draw() {
    frame = 0;
    const now = state();
    if (ui.pending !== null && (now.status.answered?.[view] ?? 0) >= ui.pending) {
      ui.pending = null;
      ui.silent = false;
    }
    if (now.status.busy) ui.silent = false;
    const shown = plan(now, ui);
    const quick = now.status.busy === "run" && Number(parts.pace.value) < 1;
    const legs = shownStep && now.history.live !== false && !quick ? journey(shownStep, now.step) : [];
    const from = motion.places(parts.root);
    drawChoices(parts, now, ui);
    drawControls(parts, shown, now, ui);
    region("errors", [shown.errors], () => shown.errors.map((text) => errorLine(text, () => dismiss())));
    region("notice", [shown.notice, shown.errors.length], () => (shown.notice && !shown.errors.length ? [h("span", null, theirs(shown.notice))] : []));
    region("story", shown.story, () => [theirs(shown.story)]);
    region("banner", shown.banner, () => bannerElements(shown.banner, deeds, () => (now.history.replay ? ask("unload") : deeds.now())));
    region("lanes", shown.lanes, () => laneElements(shown.lanes, open));
    region("worker", shown.worker, () => workerElements(shown.worker, open));
    region("actors", shown.actors, () => actorElements(shown.actors, open, () => ask("keep_newest")));
    region("outcome", [shown.outcome, now.history.done], () => outcomeElements(shown.outcome, now.history.done ?? 0, now.history.first > 0));
    region("tray", [now.tray, shown.controls.busy, now.history.live], () => trayElements(now.tray, shown.controls.busy || now.history.live === false, open, ask));
    region("score", shown.score, () => scoreElements(shown.score));
    region("picking", shown.picking, () => pickingElements(shown.picking, (pick) => choose(ui.picking ?? "step", pick), () => { ui.picking = null; update(); }));
    region("pills", now.history, () => pillElements(now.history, (to) => ask("seek", { to })));
    const current = parts.pills.querySelector("[aria-current]");
    // Not scrollIntoView: that would scroll the notebook too.
    if (current) current.closest("ol").scrollLeft = current.offsetLeft - current.closest("ol").offsetLeft - 100;
    region("explanation", ui.explanation, () => explanationElements(ui.explanation, () => { ui.explanation = null; update(); }));
    // Not its text: a file may have many megabytes, and is drawn with every piece that comes.
    const { title, next, total, whole } = ui.opened ?? {};
    region("opened", [title, next, total, whole], () => openedElements(ui.opened, () => { ui.opened = null; update(); }));
    region("keys", ui.keys, () => (ui.keys ? keyElements(() => deeds.keys()) : []));
    if (legs.length) motion.play(parts.root, legs, from, now.step);
    else if (!same(shownStep, now.step)) motion.stop();
    shownStep = now.step;
  }

  function dismiss() {
    ui.silent = false;
    ask("dismiss");
    parts.root.focus();
  }

  /** Draw at once: what may not be pressed twice is greyed before a second press can arrive. */
  function drawNow() {
    cancelAnimationFrame(frame);
    draw();
  }

  /** Draw in the next frame, once, however many traits came. */
  function update() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const typing = /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target.tagName === "INPUT" && !["range", "checkbox"].includes(target.type));
    const now = state();
    const action = keyAction(
      { key: event.key, typing, sliding: target.type === "range", modified: event.ctrlKey || event.altKey || event.metaKey },
      {
        held: Boolean(now.status.held),
        running: now.status.busy === "run",
        picking: Boolean(ui.picking),
        options: (now.prediction.options ?? []).map(([value]) => value),
      },
    );
    // JupyterLab has shortcuts on single keys: one that is meant for the workbench goes no further.
    if (action || typing) event.stopPropagation();
    if (!action) return;
    if (action !== "escape" || ui.keys || ui.picking || ui.opened || ui.explanation || now.status.busy) event.preventDefault();
    act(action, typing, target);
  }

  /** @param {string} action @param {boolean} typing @param {HTMLElement} target */
  function act(action, typing, target) {
    const controls = plan(state(), ui).controls;
    if (action.startsWith("pick ")) return choose(ui.picking ?? "step", action.slice(5));
    switch (action) {
      case "escape":
        if (ui.keys) ui.keys = false;
        else if (ui.picking) ui.picking = null;
        else if (ui.opened) ui.opened = null;
        else if (ui.explanation) ui.explanation = null;
        else if (typing) target.blur(), parts.root.focus();
        else if (state().status.busy) return deeds.stop();
        ui.sure = false;
        return update();
      case "write":
        return parts.payload.focus();
      case "go on":
        return state().history.live === false && !state().history.replay ? deeds.goOn() : undefined;
      case "first":
        return controls.back ? deeds.first() : undefined;
      case "now":
        return controls.forward ? deeds.now() : undefined;
      case "step":
      case "into":
      case "run":
      case "stop":
      case "back":
      case "forward":
        return controls[action] ? deeds[action]() : undefined;
      default:
        return deeds[action]();
    }
  }

  /** @param {Fields} content */
  function onMessage(content) {
    const [asker, asked] = content?.id ?? [];
    if (asker !== view) return;
    const heard = answers.get(asked);
    answers.delete(asked);
    heard?.(content);
  }

  function onComm() {
    ui.gone = model.comm_live === false;
    update();
  }

  for (const name of TRAITS) model.on(`change:${name}`, update);
  model.on("msg:custom", onMessage);
  model.on("comm_live_update", onComm);
  parts.root.addEventListener("keydown", onKey);
  draw();

  return () => {
    for (const name of TRAITS) model.off(`change:${name}`, update);
    model.off("msg:custom", onMessage);
    model.off("comm_live_update", onComm);
    cancelAnimationFrame(frame);
    clearTimeout(silence);
    motion.stop();
    el.replaceChildren();
  };
}

/**
 * The parts of the page that stay: the form, the controls, and a place for everything that is drawn anew.
 * @param {Ui} ui
 * @param {Fields} deeds
 * @param {{update: () => void, open: Function, ask: Function, state: () => State}} tools
 * @returns {Fields}
 */
function skeleton(ui, deeds, tools) {
  /** @type {Fields} */
  const parts = {};
  const keep = (/** @type {string} */ name, /** @type {any} */ element) => (parts[name] = element);
  const group = (/** @type {any[]} */ ...children) => h("div.group", null, ...children);

  const top = h(
    "header.top",
    null,
    h("h2.title", null, mark("▣ "), "Workbench"),
    keep("channelBox", h("label.field.inline", null, "Pull from ", keep("from", h("select.input", { "data-k": "from", onchange: () => tools.ask("pull_from", { channel: parts.from.value }) })))),
    h("span.gap"),
    keep("predictButton", button("predict", "Predict", deeds.predict, { title: "Guess before each step (P)", "aria-pressed": "false" })),
    keep("largeButton", button("large", "Large type", deeds.large, { title: "For a projector (L)", "aria-pressed": "false" })),
    keep("keysButton", button("keys", "? Keys", deeds.keys, { title: "What the keys do (?)", "aria-expanded": "false" })),
  );

  const controls = h(
    "div.controls",
    { role: "group", "aria-label": "Steps" },
    group(
      keep("step", button("step", "Step", deeds.step, { class: "wb-button wb-primary", title: "Take one message its whole way (S)" })),
      keep("next", button("next", "", deeds.next, { class: "wb-button wb-primary", title: "The next phase (I)" })),
      keep("into", button("into", "Step into", deeds.into, { title: "Stop after each phase (I)" })),
      keep("finish", button("finish", "Finish the step", deeds.finish, { title: "Without further stops (F)" })),
      keep("giveBack", button("give back", "Give it back", deeds.stop, { title: "As if it had not been pulled (Esc)" })),
    ),
    group(
      keep("run", button("run", "Run", deeds.run, { title: "Step until nothing waits (R)" })),
      keep("stop", button("stop", "Stop", deeds.stop, { title: "Stop (R or Esc)" })),
      keep("paceBox", h("label.field.inline", null, h("span.hidden", null, "Pace"), keep("pace", h("select.input", { "data-k": "pace", title: "How fast" },
        h("option", { value: "0" }, "at full speed"), h("option", { value: "0.4" }, "quickly"), h("option", { value: "1.5", selected: true }, "to watch"), h("option", { value: "4" }, "slowly"))))),
      keep("mostBox", h("label.field.inline", null, "at most ", keep("most", h("input.input.narrow", {
        type: "number",
        min: 1,
        max: 10000,
        value: ui.most,
        "data-k": "most",
        oninput: () => {
          ui.most = parts.most.value;
          tools.update();
        },
      })))),
      keep("mostProblem", h("span.problem", { role: "status" })),
      keep("progress", h("span.progress")),
    ),
    h("span.gap"),
    group(
      keep("back", button("back", "◀ Back", deeds.back, { title: "One step back (←)", "aria-label": "Back" })),
      keep("slider", h("input.slider", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Step", "data-k": "slider",
        oninput: () => tools.ask("seek", { to: Number(parts.slider.value) }) })),
      keep("forward", button("forward", "Forward ▶", deeds.forward, { title: "One step forward (→)", "aria-label": "Forward" })),
      keep("reset", button("reset", "Reset", deeds.reset, { title: "Everything back to the first moment" })),
    ),
  );

  const column = (/** @type {string} */ name, /** @type {string} */ title, /** @type {string} */ hint, /** @type {any[]} */ ...children) =>
    h(`section.column.${name}`, { "aria-label": title }, h("h3.heading", null, title, h("span.hint", null, hint)), ...children);

  const stage = keep("stage", h("div.stage", null,
    column("queues", "Queue", "waits, next one on top", keep("lanes", h("div"))),
    column("workers", "Worker", "takes one at a time", keep("worker", h("div"))),
    column("listeners", "Actors", "asked from top to bottom", keep("actors", h("div"))),
    column("outcomes", "Outcome", "what becomes of it", keep("outcome", h("div")), keep("tray", h("div"))),
  ));

  keep("root", h("section.root", { class: "repid-wb", "aria-label": "repid_nb workbench", tabindex: "-1", "data-lm-suppress-shortcuts": "true" },
    h("div.body", null,
      top,
      keep("keys", h("div.keysbox")),
      keep("errors", h("div.errors", { role: "alert" })),
      sendForm(parts, keep, ui, deeds, tools.update),
      keep("explanation", h("div.explanation", { role: "status" })),
      controls,
      keep("banner", h("div.bannerbox", { role: "status" })),
      keep("score", h("div.scorebox", { role: "status" })),
      keep("picking", h("div.pickingbox")),
      keep("story", h("p.story", { "aria-live": "polite" })),
      keep("notice", h("p.notice", { role: "status" })),
      stage,
      keep("pills", h("div.pillsbox")),
      takeAway(parts, keep, tools),
      keep("opened", h("div.openedbox")),
    )));
  return parts;
}

/**
 * The form to send from. What is typed stays in the page until somebody changes it.
 * @param {Fields} parts
 * @param {(name: string, element: any) => any} keep
 * @param {Ui} ui
 * @param {Fields} deeds
 * @param {() => void} update
 */
function sendForm(parts, keep, ui, deeds, update) {
  const typed = (/** @type {keyof Form} */ name) => ({
    "data-k": `form ${name}`,
    oninput: (/** @type {any} */ event) => {
      /** @type {any} */ (ui.form)[name] = event.target.value;
      update();
    },
  });
  const headers = keep("headerRows", h("div.headerrows"));
  const addHeader = () => {
    const pair = /** @type {[string, string]} */ (["", ""]);
    ui.form.headers.push(pair);
    const remove = button("remove header", "Remove", () => {
      ui.form.headers = ui.form.headers.filter((one) => one !== pair);
      // The focus would be lost with the button, and with it the keys.
      (row.nextElementSibling?.querySelector("input") ?? parts.addHeader).focus();
      row.remove();
      update();
    });
    const field = (/** @type {0|1} */ place, /** @type {string} */ what) =>
      h("input.input", {
        placeholder: what,
        "aria-label": `Header ${what}`,
        oninput: (/** @type {any} */ event) => {
          pair[place] = event.target.value;
          remove.setAttribute("aria-label", `Remove header ${pair[0]}`.trim());
          update();
        },
      });
    const row = h("div.headerrow", null, field(0, "name"), field(1, "value"), remove);
    headers.append(row);
    update();
    return row;
  };
  return h("form.send", { "aria-label": "Send a message", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); deeds.send(); } },
    h("div.sendrow", null,
      h("label.field.to", null, "To", keep("to", h("select.input", { "data-k": "to", onchange: () => {
        const [kind, ...rest] = parts.to.value.split(" ");
        ui.form.other = kind === "other";
        ui.form.operation = kind === "operation" ? rest.join(" ") : "";
        ui.form.channel = kind === "channel" ? rest.join(" ") : kind === "other" ? parts.otherChannel.value : "";
        update();
      } }))),
      keep("otherBox", h("label.field.to", { hidden: true }, "Channel", keep("otherChannel", h("input.input", typed("channel"))))),
      h("label.field.topic", null, "Topic", keep("topic", h("input.input", { ...typed("topic"), placeholder: "none" })), keep("topics", h("datalist"))),
      h("label.field.payload", null, "Payload", keep("payload", h("textarea.input", { ...typed("payload"), rows: 1, spellcheck: "false", placeholder: '{"number": 7}',
        onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); deeds.send(); } } }))),
      h("div.sendbuttons", null,
        keep("send", h("button.button.primary", { type: "submit", "data-k": "send", title: "Put it on the queue (Ctrl+Enter in the payload)" }, "Send")),
        keep("who", button("who", "Who would get this?", deeds.who, { title: "Asks the actors, sends nothing (W)" })))),
    keep("problem", h("p.problem", { role: "status" })),
    h("details.more", null, h("summary", null, "Headers, content type, priority, how many"),
      h("div.morerow", null,
        h("div.field", null, "Headers", headers,
          keep("addHeader", button("add header", "+ header", () => addHeader().querySelector("input").focus()))),
        h("label.field", null, "Content type",
          keep("contentType", h("input.input", { ...typed("content_type"), value: ui.form.content_type })),
          keep("contentTypes", h("datalist", null,
            ["application/json", "text/plain", "application/octet-stream"].map((value) => h("option", { value }))))),
        h("label.field", null, "Priority",
          keep("priority", h("select.input", typed("priority"),
            h("option", { value: "" }, "4, as usual"),
            [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((value) =>
              h("option", { value }, value === 9 ? "9, first" : value === 0 ? "0, last" : value))))),
        h("label.field", null, "How many", keep("count", h("input.input.narrow", { ...typed("count"), type: "number", min: 1, max: 1000, value: "1" }))))));
}

/** @param {Fields} parts @param {(name: string, element: any) => any} keep @param {any} tools */
function takeAway(parts, keep, tools) {
  const take = (/** @type {string} */ form, /** @type {string} */ label, /** @type {string} */ file) =>
    button(`take ${form}`, label, () => tools.open(label, { type: "take", form }, file));
  const load = h("input", { type: "file", accept: ".jsonl,.ndjson,.json,.txt", hidden: true, onchange: async () => {
    const file = load.files[0];
    if (file) tools.ask("load", { text: await file.text() });
    load.value = "";
  } });
  return h("details.take", null, h("summary", null, "Take it away"),
    h("div.takerow", null,
      take("cell", "A cell of Python", "session.py"),
      take("json_lines", "Steps as JSON Lines", "steps.jsonl"),
      take("mermaid", "A Mermaid diagram", "steps.mmd"),
      take("html", "A plain page", "steps.html"),
      button("load", "Load steps …", () => load.click()), load));
}

/** @param {Fields} parts @param {any} shown @param {State} now @param {Ui} ui */
function drawControls(parts, shown, now, ui) {
  const { controls } = shown;
  const show = (/** @type {string} */ name, /** @type {boolean} */ visible) => { parts[name].hidden = !visible; };
  const able = (/** @type {string} */ name, /** @type {boolean} */ enabled) => {
    parts[name].setAttribute("aria-disabled", String(!enabled));
  };
  const focused = parts.root.ownerDocument.activeElement;
  const running = now.status.busy === "run";
  show("step", !controls.held);
  show("into", !controls.held);
  show("next", controls.held);
  show("finish", controls.held);
  show("giveBack", controls.held);
  show("run", !controls.stop && !controls.held);
  show("stop", controls.stop);
  show("paceBox", !controls.held);
  show("mostBox", !controls.held);
  // The button that takes the place of the pressed one takes the focus too.
  for (const [from, to] of [["into", "next"], ["next", "step"], ["finish", "step"], ["giveBack", "step"], ["run", "stop"], ["stop", "run"]]) {
    if (focused === parts[from] && parts[from].hidden && !parts[to].hidden) parts[to].focus();
  }
  parts.next.textContent = controls.next;
  for (const name of ["step", "into", "run", "back", "forward", "reset"]) able(name, controls[name]);
  parts.slider.disabled = !controls.seek;
  parts.slider.min = now.history.first ?? 0;
  parts.slider.max = now.history.newest ?? 0;
  if (ui.pending === null) parts.slider.value = now.history.at ?? 0;
  parts.slider.setAttribute("aria-valuetext", `${stepName(now.history.at ?? 0)} of ${now.history.newest ?? 0}`);
  parts.mostProblem.textContent = controls.most;
  parts.most.setAttribute("aria-invalid", String(Boolean(controls.most)));
  parts.progress.textContent = running ? controls.progress : "";
  parts.reset.textContent = ui.sure ? "Really? Reset" : "Reset";
  parts.predictButton.setAttribute("aria-pressed", String(Boolean(now.prediction.on)));
  parts.largeButton.setAttribute("aria-pressed", String(Boolean(now.projector)));
  parts.keysButton.setAttribute("aria-expanded", String(ui.keys));
  parts.root.classList.toggle("wb-large", now.projector === true);
  parts.root.setAttribute("aria-busy", String(controls.busy && !controls.held));
  parts.story.setAttribute("aria-live", running ? "off" : "polite");

  const problem = formProblem(ui.form);
  const touched = ui.form.payload.trim() || problem?.field !== "payload";
  parts.problem.textContent = problem && touched ? problem.text : "";
  parts.payload.setAttribute("aria-invalid", String(problem?.field === "payload"));
  parts.otherBox.hidden = !ui.form.other;
  const lines = Math.min(8, ui.form.payload.split("\n").length);
  if (parts.payload.rows !== lines) parts.payload.rows = lines;
  able("send", !problem && !controls.busy);
  able("who", !problem && !controls.busy);
}

/** @param {Fields} parts @param {State} now @param {Ui} ui */
function drawChoices(parts, now, ui) {
  const { channels = [], operations = [], topics = [] } = now.choices;
  const key = JSON.stringify([channels, operations]);
  if (parts.to.dataset.choices !== key) {
    parts.to.dataset.choices = key;
    const picked = parts.to.value;
    const options = [
      channels.length && h("optgroup", { label: "Channels" }, channels.map(([key, name]) => h("option", { value: `channel ${key}` }, name))),
      operations.length && h("optgroup", { label: "Operations" }, operations.map(([key, name, , to]) => h("option", { value: `operation ${key}` }, `${name} → ${to}`))),
      h("option", { value: "other" }, "another channel …"),
    ];
    parts.to.replaceChildren(...options.filter(Boolean));
    if (picked) parts.to.value = picked;
    if (!parts.to.value) parts.to.selectedIndex = 0;
    if (!ui.form.other && !ui.form.operation) ui.form.channel = parts.to.value.startsWith("channel ") ? parts.to.value.slice(8) : "";
    if (parts.to.value === "other") ui.form.other = true;
    parts.otherBox.hidden = !ui.form.other;
  }
  const from = now.lanes.pull_from;
  // What was just chosen stands there until the kernel has heard of it.
  const chosen = ui.pending === null ? (from?.key ?? "") : parts.from.value;
  const heard = (now.lanes.lanes ?? []).filter((lane) => lane.actors);
  const offered = (!from || heard.some((lane) => lane.key === from.key) ? heard : [...heard, from]).map(({ key, channel }) => [key, channel]);
  parts.channelBox.hidden = offered.length < 2;
  if (!same(offered, parts.from.offered)) {
    parts.from.offered = offered;
    const options = offered.map(([value, name]) => h("option", { value }, name));
    parts.from.replaceChildren(h("option", { value: "" }, "each channel in turn"), ...options);
  }
  parts.from.value = chosen;
  const channel = ui.form.operation ? operations.find(([key]) => key === ui.form.operation)?.[2] : ui.form.channel;
  const known = [...new Set(topics.filter(([where]) => where === channel).map(([, name]) => name))];
  if (!same(known, parts.topics.known)) {
    parts.topics.known = known;
    parts.topics.replaceChildren(...known.map((value) => h("option", { value })));
  }
  if (!parts.topics.id) {
    parts.topics.id = `wb-topics-${Math.random().toString(36).slice(2)}`;
    parts.topic.setAttribute("list", parts.topics.id);
    parts.contentTypes.id = `${parts.topics.id}-types`;
    parts.contentType.setAttribute("list", parts.contentTypes.id);
  }
}

/** @param {string} text @param {() => void} close */
function errorLine(text, close) {
  return h("div.error", null, mark("⚠ "), h("span.errortext", null, h("b", null, "That did not work. "), theirs(text)), button("dismiss", "Close", close));
}

/** @param {any} banner @param {Fields} deeds @param {() => void} back */
function bannerElements(banner, deeds, back) {
  if (!banner) return [];
  return [h("div.banner", null, mark("⏱ "), h("span.bannertext", null, h("b", null, banner.text), " ", banner.undone ?? ""),
    banner.goOn && button("go on", "Go on from here", deeds.goOn, { title: "G" }), button("to now", banner.back, back))];
}

/** @param {any[]} lanes @param {Function} open */
function laneElements(lanes, open) {
  if (!lanes.length) return [h("p.nothing", null, "No channel yet.")];
  return lanes.map((lane) =>
    h("div.lane", { "data-lane": lane.key, class: `wb-lane${lane.next ? " wb-next" : ""}` },
      h("div.lanehead", null, h("b.lanename", null, theirs(lane.channel)), h("span.count", null, lane.waiting ? `${lane.waiting.toLocaleString("en")} waiting` : "empty")),
      inWorkElement(lane),
      lane.unheard && h("p.warning", null, mark("⚠ "), "no actor listens here"),
      lane.messages.length > 0 && h("ol.messages", { tabindex: "0", "data-k": `messages ${lane.key}`, "aria-label": `Waiting on ${lane.channel}` }, lane.messages.map((message, place) =>
        h("li.message", null, h("div.messagehead", null, ticket(message), place === 0 && lane.next && h("span.tag.next", null, "next"), tags(message)),
          h("div.payloadline", null, code(message.payload),
            message.payload.endsWith("…") && button(
              `open ${lane.key} ${message.id}`,
              "open",
              () => open(`Message ${message.name}`, { type: "open", what: "waiting", channel: lane.key, message: message.id }),
              { class: "wb-button wb-small", "aria-label": `Open ${message.name}` },
            ))))),
      lane.more > 0 && lane.messages.length > 0 && h("p.andmore", null, `… and ${lane.more.toLocaleString("en")} more`),
      h("span.tail", { "data-tail": lane.key, "aria-hidden": "true" }),
      lane.more_channels && h("p.andmore", null, `… and ${count(lane.more_channels, "more channel")}`)));
}

/** What was pulled and is not settled: it is on its queue still, and nobody else gets it. @param {any} lane */
function inWorkElement(lane) {
  const more = lane.in_work - lane.working.length;
  return (
    lane.in_work > 0 &&
    h("div.messagehead.inwork", null,
      h("span.count", null, "in work: "),
      lane.working.map((message) => ticket(message)),
      more > 0 && h("span.count", null, ` and ${more.toLocaleString("en")} more`))
  );
}

/** @param {any} worker @param {Function} open */
function workerElements(worker, open) {
  if (!worker.message) return [h("div.slot.empty", { "data-slot": "worker" }, h("span.nothing", null, "holds nothing"))];
  const { message } = worker;
  return [
    h("div.slot", { "data-slot": "worker", class: `wb-slot${worker.held ? " wb-held" : ""}` },
      h("div.slothead", null, h("b", null, `Step ${worker.number}`), h("span.count", null, worker.note)),
      h("div.messagehead", null, ticket(message, { class: "wb-ticket wb-current" }), tags({ ...message, seen: undefined })),
      h("div.payloadblock", null, code(message.payload)),
      message.headers.length > 0 && h("dl.headers", null, message.headers.map(([name, value]) => [h("dt", null, theirs(name)), h("dd", null, theirs(value))])),
      message.more_headers > 0 && h("p.andmore", null, `… and ${count(message.more_headers, "more header")}`),
      h("div.slotfoot", null, h("span.count", null, [message.size, message.content_type === "application/json" ? "" : message.content_type].filter(Boolean).join(" · ")),
        button(
          "open message",
          "open",
          () => open(`Message ${message.name}`, { type: "open", what: "message", step: worker.number }),
          { class: "wb-button wb-small", "aria-label": `Open ${message.name}` },
        )),
      worker.sighting && h("p.sighting", null, mark("↩ "), `sighting ${worker.sighting}`)),
    h("ol.track", { "aria-label": "How far it has come" }, worker.track.map((one) =>
      h("li", { class: `wb-phase wb-${one.state}` }, mark(one.state === "done" ? "●" : one.state === "skipped" ? "–" : "○"), h("span.phaseword", null, one.word),
        h("span.hidden", null, one.state === "done" ? ": done" : one.state === "skipped" ? ": left out" : ": not yet")))),
  ];
}

/** @param {any} actors @param {Function} open @param {() => void} keepNewest */
function actorElements(actors, open, keepNewest) {
  if (actors.none) return [h("p.nothing", null, actors.channel ? "No actor listens on this channel." : "No actor is registered yet.")];
  return [
    actors.stale && h("div.stale", null,
      mark("⚠ "),
      h("span", null, "An actor is left over: its cell ran again without it."),
      button("keep newest", "Forget what is left over", keepNewest)),
    h("ol.actors", { "aria-label": `Actors of ${actors.channel ?? ""}` }, actors.rows.map((row) => actorElement(row, open))),
    actors.more > 0 && h("p.andmore", null, `… and ${count(actors.more, "more actor")}`),
    actors.nobody && h("div.nobody", { "data-nobody": "" }, h("b", null, actors.nobody)),
  ];
}

/** @param {any} row @param {Function} open */
function actorElement(row, open) {
  return h("li", { class: `wb-actor wb-is-${row.look}`, "data-actor": row.look === "winner" ? "winner" : null },
    h("div.actorhead", null, h("span.position", null, row.position), h("b.actorname", null, theirs(row.actor)), h("span.strategy", null, theirs(row.strategy)),
      ),
    row.look !== "waiting" && h("div.verdict", null, h("b.answer", null, row.answer), " ", h("span.why", null, theirs(row.reason))),
    row.led_to && h("div.ledto", null, row.look === "winner" ? mark("★ ") : row.look === "shadowed" ? mark("◌ ") : "", row.led_to),
    row.note && h("div.warning", null, row.note.startsWith("↻") ? "" : mark("⚠ "), theirs(row.note)),
    row.run && runElements(row.run, open));
}

/** @param {any} run @param {Function} open */
function runElements(run, open) {
  const whole = (/** @type {string|null} */ what, /** @type {string} */ text) =>
    what && text.endsWith("…") && button(`open ${what}`, "open", () => open(what, { type: "open", what, step: run.number }), { class: "wb-button wb-small", "aria-label": `Open what was ${what}` });
  if (!run.lines.length && !run.raised && !run.waiting) return null;
  return h("div.run", null,
    run.waiting && h("p.nothing", null, run.waiting),
    run.lines.length > 0 && h("dl.lines", null, run.lines.map(([name, text, what], place) => [
      h("dt", null, place && run.lines[place - 1][0] === name ? "" : name), h("dd", null, what === "printed" ? h("pre.printed", null, theirs(text)) : code(text), whole(what, text))])),
    run.raised && h("div.raised", null,
      h("div", null, mark("⚠ "), "raised ", h("b", null, theirs(run.raised.type)), run.raised.message ? ": " : "", theirs(run.raised.message)),
      run.raised.fields.length > 0 && h("ul.fields", null, run.raised.fields.map((text) => h("li", null, theirs(text)))),
      run.raised.hint && h("p.hintline", null, theirs(run.raised.hint)),
      run.raised.traceback && button("open raised", "Where?", () => open("Where it was raised", { type: "open", what: "raised", step: run.number }), { class: "wb-button wb-small" })));
}

/** @param {any} outcome @param {number} done @param {boolean} more  whether older steps are not kept */
function outcomeElements(outcome, done, more) {
  const place = outcome?.action === "rejected" ? "tail" : outcome?.action === "nacked" ? "tray" : "done";
  return [
    outcome && h("div", { class: `wb-settlement wb-tone-${outcome.tone}`, "data-settled": place },
      h("div.settledword", null, h("b", null, outcome.word), h("span.count", null, theirs(outcome.name))),
      outcome.where && h("div.where", null, outcome.where), outcome.reason && h("div.why", null, theirs(outcome.reason)),
      outcome.took && h("div.count", null, `the actor took ${outcome.took}`)),
    h("div.bin", { "data-bin": "done" }, h("span.binname", null, mark("✓ "), "Done"), h("span.binnumber", null, `${done.toLocaleString("en")}${more ? " or more" : ""}`)),
  ];
}

/** @param {Fields} tray @param {boolean} locked @param {Function} open @param {Function} ask */
function trayElements(tray, locked, open, ask) {
  const letters = tray.letters ?? [];
  const hidden = (tray.dead ?? 0) - letters.length;
  return [
    h("div", { class: `wb-bin wb-traybin${letters.length ? " wb-full" : ""}`, "data-bin": "tray" },
      h("div.traytop", null, h("span.binname", null, mark("✗ "), "Dead letters"), h("span.binnumber", null, (tray.dead ?? 0).toLocaleString("en"))),
      letters.length > 0 && h("ol.letters", null, letters.map((letter) =>
        h("li.letter", null,
          h("div.messagehead", null, ticket(letter), tags(letter)),
          h("div.why", null, theirs(letter.reason)),
          h("div.letterbuttons", null,
            button(
              `open ${letter.key} ${letter.id}`,
              "Open",
              () => open(`Dead letter ${letter.name}`, { type: "open", what: "waiting", channel: letter.key, message: letter.id }),
              { class: "wb-button wb-small", "aria-label": `Open ${letter.name}` },
            ),
            button(
              `resend ${letter.key} ${letter.id}`,
              "Send again",
              () => ask("resend", { channel: letter.key, message: letter.id }),
              { class: "wb-button wb-small", "aria-disabled": String(locked), "aria-label": `Send again ${letter.name}` },
            ))))),
      hidden > 0 && h("p.andmore", null, `… and ${hidden.toLocaleString("en")} older`)),
  ];
}

/** @param {any} score */
function scoreElements(score) {
  if (!score) return [];
  return [
    h("div", { class: `wb-score wb-tone-${score.tone}` },
      h("b", null, score.verdict), " ", theirs(score.answer), " ", h("span.count", null, score.score)),
  ];
}

/** @param {any} picking @param {(pick: string) => void} pick @param {() => void} cancel */
function pickingElements(picking, pick, cancel) {
  if (!picking) return [];
  return [
    h("fieldset.picking", null, h("legend", null, theirs(picking.question)),
      ...picking.options.map((option) => h("button.button", { type: "button", "data-k": `pick ${option.value}`, onclick: () => pick(option.value) },
        option.key ? h("span.position", null, option.key) : "", theirs(option.text))),
      button("pick cancel", "Not now", cancel, { class: "wb-button wb-small" })),
  ];
}

/** @param {Fields} history @param {(to: number) => void} seek */
function pillElements(history, seek) {
  if (!history.steps?.length) return [];
  return [h("ol.pills", { "aria-label": "History" },
    history.steps.map((step) => h("li", null,
      h("button", { type: "button", class: `wb-pill wb-tone-${step.tone}`, "data-k": `step ${step.number}`, "aria-current": step.number === history.at ? "step" : null,
        title: `Step ${step.number}: ${step.message} → ${step.winner}`, onclick: () => seek(step.number) },
      h("span.pillnumber", null, step.number), theirs(step.message), h("span.pillword", null, step.settled)))))];
}

/** @param {Fields|null} explanation @param {() => void} close */
function explanationElements(explanation, close) {
  if (!explanation) return [];
  return [h("div.answerbox", null,
    h("div.answerhead", null, h("span", null, h("b", null, theirs(explanation.who)), " Nothing was sent."), button("close explanation", "Close", close, { class: "wb-button wb-small" })),
    h("ol.actors", { "aria-label": "Who would get this" }, explanation.verdicts.map((verdict) =>
      actorElement({ ...verdict, look: verdict.role ?? (verdict.outcome === "error" ? "error" : "no"), run: null }, () => {}))),
    explanation.more_verdicts > 0 && h("p.andmore", null, `… and ${count(explanation.more_verdicts, "more actor")}`))];
}

/** @param {Opened|null} opened @param {() => void} close */
function openedElements(opened, close) {
  if (!opened) return [];
  return [h("section.opened", { "aria-label": opened.title },
    h("div.answerhead", null,
      h("b", null, theirs(opened.title)),
      h("span.count", null, `${opened.whole ? "" : `${opened.next.toLocaleString("en")} of `}${count(opened.total, "character")}`),
      h("span.gap"),
      opened.whole && button("copy", "Copy", () => navigator.clipboard?.writeText(opened.text), { class: "wb-button wb-small" }),
      opened.whole && opened.file && button("download", "Download", () => download(opened.text, opened.file), { class: "wb-button wb-small" }),
      button("close text", "Close", close, { class: "wb-button wb-small" })),
    h("pre.whole", { tabindex: "0", "aria-label": opened.title }, theirs(opened.file ? beginning(opened.text) : opened.text)),
    !opened.whole && !opened.file && opened.next > 0 && button("more", "Show more", opened.more))];
}

/** The beginning of a long text, not cut within a character. @param {string} text */
const beginning = (text) => text.slice(0, 20000).replace(/[\ud800-\udbff]$/, "");

/** @param {string} text @param {string} file */
function download(text, file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {() => void} close */
function keyElements(close) {
  return [h("section.keys", { "aria-label": "Keys" },
    h("div.answerhead", null, h("b", null, "Keys, while the workbench has the focus"), button("close keys", "Close", close, { class: "wb-button wb-small" })),
    h("dl.keylist", null, KEYS.map(([key, what]) => [h("dt", null, h("kbd", null, key)), h("dd", null, what)])))];
}

// --------------------------------------------------------------------------------------------------------------- motion

/** Tells with motion what has just happened. The page below is already as it will be. */
function createMotion() {
  /** @type {Animation[]} */
  let playing = [];
  /** @type {HTMLElement|null} */
  let token = null;

  function stop() {
    for (const one of playing) one.cancel();
    playing = [];
    token?.remove();
    token = null;
  }

  /** Where messages are now, before the page changes. @param {HTMLElement} root */
  function places(root) {
    const found = new Map();
    for (const one of root.querySelectorAll(".wb-messages [data-message]")) {
      found.set(`waiting ${one.getAttribute("data-message")}`, one.getBoundingClientRect());
    }
    return found;
  }

  /** @param {any} root @param {{leg: string, to?: string}[]} legs @param {Map<string, DOMRect>} before @param {Fields} step */
  function play(root, legs, before, step) {
    stop();
    if (root.ownerDocument.defaultView?.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const stage = root.querySelector(".wb-stage");
    const origin = stage.getBoundingClientRect();
    if (!origin.width || !stage.animate) return;
    const rect = (/** @type {string} */ selector) => stage.querySelector(selector)?.getBoundingClientRect();
    const worker = rect("[data-slot=worker] .wb-ticket") ?? rect("[data-slot=worker]");
    const winner = rect("[data-actor=winner] .wb-actorname");
    const lane = [...stage.querySelectorAll("[data-lane]")].find((one) => one.getAttribute("data-lane") === step.key);
    const ends = {
      done: rect("[data-bin=done]"),
      tray: rect("[data-bin=tray]"),
      tail: (lane?.querySelector("[data-tail]") ?? lane)?.getBoundingClientRect(),
      worker,
    };
    /** @type {{rect: any, at: number}[]} */
    const stops = [];
    let at = 0;
    for (const { leg, to } of legs) {
      if (leg === "pull") {
        const from = before.get(`waiting ${step.message.id}`) ?? lane?.getBoundingClientRect();
        if (from) stops.push({ rect: from, at });
        at += BEAT;
        if (worker) stops.push({ rect: worker, at });
      } else if (leg === "ask") {
        if (!stops.length && worker) stops.push({ rect: worker, at });
        at = reveal(stage, ".wb-listeners .wb-actor, .wb-listeners .wb-nobody", at, 400);
        if (worker) stops.push({ rect: worker, at });
      } else if (leg === "run") {
        if (!stops.length && worker) stops.push({ rect: worker, at });
        at += BEAT;
        if (winner) stops.push({ rect: winner, at });
        at = reveal(stage, "[data-actor=winner] .wb-run", at, 250);
        if (winner) stops.push({ rect: winner, at });
      } else {
        if (!stops.length) stops.push({ rect: (step.winner && winner) || worker, at });
        at += BEAT;
        const end = ends[/** @type {"done"} */ (to)];
        if (end) stops.push({ rect: end, at });
        reveal(stage, ".wb-settlement", at - BEAT / 2, 250);
      }
    }
    if (at > 0 && stops.length > 1) fly(stage, origin, stops, at, step.message.name);
  }

  /** Let elements appear one after the other. @param {any} stage @param {string} selector @param {number} at @param {number} time */
  function reveal(stage, selector, at, time) {
    const found = [...stage.querySelectorAll(selector)];
    found.forEach((one, place) => {
      const delay = at + (place * time) / Math.max(1, found.length);
      const frames = [{ opacity: 0.15, transform: "translateX(-6px)" }, { opacity: 1, transform: "none" }];
      playing.push(one.animate(frames, { duration: 200, delay, fill: "backwards", easing: "ease-out" }));
    });
    return at + (found.length ? time : 0);
  }

  /** @param {any} stage @param {DOMRect} origin @param {{rect: any, at: number}[]} stops @param {number} time @param {string} name */
  function fly(stage, origin, stops, time, name) {
    const flying = h("span.token", { "aria-hidden": "true" }, theirs(name));
    token = flying;
    stage.append(flying);
    const frames = stops.filter((one) => one.rect).map(({ rect, at }) => ({
      offset: Math.min(1, at / time),
      transform: `translate(${rect.left - origin.left}px, ${rect.top - origin.top}px)`,
      easing: "cubic-bezier(.3, 0, .2, 1)",
    }));
    frames[frames.length - 1].offset = 1;
    const flight = flying.animate(frames, { duration: time, fill: "both" });
    const fading = flying.animate([{ opacity: 1 }, { opacity: 0 }], { delay: time, duration: 160, fill: "forwards" });
    playing.push(flight, fading);
    fading.finished.then(() => flying.remove(), () => {});
  }

  return { play, stop, places };
}

export default { render };
