"""What CPython does with text: python3 test/cpython/record_text.py writes text.json, repr.json, string-methods.json,
unicode.json and format.json.
"""

import itertools
import random
import unicodedata
from pathlib import Path

from number_values import encode, write

random.seed(1991)
FOLDER = Path(__file__).parent


def outcome(action):
    """The value, or the error; messages count where CPython's are the same for a given kind of mistake."""
    try:
        return encode(action())
    except Exception as error:
        name = type(error).__name__
        if name in ("KeyError", "IndexError", "MemoryError"):
            return {"$": "error", "v": "ValueError"}
        return {"$": "error", "v": name, "message": str(error)}


def some(cases, count):
    """That many of them, in their order."""
    cases = list(cases)
    chosen = sorted(random.sample(range(len(cases)), min(count, len(cases))))
    return [cases[index] for index in chosen]


# ---- text.json: elements and slices ------------------------------------------------------------------------------
TEXTS = ["", "a", "abc", "Straße", "a😀b", "😀", "😀😀𐐀", "x\ud800", "\udc00y", "\udc00\ud800", "\ud800😀\udc00z", "привет, мир", "0123456789abcdefghijklmnop"]
TEXTS += ["".join(random.choices("ab😀яc\ud83d", k=40)).replace("\ud83d😀", "😀") for _ in range(3)]
BOUNDS = [None, 0, 1, 2, 3, 5, 20, 39, 100, -1, -2, -3, -5, -20, -40, -100, 2**53, -(2**70), 2**70]
elements = [[text, encode(index), text[index] if -len(text) <= index < len(text) else None] for text in TEXTS for index in BOUNDS if index is not None]
slices = []
for text in TEXTS:
    slices += [[text, encode(start), encode(stop), None, text[start:stop]] for start, stop in some(itertools.product(BOUNDS, BOUNDS), 70)]
    for _ in range(50):
        start, stop, step = random.choice(BOUNDS), random.choice(BOUNDS), random.choice([1, 2, 3, -1, -2, -7, 100, -100, 2**70, -(2**70)])
        slices.append([text, encode(start), encode(stop), encode(step), text[start:stop:step]])
write(FOLDER / "text.json", {"lengths": [[text, len(text), list(text)] for text in TEXTS], "elements": elements, "slices": slices})

