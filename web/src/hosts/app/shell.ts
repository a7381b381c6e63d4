import { button, element } from "../../parts/dom";
import { logo } from "../../parts/masthead";
import { createTheme, type Scheme } from "../../parts/theme";
import { style } from "../style";
import { FOREIGN, GONE } from "./api";
import { Fragment } from "./fragment";
import { recall, remember } from "./memory";
import { isOver } from "./records";
import { hrefOf, routeOf, type Route } from "./route";
import { link, problemNode, type App, type Screen } from "./screen";
import { screenOf } from "./screens";
import { Server } from "./server";
import fields from "./fields.css?inline";
import lists from "./lists.css?inline";
import own from "./style.css?inline";
import { Work } from "./work";

const PLACES = [
  ["Prompt", { screen: "start", job: "" }],
  ["Runs", { screen: "runs", search: "", tag: "", page: 1 }],
  ["Explore", { screen: "explore", model: "", text: null }],
  ["Compare", { screen: "compare", a: "", b: "", lens: "" }],
  ["Models", { screen: "models" }],
] as const satisfies readonly (readonly [string, Route])[];

/** The app: its masthead, and under it the screen of the window's path. */
export class Shell implements App {
  readonly server = new Server();
  readonly work = new Work(this.server);
  readonly address = new Fragment();
  readonly theme;
  private readonly root = element("div", { class: "cutaway app" });
  private readonly links = PLACES.map(([words, route]) => [route, link(route, words)] as const);
  private readonly places = element(
    "nav",
    { "aria-label": "Screens" },
    ...this.links.map(([, node]) => node),
  );
  private readonly running = element("span", { class: "app-running", role: "status" });
  private readonly banner = element("div", { class: "app-banner" });
  private readonly main = element("main", { tabindex: -1 });
  private screen: Screen | null = null;
  private route: Route;

  constructor(place: HTMLElement) {
    this.route = routeOf(window.location);
    place.replaceChildren(element("style", {}, [style, fields, lists, own].join("\n")), this.root);
    const kept = recall("localStorage", "cutaway-scheme");
    this.theme = createTheme(this.root, {
      now: () => (kept === "light" || kept === "dark" ? kept : null),
      subscribe: () => () => {},
    });
    this.root.append(this.masthead(), this.banner, this.main);
    this.root.addEventListener("click", (event) => this.onClick(event));
    window.addEventListener("popstate", () => {
      this.address.drop();
      this.arrive(routeOf(window.location));
    });
    this.server.subscribe(() => this.drawBanner());
    this.work.subscribe(() => this.drawRunning());
    void this.server.look();
    this.show(false);
    this.root.dataset["ready"] = "true";
  }

  go(route: Route, replace = false): void {
    const href = hrefOf(route);
    this.address.flush();
    if (replace) {
      window.history.replaceState(null, "", href + window.location.hash);
      this.route = route;
      return;
    }
    if (href !== here()) window.history.pushState(null, "", href);
    this.arrive(route);
  }

  /** Another fragment of the same path is the screen's own business. */
  private arrive(route: Route): void {
    if (hrefOf(route) === hrefOf(this.route)) return;
    this.route = route;
    this.show(true);
  }

  private show(moves: boolean): void {
    this.screen?.dispose?.();
    this.screen = screenOf(this.route, this);
    document.title = this.screen.title ? `${this.screen.title} · Cutaway` : "Cutaway";
    this.main.replaceChildren(this.screen.element);
    this.drawRunning();
    if (moves) {
      // A reader of the screen hears that it changed; the keyboard goes on from its beginning.
      this.main.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    this.screen.start?.();
  }

  private masthead(): HTMLElement {
    const colours = button("Theme", () => {
      this.theme.toggle();
      const scheme: Scheme = this.theme.scheme;
      remember("localStorage", "cutaway-scheme", scheme);
    });
    const home = link({ screen: "start", job: "" }, logo(), "Cutaway");
    home.className = "logo";
    const spring = element("span", { class: "spring" });
    return element(
      "header",
      { class: "masthead" },
      home,
      this.places,
      spring,
      this.running,
      colours,
    );
  }

  /** The place where one is, and where the prompt is that was run last. */
  private drawPlaces(): void {
    const at = this.route.screen === "run" ? "runs" : this.route.screen;
    for (const [route, node] of this.links) {
      if (route.screen === "start") node.href = hrefOf(this.start());
      if (route.screen === at) node.setAttribute("aria-current", "page");
      else node.removeAttribute("aria-current");
    }
  }

  /** The start screen with what was last run there. */
  private start(): Route {
    return { screen: "start", job: this.work.job?.id ?? "" };
  }

  private drawRunning(): void {
    const { job, tokens } = this.work;
    const goesOn = job !== null && !isOver(job) && this.route.screen !== "start";
    const node = goesOn ? (this.running.querySelector("a") ?? link(this.start())) : null;
    if (!node) this.running.replaceChildren();
    else if (!node.isConnected) this.running.replaceChildren(node);
    if (node && job) {
      node.href = hrefOf(this.start());
      const words = job.state === "queued" ? "waiting" : "running";
      node.textContent = tokens.length ? `${words} · ${tokens.length}` : words;
    }
    this.drawPlaces();
  }

  private drawBanner(): void {
    const { reach } = this.server;
    const again = button("Try now", () => void this.server.look());
    const node =
      reach === "yes"
        ? null
        : reach === "gone"
          ? problemNode(`${GONE} This page keeps what it shows and tries again by itself. `, again)
          : problemNode(FOREIGN);
    const said = node?.textContent ?? "";
    if (this.banner.textContent !== said) this.banner.replaceChildren(...(node ? [node] : []));
  }

  /** A plain click on one of the app's own links; all others are the browser's. */
  private onClick(event: MouseEvent): void {
    const anchor = (event.target as Element).closest("a");
    if (!anchor || event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const { origin, pathname, search, hash } = new URL(anchor.href);
    const isOurs = origin === window.location.origin && !pathname.startsWith("/api/");
    if (!isOurs || anchor.target || anchor.hasAttribute("download")) return;
    event.preventDefault();
    this.address.flush();
    const href = pathname + search;
    if (href !== here()) window.history.pushState(null, "", href + hash);
    this.arrive(routeOf({ pathname, search }));
  }
}

function here(): string {
  return window.location.pathname + window.location.search;
}
