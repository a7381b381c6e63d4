/** How the app prints sizes, times and counts. */

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes in the unit that leaves one to three digits before the point. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${UNITS[unit]}`;
}

/** A time of the server (ISO 8601) as the reader's clock shows it: "22 Nov 2026, 07:33". */
export function dateTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const clock = time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${day}, ${clock}`;
}

/** A count with its noun: "1 token", "10,000 runs". */
export function counted(count: number, noun: string): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${digits} ${noun}${count === 1 ? "" : "s"}`;
}

/** A text on one line, cut where it is long. */
export function line(text: string, longest = 120): string {
  const flat = text.replace(/\s+/g, " ").trim();
  const characters = [...flat.slice(0, 2 * longest + 2)];
  return characters.length > longest ? `${characters.slice(0, longest).join("")}…` : flat;
}

/** What a run is called: its name, else its text. */
export function called({ name, text }: { name: string; text: string }): string {
  return line(name || text) || "(no text)";
}

/** What a run's files are called, in characters that every system takes. */
export function fileOf(run: { name: string; text: string }): string {
  const plain = called(run)
    .replace(/[^\p{L}\p{N} _-]+/gu, "")
    .trim();
  return plain.slice(0, 60) || "cutaway";
}

/** A model's name without the folder or owner it stands in. */
export function short(model: string): string {
  return (
    model
      .replace(/[\\/]+$/, "")
      .split(/[\\/]/)
      .at(-1) || model
  );
}
