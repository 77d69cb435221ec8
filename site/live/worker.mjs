// Python for one page, in a thread of its own.

const RUNTIME = new URL("../try/static/pyodide/", import.meta.url).href;
const quiet = { messageCallback() {} };

const starting = start();
let queue = starting;
// What a thread only rejects, its page never hears.
starting.catch((error) => postMessage({ type: "failed", text: String(error) }));

async function start() {
  const source = fetch(new URL("page.py", import.meta.url)).then((answer) => answer.text());
  const { loadPyodide } = await import(`${RUNTIME}pyodide.mjs`);
  const python = await loadPyodide({
    indexURL: RUNTIME,
    lockFileURL: `${RUNTIME}page-lock.json`,
    // They are fetched while Python starts.
    packages: ["repid-nb"],
  });
  let buffer = null;
  // Some browsers isolate a page and have no such memory.
  if (self.crossOriginIsolated && self.SharedArrayBuffer) {
    buffer = new Uint8Array(new SharedArrayBuffer(1));
    python.setInterruptBuffer(buffer);
  }
  python.FS.writeFile("/lib/python3.14/site-packages/live_page.py", await source);
  const page = python.pyimport("live_page");
  page.know_cells();
  page.let_widgets_speak();
  python.setStdout({ batched: (text) => tell("stream", { text: `${text}\n` }) });
  python.setStderr({ batched: (text) => tell("stream", { text: `${text}\n`, isError: true }) });
  postMessage({ type: "ready", buffer });
  return { python, page, buffer };
}

let running = -1;

/** @param {string} type @param {object} message */
function tell(type, message) {
  postMessage({ type, cell: running, ...message });
}

onmessage = async ({ data }) => {
  const { python, page, buffer } = await starting;
  if (data.type === "interrupt") interrupt(page, buffer);
  else if (data.type === "begin") page.begin(data.notebook, data.kept);
  else if (data.type === "comm") page.hear(data.comm, data.text);
  else if (data.type === "complete")
    postMessage({ type: "completions", id: data.id, text: page.complete(data.source) });
  else if (data.type === "run") queue = queue.then(() => run(python, page, buffer, data));
};

/** Whether the page has asked to stop the cell that is about to run: its packages are being loaded. */
let isStopped = false;
let isInPython = false;

function interrupt(page, buffer) {
  // Where a message is read Python awaits: left in memory, the interrupt would cut into what stops the cell.
  if (buffer) Atomics.store(buffer, 0, 0);
  if (isInPython) page.interrupt();
  else if (running !== -1) isStopped = true;
}

async function run(python, page, buffer, { cell, source }) {
  running = cell;
  isStopped = false;
  let isGood = false;
  try {
    // Without the lines that are IPython's: a file that a cell writes has imports too.
    await python.loadPackagesFromImports(source.replace(/^(%%|!).*$/gm, ""), quiet);
    // Pressed while nothing ran, the button is not meant for this cell.
    buffer?.fill(0);
    isInPython = true;
    if (isStopped) tell("output", { kind: "error", text: "Stopped." });
    else isGood = await page.run_cell(cell, source);
  } catch (error) {
    tell("output", { kind: "error", text: String(error) });
  }
  isInPython = false;
  running = -1;
  postMessage({ type: "done", cell, isGood });
}
