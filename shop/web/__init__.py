"""Everything that speaks HTTP: four doors (storefront, artisan, staff, api), the webhook, and what they share.

Handlers scope, parse, act and answer; services decide. Doors never import each other.
"""
