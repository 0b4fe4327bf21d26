"""The trade's vocabulary: what people write in several ways, scripts and numbers, and what they mean by a wider word.

A line is one concept: its spellings in Latin and Arabic letters, with the plurals that no ending tells (زربية, زرابي). Any
of them finds the pieces of all. After ">" stand narrower concepts, each by one of its spellings: the wider word finds
their pieces too, and they do not find the wider word's. A spelling is one word.
"""

from functools import lru_cache

from shop.i18n.fold import fold, stem

CONCEPTS = """
zellige zellij zelij zilij zillij zellidj zelliges mosaic mosaique زليج زلیج فسيفساء
tile tiles carreau carrelage بلاط بلاطة > zellige
safi asfi آسفي أسفي اسفي سافي
fes fez فاس
marrakech marrakesh مراكش
tanger tangier tanja طنجة
tetouan tetuan titwan تطوان
essaouira mogador souira الصويرة صويرة
meknes miknas مكناس
ouarzazate warzazat ورزازات
taznakht tazenakht تازناخت تزناخت
azilal أزيلال ازيلال
azrou أزرو
boujaad boujad bejaad بجعد الجعد بجعدية
beniouarain ouarain وراين
chefchaouen chaouen chaoun chefchaouene شفشاون الشاون شاون شفشاوني
ouezzane wazzan ouazzane وزان وزانية وزاني
tafraout tafraoute تافراوت
tiznit تيزنيت تزنيت
guelmim goulimine goulmim كلميم
azemmour azemour أزمور
rabat الرباط رباطي
sale slaoui سلا سلاوي
midelt ميدلت
imilchil إملشيل
agadir أكادير
casablanca casa كازا
sahara saharien saharan صحراء صحراوي صحراوية
atlas الأطلس أطلس
rif ريف ريفي
amazigh amazighe berber berbere أمازيغي أمازيغية بربري
morocco maroc moroccan marocain marocaine المغرب مغربي مغربية
rug rugs carpet carpets tapis zarbia zarbiya zerbia zarbiyya zrabi zarabi زربية زرابي زربيات سجاد سجادة بساط
runner couloir ممر
hanbel hambel kilim kelim flatweave حنبل حنابل كليم كلمات
mat mats natte nattes hassira حصيرة حصير حصائر حصر
lozenge losange diamond معين معينات
pottery poterie potterie fakhar fekhar fakhkhar فخار فخاريات > ceramic earthenware
ceramic ceramics ceramique khazaf faience خزف خزفيات خزفي
earthenware terracotta argile
potter potier fakharji فخارجي
tagine tajine tajin tagin tadjine طاجين طواجين طاجن طجين
couscoussier gsaa كسكاس قصعة
plate dish plat assiette tabsil tebsil طبسيل طباسل صحن صحون طبق
bowl bol coupe zlafa zlayef saladier زلافة زلايف زلائف وعاء سلطانية
jar jarre amphora amphore cruche khabia khabiya jug خابية خوابي جرة جرار قلة قلل
vase vases mzehria مزهرية مزهريات زهرية
mug cup tasse verre فنجان فناجين كأس كؤوس
soap savon صابون
tableware vaisselle أواني > plate bowl tagine
slipper slippers babouche babouches belgha balgha belghas blagha balgha بلغة بلاغي بلغات بلغه > cherbil
idoukan idoukane إدوكان ايدوكان
cherbil cherbils chrabel شربيل شرابيل شربل
shoe shoes footwear chaussure chaussures soulier chaussant حذاء أحذية صباط صبابط > slipper idoukan cherbil
sandal sandale nail صندل صنادل نعل نعال
caftan kaftan qaftan kaftane qoftan caftans kaftans quftan قفطان قفاطن قفاطين قفطن
takchita takshita tekchita تكشيطة تكاشط
dress robe gown فستان فساتين > caftan takchita
djellaba jellaba jilaba djelaba jelaba jalaba djellabah gellaba jellabas جلابة جلابية جلابيب جلباب جلالب جلاليب جلابات
selham burnous burnoose silham slham cape cloak سلهام سلاهم برنس برانس برنوس
gandoura gandora jabador كندورة قندورة جبادور
sfifa tressage braid سفيفة سفايف
clothing clothes vetement vetements habit garment لباس ألبسة ملابس > caftan djellaba selham
pouf poufs pouffe bouf ottoman pouff بوف أبواف بوفات
leather cuir cuirs jeld جلد جلدية جلود جلدي
leatherwork maroquinerie
bag bags sac sacs handbag chekkara shekkara حقيبة حقائب شكارة شكاير شكائر > satchel shoulderbag beltbag
satchel cartable briefcase محفظة محافظ
shoulderbag besace
beltbag sacoche pouch
wallet portefeuille bezdam بزطام
belt ceinture حزام أحزمة
sarma sermia سرمية صرمة
travel voyage سفر
copper cuivre nhas nuhas نحاس نحاسيات نحاسية نحاسي > brass
brass laiton sfar صفر dinanderie brassware nhassiat
coppersmith dinandier نحايسي
teapot theiere theieres berrad barrad brad براد برارد برادات إبريق أباريق
tea the thes atay أتاي شاي
tray trays plateau plateaux sinia siniya senia siniyya sinya صينية صواني صينيات صوانى
lantern lanterns lanterne fanous fanouss fanar fnar فانوس فوانيس فنار فنارات ثريا ثريات
lamp lamps lampe light lighting luminaire lustre chandelier مصباح مصابيح إنارة لامبة > lantern
candlestick candlesticks bougeoir candleholder hska حسكة حسكات شمعدان شمعدانات
candle candles bougie cierge chandelle شمعة شمع شموع شمعات
wax cire شمع
iron fer hdid حديد حديدي حدادة
wrought forge forged مطروق
mirror mirrors miroir miroirs mraya glace مرآة مرايا مراية مرايات مرآت
grille window شباك شبابيك
table tables gueridon mida طاولة طاولات مائدة موائد طبلة
stool tabouret tabourets kursi كرسي كراسي
furniture meuble meubles mobilier أثاث > table stool
thuya thuja aarar araar arar thuyas عرعار
burl loupe جذر
wood bois woodwork khchab خشب خشبي أخشاب نجارة > thuya walnut cedar
walnut noyer جوز
cedar cedre أرز
lemonwood citronnier
inlaid inlay marqueterie marquete incruste مرصع ترصيع
nacre pearl صدف
box boxes coffret coffrets boite casket chest sandouq sendouk صندوق صناديق علبة علب
jewel jewels jewellery jewelry bijou bijoux bijouterie حلي مجوهرات مجوهر مصوغات > necklace bracelet brooch ring earring
silver argent nokra fedda فضة فضيات فضي
silversmith orfevre صائغ صياغ صياغة orfevrerie
gold or doree dhab ذهب ذهبي
necklace necklaces collier colliers pendant قلادة قلائد
bracelet bracelets bangle cuff jonc manchette سوار أساور أسورة اساور دبليج دبالج
brooch fibula fibule broche tazerzit tizerzai khlala fibules تزرزيت خلالة بروش مشبك
ring bague خاتم خواتم
earring boucle قرط أقراط
enamel email مينا
niello nielle نيل
filigree filigrane فتلة
khamsa hamsa خميسة خمسة
basket baskets panier paniers corbeille corbeilles koffa kouffa quffa couffin قفة قفف قفاف سلة سلال سلات طبق طباق
basketry vannerie sparterie سلالة ضفر
laundry linge غسيل
market marche سوق
palm palmier doum سعف نخل نخيل دوم
halfa alfa esparto حلفاء حلفا
hat hats chapeau chapeaux taraza قبعة قبعات شاشية ترازة
blanket blankets couverture couvertures throw plaid batania بطانية بطانيات > handira mendil
غطاء أغطية > blanket
handira handiras hendira tamizart حنديرة حنادر حنديرات حندير
mendil mandil منديل مناديل
wool laine souf sof صوف صوفي أصواف
cotton coton قطن قطني
silk soie hrir حرير حريري
linen lin كتان
sabra viscose صابرة
sequin sequins paillette paillettes mouzoun موزون
dye teinture صباغة
indigo نيلة
madder garance فوة
saffron safran زعفران
cushion cushions coussin coussins pillow oreiller pillowcase وسادة وسائد وسادات مخدة مخاد
cover housse غلاف
embroidery broderie embroidered brode tarz طرز مطرز مطرزة تطريز
sqalli skalli صقلي مذهب
wedding mariage marriage bridal bride mariee عرس عروس زفاف عرائس
drum drums tambour tambours percussion tbel طبل طبول طبلات > guedra bendir
guedra gedra goudra كدرة كدرات
bendir bendirs بندير بنادير
instrument instruments music musique موسيقى آلة > drum
star etoile نجمة نجوم
sun soleil شمس
bird oiseau طائر طيور
dragon تنين
flower fleur زهرة أزهار ورد
women woman femme femmes lady نساء نسائي نسائية امرأة
men man homme hommes رجال رجالي رجالية
house interieur indoor بيت منزل
cooking cuisson cuisine kitchen طبخ مطبخ
set service lot طقم أطقم
pair paire زوج أزواج
cooperative coop تعاونية تعاونيات
custom measure mesure bespoke مقاس
goat chevre goatskin ماعز
sheep mouton غنم
camel dromadaire chameau جمل جمال
cow vachette cowhide بقر
red rouge hmar أحمر حمراء احمر حمرا
blue bleu bleue zraq أزرق زرقاء ازرق زرقا
green vert verte khdar أخضر خضراء اخضر
yellow jaune أصفر صفراء اصفر
white blanc blanche byad أبيض بيضاء ابيض
black noir noire khal أسود سوداء اسود
brown marron brun بني بنية
pink rose وردي وردية زهري
orange برتقالي
grey gray gris رمادي
purple violet بنفسجي
multicolour multicolore ملون
large big grand grande كبير كبيرة
small little petit petite صغير صغيرة
round rond ronde مستدير مستديرة دائري
striped stripes raye rayure مخطط مخططة خطوط
"""
# Words that join others and name nothing.
JOINING = frozenset(
    fold(word)
    for word in [
        "a",
        "an",
        "and",
        "by",
        "for",
        "from",
        "in",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "au",
        "aux",
        "avec",
        "d",
        "dans",
        "de",
        "des",
        "du",
        "en",
        "et",
        "l",
        "la",
        "le",
        "les",
        "par",
        "pour",
        "sur",
        "un",
        "une",
        "à",
        "من",
        "في",
        "على",
        "مع",
        "عن",
        "و",
        "أو",
        "إلى",
        "ذات",
        "ذو",
    ]
    if word != "or"
)


