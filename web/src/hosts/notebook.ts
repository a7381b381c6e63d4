import type { HostScheme, Scheme } from "../parts/theme";

/** The attributes in which notebooks write their theme, on `body` or on `html`. */
const ATTRIBUTES = ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme", "theme"];

/** The notebook's own theme, which may differ from the system's and be changed at any time. */
export function notebookScheme(document: Document): HostScheme {
  return {
    now: () => schemeOf(document),
    subscribe(listener) {
      const observer = new MutationObserver(listener);
      for (const node of [document.documentElement, document.body]) {
        observer.observe(node, { attributes: true, attributeFilter: ATTRIBUTES });
      }
      return () => observer.disconnect();
    },
  };
}

/** As JupyterLab, VS Code, marimo and Colab say it; null where none of them does. */
function schemeOf({ body, documentElement }: Document): Scheme | null {
  const { jpThemeLight, vscodeThemeKind, theme } = body.dataset;
  if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
  const said = theme ?? documentElement.getAttribute("theme");
  return said === "light" || said === "dark" ? said : null;
}
