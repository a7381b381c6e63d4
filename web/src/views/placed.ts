import { button, element } from "../parts/dom";
import { Elsewhere } from "../parts/elsewhere";
import { INPUT_LAYER } from "../parts/layers";
import { unpacked } from "../spec/packet";
import { SpecError, type Header, type Spec } from "../spec/spec";
import type { Host, Question, View } from "./host";
import { pageView, type Page } from "./page";

/** Milliseconds until a picture that follows the page is asked for: a reader may go on. */
const SETTLED = 250;

/** A position, and the layer of a picture that has one. */
export interface At {
  readonly at: number;
  readonly layer: number | null;
}

/** A kind of picture that is of one place of the text. */
export interface Placed<H> {
  of(header: H): At;
  /** What is asked for the picture of another place; null where Python can't be asked here. */
  question(at: At, host: Host): Question | null;
  /** What gives it in Python. */
  call(at: At): string;
  /** Whether it is asked for as soon as another token is picked, not first when that is wanted. */
  readonly follows: boolean;
}

/** Draws the picture of another place instead; null where nobody can be asked. */
export type Go = ((at: At) => void) | null;

/**
 * The view of a picture of one place: where another token is picked, it is drawn anew there, or
 * says how to get it.
 */
export function placedView<H extends Header>(
  placed: Placed<H>,
  make: (spec: Spec<H>, host: Host, go: Go) => Page,
): View {
  return (spec, root, host) => {
    const moving = new PlacedPage(spec as Spec<H>, root, host, placed, make);
    return () => {
      moving.dispose();
      root.replaceChildren();
    };
  };
}

class PlacedPage<H extends Header> {
  readonly note = new Elsewhere();
  readonly body = element("div", { tabindex: -1, class: "placed" });
  private readonly view: View;
  private readonly stop: () => void;
  private clear: () => void;
  private here: At;
  /** The number of the question whose answer is wanted. */
  private asked = 0;
  private timer = 0;

  constructor(
    spec: Spec<H>,
    root: HTMLElement,
    private readonly host: Host,
    private readonly placed: Placed<H>,
    make: (spec: Spec<H>, host: Host, go: Go) => Page,
  ) {
    this.here = placed.of(spec.header);
    const live = host.ask !== null && placed.question(this.here, host) !== null;
    const go: Go = live ? (at) => void this.go(at) : null;
    this.view = pageView<H>((drawn, inside) => make(drawn, inside, go));
    root.append(this.note.element, this.body); // what is drawn has its size at once
    this.clear = this.view(spec, this.body, host);
    this.stop = host.selection?.subscribe(() => this.follow()) ?? ((): void => {});
    this.follow();
  }

  dispose(): void {
    this.asked++;
    window.clearTimeout(this.timer);
    this.stop();
    this.clear();
  }

  /** After another token was picked: goes there, or says that the picture is not of it. */
  private follow(): void {
    window.clearTimeout(this.timer);
    const picked = this.host.selection?.picked.at ?? null;
    if (picked === null || picked === this.here.at) {
      this.asked++;
      return this.note.tell(null);
    }
    const wanted = { at: picked, layer: this.block() };
    const words = `This is position ${this.here.at}; picked is position ${picked}. `;
    if (!this.host.ask || !this.placed.question(wanted, this.host)) {
      return this.note.tell([words, element("code", {}, this.placed.call(wanted)), " shows it."]);
    }
    if (this.placed.follows) {
      this.timer = window.setTimeout(() => void this.go(wanted), SETTLED);
    } else {
      this.note.tell([words, button(`Go to position ${picked}`, () => void this.go(wanted))]);
    }
  }

  /** The block that is picked; the one that is shown where none is. Null in a kind without. */
  private block(): number | null {
    const picked = this.host.selection?.picked.layer ?? null;
    const { layer } = this.here;
    return layer === null || picked === null || picked === INPUT_LAYER ? layer : picked;
  }

  private async go(at: At): Promise<void> {
    const asked = ++this.asked;
    this.note.tell([`Computing position ${at.at} …`]);
    try {
      const { data } = await this.host.ask!(this.placed.question(at, this.host)!);
      if (asked === this.asked) this.draw(unpacked(data as Uint8Array, nothingLater) as Spec<H>);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (asked === this.asked) this.note.tell([error.message]);
    }
  }

  private draw(spec: Spec<H>): void {
    const focused = this.body.contains(document.activeElement);
    this.clear();
    this.here = this.placed.of(spec.header);
    this.clear = this.view(spec, this.body, this.host);
    if (focused) this.body.focus({ preventScroll: true });
    const { at, layer } = this.here;
    this.host.selection?.set(layer === null ? { at } : { at, layer });
    this.follow();
  }
}

function nothingLater(name: string): Promise<never> {
  return Promise.reject(new SpecError(`A picture of one place has no later numbers "${name}".`));
}
