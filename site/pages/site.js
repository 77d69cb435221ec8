// The first script of every page: the site works without a network, is isolated from other sites where a service worker
// can be, and the laboratory's interrupt button reaches its Python.
(() => {
  const root = new URL(".", document.currentScript.src);
  const isLaboratory = location.pathname.startsWith(new URL("try/", root).pathname);
  const site = new EventTarget();
  window.repidSite = site;
  if ("serviceWorker" in navigator) serve();
  if (isLaboratory) {
    catchKernels();
    keepChaptersNew();
  }

  function serve() {
    const { serviceWorker } = navigator;
    serviceWorker.addEventListener("message", ({ data }) => {
      site.dispatchEvent(new CustomEvent(data?.type, { detail: data }));
    });
    // JupyterLite replaces every service worker of the origin but one that it takes for its own.
    localStorage.setItem(`${new URL("sw.js", root).href}-version`, "__LABORATORY_VERSION__");
    const registered = serviceWorker.register(new URL("sw.js", root), { scope: root.pathname });
    registered.catch((error) => console.warn("This site cannot be kept for when there is no network:", error));
    // Only what comes through the service worker is isolated, so a first visit loads the page once more.
    const once = "repid_nb isolated";
    site.isolate = () => {
      if (crossOriginIsolated || sessionStorage.getItem(once)) return false;
      const again = () => {
        sessionStorage.setItem(once, "tried");
        location.reload();
      };
      if (serviceWorker.controller) again();
      else serviceWorker.addEventListener("controllerchange", again);
      return true;
    };
    if (isLaboratory) site.isolate();
    site.keep = async () => {
      await registered;
      (await serviceWorker.ready).active.postMessage({ type: "keep" });
    };
    // Not before the page has what it needs itself.
    const rest = isLaboratory ? 20_000 : 3_000;
    if (!navigator.connection?.saveData)
      addEventListener("load", () => setTimeout(() => site.keep().catch(console.warn), rest));
  }

  function catchKernels() {
    // Where the page is isolated, the kernel of 0.8 talks by a package that loses answers. Its worker stays isolated.
    if (crossOriginIsolated) Object.defineProperty(window, "crossOriginIsolated", { value: false });
    const kernels = new Map();
    const NativeWorker = window.Worker;
    window.Worker = class extends NativeWorker {
      constructor(...given) {
        super(...given);
        this.addEventListener("message", (event) => {
          // repid_nb in the kernel says how it can be reached (repid_nb/notebook/browser.py).
          if (event.data?.repid_nb !== "interrupts") return;
          event.stopImmediatePropagation();
          const { buffer, port } = event.data;
          kernels.set(this, { port, pressed: buffer && new Uint8Array(buffer) });
        });
      }

      terminate() {
        kernels.delete(this);
        super.terminate();
      }
    };
    whenLaboratoryIsThere((app) => {
      app.commands.commandExecuted.connect((_, { id }) => {
        if (!/interrupt/.test(id)) return;
        for (const { port, pressed } of kernels.values()) {
          if (pressed) Atomics.store(pressed, 0, 2);
          port.postMessage("interrupt");
        }
      });
    });
  }

  // A chapter that the reader has changed is kept in the browser, and hides the site's own for ever, newer ones too.
  function keepChaptersNew() {
    const path = new URLSearchParams(location.search).get("path");
    if (!path?.endsWith(".ipynb")) return;
    whenLaboratoryIsThere(async (app) => {
      const published = await fetch(new URL(`try/files/${path}`, root)).then((one) => (one.ok ? one.text() : null));
      if (published === null) return;
      const { contents } = app.serviceManager;
      const own = await contents.get(path, { content: true, format: "json", type: "notebook" });
      const name = `repid_nb chapter ${root.pathname}${path}`;
      const began = localStorage.getItem(name);
      const now = await digest(published);
      if (sources(own.content) === sources(JSON.parse(published)) || began === null) localStorage.setItem(name, now);
      else if (began !== now) offerNewer(contents, path, own, () => localStorage.setItem(name, now));
    });
  }

  function offerNewer(contents, path, own, seen) {
    const bar = document.createElement("div");
    bar.setAttribute("role", "status");
    bar.style.cssText =
      "position:fixed;z-index:10000;inset:auto 1rem 1rem auto;max-width:26rem;padding:1rem;border-radius:.5rem;" +
      "background:#fff;color:#111;border:1px solid #888;box-shadow:0 4px 18px #0004;font:14px system-ui";
    const words = document.createElement("p");
    words.textContent = "The site has a newer version of this chapter. You see your own copy of the older one.";
    const take = document.createElement("button");
    take.textContent = "Open the newer one";
    take.onclick = async () => {
      const kept = path.replace(/\.ipynb$/, ` (mine, ${new Date().toISOString().slice(0, 10)}).ipynb`);
      await contents.save(kept, { ...own, name: kept.split("/").pop(), path: kept });
      await contents.delete(path);
      seen();
      location.reload();
    };
    const stay = document.createElement("button");
    stay.textContent = "Keep mine";
    stay.onclick = () => {
      seen();
      bar.remove();
    };
    bar.append(words, take, " ", stay);
    document.body.append(bar);
  }

  function whenLaboratoryIsThere(then) {
    const look = setInterval(() => {
      if (!window.jupyterapp?.serviceManager) return;
      clearInterval(look);
      window.jupyterapp.restored.then(() => then(window.jupyterapp));
    }, 100);
  }

  const sources = (notebook) => JSON.stringify(notebook.cells.map((cell) => [cell.source].flat().join("")));

  async function digest(text) {
    // Not crypto.subtle, which an insecure origin has not.
    let hash = 0;
    for (const letter of text) hash = (Math.imul(hash, 31) + letter.codePointAt(0)) | 0;
    return String(hash);
  }
})();
