"""The makers' door: sign in, add a piece, stock, orders, money. Made for a small telephone on a weak network.

Everything here acts for the one unit the guard has chosen; what belongs to another unit does not exist here. Not here:
publishing, prices abroad, hand-over (staff).
"""
