import { compareScreen } from "./compare";
import { exploreScreen } from "./explore";
import { modelsScreen } from "./models";
import type { Route } from "./route";
import { runScreen } from "./run";
import { runsScreen } from "./runs";
import { emptyNode, link, type App, type Screen } from "./screen";
import { startScreen } from "./start";

/** The screen of a route. */
export function screenOf(route: Route, app: App): Screen {
  switch (route.screen) {
    case "start":
      return startScreen(route, app);
    case "runs":
      return runsScreen(route, app);
    case "run":
      return runScreen(route, app);
    case "explore":
      return exploreScreen(route, app);
    case "compare":
      return compareScreen(route, app);
    case "models":
      return modelsScreen(app);
    case "nowhere":
      return nowhere(route.path);
  }
}

function nowhere(path: string): Screen {
  const start = link({ screen: "start", job: "" }, "Begin with a prompt");
  const words = emptyNode(`There is no screen at ${path}. `, start, ".");
  return { title: "Nothing here", element: words };
}
