"""Small texts of many scripts and kinds, made here: what people bring to a tiny GPT."""

import json
import random
import unicodedata

WORDS = {  # a few words each; a text is a thousand of them, drawn at random
    "English": "the snail went slowly over a green leaf because it was hungry and far from it",
    "German": "die Schnecke kroch langsam über ein grünes Blatt weil sie großen Hunger hatte",
    "Vietnamese": "con ốc sên bò chậm qua chiếc lá xanh vì nó đang đói và đường rất xa",
    "Russian": "улитка медленно ползла по зелёному листу потому что она была очень голодна",
    "Greek": "το σαλιγκάρι περπατούσε αργά πάνω στο πράσινο φύλλο γιατί πεινούσε πολύ",
    "Armenian": "խխունջը դանդաղ շարժվում էր կանաչ տերեւի վրա որովհետեւ քաղցած էր",
    "Georgian": "ლოკოკინა ნელა მიდიოდა მწვანე ფოთოლზე რადგან ძალიან მშიერი იყო",
    "Arabic with vowels": "الوَلَدُ كَتَبَ رِسَالَةً إِلَى أُمِّهِ وَذَهَبَتْ البِنْتُ إِلَى المَدْرَسَةِ",
    "Hebrew with points": "הַחִלָּזוֹן הָלַךְ לְאַט עַל עָלֶה יָרֹק כִּי הוּא הָיָה רָעֵב מְאֹד",
    "Persian with joiners": "می‌خواهم کتاب‌های خوب را بخوانم چون خانه‌ام نزدیک کتاب‌خانه است",
    "Hindi": "हिन्दी किताब पढ़ना अच्छा लगता है क्योंकि विद्यार्थी प्रतिदिन कहानियाँ सुनते हैं",
    "Bengali": "বাংলা গল্পের বই পড়তে ভালো লাগে কারণ ছেলেমেয়েরা প্রতিদিন নতুন শব্দ শেখে",
    "Tamil": "தமிழ் மொழி கதை சொல்கிறாள் அம்மா மழை பெய்கிறது நான் வீட்டில் இருக்கிறேன்",
    "Telugu": "తెలుగు భాషలో కథలు చదవడం నాకు చాలా ఇష్టం ఎందుకంటే అమ్మ రోజూ చెప్తుంది",
    "Amharic": "ቀንድ አውጣ በአረንጓዴ ቅጠል ላይ ቀስ ብሎ ሄደ ምክንያቱም በጣም ርቦት ነበር",
    "Korean": "달팽이는 배가 고파서 초록 잎사귀 위를 천천히 기어갔다 그리고 집으로 돌아왔다",
    "Tibetan": "བོད་ཀྱི་སྐད་ཡིག་ནི་ ཤིན་ཏུ་སྙན་པོ་ ཡིན་ པས་ང་ཚོས་ སློབ་སྦྱོང་ བྱེད་དགོས་",
}
WITHOUT_SPACES = {
    "Thai": "หอยทาก เดิน ช้า ช้า บน ใบไม้ สีเขียว เพราะว่า มัน หิว มาก และ บ้าน อยู่ ไกล",
    "Khmer": "ខ្យង ដើរ យឺតៗ លើ ស្លឹកឈើ ពណ៌បៃតង ព្រោះ វា ឃ្លាន ណាស់ ហើយ ផ្ទះ នៅឆ្ងាយ",
    "Chinese": "蜗牛 慢慢地 爬过 绿色的 叶子 因为 它 很饿 而且 回家的路 很远 每天 早上",
    "Japanese": "かたつむりは ゆっくり 緑の 葉の上を 歩いた なぜなら とても お腹が すいていた から",
}


def words(name, form="NFC"):
    known = {**WORDS, **WITHOUT_SPACES}[name]
    return unicodedata.normalize(form, known).split()


