"""Records how CPython 3.11 reads expressions and statements: syntax.json.

Each entry is [text, tree], the tree as nested lists, or [text, null] where CPython reports a syntax error.
"""
import ast
import itertools
import json
import os
import warnings

warnings.simplefilter("ignore")

EXPRESSIONS = r"""
a
a.b.c
a . b
a[0]
a['x']['y']
a[1:2]
a[1:2:3]
a[:]
a[::2]
a[::-1]
a[:2]
a[1:]
a[1::2]
a[1, 2]
a[1,]
f()
f(1)
f(1, 2,)
f(x=1)
f(1, x=2)
f(x for x in y)
f((x for x in y), 1)
f(a)(b)
f(a).g(b)[0].h
1
0
00
1_000
0x1F
0X1f
0o17
0b101
0xdead_beef
1.5
1.
.5
1e5
1E-5
1.5e+3
1_0.0_1e1_0
9223372036854775807
123456789012345678901234567890
-5
- 5
--5
-x
+x
~x
not x
not not x
-x ** 2
2 ** -1
2 ** 3 ** 2
-2 ** 2
(-2) ** 2
a + b * c
a * b + c
a - b - c
a / b // c % d
a << b >> c
a & b | c ^ d
a | b & c
a < b
a < b < c
a == b != c
a in b
a not in b
a is b
a is not b
a is not None
not a in b
not a == b
a and b or c
a or b and c
not a and b
a and not b
a if b else c
a if b else c if d else e
(a if b else c) if d else e
a or b if c and d else not e
1, 2
1,
()
(1)
(1,)
(1, 2)
((1))
[]
[1]
[1, 2,]
[*a, *b]
[*a, 1]
*a, b
{}
{1}
{1, 2}
{*a, 1}
{1: 2}
{'a': 1, 'b': 2,}
{**a}
{**a, 'b': 1, **c}
[x for x in y]
[x for x in y if z]
[x for x in y if z if w]
[x for x in y for z in x]
[x + 1 for x, in y]
[x for x, y in z]
[x for (x, y), w in z]
[x for x, *y in z]
{x for x in y}
{x: y for x, y in z}
{x: y for x in z for y in w if v}
(x for x in y)
[(x, y) for x in a for y in b]
[[y for y in x] for x in z]
[x if x else y for x in z]
[x for x in a or b]
[x for x in (a if b else c)]
'a'
"a"
'''a'''
'''a
b'''
'it\'s'
"\n\t\\\"\'\a\b\f\v\r"
'\x41\u0042\U00000043'
'\101\7\0'
'\q\d'
r'\d\n'
R"\'"
u'x'
U'x'
'a' 'b'
'a' "b" '''c'''
'a' r'\n'
f''
f'x'
f'{a}'
f'a{b}c'
f'{a}{b}'
f'{a!r}'
f'{a!s:>10}'
f'{a:>{w}}'
f'{a:{w}.{p}}'
f'{{}}'
f'{{{a}}}'
f'{a["x"]}'
f"{a['x']}"
f'{a.b}'
f'{a[1:2]}'
f'{(a if b else c)}'
f'{a if b else c}'
f'{a != b}'
f'{a == b}'
f'{a=}'
f'{a = }'
f'{a=!s}'
f'{a=:>5}'
f'{ {"a": 1}["a"] }'
f'{a,}'
f'{a, b}'
f'{[x for x in y]}'
f'\n{a}\t'
fr'\n{a}'
rf'{a}\d'
f'a' 'b' f'{c}'
'a' f'{b}'
f'{x:%Y-%m-%d}'
f'{x::int}'
f'{f(a, b=1)}'
f'''{
a
}'''
True
False
None
a.lower()
a.b.lower().strip()
'a'.join(b)
'a,b'.split(',')[-1]
a+b
a  +  b
a+-b
a--b
a<b>c
1if x else 2
x if not y else z
a[b][c].d(e)
a[f(x)]
{'a': [1, {'b': (2,)}]}
a == 'x' and b in ('y', 'z') or not c
(a,
 b)
(a +
 b)
[
  1,
  2,
]
f(
  a,
  b
)
date + ' ' + time
'Firefox' in http.user_agent
привет + мир
ﬁeld
x·y
(a + # comment
b)
"""

BROKEN = r"""
a +
+
a b
a..b
a.
.a
a[
a[]
f(
f(,)
f(a b)
f(a=1, b c)
)
]
}
(]
{1: 2, 3}
{1, 2: 3}
{1:}
'abc
"abc
'abc"
'\x4'
'\u12'
'\U00110000'
1a
0x
0b2
0o8
01
1__0
1_
a if b
a if b else
not
a not b
a is
a in
* a
**a
[x for]
[x for x]
[for x in y]
[x for x in]
[x for 1 in y]
f'{'
f'}'
f'{a'
f'{}'
f'{ }'
f'{a!x}'
f'{a b}'
f'{a:{b:{c}}}'
a = b
a !
$a
a ? b
a && b
a || b
a <> b
class
if
a.class
"""

