"""Names of the accounts. Pure.

| account | what stands there |
|---|---|
| stripe_pending | what Stripe owes for settled payments whose balance transaction has not arrived |
| stripe_balance | what stands at Stripe, in the settlement currency |
| artisan_pending:{unit} | a maker's share of goods that are not yet with a carrier |
| artisan_payable:{unit} | a maker's share of exported goods |
| commission, shipping, tax, duty | what the operator keeps, or passes on |
| discount | what the operator gave off the price |
| payment_fees | Stripe's fees, less what the makers bear |
| dispute_fees | Stripe's fees for disputes, less what the makers bear |
| losses | what disputes took for good and the operator bears |
| return_freight | what makers bore of the way back of their pieces |
| fx_conversion | passes amounts from one currency to another; empty in every currency when all has arrived |
| fx_difference | what a refund cost more or less than its sale brought, in the settlement currency |
| bank | what was paid out |
| suspense | money that fits nothing yet |
"""

STRIPE_PENDING = "stripe_pending"
STRIPE_BALANCE = "stripe_balance"
COMMISSION = "commission"
SHIPPING = "shipping"
TAX = "tax"
DUTY = "duty"
DISCOUNT = "discount"
PAYMENT_FEES = "payment_fees"
DISPUTE_FEES = "dispute_fees"
LOSSES = "losses"
RETURN_FREIGHT = "return_freight"
FX_CONVERSION = "fx_conversion"
FX_DIFFERENCE = "fx_difference"
BANK = "bank"
SUSPENSE = "suspense"
# What the accounts of makers begin with.
ARTISAN = "artisan_"


def pending(unit_id: int) -> str:
    """Where a unit's share waits for export."""
    return f"artisan_pending:{unit_id}"


def payable(unit_id: int) -> str:
    """Where a unit's share of exported goods stands."""
    return f"artisan_payable:{unit_id}"
