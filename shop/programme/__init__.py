"""Programmes as data: editions, dated memberships, who receives reports, and whether a unit may sell.

Names are unstable in the press, so a programme is its code and kind; labels are rows. Not here: figures (reports).
"""