STATEMENTS = [
    "x = 1",
    "x = y = 1",
    "x, y = 1, 2",
    "x, *y = z",
    "(x, y), z = a",
    "[x, y] = z",
    "x[0] = 1",
    "x['a']['b'] = c",
    "x[1:2] = y",
    "x.y = 1",
    "x += 1",
    "x['a'] -= 1",
    "x **= 2; y //= 3",
    "x <<= 1; x >>= 2; x |= 3; x &= 4; x ^= 5; x %= 6; x *= 7; x /= 8",
    "pass",
    "f(x)",
    "x",
    "del x",
    "del x, y[0]",
    "del (x, y)",
    "if a: pass",
    "if a:\n    x = 1\n",
    "if a:\n  x = 1\nelse:\n  x = 2",
    "if a:\n  x = 1\nelif b:\n  x = 2\nelif c:\n  x = 3\nelse:\n  x = 4",
    "if a:\n  if b:\n    c = 1\n  d = 2\ne = 3",
    "if a: x = 1; y = 2\nz = 3",
    "for x in y: z = x",
    "for x, y in z:\n  if x:\n    break\n  continue\nelse:\n  w = 1",
    "for x in a, b:\n  pass",
    "while a:\n  b = 1\n",
    "while a:\n  break\nelse:\n  b = 1",
    "# comment\nx = 1  # more\n\n\ny = 2\n",
    "x = [\n 1,\n 2\n]\ny = 3",
    "x = (1 +\n     2)",
    "if a:\n\n  # comment\n  x = 1\n\n  y = 2\n# end\n",
    "x = 1;",
    "x = a if b else c",
    "x = 'a' \\\n  'b'",
    "if a:\n\tx = 1\n\ty = 2",
    "for i in range(3):\n for j in range(i):\n  if j: continue\n  x = j\n y = i",
    "x = {\n'a': 1}\n",
]

BROKEN_STATEMENTS = [
    "x = ",
    "  x = 1",
    "x = 1\n  y = 2",
    "if a:\nx = 1",
    "if a\n  x = 1",
    "if a:\n    x = 1\n  y = 2",
    "else: x = 1",
    "1 = x",
    "f() = 1",
    "x + y = 1",
    "x += y += 1",
    "(x, y) += 1",
    "break",
    "continue",
    "for x in y:\n  pass\nelse:\n  break",
    "*x, *y = z",
    "*x = y",
    "del 1",
    "del f()",
    "x = 1 y = 2",
    "for 1 in x: pass",
    "while: pass",
    "'a' = 1",
    "None = 1",
    "x = (1",
]

