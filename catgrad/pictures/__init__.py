"""
Pictures of IR: string diagrams, memory maps, and a page that steps through a pipeline.

Loaded by `catgrad draw` and `catgrad explore` only.
"""
