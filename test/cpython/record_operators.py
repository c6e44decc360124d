"""What CPython's operators give: python3 test/cpython/record_operators.py writes operators.json.

    values      [source text, value]
    results     every outcome that occurs
    table       [operator, for each left value: for each right value the index of the outcome, -1 where it is not tried]
    unary       [operator, for each value the index of the outcome]
    truth       for each value
    powers      [base, exponent, base ** exponent]: correctly rounded, which libm's pow is in 999 of 1000 cases
    quotients, floors, remainders      [a, b, a / b], ...
    sums        [operator, a, b, outcome]: ints around the sizes where they become bigints
    inplace     [operator, left, right, outcome, the left value afterwards]
"""

import copy
import json
import operator
import random
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

from number_values import encode, outcome, write

random.seed(1991)

SOURCES = """
None|True|False|0|1|-1|2|3|-7|10|255|2**31-1|2**31|-2**31|-2**31-1|2**32+5|2**53-1|2**53|2**53+1|-2**53|-2**53-1|2**62+1|2**64|-10**30|3**700
0.5|-0.5|2.5|0.1|-3.7|1e-5|123456.789|1e16|-1e16|2.0**53+2|2.0**62|1e300|-1e300|5e-324|float('nan')|float('inf')|float('-inf')
''|'a'|'b'|'ab'|'B'|'é'|'\\uffff'|'\\U0001f600'|'\\ud83d'|'\\ude00'|'a\\U0001f600'|'a\\U0001f601b'|'10'
[]|[1]|[1,2]|[True,2]|[2,1]|['a']|[1,'a']|[[1],[2]]|[[1],[3]]|[1.5]|[None]|[2**53+1]|[[[[1]]]]|[[[[2]]],1]
()|(1,)|(1,2)|(1,'a')|((1,),2)|('a',1)|(1,2,3)
set()|{1}|{1,2}|{2,3}|{'a'}|{False,'a'}|{(1,2)}|{('a',1)}|{None,1.5}
{}|{'a':1}|{'a':1,'b':[2]}|{'b':[2],'a':1}|{1:2}|{1:2,3:4}|{'a':2}|{'__proto__':1}|{'a':{'b':1}}
range(0)|range(3)|range(1,10,3)|range(1,9,3)|range(2,0,-1)|range(2,3)
{'a':1}.keys()|{1:2}.keys()|{'a':1}.items()|{'a':[1]}.items()|{'a':1}.values()|{1:2,3:4}.keys()|{1:2}.items()|{}.keys()
"""
sources = SOURCES.strip().replace("\n", "|").split("|")
sources = [source for source in sources if source]
values = [eval(source) for source in sources]

BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "^": operator.xor, "|": operator.or_, "==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "in": lambda a, b: a in b,
}
UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
SEQUENCES = (str, list, tuple)


def tried(symbol, a, b):
    """Not what takes CPython for ever, and not what is another test's matter."""
    if symbol == "%" and isinstance(a, str):
        return False
    if symbol in ("**", "<<"):
        # Exact results of more than some thousand bits only make the recording long.
        return not (isinstance(a, int) and isinstance(b, int) and abs(b) * (a.bit_length() if symbol == "**" else 1) > 3000)
    if symbol == "*":
        for sequence, count in ((a, b), (b, a)):
            if isinstance(sequence, SEQUENCES) and isinstance(count, int) and abs(count) > 1000:
                return False
    # Of equal elements Sluice keeps the left operand's, CPython the one or the other: True and 1 in [True, 2].
    if symbol == "&" and [1, 2] in (a, b):
        return False
    # Sluice cannot hash views, and looks for the elements of a set in a view without hashing what is in the view.
    if a is b and type(a).__name__ == "dict_values":
        return False
    if symbol == "in":
        return type(a).__name__ != "dict_values"
    for view, other in ((a, b), (b, a)):
        if type(view).__name__ == "dict_items" and type(other).__name__ in ("set", "dict_keys") and symbol in ("&", "==", "<=", ">=", "<", ">"):
            return not any(isinstance(value, list) for _, value in view)
    return True


results = {}


