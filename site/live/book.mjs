// A page of the book: what is done, guesses before answers, and the button that makes its cells live.

import { progress } from "./kept.mjs";

const ROOT = new URL("..", import.meta.url);
const PAGE = location.pathname.match(/\/book\/notebooks\/((?:exercises\/)?[\w.-]+)\.html$/)?.[1];

const STARTING = "repid_nb starting";
// A link with it brings its reader to a page that starts by itself, and runs its first cell.
const LIVE = "#live";

/** @param {string} tag @param {object} properties @param {(Node | string)[]} children */
function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Put a tick beside each chapter and exercise that is done. */
function showProgress() {
  const done = progress.all();
  for (const link of document.querySelectorAll(".sidebar-tree a.reference, .toctree-wrapper a.reference")) {
    const page = new URL(/** @type {HTMLAnchorElement} */ (link).href).pathname.match(/notebooks\/(.+)\.html$/)?.[1];
    const what = page && done[page];
    link.querySelector(".done")?.remove();
    if (!what) continue;
    const words = what === "solved" ? "solved" : "run to its end";
    const tick = element("span", { className: "done", title: words }, "✓");
    tick.setAttribute("role", "img");
    tick.setAttribute("aria-label", words);
    link.append(" ", tick);
  }
}

/** Fold what answers a guess, until the reader has made one. @param {HTMLElement} article */
function foldAnswers(article) {
  let isGuessed = false;
  for (const cell of article.querySelectorAll(".cell")) {
    const asks = /^guess\(/m.test(cell.querySelector(".cell_input")?.textContent ?? "");
    const output = cell.querySelector(".cell_output");
    if (isGuessed && !asks && output) {
      const fold = element("details", { className: "guess" }, element("summary", {}, "What happens?"));
      output.replaceWith(fold);
      fold.append(output);
    }
    isGuessed = asks || (isGuessed && !output);
  }
}

/** On paper there is nothing to click. @param {HTMLElement} article */
function unfoldForPrint(article) {
  addEventListener("beforeprint", () => {
    for (const fold of article.querySelectorAll("details.guess")) fold.setAttribute("open", "");
  });
}

/** Let a keyboard scroll what is wider than the page. @param {HTMLElement} article */
function letKeyboardScroll(article) {
  for (const box of article.querySelectorAll(".cell_output, .cell_output pre, div.highlight pre, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
  }
}

/** @param {HTMLElement} article @param {string} page */
function offerPython(article, page) {
  const laboratory = new URL(`try/notebooks/index.html?path=notebooks/${page}.ipynb`, ROOT).href;
  const note = element("span", { role: "status" }, "In your browser, nothing to install. Ready in a few seconds.");
  const start = button("▶ Make this page live");
  const open = element("a", { href: laboratory }, "Open as a notebook");
  const bar = element("div", { className: "live-bar" }, start, open, note);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Run this page");
  article.querySelector("h1")?.after(bar);
  start.onclick = async () => {
    start.disabled = true;
    note.textContent = "Python is starting …";
    // An isolated page can stop busy code. It becomes isolated by being loaded again, once, and then starts by itself.
    sessionStorage.setItem(STARTING, page);
    if (window.repidSite.isolate?.()) return;
    sessionStorage.removeItem(STARTING);
    try {
      const live = await goLive(article, page, bar, note);
      start.remove();
      if (location.hash === LIVE) {
        await live.cells[0].run();
        live.cells[0].output.scrollIntoView({ block: "center" });
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      note.textContent = `Python could not be started here: ${why}. Load the page again to try once more.`;
    }
  };
  if (sessionStorage.getItem(STARTING) === page || location.hash === LIVE) start.click();
}

/** @param {HTMLElement} article @param {string} page @param {HTMLElement} bar @param {HTMLElement} note */
async function goLive(article, page, bar, note) {
  const { makeLive } = await import("./cells.mjs");
  const stop = button("■ Stop");
  stop.disabled = true;
  const live = makeLive(article, page, {
    answered: showProgress,
    ran(isWhole) {
      if (!isWhole || page.startsWith("exercises/")) return;
      progress.ran(page);
      showProgress();
    },
    busy(isBusy) {
      stop.disabled = !isBusy;
    },
  });
  const all = button("▶▶ Run all");
  const over = button("Start over");
  all.onclick = () => live.runAll();
  stop.onclick = () => live.interrupt();
  over.onclick = async () => {
    if (over.textContent === "Start over") {
      over.textContent = "Really? Your changes on this page go";
      setTimeout(() => (over.textContent = "Start over"), 4000);
      return;
    }
    over.textContent = "Start over";
    note.textContent = "Python is starting anew …";
    await live.startOver();
    note.textContent = READY;
  };
  await live.ready;
  note.textContent = READY;
  bar.prepend(all, stop, over);
  Object.assign(window, { live });
  return live;
}

const READY =
  "Ready. Change a cell; Shift+Enter runs it. What you change stays in this browser." +
  (crossOriginIsolated && window.SharedArrayBuffer
    ? ""
    : " Stop ends only what awaits here: for more, the address needs https, and the browser memory that pages share.");

/** @param {string} text */
function button(text) {
  return /** @type {HTMLButtonElement} */ (element("button", { type: "button" }, text));
}

window.repidSite.addEventListener("updated", () => {
  const bar = element(
    "div",
    { className: "live-bar" },
    "The course has been updated. Load the page again to see the new one.",
  );
  bar.setAttribute("role", "status");
  document.querySelector("article")?.prepend(bar);
});

// The theme has two landmarks of one kind, which a screen reader tells apart by their names.
document.querySelector("aside.sidebar-drawer")?.setAttribute("aria-label", "The course");
document.querySelector("aside.toc-drawer")?.setAttribute("aria-label", "On this page");
showProgress();
const article = /** @type {HTMLElement | null} */ (document.querySelector("article"));
if (article) letKeyboardScroll(article);
if (article?.querySelector(".cell_input") && PAGE) {
  foldAnswers(article);
  unfoldForPrint(article);
  offerPython(article, PAGE);
}
