"""Records how CPython 3.11 reads f-strings: python3 test/cpython/record_f_strings.py writes f-strings.json.

Each entry is [text, outcome]: {"value": "..."}, {"error": "TypeError"} where it is read and fails, or null where it is a
syntax error. The fields are x = 3, y = 'ab' and w = 10. Beside the texts below there are random ones. `lambda` and
`:=`, which rules do not have, are not among them.
"""
import json
import os
import random
import warnings

warnings.simplefilter("ignore")

FIELDS = {"x": 3, "y": "ab", "w": 10}

TEXTS = r"""
f'\{x}'
f'\{{x}}'
f'\}'
f'\}}'
f'\\{x}'
rf'\{x}'
f'{3:{"}"}>10}'
f'{3:{"{"}>10}'
f'{3:{w}}'
f'{3:{w}{y}}'
f'{3:{w:{x}}}'
f'{1#}'
f'{"#"}'
f'{1 # a comment}'
f'{"a\n"}'
f'{x:\n}'
f'{y:\x3e5}'
f'{y!r:\x3e8}'
f'{x!r}' 'b'
f'{x !r}'
f'{x! r}'
f'{x!}'
f'{x!x}'
f'{x!r }'
f'{x=}'
f'{x = }'
f'{x=!s}'
f'{x=:>5}'
f'{x==3}'
f'{x!=3}'
f'{x<=3}'
f'{x>=3}'
f'{x<3}'
f'{x>3}'
f'{(x=3)}'
f'{x:=5}'
f'{}'
f'{ }'
f'{!r}'
f'{:5}'
f'{=}'
f'{'
f'}'
f'{x'
f'{x!'
f'{x!r'
f'{x:'
f'{x:5'
f'{x}}'
f'{{x}}'
f'{{{x}}}'
f'{{'
f'}}'
f'{{}'
f'{}}'
f'{x)}'
f'{(x}'
f'{(x])}'
f'{[x}]'
f'{x,}'
f'{x, y}'
f'{*y, x}'
f'{x if x else y}'
f'{lambda x: 1}'
f'{ {1: 2}[1] }'
f'{{1: 2}[1]}'
f'{ {x} }'
f'{"a" "b"}'
f'{"a}"}'
f'{"a:b"}'
f'{"a!b"!r}'
f'{"}'
f'{""}'
f'{y[0]}'
f'{y[0:1]}'
f'{y[:1]:>3}'
f'{[c for c in y]}'
f'{x:{"a"!r}<5}'
f'{x:{x}}'
f'{x:{{}}}'
f'{x:}}'
f'{x:{}}'
f'{x:a}'
f'{x::>5}'
f'{y::>5}'
f'{y:{y}'
f'{y:{y'
f'{x!r:}'
f''
f'{x}' f'{y}'
'a' f'{x}' 'b'
F'{x}'
fR'\{x}'
f'{f"{x}"}'
f'{f"{y:>5}":<7}|'
f"{'a' if x else 'b'}"
f'{x
}'
f'''{
x
}'''
f'''{x:
}'''
f'{x;y}'
f'{x y}'
f'{not x}'
f'{ x }'
f'{x}{y}{w}'
f'{+x}'
f'{x:+}{x:05}'
f'{x:{"0"}{5}}'
f'{y.upper()}'
f'{y.upper()=}'
f'{"%d" % x}'
f'{x % 2}'
f'{{}}{{}}'
f'a{x}b{{c}}d'
""".strip()

TRIPLE = ["f'{\"\"\"a\"b\"\"\"}'", "f'{\"\"\"a}\"\"\"}'"]

PIECES = [
    *["{", "}", "{{", "}}", "{", "}", ":", "!", "=", "!r", "!s", "!a", "#", "\\", "\\{", "\\}", "\\n", "\\x41"],
    *['"', '"a"', '"}"', '"{"', '"""', "x", "y", "w", "{x}", "{y}", "{w", "x}", "[", "]", "(", ")", "[0]", "(x)"],
    *["0", "1", "5", ">5", "^9", "<", ">", "==", "!=", "<=", " ", ",", "*", ".", "|", "a", "if", " if x else "],
]


def texts():
    lines = TEXTS.split("\n")
    pending = ""
    for line in lines:
        pending += line
        if pending.count("'''") % 2 == 1 or pending.count("'") == 1:
            pending += "\n"
            continue
        yield pending
        pending = ""
    yield from TRIPLE
    choose = random.Random(20311)
    seen = set()
    while len(seen) < 6000:
        prefix = choose.choice(["f", "f", "f", "rf"])
        body = "".join(choose.choice(PIECES) for _ in range(choose.randint(1, 9)))
        text = f"{prefix}'{body}'"
        if text in seen:
            continue
        seen.add(text)
        yield text


def outcome(text):
    try:
        code = compile(text, "", "eval")
    except (SyntaxError, ValueError):
        return None
    try:
        return {"value": eval(code, {}, dict(FIELDS))}
    except NameError:
        return "other names"
    except Exception as error:
        return {"error": type(error).__name__}


def main():
    taken = []
    refused = 0
    for text in texts():
        result = outcome(text)
        # Most random texts are nothing: a part of them is enough.
        if result is None and len(taken) > 150:
            refused += 1
            if refused % 4 != 0:
                continue
        if result != "other names":
            taken.append([text, result])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "f-strings.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in taken) + "\n]\n")


main()
