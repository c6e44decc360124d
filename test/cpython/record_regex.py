"""Records what CPython's `re` makes of patterns, for test/expression/regex: python3 record_regex.py > regex.json"""

import json
import random
import re
import sys
import warnings
from re import _casefix

import _sre

SUBJECTS = [
    '', 'a', 'b', 'c', 'ab', 'ba', 'aa', 'aab', 'abab', 'abc', 'abcabc', 'aaaa', 'bbbb', 'aaab', 'acb',
    'A', 'aB', 'AB', 'a\n', '\n', '\na', 'a\nb', 'a\n\n', 'ab\nab\n', 'a\r\n', ' ', 'a b', ' ab ', '_a', '1', '12a',
    'a1', '-', 'a-b', ']', '[a]', '^a', '$', '.', '\\', '{', 'a{2}', 'a,b', '0', '\x00', '\x1c', '\x85', '\xa0',
    '\ufeff', '\u2028', 'é', 'É', 'ж', 'Жб', 'ß', 'ẞ', 'ſ', 'K', 'İ', 'ı', 'ς', 'Σ', 'ﬆ', 'µ', '٣', '²', 'Ⅷ',
    '😀', '😀b', 'a😀', '😀😀', '𐐀', '𐐨', 'e\u0301', '\u0301', '漢字', 'a漢', 'ab ж', '\ud800', 'foo bar', 'foo=1',
]

