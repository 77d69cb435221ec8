// The form to send from. Typed text stays until it is changed or the page is closed, whatever the kernel sends.

import { button, createChanges, fill, h, isEnabled, setEnabled } from "./dom.mjs";
import { formProblem } from "./form_rules.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Properties } from "./dom.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { Choices, Form, State } from "./wire.mjs"
 *
 * @typedef {"channel" | "topic" | "payload" | "content_type" | "priority" | "count"} TextField
 */

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
export function createSendForm(actions, ui, update) {
  const { form } = ui;
  const to = destination(form, update);
  const topic = topicField(form, update);
  const payload = payloadField(form, update, actions.send);
  const more = moreFields(form, update);
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
    { "aria-label": "Send a message", onsubmit },
    h("div.sendrow", null, to.elements, topic.element, payload.element, h("div.sendbuttons", null, send, who)),
    problem,
    more,
  );

  /** @param {ControlsPlan} controls @param {State} state */
  function draw({ busy }, { choices }) {
    to.draw(choices);
    topic.draw(choices);
    const found = formProblem(form);
    const isShown = form.payload.trim() || found?.field !== "payload";
    problem.textContent = found && isShown ? found.text : "";
    payload.draw(found?.field === "payload");
    for (const one of [send, who]) setEnabled(one, !found && !busy);
  }

  return { element, payload: payload.input, canSend: () => isEnabled(send), draw };
}

/**
 * Return the properties of a field whose text goes into the form.
 * @param {Form} form
 * @param {TextField} name
 * @param {() => void} update
 * @returns {Properties}
 */
function typed(form, name, update) {
  return {
    "data-k": `form ${name}`,
    oninput: (event) => {
      form[name] = /** @type {HTMLInputElement} */ (event.target).value;
      update();
    },
  };
}

/**
 * Make the fields for the destination: a channel, an operation, or a channel that is typed.
 * @param {Form} form
 * @param {() => void} update
 */
function destination(form, update) {
  const otherChannel = h("input.input", typed(form, "channel", update));
  const otherBox = h("label.field.to", { hidden: true }, "Channel", otherChannel);
  const select = h("select.input", {
    "data-k": "to",
    onchange: () => {
      const [kind, ...rest] = select.value.split(" ");
      form.other = kind === "other";
      form.operation = kind === "operation" ? rest.join(" ") : "";
      form.channel = kind === "channel" ? rest.join(" ") : form.other ? otherChannel.value : "";
      update();
    },
  });
  const hasChanged = createChanges();

  /** @param {Choices} choices */
  function draw({ channels, operations }) {
    if (hasChanged("choices", [channels, operations])) {
      const chosen = select.value;
      fill(select, destinationOptions(channels, operations));
      if (chosen) select.value = chosen;
      if (!select.value) select.selectedIndex = 0;
      if (!form.other && !form.operation) {
        form.channel = select.value.startsWith("channel ") ? select.value.slice("channel ".length) : "";
      }
      if (select.value === "other") form.other = true;
    }
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
 * @param {Form} form
 * @param {() => void} update
 */
function topicField(form, update) {
  const list = h("datalist", { id: newId() });
  const input = h("input.input", { ...typed(form, "topic", update), placeholder: "none", list: list.id });
  const hasChanged = createChanges();

  /** @param {Choices} choices */
  function draw({ operations, topics }) {
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
 * @param {Form} form
 * @param {() => void} update
 * @param {() => void} send
 */
function payloadField(form, update, send) {
  const input = h("textarea.input", {
    ...typed(form, "payload", update),
    rows: 1,
    spellcheck: "false",
    placeholder: '{"number": 7}',
    onkeydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      send();
    },
  });

  /** @param {boolean} isInvalid */
  function draw(isInvalid) {
    input.setAttribute("aria-invalid", String(isInvalid));
    const lines = Math.min(8, form.payload.split("\n").length);
    if (input.rows !== lines) input.rows = lines;
  }

  return { element: h("label.field.payload", null, "Payload", input), input, draw };
}

/**
 * Make the fields that are seldom needed, folded.
 * @param {Form} form
 * @param {() => void} update
 */
function moreFields(form, update) {
  const types = ["application/json", "text/plain", "application/octet-stream"];
  const typeList = h(
    "datalist",
    { id: newId() },
    types.map((value) => h("option", { value })),
  );
  const contentType = h("input.input", {
    ...typed(form, "content_type", update),
    value: form.content_type,
    list: typeList.id,
  });
  const priorities = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((value) =>
    h("option", { value }, value === 9 ? "9, first" : value === 0 ? "0, last" : value),
  );
  const priority = h(
    "select.input",
    typed(form, "priority", update),
    h("option", { value: "" }, "4, as usual"),
    priorities,
  );
  const count = h("input.input.narrow", {
    ...typed(form, "count", update),
    type: "number",
    min: 1,
    max: 1000,
    value: "1",
  });
  return h(
    "details.more",
    null,
    h("summary", null, "Headers, content type, priority, how many"),
    h(
      "div.morerow",
      null,
      headersField(form, update),
      h("label.field", null, "Content type", contentType, typeList),
      h("label.field", null, "Priority", priority),
      h("label.field", null, "How many", count),
    ),
  );
}

/** @param {Form} form @param {() => void} update */
function headersField(form, update) {
  const rows = h("div.headerrows");
  const add = button("add header", "+ header", () => {
    const row = headerRow(form, update, add);
    rows.append(row);
    update();
    row.querySelector("input")?.focus();
  });
  return h("div.field", null, "Headers", rows, add);
}

/**
 * Add a header to the form, and make its two fields.
 * @param {Form} form
 * @param {() => void} update
 * @param {HTMLElement} add  the button that adds one
 */
function headerRow(form, update, add) {
  /** @type {[string, string]} */
  const pair = ["", ""];
  form.headers.push(pair);
  const remove = button("remove header", "Remove", () => {
    form.headers = form.headers.filter((one) => one !== pair);
    // The focus would be lost with the button, and with it the keys.
    (row.nextElementSibling?.querySelector("input") ?? add).focus();
    row.remove();
    update();
  });
  const field = (/** @type {0 | 1} */ place, /** @type {string} */ what) => {
    const input = h("input.input", {
      placeholder: what,
      "aria-label": `Header ${what}`,
      oninput: () => {
        pair[place] = input.value;
        remove.setAttribute("aria-label", `Remove header ${pair[0]}`.trim());
        update();
      },
    });
    return input;
  };
  const row = h("div.headerrow", null, field(0, "name"), field(1, "value"), remove);
  return row;
}

const newId = () => `wb-${Math.random().toString(36).slice(2)}`;
