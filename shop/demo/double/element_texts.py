"""The words of the card form in a frame and of the bank's question, in the shop's three languages.

They stay out of the shop's translations on purpose: on a real installation these frames belong to Stripe.
"""

from shop.demo.double.texts import TEXTS as PAGE_TEXTS

LOCALES = ("ar", "en", "fr")

_ARABIC = {
    "title": "الأداء بالبطاقة",
    "number": "رقم البطاقة",
    "expiry": "تاريخ الانتهاء (شهر / سنة)",
    "cvc": "رمز الأمان",
    "tests_title": "بطاقات الاختبار",
    "tests_intro": "هذا عرض تجريبي: لا تُسحب أي أموال. استعمال بطاقة من هذه البطاقات مع أي تاريخ مقبل وأي رمز، ولا تُكتب هنا بطاقة حقيقية أبدا.",
    "use": "استعمال",
    "test_ok": "ينجح الأداء",
    "test_declined": "يرفضها البنك",
    "test_funds": "مرفوضة: الرصيد غير كاف",
    "test_bank": "يطلب البنك التأكيد (3-D Secure)",
    "test_disputed": "ينجح الأداء ثم يُعترض عليه بدعوى الاحتيال",
    "test_inquiry": "ينجح الأداء ثم يستفسر البنك",
    "test_refund_pending": "ينجح الأداء، ويستغرق الاسترداد بعض الوقت",
    "test_refund_fails": "ينجح الأداء، ويفشل الاسترداد بعد أيام",
    "error_number": "رقم البطاقة غير مكتمل أو غير صحيح.",
    "error_unknown": "هذا عرض تجريبي: لا تعمل هنا إلا بطاقات الاختبار. لم يُحفظ أي شيء.",
    "error_expiry": "تاريخ الانتهاء غير صحيح أو قد انقضى.",
    "error_cvc": "رمز الأمان من ثلاثة أرقام أو أربعة.",
    "error_fields": "معلومات البطاقة غير مكتملة.",
    "error_closed": "انتهت صلاحية صفحة الأداء هذه. لم يُسحب أي مبلغ.",
    "error_network": "تعذر الاتصال بالبنك. لم يُسحب أي مبلغ، ويمكن إعادة المحاولة.",
    "generic_decline": "رُفضت بطاقتك. لم يُسحب أي مبلغ، ويمكن استعمال بطاقة أخرى.",
    "lost_card": "رُفضت بطاقتك. لم يُسحب أي مبلغ، ويمكن استعمال بطاقة أخرى.",
    "insufficient_funds": "رصيد بطاقتك غير كاف. لم يُسحب أي مبلغ، ويمكن استعمال بطاقة أخرى.",
    "expired_card": "انتهت صلاحية بطاقتك. لم يُسحب أي مبلغ، ويمكن استعمال بطاقة أخرى.",
    "incorrect_cvc": "رمز الأمان غير صحيح. لم يُسحب أي مبلغ، ويمكن إعادة المحاولة.",
    "processing_error": "وقع خطأ أثناء معالجة بطاقتك. لم يُسحب أي مبلغ، ويمكن إعادة المحاولة.",
    "payment_intent_authentication_failure": "لم يتوصل البنك بتأكيدك. لم يُسحب أي مبلغ، ويمكن إعادة المحاولة أو استعمال بطاقة أخرى.",
    "bank_title": "بنكك يطلب التأكيد",
    "bank_text": "في الأداء الحقيقي تكون هذه الصفحة صفحة بنكك. هنا أنت البنك: ماذا يكون جوابه؟",
    "bank_amount": "المبلغ",
    "accept": "تأكيد الأداء",
    "refuse": "رفض الأداء",
    "answered": "وصل الجواب.",
}
# What the frame says in other words than the page, or alone.
_OWN = {
    "en": {
        "title": "Payment by card",
        "tests_intro": "This is a demonstration: no money moves. Use one of these with any future date and any code, and never type a real card here.",
        "use": "Use",
        "error_unknown": "This is a demonstration: only the test cards work here. Nothing was kept.",
        "error_fields": "The card details are not complete.",
        "error_closed": "This payment page has expired. Nothing was charged.",
        "error_network": "The bank could not be reached. Nothing was charged; try again.",
        "answered": "The answer has arrived.",
    },
    "fr": {
        "title": "Paiement par carte",
        "tests_intro": "Ceci est une démonstration : aucun argent n’est échangé. Utilisez l’une de ces cartes avec une date à venir et un code au choix, et ne saisissez jamais une vraie carte ici.",
        "use": "Utiliser",
        "error_unknown": "Ceci est une démonstration : seules les cartes de test fonctionnent. Rien n’a été conservé.",
        "error_fields": "Les informations de la carte sont incomplètes.",
        "error_closed": "Cette page de paiement a expiré. Rien n’a été débité.",
        "error_network": "La banque n’a pas pu être jointe. Rien n’a été débité ; réessayez.",
        "answered": "La réponse est arrivée.",
    },
}
TEXTS = {"ar": _ARABIC} | {
    language: {name: {**PAGE_TEXTS[language], **own}[name] for name in _ARABIC} for language, own in _OWN.items()
}
