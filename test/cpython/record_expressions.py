"""Records what CPython 3.11 makes of expressions over an event: expressions.json.

Each entry is [expression, result] for EVENT. Results are tagged where JSON has no such value; a float with integral value up
to 2**53 is written as the integer, as the rule language sees it.
"""
import itertools
import json
import math
import os
import warnings

warnings.simplefilter("ignore")

EVENT = {
    "zero": 0, "one": 1, "two": 2, "seven": 7, "neg": -3, "half": 2.5, "big": 9223372036854775807, "huge": 10**30,
    "yes": True, "no": False, "none": None, "empty": "", "text": "Hello, World", "digits": "12345", "emoji": "a😀b👩‍💻c",
    "words": "the quick brown fox", "nums": [3, 1, 2], "names": ["bob", "alice", "Eve"], "mixed": [1, "a", None, 2.5, True],
    "nested": [[1, 2], [3], []], "obj": {"a": 1, "b": {"c": [10, 20, 30], "d": None}}, "pairs": [["a", 1], ["b", 2]],
    "ip": "192.168.10.5", "url": "https://example.com/a/b?q=1", "action": "reset", "code": 404, "port": 443,
    "tags": ["x", "y", "x", "z"], "ratio": 0.1, "flags": {"syn": True, "fin": False, "ack": True},
    "events": [{"id": 4624, "user": "SYSTEM"}, {"id": 4625, "user": "bob"}, {"id": 4624, "user": "alice"}],
}


class Namespace(dict):
    """Dots lead into the event's objects."""

    def __getattr__(self, name):
        try:
            return wrap(self[name])
        except KeyError:
            raise AttributeError(name)


def wrap(value):
    if isinstance(value, dict) and not isinstance(value, Namespace):
        return Namespace({key: wrap(member) for key, member in value.items()})
    if isinstance(value, list):
        return [wrap(item) for item in value]
    return value


