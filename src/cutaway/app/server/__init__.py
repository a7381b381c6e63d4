"""The local web app behind `cutaway serve`: an API over models, runs and their views.

Its modules import fastapi and uvicorn when they are imported, so they are imported inside functions
only: `app/serving.py` says which extra installs them where they are missing.
"""
