"""The specification the double speaks beside the newer one the SDK was made from: what differs has been looked at."""

from collections import defaultdict

import stripe

from shop.demo.double import payment_pages
from shop.demo.double.api import OPERATIONS
from tests.demo.double import sdk, spec

# Whoever moves one of these looks at every line below: is it sent, may it still be, is there something better now?
LOOKED_AT = ("2026-05-27.dahlia", "2026-10-28.endive")

# `-` is known to the specification alone, `+` to the SDK alone; then the operations.
REVIEWED = """
Gone with 2026-09-30.endive: payment methods are dynamic, or filtered by the new parameter. The shop sends neither.
-payment_method_types: PostCheckoutSessions PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
-payment_method_types: PostSetupIntents
+allowed_payment_method_types: PostCheckoutSessions PostPaymentIntents PostPaymentIntentsIntent
+allowed_payment_method_types: PostPaymentIntentsIntentConfirm PostSetupIntents PostSetupIntentsIntentConfirm

Kept by Stripe for old callers, so left out of the SDK; the browser's own secret too.
-alipay_account: PostCustomersCustomerSources
-bank_account: PostCustomersCustomer PostCustomersCustomerSources
-card: PostCustomersCustomer PostCustomersCustomerSources
-client_secret: PostPaymentIntentsIntentConfirm PostSetupIntentsIntentConfirm
-default_alipay_account: PostCustomersCustomer
-default_bank_account: PostCustomersCustomer
-default_card: PostCustomersCustomer

Left out of the published specification, though Stripe takes them.
+recurring.trial_period_days: PostPrices
+type: PostProducts GetProducts
+validate: PostCustomers PostCustomersCustomer PostCustomersCustomerSources

Taxes of products and lines: the shop counts its taxes itself and sends amounts.
-line_items.dynamic_tax_rates: PostCheckoutSessions
+line_items.price_data.product_data.tax_details: PostCheckoutSessions
+product_data.tax_details: PostPrices
+tax_details: PostProducts PostProductsId

Subscriptions: the shop has none.
+subscription_data.billing_cycle_anchor_config: PostCheckoutSessions
+subscription_data.invoice_settings.account_tax_ids: PostCheckoutSessions
+subscription_data.invoice_settings.custom_fields: PostCheckoutSessions
+subscription_data.invoice_settings.description: PostCheckoutSessions
+subscription_data.invoice_settings.footer: PostCheckoutSessions

Options of cards the shop does not use; its pay page belongs to Stripe.
+payment_method_options.card.restrictions.funding_types_blocked: PostCheckoutSessions
+payment_method_options.card.moto: PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_options.card.moto: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_options.card.setup_credential_usage: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.card.setup_credential_usage: PostPaymentIntentsIntentConfirm
+payment_method_options.card.setup_credential_usage: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_options.card.stored_credential_usage: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.card.stored_credential_usage: PostPaymentIntentsIntentConfirm
+radar_options.referrer: PostPaymentIntents PostPaymentIntentsIntentConfirm

Disputes: the shop tells of them, and they are answered at Stripe.
+evidence.appeal: PostDisputesDispute
+evidence.enhanced_evidence.mastercard_compliance: PostDisputesDispute
+intended_submission_method: PostDisputesDispute

Other payment methods, which an account offers or does not without a word of the shop.
-payto: PostPaymentMethodsPaymentMethod
+fpx.account_holder_type: PostPaymentMethods
+paypay: PostPaymentMethods
+sequra: PostPaymentMethods
+payment_method_data.fpx.account_holder_type: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_data.fpx.account_holder_type: PostPaymentIntentsIntentConfirm
+payment_method_data.fpx.account_holder_type: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_data.paypay: PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_data.paypay: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_data.sequra: PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_data.sequra: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_options.billie.company_details: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.billie.company_details: PostPaymentIntentsIntentConfirm
+payment_method_options.billie.reference: PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_options.blik: PostCheckoutSessions PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_options.blik.mandate_options: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.blik.mandate_options: PostPaymentIntentsIntentConfirm
+payment_method_options.link.persistent_token: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.link.persistent_token: PostPaymentIntentsIntentConfirm
+payment_method_options.link.persistent_token: PostSetupIntents PostSetupIntentsIntentConfirm
+payment_method_options.payco.setup_future_usage: PostCheckoutSessions PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.payco.setup_future_usage: PostPaymentIntentsIntentConfirm
+payment_method_options.paypay: PostPaymentIntents PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_options.samsung_pay.setup_future_usage: PostCheckoutSessions PostPaymentIntents
+payment_method_options.samsung_pay.setup_future_usage: PostPaymentIntentsIntent PostPaymentIntentsIntentConfirm
+payment_method_options.satispay.setup_future_usage: PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.satispay.setup_future_usage: PostPaymentIntentsIntentConfirm
+payment_method_options.sequra: PostCheckoutSessions PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.sequra: PostPaymentIntentsIntentConfirm
+payment_method_options.sunbit: PostCheckoutSessions PostPaymentIntents PostPaymentIntentsIntent
+payment_method_options.sunbit: PostPaymentIntentsIntentConfirm
"""


def reviewed() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in REVIEWED.splitlines():
        if line.startswith(("+", "-")):
            name, operations = line.split(": ")
            found[name] |= set(operations.split())
    return found


def outermost(names: set[str]) -> set[str]:
    """Without what is inside another of them."""
    return {name for name in names if not any(name.startswith(f"{other}.") for other in names)}


def test_somebody_has_looked_at_these_two_versions() -> None:
    assert (spec.document()["info"]["version"], stripe.api_version) == LOOKED_AT


def test_the_specification_and_the_sdk_name_the_same_parameters_but_for_what_was_reviewed() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for offered in OPERATIONS:
        if offered in payment_pages.OPERATIONS:
            continue
        path = offered.path.pattern.replace("([^/]+)", "{}")
        known = sdk.parameters(offered.method, path)
        assert known is not None, f"the SDK has no {offered.method} {path}"
        published = spec.parameters(offered.method, path.replace("{}", "x_1"))
        for sign, names in (("-", published.keys() - known.keys()), ("+", known.keys() - published.keys())):
            for name in outermost(names):
                found[sign + name].add(offered.name)
    assert found == reviewed()
