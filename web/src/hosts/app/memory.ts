/** What is remembered beyond a page: a draft while its tab is open, colours for longer. */

const SESSION = "cutaway-session";

/** What tells this tab from others, as long as it is open. */
export function session(): string {
  const known = recall("sessionStorage", SESSION) ?? made;
  made = known || [...crypto.getRandomValues(new Uint8Array(8))].map(hex).join("");
  remember("sessionStorage", SESSION, made);
  return made;
}

let made = "";

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Null where nothing is, or where the browser keeps nothing for pages. */
export function recall(storage: "sessionStorage" | "localStorage", name: string): string | null {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text where the browser allows it: it may forbid that, or be full. */
export function remember(
  storage: "sessionStorage" | "localStorage",
  name: string,
  text: string,
): void {
  try {
    window[storage].setItem(name, text);
  } catch {
    // Nothing is lost now: the page itself still holds it.
  }
}
