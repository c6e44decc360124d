"""How CPython reads and writes numbers: python3 test/cpython/record_numbers.py writes numbers.json.

    formats     [float or int, str()]
    integers    [text, base, int(text, base)]
    floats      [text, float(text)]
    truncated   [number, int(number)]
    as_float    [int, float(int)]
"""

import random
import struct
from pathlib import Path

from number_values import encode, outcome, write

random.seed(754)


def any_float():
    while True:
        value = struct.unpack("<d", random.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            return value


numbers = [0.1, 0.5, -0.5, 1 / 3, 2.675, 1e-4, 0.0001, 0.00012345, 0.00099, 1e-5, 1.5e-5, 9.999e-5, 1e-7, 1.25e-7, 123e-10, 1e-100, 1e15 + 0.5, 1e16, 1.1e16, 1e17, 1.5e17]
numbers += [1e20, 1.2345678901234567e20, 1e21, 1e22, 1e23, 123456789012345678.0, 9007199254740994.0, 9999999999999998.0, -9007199254740996.0, 4503599627370497.5, 1e300, -1e300]
numbers += [5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, float("nan"), float("inf"), float("-inf"), 0.30000000000000004, 1.7000000000000002]
numbers += [0, 1, -1, 2**53, -(2**53), 2**53 + 1, 10**20, 10**21, 10**22, -(10**30), 2**64, 3**300, 9223372036854775807]
numbers += [any_float() for _ in range(500)]
numbers += [random.uniform(-1, 1) * 10 ** random.randint(-8, 24) for _ in range(500)]
# An integral float up to 2**53 prints as an int in Sluice: that is settled, not recorded.
formats = [[encode(n), str(n)] for n in numbers if isinstance(n, int) or not n.is_integer() or abs(n) > 2**53]

DIGITS = ["\\u0663", "\\u096b", "\\uff17", "\\U0001d7d8", "\\U0001fbf9", "\\u0e59", "\\u2460", "\\u00b2", "\\u4e09", "\\U00011f50", "\\u0bef", "\\u0be6", "\\u0bf0", "\\ua9d0"]
DIGITS = [digit.encode().decode("unicode_escape") for digit in DIGITS]
BLANKS = [chr(code) for code in range(0x250) if chr(code).isspace()] + list("\u1680\u2000\u2007\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\u180e") + ["\x7f", "\0", "\x1b"]

texts = """0|1|-1|+1|007|-0|+0|00|12345|  12  |\t5\n|1 2|- 1|+ 1|--1|+-1|-|+||  |_|_1|1_|1_000|1__0|_1_|1_0_0|-1_0|-_1|0_1|0x|0x1f|0X1F|0o17|0b101|0b2|0o8|0xg|0x_f|0x__f|0x_|_0x1
-0x1f|+0b1|0_x1|1x|0x1x|1.0|1.|1e5|.5|inf|nan|None|true|a|z|Z|zz|ff|FF|0b|b1|0B1|9007199254740992|9007199254740993|-9007199254740992|-9007199254740993|9223372036854775807
999999999999999|9999999999999999|1000000000000000|000000000000000000000000000012|-000|1_000_000_000_000_000_000|0xffffffffffffffffffff|0b1111|0o777777777777777777777777|0_0|0_7|07|-07|00_0
\x001|1\x00|1\x1f|\x1c1|\x1d1\x1e|1,000|1'000|１２３|٣٤|1٣|-٣|０x1f|0ｘ1f|٣_٤|٣__٤|²|½|一|①|1\u0301|\ud8001|1\udc00|😀|1😀|İ|ſ|K|0xſ|−1|＋1|12345678901234567890123456789012345678901234567890|__proto__|constructor
100000000000000000000000000000000000000000000000000000000000000000000000000000000000|1 _0|1_ 0|\xa0 1 \u3000|1\u200b|1e|0x1p3|0xabcdefghij|zyxwvutsrqponmlkjihgfedcba9876543210|121212121212121212121212121212121212121"""
texts = [text.encode("raw_unicode_escape").decode("unicode_escape") if "\\" in text else text for text in texts.replace("\n|", "|").split("|") for text in text.split("\n")]
texts += [digit for digit in DIGITS] + ["1" + digit + "0" for digit in DIGITS] + [blank + "42" + blank for blank in BLANKS] + ["4" + blank + "2" for blank in BLANKS]
alphabet = "0011279_-+xXoObBaAfFzZ .eE\u0661\uff19\u00a0"
texts += ["".join(random.choices(alphabet, k=random.randint(1, 7))) for _ in range(400)]
texts = list(dict.fromkeys(texts))
bases = (10, 0, 2, 8, 16, 36, 3, 7)
integers = [[text, base, outcome(lambda: int(text, base))] for text in texts for base in (bases if len(text) > 2 or text.isalnum() else (10, 0, 16))]
digits = "0123456789abcdefghijklmnopqrstuvwxyz"
for base in range(2, 37):
    for length in (1, 9, 10, 11, 12, 13, 30, 53, 54, 200):
        text = "".join(random.choice(digits[:base]) for _ in range(length))
        integers.append([text, base, encode(int(text, base))])
for base in (1, -1, 37, 100, -2, True, False, 2**70):
    integers.append(["1", encode(base), outcome(lambda: int("1", base))])
for base in (2.5, "10", None, []):
    integers.append(["1", encode(base), outcome(lambda: int("1", base))])

float_texts = """1.5|-1.5|+1.5|.5|5.|.|-.|1e5|1E5|1e+5|1e-5|1e|1e+|e5|.e5|1.e5|1.5e3.2|1_0.5|1_0.5_0|1_.5|1._5|1e1_0|1_e5|1e_5|_1.5|1.5_|1__0.5|inf|-inf|+inf|INF|Infinity|-INFINITY|+iNfInItY|infinit|infin|in|i|nan|-nan|+NaN
NAN|nana|in_f|inf_|_inf|n_an|1e400|-1e400|1e-400|-1e-400|4.9e-324|2.4e-324|2.5e-324|1.7976931348623157e308|1.7976931348623159e308|1e308|1e309|0x10|0X1p3|-0x10|0b1|0o7|0x|1n|1f|1d|1l| 1.5 |\t1.5\n|1 .5|- 1.5|1,5|0|-0|-0.0|0e0|00.5|000|1e0001|1e-0001
9007199254740993|9007199254740992|9007199254740991.5|123456789012345678|0.1|0.30000000000000004|2.675|1.00000000000000011102230246251565|1.00000000000000011102230246251566|NaN|None|null|undefined|\ufeff1|1\ufeff|\x851|1\xa0|\u30001.5|\u20031\u2028|\x1c1|1\x1f|\x001|1\x00
٣.٤|٣.٤e٢|１.５|1٫5|−1|1.5²|∞|1e١|infinity |i n f|1e99999999999999999999|1e-99999999999999999999|-1e99999999999999999999|0e99999999999999999999|\ud800|1\udc00|😀|179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880|0.000000000000000000000000000000000000000000000000000001|__proto__|True|1_000_000.000_001|1e5_|+|-|++1|+-1|--1"""
float_texts = [text.encode("raw_unicode_escape").decode("unicode_escape") if "\\" in text else text for line in float_texts.split("\n") for text in line.split("|")]
float_texts += [digit for digit in DIGITS] + ["1." + digit for digit in DIGITS] + [blank + "4.5" + blank for blank in BLANKS] + ["4" + blank + "2" for blank in BLANKS] + ["", " "]
float_texts += ["".join(random.choices("0123456789....eE-+_ infa", k=random.randint(1, 8))) for _ in range(600)]
float_texts += [repr(any_float()) for _ in range(300)]
float_texts += [f"{random.getrandbits(70)}.{random.getrandbits(90)}e{random.randint(-330, 320)}" for _ in range(200)]
float_texts += [f"{2**53 + 2 * k + 1}{tail}" for k in range(4) for tail in ("", ".0", "." + "0" * 800 + "1", ".5")]
floats = [[text, outcome(lambda: float(text))] for text in dict.fromkeys(float_texts)]

truncated = [[encode(n), outcome(lambda: int(n))] for n in numbers + [0.9, -0.9, -0.1, 1.5, -1.5, True, False, None, 1e16 + 2, (), [], 4503599627370496.5]]
as_float = [[encode(n), outcome(lambda: float(n))] for n in (True, False, None, [], 2**53 + 1, 2**53 + 3, 2**54 + 2, 2**54 + 6, -(2**60), 10**22, 10**23, 10**308, 10**309, -(10**400), 2**1024 - 2**970 - 1, 2**1024 - 2**970, 2**64 + 2**11, 2**64 + 2**11 + 1, 3 * 2**63 + 2**12 + 1)]

write(
    Path(__file__).with_name("numbers.json"),
    {"formats": formats, "integers": integers, "floats": floats, "truncated": truncated, "as_float": as_float},
)