# One space, a broken bar and one space are between two patterns.
WRITTEN = r"""
a ¦ b ¦ ab ¦ a ¦ ab ¦ abc ¦ (1..|2..|418)
a* ¦ a+ ¦ a? ¦ a{2} ¦ a{2,} ¦ a{,2} ¦ a{1,2} ¦ a{0} ¦ a{0,0} ¦ a{,} ¦ a{ ¦ a{} ¦ a{a} ¦ a{1 ¦ a{1, ¦ a{1,2 ¦ a{-1} ¦ a{ 1} ¦ a{2}{ ¦ x{, ¦ {
a*?b ¦ a+?b ¦ a??b ¦ a{1,2}?b ¦ a{2}? ¦ a{,2}?b
a*+b ¦ a++b ¦ a?+b ¦ a{1,2}+b ¦ a++a ¦ a*+a ¦ a{1,2}+a ¦ (?:ab)++c ¦ (?:a|ab)++c ¦ (?>a*)b ¦ (?>a*)a ¦ (?>a|ab)c ¦ (?>ab|a)b ¦ (?>a+)+
(?:a|ab)?+c ¦ (?:a|aa){2}+b ¦ (?:aa|a){2}+b ¦ (?:aa|a){2}+ ¦ (?:aa|a){3}+ ¦ (?:aa|a){1,}+b ¦ (?>(?:aa|a){2})b ¦ (?:a|aa){1,2}+b ¦ (?>(?>a)b) ¦ a(?>b*)c
^a ¦ ^b ¦ a^b ¦ a$ ¦ a$b ¦ $ ¦ ^ ¦ ^$ ¦ ^^a ¦ a$$ ¦ \Aa ¦ a\Z ¦ \Z ¦ \A\Z ¦ b\A ¦ a\nb ¦ a$\nb ¦ a\Z\n ¦ (?m)a$\nb ¦ (?m)^b ¦ (?m)a\n^b ¦ (?m)a$ ¦ (?m)\n$ ¦ (?m)$
(?m)\A\n^a ¦ (?m)^$ ¦ (?m)a\Z ¦ (?m:a$)\nb ¦ a$\n ¦ a(?m:$)\nb$ ¦ (?-m:a$) ¦ (?m)(?-m:a$)\n\n ¦ (?m)a(?-m:$) ¦ (?s).*$ ¦ .*$
\ba ¦ a\b ¦ \b ¦ \B ¦ a\B ¦ \Ba ¦ a\Bb ¦ a\b-\bb ¦ \B\b ¦ \b\b ¦ (?a)\bж ¦ \bж ¦ (?a)\Bж ¦ \Bж ¦ \b_ ¦ \B_ ¦ ж\b ¦ (?a)ж\b ¦ ж\b  ¦ .\b. ¦ .\B. ¦ (?a).\b. ¦ (?a).\B.
. ¦ .. ¦ ... ¦ .\n ¦ (?s). ¦ (?s).. ¦ (?s)... ¦ .*b ¦ .+b ¦ (?s).*b ¦ [^\n] ¦ [^a] ¦ [^a]*b ¦ [^a-c] ¦ [a-c] ¦ [abc] ¦ [a\-c] ¦ [a-] ¦ [-a] ¦ []a] ¦ [^]a] ¦ []] ¦ [^]] ¦ [\]] ¦ [[]
[[a] ¦ [a&&b] ¦ [a||b] ¦ [a~~b] ¦ [--b] ¦ [a\d] ¦ [\d-] ¦ [\w-] ¦ [\w\-a] ¦ [^\d] ¦ [^\w] ¦ [^\W] ¦ [\W] ¦ [\Wa] ¦ [\W\d] ¦ [^\Wa] ¦ [\s\S] ¦ [^\s\S] ¦ [\D] ¦ [\S] ¦ [^\S] ¦ [^\D] ¦ [\D\d] ¦ [\W\w]
[\x61] ¦ [\u0061] ¦ [\U00000061] ¦ [\141] ¦ [\0] ¦ [\b] ¦ [\n] ¦ [\t] ¦ [\\] ¦ [a\]b] ¦ [\^a] ¦ [a^] ¦ [.] ¦ [$] ¦ [*] ¦ [(] ¦ [)] ¦ [|] ¦ [{] ¦ [+] ¦ [😀] ¦ [^😀] ¦ [😀a] ¦ [а-я] ¦ [\u0430-\u044f]
\d ¦ \D ¦ \s ¦ \S ¦ \w ¦ \W ¦ (?a)\d ¦ (?a)\D ¦ (?a)\s ¦ (?a)\S ¦ (?a)\w ¦ (?a)\W ¦ \d+ ¦ \w+ ¦ \w+ \w+ ¦ \w+=\d ¦ (?a)\w+ ¦ (?a:\w)\w ¦ (?u)\w ¦ (?a:[^\W\d]) ¦ \w\W ¦ \S\s\S ¦ \D\D
\x61 ¦ \u0061 ¦ \U00000061 ¦ \U0001F600 ¦ \141 ¦ \0 ¦ \00 ¦ \000 ¦ \01 ¦ \101 ¦ \a ¦ \f ¦ \n ¦ \r ¦ \t ¦ \v ¦ \\ ¦ \. ¦ \$ ¦ \^ ¦ \{ ¦ \[ ¦ \] ¦ \( ¦ \) ¦ \- ¦ \/ ¦ \_ ¦ \  ¦ \é ¦ \😀
(a) ¦ (a)(b) ¦ (?P<x>a) ¦ (?P<x>a)(?P=x) ¦ (a)\1 ¦ (a|b)\1 ¦ (a)(b)\2\1 ¦ (a+)\1 ¦ (a*)\1b ¦ ([ab])\1 ¦ (?P<é>a)(?P=é) ¦ ((a)\2) ¦ (a)(?=\1) ¦ (a)(?!\1) ¦ (ab?)\1c
(["'])a\1 ¦ (.)\1 ¦ (.)(.)\2\1 ¦ (?:(a)b)+\1 ¦ (?:(.))+\1 ¦ (a) ¦ (?:(a)|b)\1 ¦ (a)?\1 ¦ (?:(a)|(b))(?:\1|\2) ¦ (a\b)\1 ¦ (?:a(b))*\1 ¦ (?i:(a))\1 ¦ (?i)(a)\1 ¦ (?i)(\d)\1 ¦ (?i)(-)\1 ¦ (?-i:(a))(?i:\1)
(?=a) ¦ (?=a)b ¦ (?=a)a ¦ (?!a) ¦ (?!a)b ¦ (?!a)a ¦ a(?=b) ¦ a(?!b) ¦ a(?=b)b ¦ (?=.*b)a ¦ (?!.*b)a ¦ (?=a)(?=.b) ¦ (?=(a))\1 ¦ (?!(a))b ¦ (?=a)*b ¦ (?=a)?b ¦ (?:(?=a))+a ¦ (?!) ¦ (?=) ¦ (?!b) ¦ (?!a|b)c ¦ (?!$)
(?<=a)b ¦ a(?<=a)b ¦ a(?<=b) ¦ a(?<!a)b ¦ a(?<!b)b ¦ (?<!a)b ¦ (?<!a)a ¦ (?<=^)a ¦ (?m)\n(?<=^)a ¦ (?<=\b)a ¦ ab(?<=ab) ¦ ab(?<=a.) ¦ abc(?<=b.) ¦ a(?<=(a))\1 ¦ (?<!) ¦ (?<=) ¦ (?<=a|b)c ¦ a(?<=a|b)b ¦ 😀(?<=😀)b ¦ a(?<=\w) ¦ (.)b(?<=\1b) ¦ a(?<=(?=a).)b
(?<=a{2})b ¦ aab(?<=a{2}b) ¦ a.(?<=(?:ab|ba)) ¦ a(?<=a$) ¦ (?<=(?<!b)a)b ¦ a(?<=a(?=b))b ¦ a(?<=(?!b).)
(?i)a ¦ (?i)AB ¦ (?i)é ¦ (?i)É ¦ (?i)ж ¦ (?i)Ж ¦ (?i)s ¦ (?i)ſ ¦ (?i)k ¦ (?i)K ¦ (?i)i ¦ (?i)I ¦ (?i)İ ¦ (?i)ı ¦ (?i)ß ¦ (?i)ẞ ¦ (?i)σ ¦ (?i)ς ¦ (?i)Σ ¦ (?i)µ ¦ (?i)μ ¦ (?i)ﬅ ¦ (?i)ﬆ ¦ (?i)𐐀 ¦ (?i)𐐨 ¦ (?i)[𐐀-𐐁] ¦ (?i)[𐐨]
(?i)[a-c] ¦ (?i)[A-C] ¦ (?i)[^a] ¦ (?i)[^A] ¦ (?i)[k] ¦ (?i)[^k] ¦ (?i)[s-t] ¦ (?i)[Z-a] ¦ (?i)[h-j] ¦ (?i)[а-я] ¦ (?i)[^а-я] ¦ (?i)[ς] ¦ (?i)[\w] ¦ (?i)\w ¦ (?i)[^\Wk] ¦ (?i)[ß] ¦ (?i)[à-þ] ¦ (?i)[İ] ¦ (?i)[^ı] ¦ (?i)[\u0370-\u03ff] ¦ (?i)[^\u0000-\uffff]
(?ai)k ¦ (?ai)K ¦ (?ai)s ¦ (?ai)é ¦ (?ai)É ¦ (?ai)[a-z] ¦ (?ai)[^k] ¦ (?ai)ж ¦ (?ai)[é] ¦ (?a)(?i)k ¦ (?i:a)b ¦ a(?i:b) ¦ (?i)a(?-i:b) ¦ (?i:a(?-i:b)) ¦ (?ia:k) ¦ (?i)(?a:k) ¦ (?ai)(?u:k) ¦ (?s:.)b ¦ (?s)(?-s:.)b ¦ (?ms-i:a.$)
(?x) a b  ¦ (?x)a#c ¦ (?x)a\ b ¦ (?x)[ ] ¦ (?x)a [ b] ¦ (?x: a )b ¦ (?x:a b) c ¦ (?x)(?-x: a) ¦ (?x) (?i) a ¦ (?#c)a ¦ a(?#c)b ¦ a(?#c)*b ¦ (?x)a # c
(?:a) ¦ (?:a|b)*c ¦ (?:) ¦ (?:)* ¦ (?:)+a ¦ (?:a?)*b ¦ (?:a*)*b ¦ (?:a*)+ ¦ (?:|a)b ¦ (?:a|)b ¦ (|a)b ¦ a ¦  ¦ (a|)*b ¦ (?:(?:a*)*)*b ¦ (?:^a)*b ¦ (?:a|\b)*b ¦ (?:\b|a)+b ¦ (?:a??)*b ¦ (?:a*?)*?b ¦ (?:^|b)*a ¦ (?:$|a)*b ¦ (?:a|b|)+c
(?:a|b){2} ¦ (?:a?){3}b ¦ (?:a?){2,3}b ¦ (?:a*){2}b ¦ (?:ab){2} ¦ (?:a{2}){2} ¦ (?:a{1,2}){2}b ¦ (?:a?b?){2}c ¦ (?:a|ab)(?:c|bcd) ¦ (?:a|ab)*?c ¦ a{2}{ ¦ (?:a{2})*b ¦ (?:(a)|b)*c ¦ (?:b|(a))+c
foo ¦ foo.* ¦ foo.*r ¦ foo.*bar ¦ .*o.*a ¦ .*o.*= ¦ .*b.*b ¦ a.*b.* ¦ .*a.*b.* ¦ [^=]*=. ¦ [^=]*=\d$ ¦ \w+\s\w+$ ¦ foo\b.*\bbar ¦ .*\bb ¦ .*?a.*?b ¦ (?s).*\n.*b ¦ .*\n.*\n$ ¦ .+\n ¦ (?:foo|bar)[ =].
a.*b.*b ¦ .*a.*b ¦ .*a+.*b ¦ .*ab?.*c ¦ .*b.*a.*c ¦ [ab]*a[ab]*b ¦ [ab]+b[ab]+b ¦ [a-z]*b[a-z]*c.*c ¦ .*a[^c]*c ¦ ^.*b.*c ¦ .*\b.*b ¦ .*$.* ¦ (?m).*$.*^a ¦ .*(?:a|b).*c ¦ .*(?:aa|b).*c
"""

