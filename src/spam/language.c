#include "spam/language.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"
#include "text/uri.h"

/* Two signs of Chinese are a word; two Latin letters are nothing. */
enum { WORD_MAX = 24, SLOTS = 4096, LATIN_MIN = 4, LETTERS_MIN = 2, SHARE_PERCENT = 30 };

/* What a text must show before it has a language, and by how much the first must lead the second. */
#define LEAST 0.8
#define LEAD 1.2
#define OF_ENDING 0.3
#define OF_LETTER 0.6

/* Languages in Latin letters: the words that hold their sentences together, endings, and letters few others use. */
static const struct profile {
	const char *code, *words, *endings, *letters;
} profiles[] = {
	{ "en",
		"the of and to in is it you that was for on are with as his they be at one have this from or had by but what some we can out other were all "
		"there when up your how said an each she which their time if will way about many then them would like so these her long make him has two more "
		"go no could my than been who its now did get come may i me do not don't i'm it's just know want need please help does any after before where "
		"why because only also new got u ur ok yes hi hello thanks thank here very good am pls call text free send back today tomorrow going am im dont "
		"our us over off still think see win won per cost website page call calls mobile phone latest news new week nothing something anyone everyone someone "
		"people should could never ever every find click looking order reply available through between during since being while both such too even thing "
		"things said day days year years last first own same another around again always yet year's let's you're i've can't won't it's that's there's "
		"okay wait using used cant wont let try tried maybe really already later tonight morning night home work nice happy sure sorry yeah much those",
		"ing tion ight ould ness ment ally", "" },
	{ "de",
		"der die das und ist nicht ich sie wir ihr ein eine einen einem einer des dem den von mit für auf im zu zum zur auch sich wie was wer wo wann "
		"warum bei nach aus als wenn aber oder nur noch schon kann können haben hat hatte wird werden wurde sind war waren sein mein meine meinen dein "
		"kein keine mehr sehr bitte danke hallo diese dieser dieses man mir mich dir dich uns euch über unter vor bis durch gibt es er welche welcher "
		"welches viele jetzt hier du bin bist hast habe hab dass doch ob ihn ihm ihre ihren seine seinen deine deinen heute morgen immer etwas nichts alles "
		"alle dann wieder gut schön müssen muss soll sollte könnte würde wäre machen geht gehe kommt komme leider vielleicht fuer ueber koennen moechte "
		"waere wuerde koennte muessen schoen gruesse nein ja okay weil also damit ohne gegen zwischen weiß weiss sagt sagen sehen tag tage zeit beim vom",
		"ung lich isch keit heit chen sche", "ßäöü" },
	{ "fr",
		"le la les un une des et est de du dans que qui ne pas pour par sur avec il elle nous vous ils je tu ce cette ces mon ma mes son sa ses au aux "
		"plus mais ou où donc comme être avoir fait faire peut tout tous bien très merci bonjour comment quand pourquoi quel quelle quels sont était "
		"c'est j'ai d'un d'une l' qu'il leur leurs votre notre sans sous entre aussi encore cela ça oui suis êtes vais peux veux pouvez voulez rien jamais "
		"toujours chez même après avant aujourd'hui demain été ont quoi parce ici maintenant voir aller meme apres tres etre deja ca toi moi eux dit fais "
		"fait faut bon bonne soir jour jours fois puis trop peu beaucoup quelque quelqu'un chaque autre autres vers",
		"ment tion eux aient euse ique", "èêçœùà" },
	{ "es",
		"el la los las un una unos unas y es de del en que no por para con se su sus lo le les al como más pero o si yo tú él ella nosotros ustedes mi "
		"mis tu tus este esta estos estas eso ese esa fue era son ser estar está están hay ha han he muy bien también cuando donde dónde cómo qué quién "
		"quiénes cuál cuándo cuánto cuántos porque por favor gracias hola puedo puede hacer entre sobre desde hasta sin ya fueron soy eres tengo tienes tiene quiero quieres pueden voy vas aquí "
		"ahora hoy mañana nada todo todos siempre nunca así sólo solo sí esta estan tambien aqui asi mas buenos buenas dias días tardes noches otra otro "
		"algo alguien nadie cada vez hace hacer dice decir pues entonces aunque mientras antes después despues",
		"ción ado ada mente idad ando iendo", "ñ¿¡" },
	{ "pt",
		"o a os as um uma uns umas e é de do da dos das em no na nos nas que não por para com se seu sua seus suas ao aos à como mais mas ou eu tu ele "
		"ela nós vocês você meu minha este esta isso esse essa foi era são ser estar está estão há tem têm muito bem também quando onde qual quem porque "
		"obrigado obrigada olá posso pode fazer entre sobre desde até sem já pelo pela num numa sou tenho quero vou vai aqui agora hoje amanhã "
		"nada tudo todos sempre nunca assim só sim pra nao voce voces sao esta tambem ate ja vc vcs tbm pq oi olha gente ainda depois antes cada outro outra "
		"qualquer alguém ninguém coisa fazendo vocês pode bom boa dia tarde noite",
		"ção ções ado ada mente dade ando endo", "ãõ" },
	{ "it",
		"il lo la i gli le un uno una e è di del della dei delle in nel nella che non per con si su sul sulla al alla come più ma o io tu lui lei noi voi "
		"loro mio mia tuo suo sua questo questa questi quello era sono essere stato ho hai ha hanno abbiamo molto bene anche quando dove quale chi perché "
		"grazie ciao buongiorno posso può fare tra fra da dal dalla senza già ogni tutti tutto cosa sei voglio vuoi oggi domani adesso sempre mai niente "
		"siamo siete avete fatto devo deve qui così",
		"zione zioni mente ato ità ando endo", "ìò" },
	{ "nl",
		"de het een en is van in op te dat die niet ik je jij hij zij wij we jullie ze u mijn jouw zijn haar ons onze met voor aan als maar of om door "
		"over bij uit naar tot ook nog wel geen meer kan kunnen heb heeft hebben had was waren wordt worden werd wat wie waar wanneer waarom hoe deze dit "
		"veel zeer graag bedankt hallo alleen moet er dan",
		"ijk lijk heid ingen aar", "" },
	{ "pl",
		"i w na z że nie się to jest do co jak o po za od przez dla przy bez ale lub czy ja ty on ona my wy oni mój moja mnie mi tym tego tej te ten ta "
		"był była było są być mam ma mają może można bardzo dobrze już tylko także kiedy gdzie dlaczego który która które proszę dziękuję cześć dzień "
		"dobry jestem jego jej ich",
		"ość ania enie ych ego ować", "łżźćńśąę" },
	{ "cs",
		"a v na se že je to z do s o i jak ale nebo pro po za od při bez já ty on ona my vy oni můj moje mě mi tím toho ten ta byl byla bylo jsou být "
		"mám má mají může velmi dobře už jen také kdy kde proč který která které prosím děkuji ahoj dobrý den jsem jsme jeho její není co",
		"ost ání ení ých ého ovat", "řěů" },
	{ "sv",
		"och i att det som en ett på är av för med den till inte om har de jag du han hon vi ni min mitt din sin var vad när hur varför men eller från "
		"kan ska skulle vill måste bara också mycket där här tack hej snälla finns blir blev sig så dem ut upp",
		"ningen heten arna erna", "å" },
	{ "da",
		"og i at det som en et på er af for med den til ikke om har de jeg du han hun vi min mit din sin var hvad når hvordan hvorfor men eller fra kan "
		"skal skulle vil må kun også meget der her tak hej venligst bliver blev sig så dem ud op hvor",
		"ningen heden erne else", "øæå" },
	{ "fi",
		"ja on ei että se hän minä sinä me te he tämä tuo mitä mikä kuka missä milloin miksi miten kun jos mutta tai niin kuin ovat oli olla voi voin "
		"voiko vain myös hyvin kiitos hei moi ole olen minun sinun ovatko joka jotka ne nyt vielä",
		"ssa ssä lla llä sta stä inen", "äö" },
	{ "hu",
		"a az és hogy nem van egy ez is de meg csak mint ha vagy én te ő mi ti ők mit ki hol mikor miért hogyan volt lesz lehet kell már még nagyon "
		"köszönöm szia kérem nincs vannak ami aki amely után között szeretnék",
		"ban ben nak nek ság ség", "őű" },
	{ "ro",
		"și în de la cu pe nu este un o din pentru că mai să se care sunt a al ale au fost fi dar sau dacă eu tu el ea noi voi ei meu mea ce cum când "
		"unde cine foarte bine doar și mulțumesc bună salut vreau pot poate fără între după aceasta acest",
		"ului ilor ție are ează", "ășțţş" },
	{ "tr",
		"ve bir bu da de için ile çok ne o ben sen biz siz onlar benim senin mi mı mu mü değil var yok olarak olan daha gibi kadar sonra ama veya ya "
		"nasıl neden nerede kim zaman her şey lütfen teşekkürler merhaba istiyorum olur oldu yapmak tamam evet hayır abi hocam canım güzel iyi kötü biraz "
		"şimdi bugün bugüne yarın dün akşam sabah gün günü hafta saat yeni yıl yılı son ilk tüm sadece üzeri özel büyük hemen haydi kadarki varan olsun olup "
		"olacak olmadan oluyor geldi gel git gidiyor gelin yapın değilim bana sana ona bunu şunu beni seni onu bize size sizi sizin bizim bizi kendi hiç "
		"bile belki yine artık önce göre karşı üzerinde arasında tarihinde tarihleri dek en iki üç dört beş lira tl gönder gönderin yaz yazıp yazın detaylı "
		"bilgi başladı fırsatı indirim ücretsiz hediye icin degil cok nasil sey lutfen tesekkurler hayir canim guzel kotu simdi bugun bugune yarin dun aksam "
		"gun gunu yil yili tum uzeri ozel buyuk hic artik once gore karsi uzerinde arasinda tarihlerinde iki uc dort bes gonder gonderin yazip yazin yapin "
		"detayli basladi firsati ucretsiz kadar",
		"ları leri larda lerde lardan lerden ların lerin ınız iniz unuz ünüz nızı nizi mız miz yor mak mek ıyor iyor uyor üyor dır dir mış miş cağım ceğim "
		"lari larin siniz sınız acak ecek arak erek tir", "ğışçöü" },
	{ "id",
		"yang dan di ke dari ini itu untuk dengan tidak ada saya anda kami kita dia mereka akan bisa dapat sudah belum juga atau pada adalah dalam "
		"seperti karena jika apa siapa kapan bagaimana mengapa mana terima kasih halo tolong lebih sangat banyak orang oleh aku kamu gak ga nggak tak bukan "
		"jangan mau lagi aja saja sih dong deh nih kok kalo kalau udah dah sdh blm belum tp tapi yg dgn utk dg dr dlm krn jd gmn gimana kenapa knp bgt banget "
		"semua hanya masih baru tadi nanti besok kemarin hari jam sekarang pagi siang malam minggu bulan tahun selamat maaf mohon silakan silahkan ya iya oke "
		"pak bu mas mbak kak bang bapak ibu teman rumah kerja beli jual harga murah gratis paket pulsa kuota nomor hub hubungi ketik balas kirim dapatkan "
		"nikmati hadiah pemenang resmi diskon promo rb ribu rbu jt juta rp rekening transfer bayar bisa punya kita sama sampai setelah sebelum ketika agar "
		"supaya biar lalu terus sudah pernah selalu sering cara buat bikin bantu lihat tahu tau coba pakai pake masuk keluar cek info",
		"kan nya ngan inya anya nnya kah lah", "" },
	{ "vi",
		"và là của có không trong cho được với này một những các để khi người tôi bạn anh chị em chúng ta họ cũng như nhưng hoặc nếu thì đã đang sẽ rất "
		"gì ai đâu sao nào cảm ơn xin chào làm ở ra vào từ đến cua khong duoc nhung nguoi chung nhu neu thi vao",
		"", "đơưạảấầẩậắằặẹẻẽếềểễệỉịọỏốồổộớờởợụủứừửữựỳỵỷỹ" },
	/* As it is typed on most phones: */
	{ "hi",
		"hai hain ho hoon hun tha thi ka ki ke ko se mein mai main aur ya par pe nahi nahin nhi kya kyun kyu kaise kaha kahan kab kaun yeh ye woh wo "
		"vo aap aapka aapke aapki apna apne apni mera meri mere mujhe hum hume humein tum tumhara tera bhi toh hi bas abhi aaj kal kar karo karna karne "
		"karke karta karte karti kr raha rahe rahi gaya gayi gaye hua hui hue diya liya chahiye sakta sakte sakti kuch sab koi bahut bohot accha acha "
		"thik theek bhai bhaiya didi ji haan han namaste dhanyavaad shukriya kripya matlab lekin agar jab tak liye wala wali wale bata batao "
		"bataye dekho dekha likha likhna milega mil paise rupaye ghar kaam log baad pehle saath",
		"", "" },
};
enum { LANGUAGES = sizeof(profiles) / sizeof(profiles[0]) };