@lru_cache(maxsize=1)
def _concepts() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]], dict[str, str]]:
    """By stem: the stems of its own concepts, those of narrower ones, and the spelling a person is shown."""
    own: dict[str, frozenset[str]] = {}
    shown: dict[str, str] = {}
    wider: list[tuple[frozenset[str], list[str]]] = []
    for line in CONCEPTS.strip().splitlines():
        left, _arrow, right = line.partition(">")
        texts = {stem(fold(word)): word for word in reversed(left.split())}
        group = frozenset(texts)
        for word in group:
            own[word] = own.get(word, frozenset()) | group
        shown = {**texts, **shown}
        if right:
            wider.append((group, [stem(fold(word)) for word in right.split()]))
    below: dict[str, frozenset[str]] = {}
    # More than once, because what stands above a concept may stand below another.
    for _round in range(2):
        for group, narrower in wider:
            stems = frozenset().union(*(own[word] | below.get(word, frozenset()) for word in narrower))
            below.update({word: below.get(word, frozenset()) | stems for word in group})
    return own, below, shown


def synonyms(word: str) -> frozenset[str]:
    """The other stems that mean the same as a stem; empty for a word that is not of the trade."""
    return _concepts()[0].get(word, frozenset()) - {word}


def narrower(word: str) -> frozenset[str]:
    """The stems of what a stem is the wider word for."""
    return _concepts()[1].get(word, frozenset()) - synonyms(word) - {word}


def spellings() -> dict[str, str]:
    """Every stem of the vocabulary with its spelling for people."""
    return _concepts()[2]
