"""What the forms of the door share: sentences in the officer's language, and wrong answers kept beside their errors."""

from decimal import Decimal
from typing import Any, ClassVar, Self

from flask_wtf import FlaskForm
from wtforms import Form, StringField
from wtforms.validators import DataRequired

from shop.core.errors import Invalid, ShopError
from shop.i18n.formats import parse_decimal, parse_integer, parse_money
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext

# What WTForms says by itself, in our words.
SENTENCES = {
    "Not a valid choice.": lazy_gettext("Choose from the list."),
    "Invalid Choice: could not coerce.": lazy_gettext("Choose from the list."),
    "Invalid choice(s): one or more data inputs could not be coerced.": lazy_gettext("Choose from the list."),
    "'%(value)s' is not a valid choice for this field.": lazy_gettext("Choose from the list."),
    "'%(value)s' are not valid choices for this field.": lazy_gettext("Choose from the list."),
    "Not a valid date value.": lazy_gettext("This is not a day. Enter it as in 2026-03-31."),
}


class Sentences:
    """The translations WTForms asks for."""

    def gettext(self, text: str) -> str:
        return str(SENTENCES.get(text, text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


class StaffForm(FlaskForm):
    """Base of the door's forms. The token is checked once, by the guard, before any form is read."""

    class Meta(FlaskForm.Meta):
        csrf: ClassVar[bool] = False

        def get_translations(self, form: Form) -> Sentences:
            return Sentences()

    def blame(self, error: ShopError) -> None:
        """Put what a service refused beside the fields it names, or above the form."""
        fields = error.fields if isinstance(error, Invalid) else {}
        for name, text in fields.items():
            if name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)
        if not fields:
            self.form_errors.append(error.text or _("Something changed in the meantime. Look at the page again."))

    def or_refused(self, wrong: "StaffForm | None") -> Self:
        """The form of the same fields that was just refused, with what was sent in it; itself where that is another."""
        same = isinstance(wrong, type(self)) and [field.name for field in wrong] == [field.name for field in self]
        return wrong if same else self  # type: ignore[return-value]

    def problems(self) -> list[dict[str, str]]:
        """For the component `error_summary`."""
        whole = [{"id": "", "text": str(text)} for text in self.form_errors]
        return whole + [{"id": field.name, "text": str(text)} for field in self for text in field.errors]


class LineField(StringField):
    """One line of text without the spaces around it; never None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""


class WholeNumberField(StringField):
    """A whole number as people type it, also with Arabic-Indic digits; None when empty."""

    typed = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if self.typed:
            try:
                self.data = parse_integer(self.typed)
            except ValueError as error:
                raise ValueError(_("Enter a whole number.")) from error

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else str(self.data))


class AmountField(StringField):
    """An amount of one currency, in minor units; None when empty."""

    typed = ""

    def __init__(self, label: Any = None, validators: Any = None, *, currency: str = "MAD", **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.currency = currency

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if self.typed:
            try:
                self.data = parse_money(self.typed, self.currency)
            except ValueError as error:
                raise ValueError(_("This is not an amount in %(currency)s.", currency=self.currency)) from error

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else str(self.data))


class ScaledField(StringField):
    """A decimal number as people type it, kept in whole `scale`th parts; None when empty. `signs` may stand behind it."""

    typed = ""
    scale = 1
    signs = ""

    def refusal(self) -> str:
        """What is said of a text that is no such number."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0].strip().rstrip(self.signs).strip() if valuelist else ""
        self.data = None
        if self.typed:
            try:
                parts = parse_decimal(self.typed) * self.scale
            except ValueError as error:
                raise ValueError(self.refusal()) from error
            if parts != parts.to_integral_value():
                raise ValueError(self.refusal())
            self.data = int(parts)

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else f"{(Decimal(self.data) / self.scale).normalize():f}")


class PercentField(ScaledField):
    """Per cent as people type it, in basis points; None when empty."""

    scale, signs = 100, "%٪"

    def refusal(self) -> str:
        return _("Enter a percentage, as in 12.5.")


class KilogramsField(ScaledField):
    """A weight as people type it, in grams; None when empty."""

    scale = 1000

    def refusal(self) -> str:
        return _("Enter a weight in kilograms, for example 2.5.")


def required(text: Any) -> DataRequired:
    """The field has to be filled; `text` is the sentence that asks for it."""
    return DataRequired(message=text)
