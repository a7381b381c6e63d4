/**
 * The module of every widget: a notebook keeps it with each of them, so it is small. It draws with
 * the front end that one hidden widget holds for the whole notebook. See render/widget.py.
 */

/** Front ends by their code: each is evaluated once in a notebook. */
const fronts = (globalThis.cutawayFronts ??= new Map());

function evaluated(code) {
  const address = URL.createObjectURL(
    new Blob([code], { type: "text/javascript" }),
  );
  return import(address).finally(() => URL.revokeObjectURL(address));
}

/** The code in the hidden widget, or null where the notebook does not hold that. */
async function codeOf(model) {
  try {
    const held = await model.widget_manager.get_model(
      model.get("front").replace("IPY_MODEL_", ""),
    );
    return held.get("code") ?? null;
  } catch {
    return null;
  }
}

async function render(context) {
  const code = await codeOf(context.model);
  if (code === null) {
    context.el.textContent =
      "This notebook does not hold what draws Cutaway's pictures. Run the cell again.";
    return () => {};
  }
  if (!fronts.has(code)) fronts.set(code, evaluated(code));
  const { default: front } = await fronts.get(code);
  return front.render(context);
}

export default { render };
