"""The first steps as a marimo notebook: `marimo edit examples/start_marimo.py`."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Cutaway: the first steps")


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # The first steps

    Cutaway opens a transformer language model while it runs and shows how it came by each token.
    Every picture below is live: it asks this notebook for what it has not, and opens offline when
    it is saved as a page.
    """)
    return


@app.cell
def _():
    import sys
    import tempfile

    import marimo as mo

    import cutaway as ct

    folder = "."
    if mo.app_meta().mode == "script":  # python examples/start_marimo.py FOLDER
        folder = sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp()
    return ct, folder, mo


@app.cell
def _(ct):
    lm = ct.load()  # SmolLM2-135M, or ct.load("your/model"), or ct.wrap(...)
    trace = lm.trace("The capital of France is")  # one forward pass, recorded
    trace
    return (trace,)


@app.cell
def _(ct, trace):
    lens = ct.logit_lens(trace)  # what it would say after each layer
    lens
    return (lens,)


@app.cell
def _(folder, lens):
    lens.save(f"{folder}/lens.html")  # the picture above as one file, offline
    lens.data["rank"].sel(position=4)  # the numbers: an xarray.Dataset
    return


@app.cell
def _(ct, trace):
    ct.predictions(trace, at=-1, k=10)  # the candidates at the last position
    return


@app.cell
def _(ct, trace):
    ct.watch(trace, [" Paris", " London"])  # their race through the layers
    return


@app.cell
def _(ct, trace):
    ct.saliency(trace, targets=[5])  # which tokens it read for what it says next
    return


@app.cell
def _(ct, trace):
    ct.attention(trace)  # where each of its 270 heads looked
    return


@app.cell
def _(ct, trace):
    ct.walk(trace, layer=9)  # every step of one block, number by number
    return


@app.cell
def _(ct, trace):
    ct.report(trace)  # all of it on one page, linked, with an account of each token
    return


@app.cell
def _(folder, trace):
    trace.save(f"{folder}/paris.trace")  # opens later, also without torch
    return


if __name__ == "__main__":
    app.run()
