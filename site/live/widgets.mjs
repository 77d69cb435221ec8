// Widgets of a live page: a model for each, as anywidget gives one to a widget's own module.

export class Widgets {
  /** @param {(comm: string, message: object) => void} say */
  constructor(say) {
    this.say = say;
    /** @type {Map<string, Model>} */
    this.models = new Map();
    // Many widgets of a page have one style and one module, which are there once.
    /** @type {Map<string, Promise<any>>} */
    this.modules = new Map();
    /** @type {Set<string>} */
    this.styles = new Set();
  }

  /** @param {import("./kernel.mjs").CommMessage} message */
  hear({ kind, comm, text }) {
    const { state, method, content } = JSON.parse(text);
    if (kind === "comm_open")
      this.models.set(comm, new Model(state, (/** @type {object} */ message) => this.say(comm, message)));
    const model = this.models.get(comm);
    if (kind === "comm_close") this.models.delete(comm);
    else if (method === "custom") model?.emit("msg:custom", content);
    else if (kind === "comm_msg" && state) model?.take(state);
  }

  /** @param {string} comm @param {HTMLElement} into */
  async show(comm, into) {
    const model = this.models.get(comm);
    if (!model) return;
    this.style(model.state._css ?? "");
    const { default: made } = await this.module(model.state._esm);
    const widget = typeof made === "function" ? await made() : made;
    const host = document.createElement("div");
    into.append(host);
    await widget.initialize?.({ model });
    await widget.render({ model, el: host });
  }

  /** @param {string} text */
  style(text) {
    if (this.styles.has(text)) return;
    this.styles.add(text);
    const style = document.createElement("style");
    style.textContent = text;
    document.head.append(style);
  }

  /** @param {string} text @returns {Promise<any>} */
  module(text) {
    let module = this.modules.get(text);
    if (!module) {
      const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      module = import(address).finally(() => URL.revokeObjectURL(address));
      this.modules.set(text, module);
    }
    return module;
  }
}

/** @typedef {(...values: any[]) => void} Listener */

class Model {
  /** @type {Record<string, any>} */
  changed = {};
  /** @type {Map<string, Set<Listener>>} */
  listeners = new Map();
  widget_manager = undefined;

  /** @param {Record<string, any>} state @param {(message: object) => void} say */
  constructor(state, say) {
    this.state = state;
    this.say = say;
  }

  /** @param {string} name */
  get(name) {
    return this.state[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.state[name] = value;
    this.changed[name] = value;
    this.emit(`change:${name}`, value);
  }

  save_changes() {
    this.say({ method: "update", state: this.changed });
    this.changed = {};
  }

  /** @param {object} content */
  send(content) {
    this.say({ method: "custom", content });
  }

  /** @param {string} names @param {Listener} listener */
  on(names, listener) {
    for (const name of names.split(" ")) {
      const listeners = this.listeners.get(name) ?? new Set();
      this.listeners.set(name, listeners.add(listener));
    }
  }

  /** @param {string} [name] @param {Listener} [listener] */
  off(name, listener) {
    if (!name) this.listeners.clear();
    else if (listener) this.listeners.get(name)?.delete(listener);
    else this.listeners.delete(name);
  }

  /** @param {string} name @param {any[]} values */
  emit(name, ...values) {
    for (const listener of this.listeners.get(name) ?? []) listener(...values);
  }

  /** @param {Record<string, any>} news */
  take(news) {
    Object.assign(this.state, news);
    for (const name in news) this.emit(`change:${name}`, news[name]);
    this.emit("change");
  }
}
