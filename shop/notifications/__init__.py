"""Letters in answer to events: written as rows with the event, rendered and sent by the worker.

A letter speaks its recipient's language. Not here: when something happens (the rooms below record events).
"""
