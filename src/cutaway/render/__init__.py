"""Renderers: a Spec as an offline page, a widget, terminal text or a figure."""