def encode(value):
    if isinstance(value, complex):
        return {"$": "error", "v": "VALUE_ERROR"}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return {"$": "nan"}
        if math.isinf(value):
            return {"$": "inf"} if value > 0 else {"$": "-inf"}
        if value.is_integer() and abs(value) <= 2**53:
            return int(value)
        return {"$": "float", "v": repr(value)}
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else {"$": "int", "v": str(value)}
    if isinstance(value, tuple):
        return {"$": "tuple", "v": [encode(item) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {"$": "set", "v": sorted((encode(item) for item in value), key=lambda item: json.dumps(item))}
    if isinstance(value, dict):
        return {"$": "dict", "v": [[encode(key), encode(member)] for key, member in value.items()]}
    if isinstance(value, list) or hasattr(value, "__iter__"):
        return [encode(item) for item in value]
    raise SystemExit(f"cannot encode {value!r}")


CODES = [
    (ZeroDivisionError, "DIVISION_BY_ZERO"),
    ((KeyError, IndexError), "FIELD_MISSING"),
    ((TypeError, AttributeError), "TYPE_ERROR"),
    ((ValueError, OverflowError, MemoryError), "VALUE_ERROR"),
]


def evaluate(expression):
    try:
        result = encode(eval(expression, dict(wrap(EVENT))))
        return [expression, result]
    except Exception as error:
        for types, code in CODES:
            if isinstance(error, types):
                return [expression, {"$": "error", "v": code}]
        raise


VALUES = [
    "0", "1", "-1", "2", "7", "-3", "2.5", "-0.5", "1e16", "9007199254740992", "9007199254740993", "(2**70)", "True", "False", "None",
    "''", "'a'", "'abc'", "'5'", "[]", "[1, 2]", "[1]", "(1, 2)", "()", "{'a': 1}", "{}", "{1, 2}", "float('nan')", "float('inf')",
]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
UNARY = ["-", "+", "~", "not "]
FUNCTIONS = ["str", "int", "float", "bool", "len", "abs", "repr", "list", "tuple", "set", "sorted", "sum", "min", "max", "any", "all",
             "round", "hex", "oct", "bin", "chr", "ord", "dict", "range", "enumerate", "zip", "reversed"]

CASES = r"""
text
obj
obj.a
obj.b.c
obj['b']['c'][1]
obj['b']['c'][-1]
obj['b']['c'][3]
obj['zz']
obj['b']['d']
obj.b.d
nums[0]
nums[-3]
nums[-4]
nums[one]
nums[True]
nums['a']
nums[1.5]
text[0]
text[-1]
text[100]
text[1:4]
text[::-1]
text[::2]
text[-5:]
text[:-5]
text[5:2]
text[5:2:-1]
text[100:]
text[::0]
emoji[1]
emoji[1:4]
emoji[::-1]
len(emoji)
nums[1:]
nums[::-1]
nums[:100]
nums[None:2]
nums['a':]
nested[0][1]
nested[0][1:][0]
mixed[2]
none[0]
seven[0]
one + two * seven
(one + two) * seven
two ** 10
two ** -1
two ** 0.5
(-8) ** (1/3)
10 ** -5
10 ** -300
10 ** 400
0 ** 0
0 ** -1
0.0 ** -1
seven / two
seven // two
-seven // two
seven % two
-seven % 3
seven % -3
-7.5 // 2
-7.5 % 2
big + 1
big * big
huge * huge
huge // 7
huge % 7
huge / 7
-huge // 7
huge == huge + 1
huge > big
huge > 1e29
big == 9223372036854775807
big == 9223372036854775807.0
divmod(-7, 2)
divmod(7.5, 2)
divmod(1, 0)
1 / 0
1 // 0
1 % 0
1.5 / 0
1 << 70
1 << -1
big >> 3
~big
-big
big & 255
big | huge
seven ^ two
yes + yes
yes & no
yes | 2
yes ^ yes
not none
not text
not empty
text and digits
empty and digits
empty or text
none or empty or 0 or 'x'
none and none.x
yes or none.x
one < two < seven
one < two > seven
seven > two > one > zero
one == 1.0 == True
text == 'Hello, World'
text != 'x'
none == None
none is None
none is not None
yes is True
text is None
'Hello' in text
'x' in text
'x' not in text
'' in text
1 in nums
9 in nums
'a' in obj
'z' in obj
1 in text
1 in obj
1 in one
None in mixed
True in mixed
action in ('reset', 'deny')
action in ['reset', 'deny']
action in {'reset', 'deny'}
action not in ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')
code in (200, 404)
code in (1, 0)
yes in (1, 2)
code in ('404', 404)
action in ()
'x' if yes else 'y'
'x' if no else 'y'
'x' if empty else none.x if no else 'z'
[1, 2, 3]
(1, 2, 3)
1, 2
(one,)
{1, 2, 1}
{'a': one, 'b': two}
{one: 'a', True: 'b'}
{(1, 2): 3}
{[1]: 2}
{[1]}
[*nums, *names]
(*nums, 0)
{*tags}
{**obj, 'z': 1}
{**flags, **{'syn': 0}}
{**nums}
[*one]
[x * 2 for x in nums]
[x for x in nums if x > 1]
[x for x in nums if x > 1 if x < 3]
[x + y for x in nums for y in nums]
[(x, y) for x in nums for y in names if x < 3 if y != 'bob']
[y for x in nested for y in x]
[[y * 2 for y in x] for x in nested]
[k for k in obj]
[k + '=' + str(v) for k, v in pairs]
[v for k, v in flags.items()]
[k for k, v in flags.items() if v]
[a for a, *b in nested]
[a for a, b in nested]
{x % 2 for x in nums}
{k: v for k, v in pairs}
{v: k for k, v in flags.items()}
{x: {y: 1 for y in names} for x in nums}
[x for x in text[:3]]
[x for x in one]
[e.id for e in events]
[e['user'].lower() for e in events if e['id'] == 4624]
[e.zz for e in events]
sum(x for x in nums)
sum(len(n) for n in names)
any(x > 2 for x in nums)
all(x > 2 for x in nums)
any(x > 2 for x in [3, 'a'])
all(x > 2 for x in [1, 'a'])
any(x > 2 for x in [1, 'a'])
any(x for x in [])
all(x for x in [])
3 in (x for x in nums)
'a' in (x for x in [1, 'a', none.x])
sorted(x for x in names)
','.join(str(x) for x in nums)
','.join(names)
','.join(nums)
max(nums)
min(names)
max(names, key=len)
min(3, 1, 2)
max([], default=0)
max([])
max(1)
sorted(names)
sorted(names, key=len)
sorted(names, key=str.lower)
sorted(names, reverse=True)
sorted(nums, key=None, reverse=True)
sorted(mixed)
sorted(nested)
sorted(events, key=len)
sum(nums)
sum(nums, 10)
sum(names)
sum([[1], [2]], [])
sum([0.1] * 10)
round(half)
round(3.5)
round(2.675, 2)
round(1234, -2)
round(ratio, 5)
round(text)
abs(neg)
abs(-2.5)
abs(text)
list(range(5))
list(range(2, 10, 3))
list(range(5, 0, -2))
range(3)
len(range(10))
5 in range(10)
range(10)[2]
range(10)[2:4]
list(range(0))
list(range(1, 2, 0))
list(enumerate(names))
list(enumerate(names, 1))
list(enumerate(names, start=1))
list(zip(nums, names))
list(zip(nums, names, digits))
list(zip(nums, [1], strict=True))
list(reversed(nums))
list(reversed(text))
dict(pairs)
dict(a=1, b=2)
dict(obj, z=1)
list(obj)
tuple(nums)
set(tags)
list(obj.items())
list(flags.keys())
list(flags.values())
flags.keys() & {'syn', 'zz'}
flags.get('syn')
flags.get('zz')
flags.get('zz', 7)
len(flags)
len(one)
str(one)
str(half)
str(1e16)
str(1e-5)
str(123456789.123)
str(0.1 + 0.2)
str(yes)
str(none)
str(nums)
str(obj)
str(mixed)
str((1,))
str('a')
repr(text)
repr('it\'s')
repr("\n\t\\")
repr(emoji)
repr(names)
int(digits)
int(' 12 ')
int('-12')
int('1_000')
int('12.5')
int('')
int('x')
int('ff', 16)
int('0xff', 16)
int('0b11', 0)
int('z', 36)
int(2.9)
int(-2.9)
int(1e20)
int(yes)
int(none)
int(nums)
int('9' * 30)
float('1.5')
float(' 1e3 ')
float('inf')
float('-inf')
float('nan')
float('x')
float(none)
float(big)
float(10**400)
bool(empty)
bool('False')
bool(nums)
bool([])
bool(0.0)
isinstance(one, int)
isinstance(yes, int)
isinstance(yes, bool)
isinstance(text, (int, str))
isinstance(half, float)
isinstance(nums, list)
chr(128512)
chr(-1)
chr(1114112)
ord('a')
ord('😀')
ord('ab')
hex(255)
hex(-255)
oct(8)
bin(5)
hex(1.5)
pow(2, 10)
pow(2, 10, 1000)
pow(3, -1, 7)
pow(2, -1)
pow(2, -1, 4)
text.lower()
text.upper().swapcase()
text.split(', ')
text.split(', ')[-1]
text.split()
text.split(None, 1)
text.split(maxsplit=1)
text.split(sep='o', maxsplit=1)
text.rsplit('o', 1)
text.partition(', ')
text.rpartition('zz')
text.replace('l', 'L')
text.replace('l', 'L', 1)
text.replace('', '-')
text.find('o')
text.find('o', 5)
text.rfind('o')
text.index('zz')
text.count('l')
text.startswith('Hell')
text.startswith(('x', 'H'))
text.endswith('d', 0, -1)
text.strip('Hd')
'  x '.strip()
text.title()
words.title()
words.capitalize()
words.center(30, '*')
digits.zfill(10)
'-5'.zfill(5)
digits.isdigit()
text.isalpha()
digits.rjust(8, '0')
digits.ljust(8) + '|'
'a\tb'.expandtabs(4)
'a\nb\r\nc'.splitlines()
'a\nb'.splitlines(True)
'abc'.translate({97: 'x', 98: None})
'x'.join(['a', 'b'])
'%s-%d' % ('a', 5)
'%5.2f|%-5s|%05d' % (3.14159, 'ab', 42)
'%(a)s' % obj
'%d' % 'x'
'%s %s' % ('a',)
'%s' % nums
'%x %o %e %g' % (255, 8, 12345.678, 0.0001)
'%%'  % ()
'{}-{}'.format(1, 'a')
'{0}{1}{0}'.format('a', 'b')
'{a}:{b}'.format(a=1, b=2)
'{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c')
'{:05.1f}'.format(3.14159)
'{:,}'.format(1234567)
'{0[a]}'.format(obj)
'{:x}'.format(255)
'{:%}'.format(0.25)
'{} {}'.format(1)
'{x}'.format(y=1)
f'{text}'
f'{text!r}'
f'{text:>20}'
f'{text[:3]:*^10}'
f'{half:.3f}'
f'{seven:03d}'
f'{seven:{two}}'
f'{big:,}'
f'{one}{two}' 'x' f'{seven}'
f'{{{one}}}'
f'{one=}'
f'{one + two = }'
f'{text=!s}'
f'{names!r:>30}'
f'{none}'
f'{yes:d}'
f'{text:d}'
f'{nums:>5}'
f'{", ".join(names)}'
f'{code:x}-{code:#b}-{code:e}'
f'{obj["b"]["c"][0]}'
f'{(lambda: 1) if 0 else 1}' if 0 else 1
one.bit_length()
big.bit_length()
half.is_integer()
half.as_integer_ratio()
nums.index(1)
nums.index(9)
nums.count(3)
(1, 2, 1).count(1)
(1, 2, 1).index(2)
{1, 2}.union([3])
{1, 2} - {2}
{1, 2} ^ {2, 3}
{1, 2} & {2, 3}
{1, 2} | {3}
{1} < {1, 2}
{1, 2}.issubset([1, 2, 3])
{1, 2}.isdisjoint({3})
{1, 2} == {2, 1}
[1, 2] < [1, 3]
[1, 2] == [1, 2.0]
(1, 2) < (1, 2, 3)
[1, 'a'] < [1, 2]
{'a': 1} == {'a': True}
{'a': 1} | {'b': 2}
nums + [4]
nums * 2
2 * nums
nums + (4,)
text * 2
text * -1
text + one
one + text
text - text
-text
~half
none + 1
nums < 1
text < 'a'
text < one
none < none
no < yes
1 < 1.5 < 2
big < 1e300
float('nan') == float('nan')
float('inf') > huge
0.1 + 0.2 == 0.3
0.1 + 0.2
1e308 * 10
-1e308 * 10
1e308 * 10 - 1e308 * 10
2 ** 0.5
2.5 ** 2
7 // 0.0
int(float('inf'))
int(float('nan'))
round(float('nan'))
text.nope()
one.lower()
none.lower()
text.split(1)
text.split('')
text.join(1)
ip.split('.')[0]
'.'.join(ip.split('.')[:3]) + '.0/24'
url.split('://')[1].split('/')[0]
[int(x) for x in ip.split('.')]
sum(int(x) << (8 * (3 - i)) for i, x in enumerate(ip.split('.')))
{n: len(n) for n in names}
sorted(set(tags))
[t for i, t in enumerate(tags) if t not in tags[:i]]
dict(zip(names, nums))
max(events, key=len)['id']
[x for x in range(20) if x % 3 == 0 and x % 2 == 0 or x == 1]
(one if yes else two) + (seven if no else half)
not one == two
not (one or two)
- - one
+ - one
~ ~ one
one if none is None else two
'a' 'b' "c"
'\x41\u00e9\n'
r'\d+'
0x1F + 0o17 + 0b11
1_000_000
1e3
1.5e-3
.5
10 ** 20
-0.0
str(-0.0 + 1)
"""


def main():
    texts = [line for line in CASES.strip("\n").split("\n") if "lambda" not in line]
    grid = [f"{x} {op} {y}" for op in OPERATORS for x, y in itertools.product(VALUES, VALUES) if cheap(op, x, y)]
    compared = [f"{x} {op} {y}" for op in COMPARISONS for x, y in itertools.product(VALUES, VALUES)]
    unary = [f"{op}{x}" for op in UNARY for x in VALUES]
    calls = [f"{name}({x})" for name in FUNCTIONS for x in VALUES if not endless(name, x)]
    data = {"event": EVENT, "cases": [evaluate(text) for text in texts + grid + compared + unary + calls]}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expressions.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")
    print(len(data["cases"]))


def cheap(op, x, y):
    """CPython would compute these for hours, or fill the memory."""
    large = {"1e16", "9007199254740992", "9007199254740993", "(2**70)"}
    if op in ("**", "<<") and y in large:
        return False
    if op == "*" and (x in large or y in large) and not (x + y).replace("*", "").strip("()").replace(".", "").isalnum():
        return not any(quote in x + y for quote in "'[({")
    return True


def endless(name, x):
    # Their text is that of an integral float, or of a set in CPython's order.
    if name in ("str", "repr") and x in ("{1, 2}", "1e16"):
        return x == "{1, 2}"
    if name in ("range", "chr"):
        return x in ("1e16", "9007199254740992", "9007199254740993", "(2**70)")
    return name in ("list", "tuple", "enumerate", "reversed") and x == "{1, 2}" or name == "set" and x == "float('nan')"


main()
