"""Records what CPython's `re.search` finds for named groups, for test/expression/regex: python3 record_captures.py > captures.json"""

import json
import random
import re
import signal
import sys
import warnings

PATTERNS = 400
TEXTS = 8

ATOMS = ['a', 'b', 'c', 'ab', ' ', '1', '.', r'\d', r'\w', r'\s', r'\S', '[ab]', '[^a]', r'\b', '^', '$', 'x=', r'\n', 'é', r'\W', '[a-c1]',
         '=', ',', '.*?', '.*', r'\w+', r'\d+', r'\S+', '[^,]*', '[^ ]+', r'\s*', '.+?', r'\B', '😀']
PIECES = ['a', 'b', 'c', 'ab', '1', '12', ' ', 'x=', '=', ',', '\n', 'é', '😀', 'aa', 'b1', ' a']
QUANTIFIERS = ['*', '+', '?', '{2}', '{1,3}', '{0,2}', '*?', '+?', '??', '{1,2}?', '+', '?']

rnd = random.Random(20240611)


class TooSlow(Exception):
    pass


def stop(*_):
    raise TooSlow


def atom(depth, names):
    chance = rnd.random()
    if depth == 0 or chance > 0.45:
        return rnd.choice(ATOMS)
    kind = rnd.random()
    if kind < 0.6 and len(names) < 5:
        name = f'g{len(names)}'
        names.append(name)
        return f'(?P<{name}>{choice(depth - 1, names)})'
    if kind < 0.95:
        return f'(?:{choice(depth - 1, names)})'
    return rnd.choice(['(?=%s)', '(?!%s)', '(?>%s)']) % choice(depth - 1, names)


def item(depth, names):
    one = atom(depth, names)
    if rnd.random() < 0.25 and one not in (r'\b', '^', '$', r'\B') and one[-1] not in '*+?':
        quantifier = rnd.choice(QUANTIFIERS)
        return one + quantifier if len(one) == 1 or one[0] in '([\\' else f'(?:{one}){quantifier}'
    return one


def choice(depth, names):
    return '|'.join(''.join(item(depth, names) for _ in range(rnd.randint(1, 5))) for _ in range(rnd.choice([1, 1, 1, 1, 2, 3])))


def text():
    return ''.join(rnd.choice(PIECES) for _ in range(rnd.randint(0, 12)))


def groups(pattern, subject):
    found = pattern.search(subject)
    return None if found is None else {name: value for name, value in found.groupdict().items() if value is not None}


def main():
    warnings.simplefilter('ignore')
    signal.signal(signal.SIGALRM, stop)
    recorded = []
    while len(recorded) < PATTERNS:
        names = []
        written = choice(3, names)
        if not names:
            continue
        if rnd.random() < 0.1:
            written = f"(?{rnd.choice('imsa')}){written}"
        subjects = [''] + [text() for _ in range(TEXTS - 1)]
        try:
            pattern = re.compile(written)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            results = [groups(pattern, subject) for subject in subjects]
        # A SystemError is a fault of CPython: "The span of capturing group is wrong".
        except (re.error, TooSlow, SystemError):
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if any(results):
            recorded.append([written, [[subject, result] for subject, result in zip(subjects, results)]])
    sys.stdout.write('[\n' + ',\n'.join(json.dumps(entry, ensure_ascii=False) for entry in recorded) + '\n]\n')


main()