# ---- repr.json ----------------------------------------------------------------------------------------------------
values = ["", "a", "it's", 'say "hi"', "it's \"x\"", "\\", "a\\'b", "\n\r\t\0\x01\x1f\x7f\x80\x9f\xa0\xad", "é", "ß", "привет", "日本", "😀", "\ud800", "x\udfffy", "\u200b\u2028\u2029\ufeff", "\u0378\u0379", "\U0001fa77", "\U0010ffff\U000e0001\ue000", "\u3000 \u00a0", "__proto__", "\x85", "ﬁ ǆ", "\u0301e\u0301"]
values += [None, True, False, 0, -1, 2**53, 2**53 + 1, -(10**30), 0.5, 1e16, 1e-7, 1e300, float("nan"), float("inf"), -float("inf"), 0.1 + 0.2]
values += [[], [1], [1, "a", None], (), (1,), (1, 2), ((),), ([],), {}, {"a": 1}, {"a": [1, {"b": ()}]}, {1: 2, None: True, (1, 2): 0.5}, {"it's": '"'}, set(), {1}, {"a"}, range(5), range(1, 5), range(0, 10, 2), range(5, 0, -1), range(0)]
values += [{"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items(), {}.keys(), {}.items(), {"a": [1]}.items(), [{"a": 1}.keys()], [[[[]]]], {"": ""}, {"__proto__": {"constructor": []}}, [True, None, "x", 1.5, 2**70]]
reprs = [[encode(value), repr(value), str(value), ascii(value)] for value in values]
POOL = "ab'\"\\\n\t\x00\x7f é\xa0\u0301\u200bя日😀\ud800\u0378\U0001fa77\U000e0100"
for _ in range(300):
    text = "".join(random.choices(POOL, k=random.randint(1, 9)))
    reprs.append([text, repr(text), text, ascii(text)])
write(FOLDER / "repr.json", {"reprs": reprs})

# ---- string-methods.json -------------------------------------------------------------------------------------------
methods = []


def record(receivers, method, *arguments, **names):
    for receiver in receivers:
        for given in itertools.product(*arguments):
            given = [value for value in given if value is not ...]
            result = outcome(lambda: getattr(receiver, method)(*given, **names))
            methods.append([receiver, method, [encode(value) for value in given], encode(names)["v"] if names else [], result])


WORDS = ["", " ", "a", "abc", "ABC", "Hello World", "hello-world it's", "  pad  ", "a,b,,c,", "\t x \n y \r\n", "\x1c\x1d\x1e\x1fa\x85b\u2028", "\u3000я\xa0", "Straße ŉ ﬁ", "ΑΣ ΣΑΣ. ΑΣ", "a😀b😀", "😀", "\ud83d", "x\ud800y", "+12", "-5", "12", "ǆa ǅb Ǆc", "a\tb\t\tc\n\td", "İIı", "\u200b\ufeff"]
for method in ("capitalize", "casefold", "lower", "upper", "title", "swapcase", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "expandtabs"):
    record(WORDS, method)

SEARCHED = ["", "a", "aaa", "abcabc", "a😀b😀a", "\ud83d😀\ude00", "привет", "aXbXc"]
SOUGHT = ["", "a", "aa", "b", "bc", "😀", "\ude00", "\ud83d", "е", "zz", "X", "abcabcabc"]
SEARCH_BOUNDS = [(), (None,), (0,), (1,), (3,), (-1,), (-4,), (99,), (-99,), (0, 0), (1, 3), (2, 1), (None, -1), (-3, -1), (3, 3), (7, 9), (True, 2**70), (-(2**70), 2)]
for method in ("find", "rfind", "count", "startswith", "endswith"):
    for bounds in SEARCH_BOUNDS:
        record(some(SEARCHED, 5), method, some(SOUGHT, 6), *[[bound] for bound in bounds])
for method in ("index", "rindex"):
    record(SEARCHED, method, SOUGHT)
    record(SEARCHED, method, ["a"], [1], [None, 3])
for method in ("find", "count", "index"):
    record(["abc"], method, [1, None, [], ("a",)])
    record(["abc"], method, ["a"], ["0", 1.5, []])
for method in ("startswith", "endswith"):
    record(["abc", ""], method, [("a", "c"), (), ("x", ""), ("c",), 1, None, ["a"], ("x", 1), ("a", 1), (1, "a")])
    record(["abc"], method, [("b", "c")], [1, 2, None], [2, 3, ...])

for text, old in (("a-b-c", "-"), ("aaaa", "aa"), ("abc", ""), ("", ""), ("", "x"), ("a😀b", ""), ("a😀b", "😀"), ("a😀b", "\ude00"), ("\ud83d😀", "\ud83d"), ("x" * 200, "x"), ("$&$1", "$"), ("xyz", "xyz")):
    record([text], "replace", [old], ["", "_", "$&", "long😀"], [..., -1, 0, 1, 2, 64, 65, 2**70])
record(["abc"], "replace", ["a", 1, None], ["b", 2, []])
record(["abc"], "replace", ["a"], ["b"], ["1", None, 1.5])

SPLIT = ["", ",", "a", "a,b,c", ",a,,b,", "a😀b😀", "  a  b c  ", " \t\n", "a\ud83d😀b", "aXXbXXXc", "x\x1cy\x85z\u3000w", "one"]
for method in ("split", "rsplit"):
    record(SPLIT, method, [None, ",", "XX", "😀", "\ud83d", " ", "a"], [..., -1, 0, 1, 2, 99, -(2**70)])
    record(["a b"], method, ["", 1, [], ("a",)])
    record(["a b"], method, [None], ["1", 1.5, None])
    record(["a b c"], method, maxsplit=1)
    record(["a b,c"], method, sep=",")
for method in ("partition", "rpartition"):
    record(SPLIT, method, [",", "XX", "😀", "\ud83d", "a", "", 1, None])
LINES = ["", "\n", "a", "a\n", "a\nb", "a\r\nb\r\r\nc", "\n\r\n", "a\x0bb\x0cc\x1cd\x1de\x1ef\x1fg", "a\x85b\u2028c\u2029d", "\r", "x\r\n"]
record(LINES, "splitlines", [..., True, False, 0, 1, None, "yes", []])
record(LINES[:4], "splitlines", keepends=True)

for method in ("strip", "lstrip", "rstrip"):
    record(["", "xxaxx", "xyaYx", "😀a😀", "\ud83da😀", "  x ", "aaaa", "абва"], method, [None, "", "x", "xy", "yx ", "😀", "\ud83d", "\ude00", "abcdefghijklmnopqrstuvwxyz", "аб", "\x00"])
    record(["abc"], method, [1, ["a"], ("a",)])
record(["a-b", ""], "join", [[], ["x"], ["x", "y"], ["x", "", "z"], ("p", "q"), {"k": 1, "l": 2}, "str", "a😀", range(0), [1], ["a", 2], ["a", None], ("a", ["b"]), 5, None, True, {"a": 1}.keys(), {"a": "b"}.values(), range(2)])
for method in ("removeprefix", "removesuffix"):
    record(["", "abcabc", "a😀", "😀a", "\ud83d😀"], method, ["", "a", "abc", "c", "😀", "\ud83d", "\ude00", "abcabc", "abcabcabc"])
    record(["abc"], method, [1, None, ("a",)])

PADDED = ["", "a", "ab", "abc", "a😀", "-5", "+7", "--", "-", "😀1"]
for method in ("center", "ljust", "rjust"):
    record(PADDED, method, [0, 1, 2, 3, 4, 5, 6, 7, -1, True, -(2**70)], [..., "*", "😀"])
    record(["a"], method, [5], ["", "ab", 1, None, "\ud800"])
    record(["a"], method, ["5", 1.5, None, []])
record(PADDED, "zfill", [0, 1, 2, 3, 4, 8, -1, True, "3", 1.5, None])
record(["", "a\tb", "\t\t", "ab\tc\n\td\r\te", "😀\tx", "abc\tdefgh\tij", "\ta\tb\t"], "expandtabs", [..., 8, 4, 1, 0, -3, 3, True, "4", None, 1.5])
record(["a\tb"], "expandtabs", tabsize=3)

TABLES = [{}, {97: 98}, {97: "xyz", 98: None}, {97: 0x1F600, 0x1F600: "a"}, {97: ""}, {"a": "b"}, {97: -1}, {97: 0x110000}, {97: 1.5}, {97: []}, {97: True}, {97: 2**70}, [], ["x"] * 99, "z" * 98, "y" * 97 + "😀b", (), 5, None, range(99), range(98, 300)]
record(["", "abc", "a😀a", "AbA"], "translate", TABLES)
record([""], "maketrans", [{}, {"a": "b"}, {97: 98, "b": None}, {"ab": 1}, {1.5: 1}, {"": 1}, {True: 2}, 5, "a", None, [], {"😀": "x"}])
record([""], "maketrans", ["abc", "a😀", "", 5, None, {}], ["xyz", "y", "zz", "", 5, None], [..., "d", "a", "", 5, None])

CASING = ["a", "A", "b", "Σ", "σ", "ς", "ß", "İ", "ı", "ǆ", "ǅ", "Ǆ", "ﬁ", "ა", "Ა", " ", "'", ".", "\u0345", "ʰ", "1", "-", "😀", "𐐀", "𐐨", "ɤ", "ŉ", "ᾳ", "ᾼ", "\u0301", "\u00ad", "Ⓐ", "ⅷ", "\u0378", "ꭰ", "Ꭰ", "ΐ", "\ua7cb", "\u0295", "\U0001171e", "\ud800", "Я", "я"]
casing = []
for _ in range(900):
    text = "".join(random.choices(CASING, k=random.randint(1, 12)))
    casing.append([text] + [getattr(text, method)() for method in ("lower", "upper", "title", "capitalize", "swapcase", "casefold", "islower", "isupper", "istitle")])
write(FOLDER / "string-methods.json", {"methods": methods, "casing": casing})

# ---- unicode.json: every code point ---------------------------------------------------------------------------------
EVERY = range(0x110000)


def runs(test):
    """Lengths of the runs of code points that fail and pass in turn."""
    return [len(list(group)) for _, group in itertools.groupby(itertools.chain([None], EVERY), lambda code: code is not None and bool(test(chr(code))))]


def following(test):
    lengths = runs(test)
    return [lengths[0] - 1, *lengths[1:]]


PREDICATES = ("isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper")
predicates = [[name, following(lambda character: getattr(character, name)())] for name in PREDICATES]
contexts = [
    ["unassigned", following(lambda character: unicodedata.category(character) == "Cn")],
    ["identifier part", following(lambda character: ("a" + character).isidentifier())],
    ["before sigma", following(lambda character: (character + "Σ").lower()[-1] == "ς")],
    ["between letter and sigma", following(lambda character: ("a" + character + "Σ").lower()[-1] == "ς")],
    ["after sigma", following(lambda character: ("aΣ" + character).lower()[1] == "ς")],
]
mappings = []
for name in ("lower", "upper", "title", "casefold", "swapcase", "capitalize"):
    changed = {chr(code): getattr(chr(code), name)() for code in EVERY}
    mappings.append([name, {character: mapped for character, mapped in changed.items() if mapped != character}])
write(FOLDER / "unicode.json", {"predicates": predicates, "contexts": contexts, "mappings": mappings})

# ---- format.json ------------------------------------------------------------------------------------------------------
values = ["", "a", "abc", "a😀b", True, False, None, [], (1,), {"a": 1}, 0, 1, -1, 7, 42, -42, 255, 1234, -1234, 1234567, 2**53, -(2**53) - 1, 10**25, 2**70, 65, 0x1F600, 0.5, -0.5, 1.5, 2.5, 0.125, 0.375, -2.675, 3.14159265358979, 1234.5678, -1234567.891, 0.1, 1e-5, 1.5e-7, 1e16, 1.5e16, 1e22, 1e23, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 123456789012345680.0, 0.00012345, 9.5, 99.5, 999.9999, 0.99995, float("nan"), float("inf"), -float("inf"), 1e100, 4503599627370497.5, 9007199254740994.0]
SPECS = """|5|<5|>5|^6|=6|*<8|*>8|*^9|0>7|05|010|+|-| |+5| 6|-6|+08| 08|=+8|😀^7|x=8|<|=|>|^|{<5|}>5|,|_|8,|010,|09,|08,|07,|_x|012_x|_b|,x|,d|_d|,_|_,|,,|__|,c|,s|_n|b|o|x|X|#b|#o|#x|#X|#010x|#<10b|#^+12o|+#x|d|+d| d|5d|c|5c|<5c|^5c|+c|#c|05c|n|5n|s|5s|.2s|.0s|5.1s|<5.2s|^5.2|.1|.3|.0|.10|.17|.20|.25|e|.0e|.2e|.10e|+.3e|#.0e|E|f|.0f|.1f|.2f|.3f|10.2f|+10.2f|010.2f|-010.2f|<10.1f|^10.1f|,.2f|_.3f|015,.2f|.30f|.60f|F|g|.0g|.1g|.3g|.10g|.20g|#g|#.3g|#.0f|G|%|.0%|.1%|+.2%|010%|,.1%|z|z.1f|z.0f|z.2e|z.1%|z.3g|zg|z5.0f|+z.0f|z#.0f|zd|z.1|y|!|dd|5.|.|.f|1.2.3|5 |  5|a|\x01|é|😀|99x9|0|00|000|0<5|<05|=05|>05|^05|<+|+<|-5.3|+z#012_.3f| z,|#|#5|# f|#.3|#_x|010_|_.2f|,%|_%|,g|,e|,E|1000|.400f|.350e|.900g|#.120g|99999999999999999999|.99999999999999999999|9223372036854775807x|_c|-c| c|.1c|.1d|.1x|.1n|.2n|,n|+n|Z|u|i|l""".split("|")
# An integral float up to 2**53 is an int in Sluice.
values = [value for value in values if not (isinstance(value, float) and value.is_integer() and abs(value) <= 2**53)]
formats = [[encode(value), spec, outcome(lambda: format(value, spec))] for spec in SPECS for value in [*some(values, 14), 1234.5678, -1234567]]
FILLS, ALIGNS = ["", "*", "0", "é", "😀"], "<>=^"
for _ in range(2500):
    spec = random.choice(["", random.choice(FILLS) + random.choice(ALIGNS)]) + random.choice(["", "", "+", "-", " "]) + random.choice(["", "", "", "z"]) + random.choice(["", "", "#"]) + random.choice(["", "", "0"])
    spec += random.choice(["", str(random.randint(1, 30))]) + random.choice(["", "", ",", "_"]) + random.choice(["", "." + str(random.choice([0, 1, 2, 3, 5, 8, 12, 16, 17, 18, 22]))]) + random.choice(["", *"bcdeEfFgGnosxX%ffggee"])
    value = random.choice(values) if random.random() < 0.3 else random.choice([random.uniform(-1000, 1000), random.uniform(-1, 1) * 10 ** random.randint(-30, 30), random.randint(-(10**6), 10**6), random.randint(-999, 999) / 8, random.randint(1, 99999) / 1000])
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        continue
    formats.append([encode(value), spec, outcome(lambda: format(value, spec))])

ARGUMENTS = [(), 1, -42, 2.5, -2.675, 1e16, "a", "abc", None, True, [1], (1,), (1, 2), ("a", 5, 2.5), {"a": 1, "b": "x", "(": 2, "a(b)c": 3, "": 4}, {1: 2}, 2**70, -(2**70), float("nan"), -float("inf"), (8, 3), (8, 3, 2.34567), (-8, 3), (8, -3, 1.5), ("a", 3), (2.5, 1), "😀", ("😀", 65), 0x1F600, 0x110000, -1, ([],), ((1, 2),), range(3), {"a": 1}.keys(), 0, 255, 1.5, 0.125]
FORMATS = """|%|%%|x%%y|100%% %s|%s|%r|%a|%d|%i|%u|%o|%x|%X|%e|%E|%f|%F|%g|%G|%c|%5s|%-5s|%.2s|%5.1s|%05s|%5d|%-5d|%05d|%+d|% d|%+5d|%-+5d|%+05d|%- 05d|%.5d|%8.5d|%-8.5d|%08.5d|%+.3d|%#o|%#x|%#X|%#10x|%#010x|%#-10X|%#.5x|%#010.5x|%+#x|% #x|%.0f|%.1f|%.2f|%10.2f|%-10.2f|%010.2f|%+.2f|% .2f|%#.0f|%.20f|%.3e|%#.0e|%+012.3e|%.3g|%#.3g|%.10g|%#g|%5c|%-5c|%05c|%.3c|%hd|%ld|%Ld|%lld|%hhd|%hs|%*d|%-*d|%.*f|%*.*f|%0*d|%+*d|%y|%5y|%b|%n|%é|%😀|%5%|%-%|%5|%.|%.d|%.s|%l|%(a)s|%(a)d|%(b)5s|%(missing)s|%(a|%(a)|%((a)|%((x))s|%(a(b)c)d|%()s|%(a)s%(b)s|%(a)s %s|%(a)*d|%s %s|%s %s %s|%d %d|%*d %s|%(a)%|%s%%|%0-5d|%-05.1f|%+ d|% +d|%##x|%00005d|%99999999999999999999d|%.99999999999999999999f|%99999999999999999999s|% s|%+s|%#s|%\x01|%z|% |%-""".split("|")
percents = [[text, encode(args), outcome(lambda: text % args)] for text in FORMATS for args in some(ARGUMENTS, 16)]
for _ in range(1500):
    text = "%" + "".join(random.choices("-+ #0", k=random.randint(0, 3))) + random.choice(["", str(random.randint(1, 25))]) + random.choice(["", "." + str(random.choice([0, 1, 2, 3, 6, 10, 17, 20]))]) + random.choice("dioxXeEfFgGcrsa")
    value = random.choice([random.uniform(-1000, 1000), random.uniform(-1, 1) * 10 ** random.randint(-30, 30), random.randint(-(10**6), 10**6), random.randint(-999, 999) / 8, random.getrandbits(100), "text", "😀b"])
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        continue
    percents.append([text, encode(value), outcome(lambda: text % value)])

TEMPLATES = """|plain|{{}}|{{{}}}|{|}|{{|}}|{}}|}{|{{}|{}|{} {}|{} {} {} {}|{0}|{1} {0}|{2}|{9}|{0} {}|{} {0}|{a}|{b}|{missing}|{a} {}|{} {a} {}|{0!r}|{0!s}|{0!a}|{1!a}|{0!x}|{0!}|{0!r|{0!r:|{0!rx}|{0!é}|{0!}}|{!r}|{:5}|{:>5}|{0:>{1}}|{:>{}}|{:{}{}}|{0:{1}{1}}|{0:{a}}|{:{:{}}}|{0:{1:{2}}}|{0:{{}}}|{:{|{:}|{:{}|{0:|{0|{a|{a:|{0[|{0[0}|{0[0]}|{l[0]}|{l[1][0]}|{l[5]}|{l[-1]}|{l[x]}|{l[]}|{d[k]}|{d[0]}|{d[x]}|{d[a:b]}|{d[a}b]}|{d[a!b]}|{d[k]x}|{d[k].}|{d[k][0]}|{0.}|{0..a}|{.}|{[0]}|{[0]} {[0]}|{a[0]}|{a[0][0]}|{a.x}|{n[0]}|{t[0]}|{t[1]!r:>6}|{0[a]}|{:.2f}|{f:.2f}|{f:+010.2f}|{f!r:>8}|{f!s:.3}|{a:{f}}|{l}|{l!r:10}|{l:10}|{n}|{n:5}|{n!s:5}|{t}|{d}|{🙂}|{a b}|{ a}|{a }|{0x1}|{01}|{-1}|{+1}|{99999999999999999999}|{l[99999999999999999999]}|{l[00]}|{a!r}{a!s}{a}|{0:{0}{1}}|{a:{{}|{a:}}}|{a:}}|{:*^{w}}|{a:{w}.{p}}|{f:{w}.{p}f}|{f:{w}.{p}{a}}|x{{{a}}}y|{a!r:{w}}|{a{b}}|{0!r!s}|{__proto__}|{constructor}|{d[__proto__]}|{d[constructor]}""".split("|")
CALLS = [((), {}), ((5, 2, 3), {}), (("x", 8), {}), ((1.5,), {}), (({"a": 1}, 3), {}), (("é", 4), {"a": "str", "b": 2}), ((), {"a": "abc", "w": 8, "p": 2, "f": 3.14159, "l": [10, ["in"]], "d": {"0": "text", "k": "v", "a:b": 1, "a}b": 2, "a!b": 3}, "n": None, "t": (1, "two"), "🙂": "smile", "a b": "blank"})]
templates = [[template, [encode(value) for value in args], encode(names)["v"], outcome(lambda: template.format(*args, **names))] for template in TEMPLATES for args, names in [CALLS[0], *some(CALLS[1:-1], 2), CALLS[-1]]]
write(FOLDER / "format.json", {"formats": formats, "percents": percents, "templates": templates})