/* --- Latin letters ------------------------------------------------------------------------------------------------------------ */

struct slot {
	struct slice word;
	uint32_t languages; /* one bit each */
};
static struct slot slots[SLOTS]; /* open addressing; filled once, then read only */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct slot *slot_of(struct slice word)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < word.len; i++)
		h = (h ^ (unsigned char)word.ptr[i]) * 16777619u;
	h ^= h >> 15;
	while (slots[h % SLOTS].word.ptr && !slice_eq(slots[h % SLOTS].word, word))
		h++;
	return &slots[h % SLOTS];
}

/* The next of words separated by spaces; false at the end. */
static bool next_of(const char **at, struct slice *out)
{
	*at += strspn(*at, " ");
	*out = slice_make(*at, strcspn(*at, " "));
	*at += out->len;
	return out->len > 0;
}

static void fill(void)
{
	struct slice word;

	_Static_assert(LANGUAGES <= 32, "a bit for each language");
	for (size_t i = 0; i < LANGUAGES; i++)
		for (const char *at = profiles[i].words; next_of(&at, &word);) {
			struct slot *s = slot_of(word);
			s->word = word;
			s->languages |= 1u << i;
		}
}

static bool ends_in(struct slice word, struct slice ending)
{
	return word.len > ending.len + 1 && memcmp(word.ptr + word.len - ending.len, ending.ptr, ending.len) == 0;
}

