/**
 * How numbers are printed. Twin of src/cutaway/core/numbers.py; one table tests both. Here a minus
 * is a minus, there a hyphen: not every terminal has the other.
 */

const UNDEFINED = "–";
const FIGURES = 3;

/** A share as a percentage with three figures; never 0 for what is not 0. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return UNDEFINED;
  const value = 100 * share;
  if (value === 0) return "0 %";
  if (value > 0 && value < 0.01) return "< 0.01 %";
  if (value >= 99.95 && value < 100) return "> 99.9 %";
  return `${signOf(value)}${three(Math.abs(value))} %`;
}

/** A number with three figures and its unit. */
export function quantity(value: number, unit = ""): string {
  if (Number.isNaN(value)) return UNDEFINED;
  const text = signOf(value) + figures(Math.abs(value));
  return unit ? `${text} ${unit}` : text;
}

/** Words that break no line between a number and its "%". */
export function unbroken(words: string): string {
  return words.replace(/(\d) %/g, "$1\u00a0%");
}

/** A rank with thousands set apart; an undefined one (0) is a dash. */
export function rank(value: number): string {
  return value === 0 ? UNDEFINED : String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function signOf(value: number): string {
  return value < 0 ? "−" : "";
}

function figures(size: number): string {
  if (size === 0) return "0";
  if (size >= 1) return three(size);
  return size >= 1e-4 ? significant(size) : exponential(size);
}

/** Three figures, two behind the point at most; of the rounded number: 9.996 is 10.0. */
function three(value: number): string {
  const text = [2, 1].map((digits) => fixed(value, digits));
  return text.find((one, i) => Number(one) < 10 ** (i + 1)) ?? fixed(value, 0);
}

/** Python's "%.3g" for 1e-4 <= size < 1: three figures without trailing zeros. */
function significant(value: number): string {
  const exponent = Math.floor(Math.log10(value));
  return String(Number(fixed(value, FIGURES - 1 - exponent)));
}

/** Python's "%.1e": the exponent has two digits at least. */
function exponential(value: number): string {
  return value.toExponential(1).replace(/e([+-])(\d)$/, "e$10$2");
}

/**
 * Python's "%.{digits}f": a tie goes to the even digit, where toFixed goes up. Ties are common:
 * a bfloat16 has few bits. Only a whole number of 2^-(digits + 1) can be one.
 */
function fixed(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  const isTie = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(scaled % 1) === 0.5;
  return isTie
    ? ((2 * Math.round(scaled / 2)) / 10 ** digits).toFixed(digits)
    : value.toFixed(digits);
}

/** Printed numbers of one column: spaces behind them, so that their points stand below each other. */
export function aligned(numbers: readonly string[]): string[] {
  const behind = (text: string): number =>
    text.includes(".") ? text.length - text.indexOf(".") : 0;
  const most = Math.max(0, ...numbers.map(behind));
  // As wide as a digit, and as wide as a point.
  const [digit, point] = ["\u2007", "\u2008"];
  return numbers.map((text) => {
    const missing = most - behind(text);
    if (missing === 0 || most === 0) return text;
    return text + (behind(text) ? digit.repeat(missing) : point + digit.repeat(missing - 1));
  });
}
