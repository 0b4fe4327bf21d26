"""Pages that exist only in a demonstration: three chairs to sit down on, and the mailbox.

Here: choosing a chair and being signed in at once, the one order seen from all of them. Not here: what makes the
demonstration's goods and orders (shop.demo).
"""
