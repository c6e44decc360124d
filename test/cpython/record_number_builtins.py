"""What the built-in functions of numbers give: python3 test/cpython/record_number_builtins.py writes
number-builtins.json.

    calls       [function, positional arguments, outcome]
    keyed       [function, positional arguments, key, default (null if none), outcome]; the key is a built-in's name
    rounded     [number, digits, outcome]
"""

import random
import struct
from pathlib import Path

from number_values import encode, outcome, write

random.seed(2675)
FUNCTIONS = {f.__name__: f for f in (abs, bin, bool, chr, divmod, float, hex, int, max, min, oct, ord, pow, round, sum)}

CALLS = """
abs(5)|abs(-5)|abs(-2.5)|abs(True)|abs(-2**70)|abs(0)|abs('a')|abs(None)|abs(float('-inf'))|abs(-2**53)
bin(5)|bin(-5)|bin(0)|bin(True)|bin(2**70)|bin(1.5)|bin('1')|oct(8)|oct(-2**60)|oct(0)|hex(255)|hex(-255)|hex(2**80-1)|hex(-2**53)|hex(None)|hex(1e16)
bool()|bool(0)|bool('')|bool('0')|bool([])|bool([0])|bool(None)|bool(0.1)|bool({})|bool({'a':1})|bool(float('nan'))
chr(0)|chr(65)|chr(233)|chr(0xffff)|chr(0x10000)|chr(0x10ffff)|chr(0x110000)|chr(-1)|chr(2**70)|chr(1.5)|chr('a')|chr(True)|chr(0xd800)
ord('a')|ord('é')|ord('\\U0001f600')|ord('\\ud800')|ord('ab')|ord('')|ord('\\U0001f600a')|ord('\\ud800\\ud800')|ord(5)|ord(None)|ord(['a'])
divmod(7,2)|divmod(-7,2)|divmod(7,-2)|divmod(-7,-2)|divmod(7.5,2)|divmod(-7.5,2)|divmod(7,0)|divmod(7.5,0)|divmod(2**70,3)|divmod(-2**70,7)|divmod(2**70,2.5)|divmod('a',1)|divmod(1,'a')|divmod(True,2)|divmod(1e300,3)|divmod(0,5)|divmod(-0.5,float('inf'))
float()|float(3)|float('1e3')|float(2**60)|float([])|int()|int(2.9)|int(-2.9)|int('42')|int('ff',16)|int(5,10)|int('1',99)|int(None)|int([])|int(True)|int(1e20)
pow(2,10)|pow(2,-1)|pow(2,0.5)|pow(-8,1.5)|pow(2,3,5)|pow(2,3,-5)|pow(2,3,1)|pow(2,3,-1)|pow(2,3,0)|pow(3,-1,7)|pow(3,-1,-7)|pow(-3,-2,7)|pow(2,-1,4)|pow(0,-1,7)|pow(0,0,1)|pow(0,0)|pow(0,0,7)|pow(5,0,7)|pow(2.5,2,3)|pow(2,2.5,3)|pow(2,2,2.5)
pow(2,'a',3)|pow('a',2)|pow(2,None,3)|pow(2,3,None)|pow(True,True,True)|pow(7,2**70,2**61-1)|pow(2**100,2**90,10**20)|pow(10,20)|pow(0,-1)|pow(-2,3,7)|pow(-2,2**60+1,10**9+7)|pow(2,-5,11)|pow(38,-1,97)|pow(38,-1,2**89-1)|pow(1,-1,1)
round(2.5)|round(3.5)|round(-2.5)|round(-0.5)|round(0.5)|round(1.5)|round(-0.4)|round(0.49999999999999994)|round(4503599627370497.5)|round(4503599627370496.5)|round(1e16)|round(1e300)|round(float('nan'))|round(float('inf'))|round(5)|round(True)|round(2**70)|round(2.5,None)
round('a')|round(None)|round(2.5,1.5)|round(2.5,'1')|round(2.5,True)|round(15,-1)|round(25,-1)|round(-15,-1)|round(-25,-1)|round(14,-1)|round(16,-1)|round(5,-1)|round(6,-1)|round(-6,-1)|round(5,-2)|round(50,-2)|round(51,-2)|round(150,-2)|round(12345,10**10)|round(2**70,-5)|round(10**30+5*10**28,-29)|round(15*10**29,-30)|round(25*10**29,-30)|round(-25*10**29,-30)|round(5*10**29,-30)|round(5*10**29+1,-30)|round(True,-1)|round(2**53,-1)|round(2**53-1,-15)|round(10**400,-400)
round(2.5,2**70)|round(2.5,-2**70)|round(2**70,2**70)|round(7,-1)|round(8,-1)|round(3,-1)|round(4,-1)
sum([])|sum([1,2])|sum([1,2],10)|sum([1.5,2])|sum([0.1]*10)|sum([2**53,1])|sum([True,True])|sum(range(5))|sum((1,2))|sum({1,2})|sum({1:2})|sum('12')|sum(['a'],'')|sum(['a'])|sum([[1],[2]],[])|sum([(1,),(2,)],())|sum([[1]],())|sum([(1,)],[])|sum([[1],2],[])|sum([[1]])|sum(5)|sum([None])|sum([1],None)|sum([],None)|sum([],'')|sum([1e308,1e308])|sum([1e16,1.5,-1e16])|sum([2**70,0.5])|sum([1e100,1.0,-1e100])|sum([{1},{2}],set())
max(1,2)|max([1,3,2])|max('abc')|max('a','b')|max([])|max([],default=5)|max(1,2,default=3)|max([1],default=3)|max(5)|max(1,'a')|max('a',1)|max()|max([None,1])|max([None])|max({'a':1,'b':2})|max((1,2),(1,3))|max([1.5,2**70])|max(True,1)|max(1,True)|max([2**53,2**53+1])|max([],default=None)|max('\\uffff','\\U0001f600')
min(1,2)|min([3,1,2])|min('bca')|min([])|min([],default=5)|min(1,2,default=3)|min(5)|min(1,'a')|min()|min(None)|min(range(3,9))|min({2,1})|min(True,1)|min(1,True)|min(0,False)|min([float('nan'),1])|min([1,float('nan')])|min(-2**70,float('-inf'))|min([[2],[1,5]])
"""
calls, keyed = [], []
for call in CALLS.strip().replace("\n", "|").split("|"):
    name, rest = call.split("(", 1)
    captured = {}

    def capture(*args, **names):
        captured["args"], captured["names"] = args, names

    eval(f"capture({rest}", {"capture": capture})
    args, names = captured["args"], captured["names"]
    case = [name, [encode(arg) for arg in args]]
    result = outcome(lambda: FUNCTIONS[name](*args, **names))
    if names:
        keyed.append([*case, None, encode(names["default"]) if names["default"] is not None else {"$": "none"}, result])
    else:
        calls.append([*case, result])