ALTERNATIVES = ['a|b', 'a|ab', 'ab|a', 'a||b', '|a', 'a|', '|', '(a|b)c', 'a|b\\Z', '^a|b$', '(?i)a|B', '(?i:a)|B', '(?m)^a|^b', 'x|y|z',
                '(1..|2..|418)', '(?x) a | b', '(?:a|b)|c', 'a(?:b|c)|b', '(?:|){3}a', 'foo|foo bar', 'aa|a|aaa', '(?:a|aa)$',
                'a|(?:b|(?:c|1))', '(?s).|\\n', '[a]|[b]', '\\d|\\s|ж', '(?=a)|b', '(?!a)|a', '\\b|x', '(?:a|b)*|c']

ERRORS = r"""
(
)
a)
(a
(a|b
((a)
[
[a
[]
[^]
[a-
[]-a
[^]-a
[a-\
[b-a]
[\d-a]
[a-\d]
[a-\w]
[\w-\d]
[\x41-\x20]
[é-a]
[😀-a]
[z-\141]
*
+
?
a|*
(*a)
(+)
(?:*)
^*
$*
\b*
\B+
\A?
\Z{2}
^{2}
a**
a*+*
a+++
a??+
a{2}{3}
a{2}*
a{2}**
a*{2}
a{3,2}
ab{10,9}
a{99999999999}
a{1,99999999999}
a{4294967295}
a{99999999999,1}
\
a\
(\
[\
\p{L}
\z
\h
\y
\c
\C
\e
\g
\k<a>
\8
\9
\1
\10
(a)\2
(a)\12
(a\1)
(?P<x>a(?P=x))
\400
\777
[\400]
[\8]
[\9]
[\z]
[\A]
[\Z]
[\B]
[\p]
\x
\x1
\xg
\u
\u123
\u12g4
\U0000
\U00110000
[\x1]
[\u12]
[\U0000]
[\U00110000]
é\x1
😀\x1
😀(
😀[b-a]
ж*😀**
(?
(?P
(?P<
(?P<x
(?P<>a)
(?P<1>a)
(?P<a-b>a)
(?P<a b>a)
(?P<x>a)(?P<x>b)
(?P<x>a)|b(?P<x>
(?P=
(?P=x
(?P=)
(?P=x)
(?P=1)
(?P>x)
(?Px)
(?P<é😀>a)
(?<
(?<a>b)
(?<x
(?'x'a)
(?|a|b)
(?R)
(?1)
(?&x)
(?C)
(?~a)
(?*a)
(?@
(?é)
(?=
(?=a
(?!a
(?<=a
(?<!
(?:a
(?>a
(?#
(?#abc
a(?#
(?i
(?i-
(?i-)
(?i-:a)
(?-
(?-)
(?-i
(?-i)
(?-:a)
(?-a:b)
(?-u:b)
(?-L:b)
(?au)
(?au:a)
(?ua)
(?a)(?u)
(?L)
(?L:a)
(?iL)
(?aL)
(?z)
(?iz)
(?i1)
(?i:
(?i-m
(?i-mz:a)
(?i-m1:a)
(?-z:a)
(?-1:a)
(?i-i:a)
(?ims-s:a)
(?iж)
a(?i)
a(?i)b
(?i)a(?m)b
(a(?i)b)
((?i)a)
|(?i)
a|(?i)b
(?:(?i)a)
(?i:a)(?m)
(?=(?i)a)
(?t:a)
(?-t:a)
(?(
(?(1
(?(x)a|b)
(?()a)
(?(0)a)
(?(a-b)c)
(?(-1)c)
(?<=a*)
(?<=a+)b
(?<=a?)
(?<!a|bc)
(?<=a{1,2})
(?<=(a|bc))
(a+)(?<=\1)
(a*)(?<!\1b)
(?<=(a)\1)
(?<=(?P<x>a)(?P=x))
(?<=a(?<=b*))
(?<=a*)(
(?<=a|)
(?x)( a
(?x) *
(?x)[a
(?P<x>)(?P<y>)(?P<x>)
(?i)*
(?#c)*
(?:a*)**
(?:^)**
(?=a)**
"""

