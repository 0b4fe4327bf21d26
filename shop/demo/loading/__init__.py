"""Fills an empty, migrated database with the demonstration: who makes, what is for sale, and fourteen months of orders.

In the room: the order in which things are written (`load`), a calendar that lays the past before any day it is started
on, pictures drawn by several processes, and buyers who go through the shop's own services, Stripe's double and the
worker on a virtual clock. Nothing here writes what a service of the shop can write.

Not here: the texts (demo.content), the drawing (demo.drawings), the double (demo.double), the demo's mark and the
processes that serve it (demo.run). Loading that was interrupted is not resumed: the command empties and begins again.
"""
