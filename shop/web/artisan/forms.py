"""Forms of the makers' door. Numbers are taken as people type them, Arabic-Indic too; a wrong one stays in its box.

The door's guard has checked the token of every form that is sent.
"""

from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from shop.i18n import gettext as _
from shop.i18n import lazy_gettext
from shop.i18n.formats import parse_decimal, parse_integer


class TypedField(StringField):
    """What was typed stays in the box, right or wrong; `refusal` is said for anything that is not such a value."""

    def __init__(self, label: Any, refusal: Any, *, required: bool = True, **options: Any) -> None:
        super().__init__(label, **options)
        self.refusal, self.required = refusal, required

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text and not self.required:
            return
        try:
            self.data = self.read(text)
        except ValueError as error:
            raise ValueError(str(self.refusal)) from error

    def read(self, text: str) -> int:
        """The value, or ValueError."""
        raise NotImplementedError

    def show(self, value: int) -> str:
        """A stored value as it is typed."""
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.show(self.data)


class WholeField(TypedField):
    """A whole number between two others."""

    def __init__(self, label: Any, refusal: Any, *, least: int, most: int, **options: Any) -> None:
        super().__init__(label, refusal, **options)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        value = parse_integer(text)
        if not self.least <= value <= self.most:
            raise ValueError(value)
        return value


class MeasureField(TypedField):
    """A measure typed in a larger unit than it is kept in: `per` small units make one; `most` in the larger unit.

    Nobody groups the digits of a length, so a point and a comma both mark decimals here, in every language.
    """

    def __init__(self, label: Any, refusal: Any, *, per: int, most: int, **options: Any) -> None:
        super().__init__(label, refusal, **options)
        self.per, self.most = per, most

    def read(self, text: str) -> int:
        value = parse_decimal(text, "fr")
        if not 0 < value <= self.most:
            raise ValueError(value)
        return max(1, int((value * self.per).to_integral_value()))

    def show(self, value: int) -> str:
        return f"{Decimal(value) / self.per:f}"


class SignInForm(FlaskForm):
    """Telephone and PIN."""

    phone = TelField(lazy_gettext("Your phone number"), [InputRequired(), Length(max=40)])
    pin = PasswordField(lazy_gettext("Your PIN (6 digits)"), [InputRequired(), Length(max=40)])


class PinForm(FlaskForm):
    """A new PIN, twice."""

    current = PasswordField(lazy_gettext("PIN you have now"), [InputRequired(), Length(max=40)])
    pin = PasswordField(lazy_gettext("New PIN (6 digits)"), [InputRequired(), Length(max=40)])
    again = PasswordField(lazy_gettext("New PIN once more"), [InputRequired(), Length(max=40)])


class CraftForm(FlaskForm):
    """What is it?"""

    craft = RadioField(lazy_gettext("What is it?"), choices=[], validate_choice=False)


_TOO_LONG = lazy_gettext("This text is too long. Use at most 4000 letters.")


class NameForm(FlaskForm):
    """Name and, if the maker likes, words about it."""

    title = StringField(lazy_gettext("Name of the piece"))
    description = TextAreaField(
        lazy_gettext("Anything to tell about it?"), [Optional(), Length(max=4000, message=_TOO_LONG)]
    )

    def validate_title(self, field: StringField) -> None:
        title = (field.data or "").strip()
        if not title:
            raise ValidationError(_("Give the piece a name."))
        if len(title) > 120:
            raise ValidationError(_("The name is too long. Use at most 120 letters."))


class PriceForm(FlaskForm):
    """The price in whole dirhams."""

    ask = WholeField(
        lazy_gettext("Your price for one"),
        lazy_gettext("Type the price in whole dirhams, like 450."),
        least=1,
        most=1_000_000,
    )


_CENTIMETRES = lazy_gettext("Type centimetres, like 40 or 12.5.")


class SizeForm(FlaskForm):
    """Sides in centimetres, as far as they make sense, and the weight in kilograms."""

    length = MeasureField(lazy_gettext("Length"), _CENTIMETRES, per=10, most=2_000, required=False)
    width = MeasureField(lazy_gettext("Width"), _CENTIMETRES, per=10, most=2_000, required=False)
    height = MeasureField(lazy_gettext("Height"), _CENTIMETRES, per=10, most=2_000, required=False)
    weight = MeasureField(
        lazy_gettext("Weight"),
        lazy_gettext("Type the weight in kilograms, like 2 or 0.5."),
        per=1000,
        most=300,
    )


class StockForm(FlaskForm):
    """How many: one only, several, or made when ordered."""

    kind = RadioField(lazy_gettext("How many are there?"), choices=[], validate_choice=False)
    count = WholeField(
        lazy_gettext("How many?"),
        lazy_gettext("Type a whole number from 1 to 9999."),
        least=1,
        most=9_999,
        required=False,
    )
    days = WholeField(
        lazy_gettext("How many days do you need to make one?"),
        lazy_gettext("Type a whole number of days from 1 to 365."),
        least=1,
        most=365,
        required=False,
    )


class AvailableForm(FlaskForm):
    """How many are there to sell now."""

    available = WholeField(
        lazy_gettext("How many there are now"),
        lazy_gettext("Type a whole number from 0 to 9999."),
        least=0,
        most=9_999,
    )