WARNINGS = ['[[a]', '[[:alpha:]]', '[a-c--]', '[a-z--~]', '[a&&b]', '[a||b]', '[a~~b]', '[--a]', '[a-z---]', '[a-b-c]', '[^[a]', '[&&]', '[a&]',
            '[a[b]', '[[]', '[a|b]', '[é&&b]', '😀[[a]', '[a&&&&b]', '[[a][[b]', '[+--]', '[+--a]']

RANDOM_PATTERNS = 1500


def split_written():
    return [pattern for line in WRITTEN.strip().splitlines() for pattern in line.split(' ¦ ')]


class Generator:
    """Random patterns that mean something on the subjects."""

    ATOMS = ['a', 'a', 'a', 'b', 'b', 'b', 'c', '.', '.', '.', '\\w', '\\W', '\\d', '\\s', '\\S', '[ab]', '[^a]', '[^\\n]', '[a-c\\d]', 'ж', '😀', '[^b😀]', '\\n', ' ', 'É', '[\\Wb]']
    POSITIONS = ['^', '$', '\\b', '\\B', '\\Z', '\\A']
    QUANTIFIERS = ['*', '+', '?', '{2}', '{1,2}', '{,2}', '{2,}', '*?', '+?', '??', '{1,2}?']

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.groups = 0

    def pattern(self):
        self.groups = 0
        flags = self.random.choice(['', '', '', '', '(?i)', '(?m)', '(?s)', '(?a)', '(?im)', '(?ai)', '(?ms)'])
        end = self.random.choice(['', '', '', '$', '\\Z', 'b'])
        return f'{flags}(?:{self.choice(3)}){end}' if end else flags + self.choice(3)

    def choice(self, depth):
        count = self.random.choice([1, 1, 1, 2, 3])
        return '|'.join(self.sequence(depth) for _ in range(count))

    def sequence(self, depth):
        return ''.join(self.item(depth) for _ in range(self.random.choice([0, 1, 1, 1, 2, 2, 2, 3, 4])))

    def item(self, depth):
        roll = self.random.random()
        if roll < 0.1:
            return self.random.choice(self.POSITIONS)
        atom = self.atom(depth)
        if roll < 0.55:
            return atom
        quantifier = self.random.choice(self.QUANTIFIERS)
        if roll < 0.6:
            quantifier = quantifier.rstrip('?') or '?'
            quantifier += '+'
        return atom + quantifier

    def atom(self, depth):
        roll = self.random.random()
        if depth == 0 or roll < 0.65:
            return self.random.choice(self.ATOMS)
        if roll < 0.78:
            return f'(?:{self.choice(depth - 1)})'
        if roll < 0.88:
            body = self.choice(depth - 1)
            self.groups += 1
            return f'({body})'
        if roll < 0.93:
            return f'(?{self.random.choice(["=", "!", "<=", "<!"])}{self.choice(depth - 1)})'
        if roll < 0.95:
            return f'(?>{self.choice(depth - 1)})'
        if roll < 0.97:
            return f'(?{self.random.choice(["i", "-i", "s", "m", "a"])}:{self.choice(depth - 1)})'
        if self.groups:
            return f'\\{self.random.randint(1, self.groups)}'
        return 'a'