/* A word that several languages share tells little of each. */
static void weigh_word(double weight[LANGUAGES], struct slice word)
{
	uint32_t in = slot_of(word)->languages;
	int shared = __builtin_popcount(in);
	struct slice part;

	for (size_t i = 0; i < LANGUAGES; i++) {
		if (in & 1u << i)
			weight[i] += 1.0 / shared;
		for (const char *at = profiles[i].endings; !in && next_of(&at, &part);)
			if (ends_in(word, part)) {
				weight[i] += OF_ENDING;
				break;
			}
	}
}

static void weigh_letter(double weight[LANGUAGES], struct slice letter)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (profiles[i].letters[0] && memmem(profiles[i].letters, strlen(profiles[i].letters), letter.ptr, letter.len))
			weight[i] += OF_LETTER;
}

/* Addresses are written alike everywhere ("com" is a Portuguese word). How many bytes of one stand at `at`, 0: none. */
static size_t address_at(struct slice text, size_t at)
{
	size_t len = 0;

	while (at + len < text.len && (unsigned char)text.ptr[at + len] > ' ')
		len++;
	return uri_meant(slice_make(text.ptr + at, len)) ? len : 0;
}

static const char *latin(struct slice text)
{
	double weight[LANGUAGES] = { 0 }, second = 0;
	size_t best = 0, start = 0, at = 0;
	unsigned cp;

	pthread_once(&once, fill);
	while (at <= text.len) {
		if (at == 0 || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\n')
			start = at += address_at(text, at);
		size_t n = at < text.len ? utf8_next(text, at, &cp) : 1;
		bool inside = at < text.len && cp != UTF8_BAD &&
			(cp < 0x80 ? (cp >= 'a' && cp <= 'z') || cp == '\'' : (unicode_props(cp) & (UNI_LETTER | UNI_MARK)) != 0);
		if (inside && cp >= 0x80)
			weigh_letter(weight, slice_make(text.ptr + at, n));
		if (!inside) {
			bool behind_dot = start > 0 && text.ptr[start - 1] == '.'; /* the end of a host's name */
			if (at > start && at - start <= WORD_MAX && !behind_dot)
				weigh_word(weight, slice_make(text.ptr + start, at - start));
			start = at + n;
		}
		at += n;
	}
	for (size_t i = 1; i < LANGUAGES; i++)
		if (weight[i] > weight[best])
			best = i;
	for (size_t i = 0; i < LANGUAGES; i++)
		if (i != best && weight[i] > second)
			second = weight[i];
	return weight[best] >= LEAST && weight[best] >= second * LEAD ? profiles[best].code : NULL;
}

/* --- other scripts ------------------------------------------------------------------------------------------------------------ */

/* Scripts of one language, or whose first language is by far the likeliest; letters that tell the others. */
static const struct script_language {
	const char *script, *code, *letters; /* letters "": the default of its script */
} scripts[] = {
	{ "Cyrl", "uk", "іїєґ" }, { "Cyrl", "be", "ў" }, { "Cyrl", "sr", "јљњћђџ" }, { "Cyrl", "kk", "әғқңұһ" }, { "Cyrl", "ru", "" },
	{ "Arab", "ur", "ٹڈڑںےہھ" }, { "Arab", "fa", "پچژگکی" }, { "Arab", "ar", "" }, { "Deva", "mr", "ळ" }, { "Deva", "hi", "" },
	{ "Hira", "ja", "" }, { "Kana", "ja", "" }, { "Hani", "zh", "" }, { "Hang", "ko", "" }, { "Thai", "th", "" }, { "Grek", "el", "" },
	{ "Hebr", "he", "" }, { "Armn", "hy", "" }, { "Geor", "ka", "" }, { "Beng", "bn", "" }, { "Taml", "ta", "" }, { "Telu", "te", "" },
	{ "Gujr", "gu", "" }, { "Guru", "pa", "" }, { "Knda", "kn", "" }, { "Mlym", "ml", "" }, { "Sinh", "si", "" }, { "Khmr", "km", "" },
	{ "Laoo", "lo", "" }, { "Mymr", "my", "" }, { "Tibt", "bo", "" }, { "Ethi", "am", "" },
};

/* One telling letter in thirty, and more than one: a name in a neighbour's spelling is not the text's language. */
static bool tells(struct slice text, const char *letters, size_t all)
{
	size_t n = 0;
	unsigned cp;

	for (size_t at = 0, len; at < text.len; at += len) {
		len = utf8_next(text, at, &cp);
		n += cp >= 0x80 && cp != UTF8_BAD && memmem(letters, strlen(letters), text.ptr + at, len);
	}
	return n >= 2 && n * 30 >= all;
}

static const char *of_script(struct slice text, const char *script, size_t letters)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(scripts[i].script, script) == 0 && (!scripts[i].letters[0] || tells(text, scripts[i].letters, letters)))
			return scripts[i].code;
	return NULL;
}