def index_of(result):
    return results.setdefault(json.dumps(result), len(results))


def correct_power(x, y):
    """The exact result, or 100 digits of it, rounded once."""
    if isinstance(y, int) and abs(y) < 2000:
        return float(Fraction(x) ** y)
    context = Context(prec=100, Emin=-999999, Emax=999999)
    return float(context.power(Decimal(x), Decimal(y)))


table = []
for symbol, operation in BINARY.items():
    rows = []
    for a in values:
        row = []
        for b in values:
            if not tried(symbol, a, b):
                row.append(-1)
                continue
            row.append(index_of(outcome(lambda: operation(copy.copy(a) if isinstance(a, list) else a, b))))
        rows.append(row)
    table.append([symbol, rows])

unary = [[symbol, [index_of(outcome(lambda: operation(value))) for value in values]] for symbol, operation in UNARY.items()]


def power_sample():
    kind = random.randrange(7)
    if kind == 0:
        return random.randint(2, 1000), -random.randint(1, 60)
    if kind == 1:
        return random.uniform(0, 100), random.uniform(-50, 50)
    if kind == 2:
        return random.uniform(0.999, 1.001), random.uniform(-1e5, 1e5)
    if kind == 3:
        return random.randint(1, 10000) / 100, random.randint(-40, 40)
    if kind == 4:
        return random.randint(1, 10000) / 100, random.randint(-400, 400) / 8
    if kind == 5:
        return 2.0 ** random.uniform(-1074, 1023), random.uniform(-3, 3)
    return random.uniform(0, 1e6), random.uniform(-54, -53)


samples = [(10, -exponent) for exponent in range(1, 330)] + [(2, -exponent) for exponent in range(1, 1080)]
samples += [(1.5, 2), (2.0**27 + 0.5, 2), (94906267.5, 2), (0.1, 3), (2, 0.5), (3, -0.5), (1.1, 10), (9, 0.5), (1 + 2**-52, 2**40 + 0.5), (4, -1.5)]
samples += [(1.7976931348623157e308, 1.0000000000000002), (5e-324, 0.5), (5e-324, 1), (2.2250738585072014e-308, 1.0000001), (0.5, 1074.5), (0.5, 1075), (0.5, 1075.5)]
samples += [power_sample() for _ in range(4000)]
powers = []
unlike = 0
for x, y in samples:
    try:
        # An int to an int would be exact and no matter of rounding.
        result = correct_power(x, y)
        unlike += float(x) ** float(y) != result
    except OverflowError:
        result = {"$": "error", "v": "OverflowError"}
    powers.append([encode(x), encode(y), result if isinstance(result, dict) else encode(result)])
assert unlike < len(samples) / 500, unlike


def big():
    return random.choice((1, -1)) * random.getrandbits(random.choice((10, 53, 53, 54, 60, 64, 100, 200, 54, 64, 1100)))


def small():
    return random.choice((random.uniform(-100, 100), random.randint(-50, 50), random.uniform(-1, 1) * 10 ** random.randint(-20, 20), big()))