def outcome(pattern):
    """One digit per subject: 1 where the pattern matches at the start."""
    compiled = re.compile(pattern)
    return ''.join('1' if compiled.match(subject) else '0' for subject in SUBJECTS)


def error(pattern):
    try:
        re.compile(pattern)
    except re.error as problem:
        return {'pattern': pattern, 'message': problem.msg, 'position': problem.pos}
    except (OverflowError, ValueError) as problem:
        return {'pattern': pattern, 'message': str(problem), 'position': None}
    raise SystemExit(f'{pattern!r} is no error')


def warned(pattern):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        re.purge()
        re.compile(pattern)
    return {'pattern': pattern, 'warnings': [str(warning.message) for warning in caught]}


def ranges(pattern):
    compiled = re.compile(pattern)
    found = []
    for code in range(0x110000):
        if compiled.match(chr(code)):
            if found and found[-1] == code - 1:
                found[-1] = code
            else:
                found += [code, code]
    return found


def case_groups():
    cased = [code for code in range(0x110000) if _sre.unicode_iscased(code)]
    by_lower = {}
    for code in cased:
        by_lower.setdefault(_sre.unicode_tolower(code), []).append(code)
    groups = set()
    for code in cased:
        lower = _sre.unicode_tolower(code)
        members = set()
        for candidate in (lower, *_casefix._EXTRA_CASES.get(lower, ())):
            members.update(by_lower.get(candidate, []))
        sample = re.compile(re.escape(chr(code)), re.IGNORECASE)
        assert all(sample.match(chr(member)) for member in members), hex(code)
        if len(members) > 1:
            groups.add(tuple(sorted(members)))
    return sorted(groups)


