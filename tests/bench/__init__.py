"""`make bench`: what our pages cost beside bare ones, measured in one run.

Not here: anything a test asserts. Times belong to a machine; what must hold everywhere (statements, bytes) is tested.
"""
