import { element } from "../../parts/dom";
import { choiceField, labelled } from "./fields";
import { COMPARED } from "./lenses";
import { Picture } from "./picture";
import type { RouteOf } from "./route";
import { RunPicker } from "./runpicker";
import { SaveButton } from "./savebutton";
import { emptyNode, headed, single, type App, type Screen } from "./screen";
import { compared } from "./sources";

/** Two runs beside each other under one lens. */
export function compareScreen(route: RouteOf<"compare">, app: App): Screen {
  const { a, b, lens } = route;
  const pickers = [
    new RunPicker(app, "run a", a, (id) => app.go({ ...route, a: id })),
    new RunPicker(app, "run b", b, (id) => app.go({ ...route, b: id })),
  ];
  const field = choiceField(COMPARED, lens);
  field.addEventListener("change", () => app.go({ ...route, lens: field.value }));
  const source = a && b ? compared(a, b, lens) : null;
  const picture = source && new Picture(app, source);
  const controls = [labelled("under the lens", field)];
  const saving = source && new SaveButton(app, source.page, "cutaway compare.html");
  if (saving) controls.push(saving.element);
  const head = headed(
    "Compare two runs",
    "Two prompts on one model, or one prompt on two: token beside token, and their difference.",
    controls,
    element("div", { class: "app-two" }, ...pickers.map((picker) => picker.element)),
  );
  const below =
    picture?.element ?? emptyNode("Choose two runs, and their comparison is drawn here.");
  return {
    title: "Compare",
    element: element("div", {}, single(head), below),
    start() {
      for (const picker of pickers) picker.start();
      void picture?.show();
    },
    dispose() {
      for (const picker of pickers) picker.dispose();
      picture?.dispose();
      saving?.dispose();
    },
  };
}
