// What the site's first script and the editor's colours give to the page.

interface RepidSite extends EventTarget {
  /** Load the page again, isolated from other sites; false where that was tried, or is no longer needed. */
  isolate?: () => boolean;
  keep?: () => Promise<void>;
}

interface Window {
  repidSite: RepidSite;
  Prism: { highlight(text: string, grammar: unknown, language: string): string; languages: Record<string, unknown> };
}

declare module "*/codejar.js" {
  export function CodeJar(
    editor: HTMLElement,
    highlight: (editor: HTMLElement) => void,
    options: { tab: string; addClosing: boolean; indentOn: RegExp },
  ): { toString(): string; updateCode(code: string): void; save(): unknown; restore(place: unknown): void };
}

declare module "*/prism-core.min.js";
declare module "*/prism-python.min.js";
