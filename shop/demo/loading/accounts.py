"""Who signs in to the demonstration, with secrets that are printed where it starts: they guard nothing."""

from shop.accounts.services import create_account
from shop.artisans.models import Unit as UnitRow
from shop.artisans.services import grant_delegate
from shop.demo.content.load import Unit

PIN = "482913"
PASSWORD = "argan-et-cedre"
OFFICER = "officer@example.org"
ARABIC_OFFICER = "officer.ar@example.org"


def write_officers() -> tuple[int, int]:
    """Two officers, one who reads French and one who reads Arabic; their ids. Inside a transaction."""
    first = create_account(
        role="staff", name="Meryem Alaoui-Benchekroun", language="fr", secret=PASSWORD, email=OFFICER
    )
    second = create_account(role="staff", name="يونس الصقلي", language="ar", secret=PASSWORD, email=ARABIC_OFFICER)
    return first.id, second.id


def write_maker(unit: Unit, row: UnitRow, *, officer: int) -> int:
    """The account of a unit, by its telephone and in the name of its first maker. Inside a transaction."""
    person = unit.persons[0]
    name = person.name_ar if unit.language == "ar" else person.name_latin
    account = create_account(
        role="artisan", name=name, language=unit.language, secret=PIN, phone=unit.phone, actor=officer
    )
    grant_delegate(account.id, row.id, granted_by=officer)
    return account.id