BINARY = ["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "^", "|", "<", "==", "in", "not in", "is", "and", "or"]


def tree(node):
    if node is None:
        return None
    if isinstance(node, list):
        return [tree(item) for item in node]
    kind = type(node).__name__
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool) or value is None:
            return ["constant", repr(value)]
        if isinstance(value, (int, float)):
            if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
                value = int(value)
            return ["number", repr(value)]
        return ["string", value]
    if isinstance(node, ast.Name):
        return ["name", node.id]
    if isinstance(node, ast.Attribute):
        return ["attribute", tree(node.value), node.attr]
    if isinstance(node, ast.Subscript):
        return ["subscript", tree(node.value), tree(node.slice)]
    if isinstance(node, ast.Slice):
        return ["slice", tree(node.lower), tree(node.upper), tree(node.step)]
    if isinstance(node, ast.Call):
        args = [[None, tree(arg)] for arg in node.args] + [[kw.arg, tree(kw.value)] for kw in node.keywords]
        return ["call", tree(node.func), args]
    if isinstance(node, ast.UnaryOp):
        operand = tree(node.operand)
        operator = {"Not": "not", "USub": "-", "UAdd": "+", "Invert": "~"}[type(node.op).__name__]
        if operator == "-" and isinstance(node.operand, ast.Constant) and operand[0] == "number":
            return ["number", operand[1][1:] if operand[1].startswith("-") else "-" + operand[1]]
        if operator == "-" and operand[0] == "number":
            return ["number", operand[1][1:] if operand[1].startswith("-") else "-" + operand[1]]
        return ["unary", operator, operand]
    if isinstance(node, ast.BinOp):
        return ["binary", OPERATORS[type(node.op).__name__], tree(node.left), tree(node.right)]
    if isinstance(node, ast.BoolOp):
        operator = type(node.op).__name__.lower()
        result = tree(node.values[0])
        for value in node.values[1:]:
            result = ["logical", operator, result, tree(value)]
        return result
    if isinstance(node, ast.Compare):
        return ["comparison", tree(node.left), [[COMPARISONS[type(op).__name__], tree(right)] for op, right in zip(node.ops, node.comparators)]]
    if isinstance(node, ast.IfExp):
        return ["conditional", tree(node.test), tree(node.body), tree(node.orelse)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [kind.lower(), [["spread", tree(e.value)] if isinstance(e, ast.Starred) else tree(e) for e in node.elts]]
    if isinstance(node, ast.Dict):
        return ["dict", [[tree(key), tree(value)] for key, value in zip(node.keys, node.values)]]
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        result = {"ListComp": "list", "SetComp": "set", "GeneratorExp": "generator"}[kind]
        return ["comprehension", result, None, tree(node.elt), [clause(c) for c in node.generators]]
    if isinstance(node, ast.DictComp):
        return ["comprehension", "dict", tree(node.key), tree(node.value), [clause(c) for c in node.generators]]
    if isinstance(node, ast.JoinedStr):
        return ["formatted", parts(node)]
    if isinstance(node, ast.Assign):
        return ["assign", tree(node.targets), tree(node.value)]
    if isinstance(node, ast.AugAssign):
        return ["augment", tree(node.target), OPERATORS[type(node.op).__name__], tree(node.value)]
    if isinstance(node, ast.If):
        return ["if", tree(node.test), tree(node.body), tree(node.orelse)]
    if isinstance(node, ast.For):
        return ["for", tree(node.target), tree(node.iter), tree(node.body), tree(node.orelse)]
    if isinstance(node, ast.While):
        return ["while", tree(node.test), tree(node.body), tree(node.orelse)]
    if isinstance(node, ast.Delete):
        targets = node.targets
        if len(targets) == 1 and isinstance(targets[0], ast.Tuple):
            targets = targets[0].elts
        return ["delete", tree(targets)]
    if isinstance(node, ast.Expr):
        return ["expression", tree(node.value)]
    if isinstance(node, (ast.Pass, ast.Break, ast.Continue)):
        return [kind.lower()]
    raise SystemExit(f"no tree for {kind}")


def parts(node):
    return [
        part.value if isinstance(part, ast.Constant)
        else [tree(part.value), chr(part.conversion) if part.conversion != -1 else None,
              None if part.format_spec is None else parts(part.format_spec)]
        for part in node.values
    ]


def clause(node):
    return [tree(node.target), tree(node.iter), tree(node.ifs)]


OPERATORS = {
    "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**", "LShift": "<<",
    "RShift": ">>", "BitAnd": "&", "BitXor": "^", "BitOr": "|",
}
COMPARISONS = {
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "In": "in", "NotIn": "not in",
    "Is": "is", "IsNot": "is not",
}


def expression(text):
    try:
        return [text, tree(ast.parse("(" + text + "\n)", mode="eval").body)]
    except SyntaxError:
        return [text, None]


def top_level(text):
    """A bare tuple is one, and parentheses would hide a trailing comma's meaning and a lone comment."""
    try:
        return [text, tree(ast.parse(text.strip(), mode="eval").body)]
    except SyntaxError:
        return expression(text)


def statements(text):
    try:
        # compile() also finds a 'break' outside a loop.
        compile(text, "tap", "exec")
        return [text, tree(ast.parse(text).body)]
    except SyntaxError:
        return [text, None]


def main():
    lines = EXPRESSIONS.strip("\n").split("\n")
    texts = []
    buffer = ""
    for line in lines:
        buffer = buffer + "\n" + line if buffer else line
        if top_level(buffer)[1] is not None or buffer == line and line.startswith("#"):
            texts.append(buffer)
            buffer = ""
    precedence = [f"a {x} b {y} c" for x, y in itertools.product(BINARY, BINARY)]
    precedence += [f"{u} a {x} b" for u in ["-", "~", "not", "+"] for x in BINARY]
    precedence += [f"a {x} {u} b" for u in ["-", "~", "not", "+"] for x in BINARY]
    precedence += [f"a {x} b if c {y} d else e" for x, y in itertools.product(BINARY[::3], BINARY[::3])]
    data = {
        "expressions": [top_level(text) for text in texts + precedence],
        "broken": [top_level(text) for text in BROKEN.strip("\n").split("\n")],
        "statements": [statements(text) for text in STATEMENTS + BROKEN_STATEMENTS],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "syntax.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")
    for name, entries in data.items():
        print(name, len(entries), sum(1 for entry in entries if entry[1] is None), "errors")


main()
