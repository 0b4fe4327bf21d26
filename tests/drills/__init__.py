"""`make drills`: faults that happen to a running installation, one after another, and what must be true afterwards.

Web, worker and Stripe's double are processes of their own on loopback, started by launcher.py; buyers speak HTTP. A drill
is a function below faults/, marked with `drill`; whatever it did, `shop check` must find nothing at its end.
"""
