import type { Quantity } from "../spec/headers";
import type { Scheme } from "./theme";

/**
 * The colours of the grids: nine stops, even in OKLab lightness, mixed linearly in sRGB between.
 * Lightness alone carries the order, so they hold for every kind of colour vision.
 * The Python copy is src/cutaway/render/ramp.py.
 */
export const STOPS: Readonly<
  Record<Quantity["ramp"], Readonly<Record<Scheme, readonly string[]>>>
> = {
  clay: {
    light: split("fbf8f6 f7dccb f1c0a1 e8a47a db8955 cb7033 b7580f 9d4600 803702"),
    dark: split("292422 483123 683d23 874b21 a45c23 be6f2c d68540 ed9c55 feb675"),
  },
  teal: {
    light: split("f6faf9 cfe9e4 a8d7d0 83c5bb 5db1a7 389e93 03897e 057369 015d55"),
    dark: split("212726 223c39 1f534d 1a6a62 1a8278 29998d 42afa3 5bc6b9 74ddd0"),
  },
};

const SHADES = 256;
/** Inks by the least luminance of the cells they are for: each has a contrast above 4.5 there. */
const INKS = [
  [0.25, "#1d2127"],
  [0.18, "#000000"],
  [0, "#ffffff"],
] as const;

/** A cell's paint: its colour and the ink that is readable on it. */
export interface Paint {
  readonly rgb: readonly number[];
  readonly fill: string;
  readonly ink: string;
}

const paints = new Map<string, readonly Paint[]>();

/** Where a value lies on its scale, 0..1; 1 is drawn strong. NaN where it is undefined. */
export function shareOf(quantity: Quantity, value: number): number {
  if (Number.isNaN(value) || (quantity.scale === "log" && value <= 0)) return NaN;
  const onScale = quantity.scale === "log" ? Math.log : (x: number) => x;
  const [low, high] = [onScale(quantity.low), onScale(quantity.high)];
  const share = high === low ? 0 : clip((onScale(value) - low) / (high - low));
  return quantity.strong === "low" ? 1 - share : share;
}

/** The paint of a share 0..1, or null where it is undefined. */
export function paintOf(ramp: Quantity["ramp"], scheme: Scheme, share: number): Paint | null {
  if (Number.isNaN(share)) return null;
  const key = `${ramp} ${scheme}`;
  let shades = paints.get(key);
  if (!shades) {
    const stops = STOPS[ramp][scheme].map(channels);
    shades = Array.from({ length: SHADES }, (_, i) => mixed(stops, i / (SHADES - 1)));
    paints.set(key, shades);
  }
  return shades[Math.round(clip(share) * (SHADES - 1))]!;
}

/** A CSS gradient of a whole ramp, weak to strong. */
export function gradientOf(ramp: Quantity["ramp"], scheme: Scheme, towards = "right"): string {
  return `linear-gradient(to ${towards}, ${STOPS[ramp][scheme].join(", ")})`;
}

function mixed(stops: readonly (readonly number[])[], share: number): Paint {
  const place = share * (stops.length - 1);
  const from = Math.min(Math.floor(place), stops.length - 2);
  const [a, b] = [stops[from]!, stops[from + 1]!];
  const rgb = a.map((value, i) => Math.round(value + (b[i]! - value) * (place - from)));
  return {
    rgb,
    fill: `rgb(${rgb.join(",")})`,
    ink: INKS.find(([least]) => luminance(rgb) >= least)![1],
  };
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function split(stops: string): string[] {
  return stops.split(" ").map((stop) => `#${stop}`);
}