for name in ("max", "min"):
    for args, key in (((["bb", "a", "ccc", "dd"],), "len"), (("bb", "a"), "len"), (([-3, 2, 1],), "abs"), ((-3, 2), "abs"), (([],), "len"), (("B", "a", "C"), "str"), (([[1, 2], [3], [4]],), "len"), ((["x", "y"],), None)):
        functions = {"len": len, "abs": abs, "str": str, None: None}
        keyed.append([name, [encode(arg) for arg in args], key, None, outcome(lambda: FUNCTIONS[name](*args, key=functions[key]))])

numbers = [2.675, 1.005, 0.5, 1.5, 2.5, 0.25, 0.35, 0.125, -0.125, 0.375, 1.0000000000000002, 5e-324, 1e-10, 1e16, 1.5e300, 1.7976931348623157e308, -1.7976931348623157e308, 123456789.987654321, 4503599627370496.5, 9007199254740994.0]
numbers += [0.1, 0.05, 0.045, 0.15, 1e22, 1e23, 12345.678, -0.04, 0.0049999999999999, float("nan"), float("inf"), float("-inf"), 5.015, 1e21 + 2**18, 1.7e308]
rounded = [[encode(n), digits, outcome(lambda: round(n, digits))] for n in numbers for digits in (-400, -309, -308, -307, -300, -22, -5, -2, -1, 0, 1, 2, 3, 4, 10, 15, 16, 22, 23, 100, 322, 323, 324, 1000)]
for _ in range(1500):
    n = random.choice((random.uniform(-1000, 1000), random.randint(-(10**6), 10**6) / 2 ** random.randint(1, 12), random.randint(-(10**6), 10**6) / 10 ** random.randint(1, 6), random.uniform(-1, 1) * 10 ** random.randint(-10, 25)))
    if not n.is_integer() or abs(n) > 2**53:
        digits = random.randint(-3, 12)
        rounded.append([n, digits, outcome(lambda: round(n, digits))])
for _ in range(500):
    n = struct.unpack("<d", random.randbytes(8))[0]
    if n == n and not n.is_integer():
        digits = random.randint(-310, 325)
        rounded.append([n, digits, outcome(lambda: round(n, digits))])

write(Path(__file__).with_name("number-builtins.json"), {"calls": calls, "keyed": keyed, "rounded": rounded})