def prose(name, n=1000, form="NFC", seed=0):
    """Sentences of random words, in lines; without spaces where nobody writes any."""
    rng, space = random.Random(seed), "" if name in WITHOUT_SPACES else " "
    stop = "。" if name in ("Chinese", "Japanese") else "." if space else " "
    lines = []
    for _ in range(n // 10):
        sentence = space.join(rng.choices(words(name, form), k=10))
        lines.append(sentence + stop + ("\n" if rng.random() < 0.3 else space))
    return "".join(lines)


def by_script():
    """{name: text}: scripts of all continents, those with accents also decomposed."""
    texts = {name: prose(name) for name in {**WORDS, **WITHOUT_SPACES}}
    decomposed = {
        f"{name}, decomposed": prose(name, form="NFD")
        for name in ("German", "Vietnamese", "Greek", "Korean")
    }
    return {**texts, **decomposed}


def lines(n, line, seed=0):
    """n lines, each made by line(rng, number)."""
    rng = random.Random(seed)
    return "".join(f"{line(rng, i)}\n" for i in range(n))


def name_of(rng):
    return "".join(rng.choice(["al", "be", "ri", "no", "mi", "ka", "to", "su"]) for _ in range(3))


def by_kind():
    """{what it is: bytes}: texts and files that people have asked about in public threads."""
    english = prose("English")
    rng = random.Random(1)
    table = lines(300, lambda r, i: f'"{i}","{name_of(r)}, {name_of(r)}","said ""yes"""\r')
    texts = {
        "headings and paragraphs": "\n\n".join(
            f"Heading {i}\n{prose('English', 50, seed=i)}" for i in range(20)
        ),
        "wiki headings": "\n".join(
            f"== History {i} ==\n{prose('English', 40, seed=i)}" for i in range(20)
        ),
        "Markdown": "# Snails\n\n* **bold** [a](b.md)\n\n```\nx = 1\n```\n| a | b |\n" * 60,
        "only carriage returns": english.replace("\n", "\r"),
        "line ends of Windows": english.replace("\n", "\r\n"),
        "mixed line ends": english.replace("\n", "\r\n", 20).replace(".", ".\r", 20),
        "byte order mark": "\ufeff" + english,
        "form feeds": english.replace("\n", "\f\n"),
        "many empty lines": english.replace("\n", "\n\n\n\n"),
        "zeros at its end": english + "\0" * 5000,
        "Ctrl-Z at its end": english + "\x1a",
        "CSV with a header": "id,name,said\r\n" + table,
        "CSV, one column": "text\n" + lines(400, lambda r, i: f'"{prose("English", 10, seed=i)}"'),
        "tab-separated values": lines(400, lambda r, i: f"{i}\t{name_of(r)}\t{r.random():.3f}"),
        "WhatsApp": "\ufeff"
        + lines(
            400,
            lambda r, i: (
                f"\u200e[0{i % 9 + 1}/03/2023, 1:{i % 60:02}"
                f":00\u202fPM] {name_of(r)}: {name_of(r)} 🙂\r"
            ),
        ),
        "chat with tags": lines(300, lambda r, i: f"<u> {name_of(r)}\n<a> {name_of(r)}?"),
        "ABC tunes": lines(200, lambda r, i: f"X:{i}\nM:4/4\nK:D\n|:{r.choice('ABcd')}2 fe d3 e|"),
        "chess games": lines(200, lambda r, i: f"1. e4 e5 2. Nf3 Nc6 3. B{r.choice('bce')}4 a6"),
        "guitar tabs": lines(300, lambda r, i: f"e|--{r.randrange(9)}--{r.randrange(9)}----|"),
        "notes as numbers": lines(300, lambda r, i: f"n{r.randrange(127)}v{r.randrange(9)}"),
        "sums": lines(500, lambda r, i: f"{i}+{i % 7}={i + i % 7}"),
        "letters to sort": lines(500, lambda r, i: (s := name_of(r)) + "|" + "".join(sorted(s))),
        "names, sorted": "\n".join(sorted({name_of(rng) + name_of(rng) for _ in range(500)})),
        "names of Sweden": lines(300, lambda r, i: r.choice(["Åsa", "Örjan", "Märta", "Björn"])),
        "read in a wrong encoding": english.replace("over", "Ã¶ver").replace("it", "itâ€™s"),
        "letters lost before": english.replace("it", "i\ufffd"),
        "curly quotes": english.replace("leaf", "“leaf”").replace("it", "it’s") + "…—",
        "soft hyphens": english.replace("slowly", "slow\u00adly"),
        "full-width": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in english),
        "English and French": english.replace("green", "très vert, été"),
        "Cyrillic with empty lines": prose("Russian").replace("\n", "\n\n"),
        "Hindi and English": prose("Hindi") + english,
        "emoji": lines(300, lambda r, i: r.choice("🙂🙃🎉") + r.choice(["👩‍👩‍👧", "❤️", "🇫🇷"])),
        "accents without end": english.replace("it", "i" + "\u0301" * 40),
        "DNA in one line": "".join(rng.choices("ACGT", k=9_000)),
        "protein in one line": "".join(rng.choices("ACDEFGHIKLMNPQRSTVWY", k=6_000)),
        "FASTA": lines(50, lambda r, i: f">seq{i}\n" + "".join(r.choices("ACGT", k=60))),
        "hex in one line": rng.randbytes(3_000).hex(),
        "base64 in one line": "QUJD" * 4000,
        "a book in one line": english.replace("\n", " "),
        "JSON in one line": json.dumps([{"id": i, "text": prose("English")} for i in range(3)]),
        "JSON lines": lines(200, lambda r, i: json.dumps({"id": i, "name": name_of(r)})),
        "HTML": "<!DOCTYPE html><html><body>" + "<p>The snail went home.</p>\n" * 99,
        "source code": "def f(x):\n\tif x:\n\t\treturn x * 2\n    # four spaces\n" * 60,
        "LaTeX": "\\begin{equation}\n\\frac{a_1}{b^2} % comment\n\\end{equation}\n" * 60,
        "a log with times": lines(400, lambda r, i: f"2024-03-0{i // 99 + 1} 10:00 {name_of(r)}"),
        "the same line": "le café noir\n" * 200,
        "one character": "a" * 20_000,
        "two characters": "ab" * 10_000,
        "white space": " \n" * 2000,
        "26 lines": lines(26, lambda r, i: name_of(r)),
        "nothing": "",
        "END after each line": lines(300, lambda r, i: f"{name_of(r)} {name_of(r)}<|endoftext|>"),
        "END, line ends of Windows": lines(300, lambda r, i: name_of(r) + "\r\n<|endoftext|>\r"),
        "one END": english + "<|endoftext|>",
        "escape sequences": lines(200, lambda r, i: f"ok \x1b[2J\x1b]0;{i}\x07 done"),
        "right to left marks": lines(200, lambda r, i: f"\u200f{name_of(r)}\u202e{i}\u202c"),
        "underscores": lines(200, lambda r, i: "_" * 99 + name_of(r)),
        "rulers": lines(200, lambda r, i: "=" * 99 + name_of(r)),
    }
    files = {
        "RTF": b"{\\rtf1\\ansi\\ansicpg1252 " + b"The snail went home.\\par\n" * 99,
        "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n" * 400,
        "Word document": b"PK\3\4\x14\0\6\0" + rng.randbytes(4000),
        "gzip": b"\x1f\x8b\x08\0" + rng.randbytes(4000),
        "older Word document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000),
        "UTF-16 with its mark": english.encode("utf-16"),
        "UTF-16 without": english.encode("utf-16-le"),
        "UTF-16, big end first": prose("Chinese").encode("utf-16-be"),
        "UTF-32 with its mark": english.encode("utf-32"),
        "UTF-32 without": english.encode("utf-32-le"),
        "Latin-1": (english + "é" * 9).encode("latin-1"),
        "Windows-1252": english.replace("it", "it’s").encode("cp1252"),
        "Windows-1251": prose("Russian").encode("cp1251"),
        "GB 18030": prose("Chinese").encode("gb18030"),
        "Shift JIS": prose("Japanese").encode("shift_jis"),
        "cut off in a letter": prose("Hindi").encode()[:8000],
        "damaged in the middle": prose("Russian").encode()[:4000] + b"\xff" + english.encode(),
        "any bytes": rng.randbytes(5000),
        "zeros between": english.encode().replace(b"over", b"o\0er"),
    }
    return {**{kind: text.encode() for kind, text in texts.items()}, **files}