/* The script that the text's language goes by: "" when there are too few letters. */
static const char *script_of(struct slice text, size_t *letters)
{
	struct script_share shares[UNICODE_SCRIPTS_MAX];
	size_t n = unicode_scripts(text, shares), all = 0, main = 0;

	for (size_t i = 0; i < n; i++)
		all += shares[i].letters;
	/* Addresses and names of programs are Latin in every language: another script needs a third only. Kana beside Han is Japanese. */
	for (size_t i = 0; i < n; i++) {
		const char *script = unicode_script_code(shares[i].script);
		if (strcmp(script, "Latn") != 0 && shares[i].letters * 100 >= all * SHARE_PERCENT) {
			main = i;
			break;
		}
	}
	*letters = n ? shares[main].letters : 0;
	const char *script = n ? unicode_script_code(shares[main].script) : "";
	for (size_t i = 0; i < n && strcmp(script, "Hani") == 0; i++)
		if (strcmp(unicode_script_code(shares[i].script), "Hira") == 0 && shares[i].letters * 10 >= shares[main].letters)
			script = "Hira";
	return all >= (strcmp(script, "Latn") == 0 ? LATIN_MIN : LETTERS_MIN) ? script : "";
}

bool language_of(struct slice text, char out[LANGUAGE_BYTES])
{
	const char *script, *code;
	size_t letters;

	memset(out, 0, LANGUAGE_BYTES);
	if (text.len > LANGUAGE_TEXT_BYTES)
		text.len = LANGUAGE_TEXT_BYTES;
	script = script_of(text, &letters);
	code = strcmp(script, "Latn") == 0 ? latin(text) : of_script(text, script, letters);
	if (code)
		snprintf(out, LANGUAGE_BYTES, "%s", code);
	return code != NULL;
}

/* `script` NULL: in any. */
static bool written_in(struct slice code, const char *script)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (slice_is(code, profiles[i].code) && (!script || strcmp(script, "Latn") == 0))
			return true;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (slice_is(code, scripts[i].code) && (!script || strcmp(scripts[i].script, script) == 0))
			return true;
	return false;
}

bool language_known(struct slice code)
{
	return written_in(code, NULL);
}

bool language_labelled(struct slice text, struct slice label, char out[LANGUAGE_BYTES])
{
	bool told = language_of(text, out);
	size_t letters;

	if (text.len > LANGUAGE_TEXT_BYTES)
		text.len = LANGUAGE_TEXT_BYTES;
	if (told && !written_in(label, script_of(text, &letters)))
		return true;
	if (language_known(label))
		snprintf(out, LANGUAGE_BYTES, "%.*s", SLICE_ARG(label));
	return out[0] != 0;
}
