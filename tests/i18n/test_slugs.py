import pytest

from shop.i18n.slugs import MAX_LENGTH, slugify


@pytest.mark.parametrize(
    ("text", "language", "slug"),
    [
        ("زربية أمازيغية من الصوف", "ar", "زربية-أمازيغية-من-الصوف"),
        ("زَرْبِيَّة ١٢٠×٨٠ سم", "ar", "زربية-120-80-سم"),
        ("Tapis berbère d’Azilal, cœur brodé", "fr", "tapis-berbere-d-azilal-coeur-brode"),
        ("The maker's rug", "en", "the-makers-rug"),
        ("Zellige زليج", "en", "zellige-زليج"),
        ("../../etc/passwd?x=<1>", "en", "etc-passwd-x-1"),
        ("— !", "en", ""),
    ],
)
def test_slugs_keep_the_letters_of_their_language(text: str, language: str, slug: str) -> None:
    assert slugify(text, language) == slug
    assert slugify(slug, language) == slug


def test_a_long_title_is_cut_between_words() -> None:
    slug = slugify("handwoven " * 20, "en")
    assert len(slug) <= MAX_LENGTH
    assert slug.endswith("-handwoven")
    assert len(slugify("x" * 200, "en")) == MAX_LENGTH