quotients, floors, remainders, sums = [], [], [], []
pairs = [(big(), big()) for _ in range(800)] + [(small(), small()) for _ in range(1200)]
pairs += [((2**53 + 1) * 3**k, 3**k * 2**j) for k in range(20) for j in (0, 1, 5, 60, 1000, 1125, 1126, 1127)]
pairs += [(10**400, 10**399), (10**400, 3), (-(10**400), 10**92), (1, 10**400), (1, 10**320), (3, 10**323), (-7, 2**1076), (7, 2**1077), (2**2000 + 1, 2**1000), (2**1024 - 2**970, 1), (2**1024 - 2**970 - 1, 1)]
for a, b in pairs:
    # A float that is integral would be an int here.
    a, b = (int(n) if isinstance(n, float) and n.is_integer() and abs(n) <= 2**53 else n for n in (a, b))
    quotients.append([encode(a), encode(b), outcome(lambda: a / b)])
    floors.append([encode(a), encode(b), outcome(lambda: a // b)])
    remainders.append([encode(a), encode(b), outcome(lambda: a % b)])
edges = [sign * (2**53 + d) for sign in (1, -1) for d in (-2, -1, 0, 1, 2)] + [2**52, 2**52 + 1, -(2**52) - 1, 3, -3, 94906265, 94906266, -94906267, 2**26, 2**27 + 1, 0, 1, -1]
for symbol in "+-*&|^":
    for a in edges:
        for b in edges:
            sums.append([symbol, encode(a), encode(b), outcome(lambda: BINARY[symbol](a, b))])
for symbol in ("//", "%"):
    for a in edges:
        for b in edges:
            sums.append([symbol, encode(a), encode(b), outcome(lambda: BINARY[symbol](a, b))])
for symbol in ("<<", ">>"):
    for a in edges + [2**64 + 1, -(2**64) - 1]:
        for b in (0, 1, 2, 30, 31, 32, 52, 53, 54, 64, 900, 2000, -1):
            sums.append([symbol, encode(a), encode(b), outcome(lambda: BINARY[symbol](a, b))])
for base in (0, 1, -1, 2, -2, 3, 7, -10, 255, 2**26 + 1, 2**53, -(2**53) - 1):
    for exponent in (0, 1, 2, 3, 16, 33, 34, 52, 53, 54, 55, 63, 200):
        sums.append(["**", encode(base), encode(exponent), encode(base**exponent)])
for base in (-8, 8, 0, -0.5, 0.5, -1, float("inf"), float("-inf"), float("nan"), -2.5, 1e300, -1e-300):
    for exponent in (0.5, -0.5, 3, -3, 2, -2, 0, 1.5, float("inf"), float("-inf"), float("nan"), 1e300, -1e300, 2**70 + 1, -(2**70)):
        if not (isinstance(base, int) and base not in (0, 1, -1) and isinstance(exponent, int) and exponent > 1000):
            sums.append(["**", encode(base), encode(exponent), outcome(lambda: base**exponent)])

INPLACE = """
+= [1] [2,3];+= [1] 'ab';+= [1] (2,);+= [1] {'k':1};+= [1] range(3);+= [] {1:2}.items();+= [1] 5;+= (1,) (2,);+= 1 2
+= 'a' 'b';+= 'a' 1;+= (1,) [2];+= [1] None;+= 2**53 1;+= True True
-= {1,2,3} {2};-= {1,2} {1:2}.keys();-= 5 3;-= {1:2}.keys() {1};-= {1,2} {1,2}
*= [1,2] 3;*= [1,2] 0;*= [1,2] -1;*= [1,2] True;*= [1] 1.5;*= (1,) 2;*= 'ab' 2;*= 3 4;*= [] 5;*= 2 [1]
&= {1,2,3} {2,5};&= {1} {1:2}.keys();&= 6 3;&= True False;&= {1} {2}
^= {1,2} {2,3};^= 6 3;^= {1} {1:2}.keys()
|= {1} {2,1};|= {1} {1:2}.keys();|= 6 3;|= {'a':1} {'b':2};|= {'a':1} {'a':2};|= {1:2} {3:4};|= {'a':1} [('b',2)]
|= {'a':1} ['bc'];|= {'a':1} [1];|= {'a':1} ['abc'];|= {'a':1} 5;|= {} {'__proto__':1}
"""
inplace = []
cases = [case.split(" ") for case in INPLACE.strip().replace("\n", ";").split(";")]
for symbol, left, right in cases:
    scope = {"a": eval(left)}
    before = encode(scope["a"])
    alias = scope["a"]

    def run():
        exec(f"a {symbol} {right}", scope)
        return scope["a"]

    result = outcome(run)
    inplace.append([symbol, before, encode(eval(right)), result, encode(alias)])

write(
    Path(__file__).with_name("operators.json"),
    {
        "values": [[source, encode(value)] for source, value in zip(sources, values)],
        "results": [json.loads(text) for text in results],
        "table": table,
        "unary": unary,
        "truth": [bool(value) for value in values],
        "powers": powers,
        "quotients": quotients,
        "floors": floors,
        "remainders": remainders,
        "sums": sums,
        "inplace": inplace,
    },
)