def main():
    warnings.simplefilter('ignore')
    written = split_written() + ALTERNATIVES
    for pattern in written:
        re.compile(pattern)
    generator = Generator(20240229)
    generated = {}
    while len(generated) < RANDOM_PATTERNS:
        pattern = generator.pattern()
        try:
            result = outcome(pattern)
        except (re.error, SystemError):  # the latter is a bug of CPython's with groups in possessive repetitions
            continue
        # Those that match everything or nothing tell little: one in eight is enough.
        if len(set(result)) == 2 or generator.random.random() < 0.125:
            generated[pattern] = result
    record = {
        'python': sys.version.split()[0],
        'subjects': SUBJECTS,
        'written': [[pattern, outcome(pattern)] for pattern in written],
        'generated': list(generated.items()),
        'errors': [error(pattern) for pattern in ERRORS.strip().splitlines()],
        'warnings': [warned(pattern) for pattern in WARNINGS],
        'classes': {name: ranges(name) for name in ('\\w', '\\d', '\\s')},
        'cases': case_groups(),
    }
    sections = ',\n'.join(
        f'{json.dumps(name)}: ' + (
            '[\n' + ',\n'.join(json.dumps(item) for item in value) + '\n]'
            if name in ('written', 'generated', 'errors', 'warnings') else json.dumps(value, separators=(',', ':'))
        )
        for name, value in record.items()
    )
    print('{\n' + sections + '\n}')


if __name__ == '__main__':
    main()
