// Making elements. Every text becomes a text node: markup in it is not read.

/**
 * @typedef {Node | string | number | boolean | null | undefined} Child  null, undefined, false and "" are left out
 * @typedef {Child | readonly Children[]} Children
 *
 * @typedef {object} Listeners
 * @property {(event: MouseEvent) => void} [onclick]
 * @property {(event: Event) => void} [oninput]
 * @property {(event: Event) => void} [onchange]
 * @property {(event: SubmitEvent) => void} [onsubmit]
 * @property {(event: KeyboardEvent) => void} [onkeydown]
 * @typedef {Listeners & {[name: string]: unknown}} Properties
 */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T | `${T}.${string}`} tag  a tag, with classes after dots
 * @param {Properties | null} [properties]  attributes; functions under on… are listeners
 * @param {...Children} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = /** @type {HTMLElementTagNameMap[T]} */ (document.createElement(name));
  if (classes.length) element.className = classes.map((one) => `wb-${one}`).join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (key === "value") /** @type {HTMLInputElement} */ (/** @type {unknown} */ (element)).value = String(value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...flatten(children));
  return element;
}

/**
 * Show these children, and no others.
 * @param {Element} parent
 * @param {...Children} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...flatten(children));
}

/**
 * @param {Children} children
 * @returns {(Node | string)[]}
 */
function flatten(children) {
  if (Array.isArray(children)) return children.flatMap(flatten);
  if (children === null || children === undefined || children === false || children === "") return [];
  return [children instanceof Node ? children : String(children)];
}

/**
 * Wrap a text of a message or an actor: its direction of writing does not change the text around it.
 * @param {string} text
 */
export const bdi = (text) => h("bdi", null, text);

/** @param {string} text */
export const code = (text) => h("code.code", null, bdi(text));

/**
 * Make a symbol that screen readers leave out: the word beside it says the same.
 * @param {string} symbol
 */
export const icon = (symbol) => h("span.mark", { "aria-hidden": "true" }, symbol);

/**
 * @param {string} key  by which it finds the focus again after a redraw
 * @param {Children} label
 * @param {() => void} onPress  what to do, unless the button is greyed
 * @param {Properties} [properties]
 */
export function button(key, label, onPress, properties = {}) {
  const element = h("button.button", { type: "button", "data-k": key, ...properties }, label);
  element.addEventListener("click", () => {
    if (isEnabled(element)) onPress();
  });
  return element;
}

/**
 * @param {string} key
 * @param {Children} label
 * @param {() => void} onPress
 * @param {Properties} [properties]
 */
export const smallButton = (key, label, onPress, properties = {}) =>
  button(key, label, onPress, { class: "wb-button wb-small", ...properties });

/**
 * Grey a button, or not. It is not `disabled`, because it would lose the focus with every step.
 * @param {Element} element
 * @param {boolean} enabled
 */
export function setEnabled(element, enabled) {
  element.setAttribute("aria-disabled", String(!enabled));
}

/** @param {Element} element */
export const isEnabled = (element) => element.getAttribute("aria-disabled") !== "true";

/**
 * Remember by name what was drawn, so that only changes are drawn again.
 * @returns {(name: string, shown: unknown) => boolean} whether it differs from the last time
 */
export function createChanges() {
  const drawn = new Map();
  return (name, shown) => {
    const text = JSON.stringify(shown);
    if (drawn.has(name) && drawn.get(name) === text) return false;
    drawn.set(name, text);
    return true;
  };
}

/** Return an id for an element that another one refers to. */
export const newId = () => `wb-${Math.random().toString(36).slice(2)}`;

/**
 * Make the root of a widget. Its keys belong to it: JupyterLab would take Enter on a button for the cell's.
 * @param {string} label
 * @param {Node} body
 * @param {Properties} [properties]
 */
export function widgetRoot(label, body, properties = {}) {
  const own = { class: "repid-wb", "aria-label": label, "data-lm-suppress-shortcuts": "true" };
  const root = h("section", { ...own, ...properties }, body);
  leaveRunningToTheCell(root);
  return root;
}

/**
 * Let Shift+Enter run the cell, as everywhere in JupyterLab, while a button of a widget has the focus: a click gives it
 * the focus, and JupyterLab leaves all keys in a widget to the widget.
 * @param {HTMLElement} root
 */
function leaveRunningToTheCell(root) {
  root.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const cell = /** @type {HTMLElement | null} */ (root.closest(".jp-Cell"));
    if (!cell || event.key !== "Enter" || !event.shiftKey || target.matches("textarea, input, select")) return;
    // A button takes Enter for a press.
    event.preventDefault();
    event.stopImmediatePropagation();
    cell.focus({ preventScroll: true });
    cell.dispatchEvent(new KeyboardEvent("keydown", event));
  });
}
