"""E-mail addresses as they are kept: one spelling for each mailbox."""

from email_validator import EmailNotValidError, validate_email


def normal_email(text: str) -> str:
    """An address in its normal form, its case kept; empty where the text is none. Nobody is asked whether it exists."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return ""
