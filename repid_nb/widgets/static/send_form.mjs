// The form to write a message. Typed text stays until it is changed or the page is closed, whatever the kernel sends.

import { button, createChanges, fill, h, isEnabled, newId, setEnabled } from "./dom.mjs";
import { formProblem } from "./form_rules.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Properties } from "./dom.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { Choices, Form, State } from "./wire.mjs"
 *
 * @typedef {"channel" | "topic" | "payload" | "content_type" | "priority" | "count" | "encoding"} TextField
 */

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
export function createSendForm(actions, ui, update) {
  const to = destination(ui, update);
  const topic = topicField(ui, update);
  const payload = payloadField(ui, update, actions.send);
  const more = moreFields(ui, update);
  const problem = h("p.problem", { role: "status" });
  const send = h(
    "button.button.primary",
    { type: "submit", "data-k": "send", title: "Put it on the queue (Ctrl+Enter in the payload)" },
    "Send",
  );
  const who = button("who", "Who would get this?", actions.who, { title: "Asks the actors, sends nothing (W)" });
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    actions.send();
  };
  const element = h(
    "form.send",
    { "aria-label": "Send a message", onsubmit, hidden: true },
    h("div.sendrow", null, to.elements, topic.element, payload.element, h("div.sendbuttons", null, send, who)),
    problem,
    more.element,
  );

  /** @param {ControlsPlan} controls @param {State} state */
  function draw(controls, { choices }) {
    element.hidden = !ui.writing;
    to.draw(choices);
    topic.draw(choices);
    more.draw();
    const found = formProblem(ui.form);
    const isShown = ui.form.payload.trim() || found?.field !== "payload";
    problem.textContent = found && isShown ? found.text : "";
    payload.draw(found?.field === "payload");
    for (const one of [send, who]) setEnabled(one, !found && controls.send);
  }

  return { element, payload: payload.input, canSend: () => isEnabled(send), draw };
}

/**
 * Return the properties of a field whose text goes into the form.
 * @param {Ui} ui
 * @param {TextField} name
 * @param {() => void} update
 * @returns {Properties}
 */
function typed(ui, name, update) {
  return {
    "data-k": `form ${name}`,
    oninput: (event) => {
      Object.assign(ui.form, { [name]: /** @type {HTMLInputElement} */ (event.target).value });
      update();
    },
  };
}

/**
 * Show in a field what the form says: it may have been filled in by a click.
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} field
 * @param {string} text
 */
function showText(field, text) {
  if (field.value !== text) field.value = text;
}

/**
 * Make the fields for the destination: a channel, an operation, or a channel that is typed.
 * @param {Ui} ui
 * @param {() => void} update
 */
function destination(ui, update) {
  const otherChannel = h("input.input", typed(ui, "channel", update));
  const otherBox = h("label.field.other", { hidden: true }, "Channel", otherChannel);
  const select = h("select.input", {
    "data-k": "to",
    onchange: () => {
      const [kind, ...rest] = select.value.split(" ");
      const { form } = ui;
      form.other = kind === "other";
      form.operation = kind === "operation" ? rest.join(" ") : "";
      form.channel = kind === "channel" ? rest.join(" ") : form.other ? otherChannel.value : "";
      update();
    },
  });
  const hasChanged = createChanges();

  /** @param {Choices} choices */
  function draw({ channels, operations }) {
    const { form } = ui;
    if (hasChanged("choices", [channels, operations])) fill(select, destinationOptions(channels, operations));
    if (!form.channel && !form.operation && !form.other && channels.length) form.channel = channels[0][0];
    // A channel that is filled in and not offered is typed.
    if (form.channel && !form.other && !channels.some(([key]) => key === form.channel)) form.other = true;
    if (!channels.length && !operations.length) form.other = true;
    select.value = form.other ? "other" : form.operation ? `operation ${form.operation}` : `channel ${form.channel}`;
    if (form.other) showText(otherChannel, form.channel);
    otherBox.hidden = !form.other;
  }

  return { elements: [h("label.field.to", null, "To", select), otherBox], draw };
}

/** @param {Choices["channels"]} channels @param {Choices["operations"]} operations */
function destinationOptions(channels, operations) {
  const ofChannels = channels.map(([key, name]) => h("option", { value: `channel ${key}` }, name));
  const ofOperations = operations.map(([key, name, , channel]) =>
    h("option", { value: `operation ${key}` }, `${name} → ${channel}`),
  );
  return [
    channels.length > 0 && h("optgroup", { label: "Channels" }, ofChannels),
    operations.length > 0 && h("optgroup", { label: "Operations" }, ofOperations),
    h("option", { value: "other" }, "another channel …"),
  ];
}

/**
 * Make the field for the topic, which offers the topics that actors of the chosen channel take.
 * @param {Ui} ui
 * @param {() => void} update
 */
function topicField(ui, update) {
  const list = h("datalist", { id: newId() });
  const input = h("input.input", { ...typed(ui, "topic", update), placeholder: "none", list: list.id });
  const hasChanged = createChanges();

  /** @param {Choices} choices */
  function draw({ operations, topics }) {
    const { form } = ui;
    showText(input, form.topic);
    const channel = form.operation ? operations.find(([key]) => key === form.operation)?.[2] : form.channel;
    const known = [...new Set(topics.filter(([where]) => where === channel).map(([, name]) => name))];
    if (!hasChanged("topics", known)) return;
    fill(
      list,
      known.map((value) => h("option", { value })),
    );
  }

  return { element: h("label.field.topic", null, "Topic", input, list), draw };
}

/**
 * @param {Ui} ui
 * @param {() => void} update
 * @param {() => void} send
 */
function payloadField(ui, update, send) {
  const input = h("textarea.input", {
    ...typed(ui, "payload", update),
    rows: 1,
    spellcheck: "false",
    onkeydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      send();
    },
  });

  /** @param {boolean} isInvalid */
  function draw(isInvalid) {
    showText(input, ui.form.payload);
    input.setAttribute("aria-invalid", String(isInvalid));
    const lines = Math.min(8, ui.form.payload.split("\n").length);
    if (input.rows !== lines) input.rows = lines;
  }

  return { element: h("label.field.payload", null, "Payload", input), input, draw };
}

/**
 * Make the fields that are seldom needed, folded.
 * @param {Ui} ui
 * @param {() => void} update
 */
function moreFields(ui, update) {
  const types = ["application/json", "text/plain", "application/octet-stream"];
  const typeList = h(
    "datalist",
    { id: newId() },
    types.map((value) => h("option", { value })),
  );
  const contentType = h("input.input", { ...typed(ui, "content_type", update), list: typeList.id });
  const priorities = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((value) =>
    h("option", { value }, value === 9 ? "9, first" : value === 0 ? "0, last" : value),
  );
  const priority = h(
    "select.input",
    typed(ui, "priority", update),
    h("option", { value: "" }, "4, as usual"),
    priorities,
  );
  const numbers = { type: "number", min: 1, max: 1000 };
  const count = h("input.input.narrow", { ...typed(ui, "count", update), ...numbers });
  const encoding = h(
    "select.input",
    typed(ui, "encoding", update),
    h("option", { value: "" }, "text"),
    h("option", { value: "hex" }, "bytes: 00 ff"),
  );
  const headers = headersField(ui, update);
  const element = h(
    "details.more",
    null,
    h("summary", null, "Headers, content type, bytes, priority, how many"),
    h(
      "div.morerow",
      null,
      headers.element,
      h("label.field", null, "Content type", contentType, typeList),
      h("label.field", null, "Typed as", encoding),
      h("label.field", null, "Priority", priority),
      h("label.field", null, "How many", count),
    ),
  );

  function draw() {
    showText(contentType, ui.form.content_type);
    showText(encoding, ui.form.encoding ?? "");
    showText(priority, ui.form.priority);
    showText(count, ui.form.count);
    headers.draw();
  }

  return { element, draw };
}

/** @param {Ui} ui @param {() => void} update */
function headersField(ui, update) {
  const rows = h("div");
  /** @type {Form | null} */
  let filled = null;
  const add = button("add header", "+ header", () => {
    /** @type {[string, string]} */
    const pair = ["", ""];
    ui.form.headers.push(pair);
    const row = headerRow(ui, pair, update, add);
    rows.append(row);
    update();
    row.querySelector("input")?.focus();
  });

  /** Show the headers of a form that was filled in by a click. */
  function draw() {
    if (filled === ui.form) return;
    filled = ui.form;
    fill(
      rows,
      filled.headers.map((pair) => headerRow(ui, pair, update, add)),
    );
  }

  return { element: h("div.field", null, "Headers", rows, add), draw };
}

/**
 * Make the two fields of a header.
 * @param {Ui} ui
 * @param {[string, string]} pair
 * @param {() => void} update
 * @param {HTMLElement} add  the button that adds one
 */
function headerRow(ui, pair, update, add) {
  const remove = button("remove header", "Remove", () => {
    ui.form.headers = ui.form.headers.filter((one) => one !== pair);
    // The focus would be lost with the button, and with it the keys.
    (row.nextElementSibling?.querySelector("input") ?? add).focus();
    row.remove();
    update();
  });
  const nameRemove = () => remove.setAttribute("aria-label", `Remove header ${pair[0]}`.trim());
  const field = (/** @type {0 | 1} */ place, /** @type {string} */ what) => {
    const input = h("input.input", {
      placeholder: what,
      value: pair[place],
      "aria-label": `Header ${what}`,
      oninput: () => {
        pair[place] = input.value;
        nameRemove();
        update();
      },
    });
    return input;
  };
  nameRemove();
  const row = h("div.headerrow", null, field(0, "name"), field(1, "value"), remove);
  return row;
}
