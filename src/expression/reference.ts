/**
 * The reference of Python's built-in functions and methods, as far as rules have them: a line and an example for each.
 * The signatures in `runtime/` say how each is called. The examples run as tests.
 */

export interface ReferenceEntry {
  /** Its effect in one sentence. */
  readonly summary: string
  /** An expression; for a method that changes its object, statements of `tap` after which `x` has the result. */
  readonly example: string
  /** The example's result, as the output has it: tuples and sets are lists. */
  readonly result: unknown
}

type Row = readonly [summary: string, example: string, result: unknown]

function entries(rows: Readonly<Record<string, Row>>): ReadonlyMap<string, ReferenceEntry> {
  return new Map(
    Object.entries(rows).map(([name, [summary, example, result]]) => [name, { summary, example, result }]),
  )
}

/** By name: the built-in functions. */
export const BUILTIN_REFERENCE = entries({
  abs: ['The number without its sign.', 'abs(-5)', 5],
  all: ['Whether every element is true; true for none.', 'all(n > 0 for n in [1, 2])', true],
  any: ['Whether an element is true; false for none.', 'any(n > 1 for n in [1, 2])', true],
  bin: ['The integer as binary text.', 'bin(5)', '0b101'],
  bool: ['Whether the value is true: neither 0, None, empty nor false.', "bool('')", false],
  chr: ['The character with that number.', 'chr(65)', 'A'],
  dict: ['A dict of pairs, of another dict, or of named arguments.', "dict([('a', 1)], b=2)", { a: 1, b: 2 }],
  divmod: ['The quotient, rounded down, and the rest.', 'divmod(7, 2)', [3, 1]],
  enumerate: [
    'Pairs of a number and an element.',
    "list(enumerate(['a', 'b'], start=1))",
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  float: ['The number that a text shows, as a float.', "float('2.5')", 2.5],
  hex: ['The integer as hexadecimal text.', 'hex(255)', '0xff'],
  int: [
    'The integer that a text shows, or a number without its fraction; texts may have another base.',
    "int('ff', 16)",
    255,
  ],
  isinstance: [
    'Whether the value is of a type, or of one of several: str, int, float, bool, list, tuple, dict, set.',
    'isinstance(5, (int, float))',
    true,
  ],
  len: ['How many characters, elements or members there are.', "len('text')", 4],
  list: ['A list of the elements.', "list('ab')", ['a', 'b']],
  max: [
    'The largest of the values, or of the elements of one; `default` where there is none, `key` says by what.',
    "max(['a', 'bcd', 'ef'], key=len)",
    'bcd',
  ],
  min: [
    'The smallest of the values, or of the elements of one; `default` where there is none, `key` says by what.',
    'min([], default=0)',
    0,
  ],
  oct: ['The integer as octal text.', 'oct(8)', '0o10'],
  ord: ['The number of a character.', "ord('A')", 65],
  pow: ['A power, with a third argument its rest.', 'pow(2, 10)', 1024],
  range: ['Integers from a start up to an end that is not among them.', 'list(range(1, 7, 2))', [1, 3, 5]],
  repr: ['The value as it is written in an expression.', 'repr("it\'s")', '"it\'s"'],
  reversed: ['The elements from the last to the first.', 'list(reversed([1, 2]))', [2, 1]],
  round: [
    'The nearest integer, or the number with so many digits; halves go to the even one.',
    'round(2.345, 1)',
    2.3,
  ],
  set: ['The elements, each once.', 'sorted(set([2, 1, 2]))', [1, 2]],
  sorted: ['A sorted list of the elements.', "sorted(['b', 'A'], key=str.lower, reverse=True)", ['b', 'A']],
  str: ['The value as text.', 'str(None)', 'None'],
  sum: ['The sum of the elements.', 'sum([1, 2], start=10)', 13],
  tuple: ['A tuple of the elements.', "tuple('ab')", ['a', 'b']],
  zip: [
    'The first elements of all, then the second ones, until one has no more.',
    "dict(zip(['a', 'b'], [1, 2]))",
    { a: 1, b: 2 },
  ],
})

const STR = entries({
  capitalize: [
    'The first character in upper case, all others in lower case.',
    "'heLLo'.capitalize()",
    'Hello',
  ],
  casefold: ['Lower case for comparing: more than lower() does.', "'Straße'.casefold()", 'strasse'],
  center: ['The text in the middle of so many characters.', "'a'.center(3, '*')", '*a*'],
  count: ['How often a text is in it, without overlaps.', "'banana'.count('an')", 2],
  endswith: [
    'Whether it ends with a text, or with one of a tuple.',
    "'a.exe'.endswith(('.exe', '.dll'))",
    true,
  ],
  expandtabs: ['Tabs as blanks.', "'a\\tb'.expandtabs(4)", 'a   b'],
  find: ['Where a text is in it first; -1: nowhere.', "'abc'.find('c')", 2],
  format: ['Puts values into the fields in braces.', "'{}:{port}'.format('a', port=80)", 'a:80'],
  index: ['As find(), but a value error where the text is not in it.', "'abc'.index('c')", 2],
  isalnum: ['Whether there are letters and digits only, at least one.', "'a1'.isalnum()", true],
  isalpha: ['Whether there are letters only, at least one.', "'a1'.isalpha()", false],
  isascii: ['Whether all characters are ASCII.', "'é'.isascii()", false],
  isdecimal: ['Whether there are decimal digits only, at least one.', "'12'.isdecimal()", true],
  isdigit: ['Whether there are digits only, such as ² too, at least one.', "'12'.isdigit()", true],
  isidentifier: ['Whether it could be a name in an expression.', "'a b'.isidentifier()", false],
  islower: ['Whether there are letters, and none in upper case.', "'a1'.islower()", true],
  isnumeric: [
    'Whether there are numeric characters only, such as ½ too, at least one.',
    "'½'.isnumeric()",
    true,
  ],
  isprintable: ['Whether all characters can be printed.', "'a\\n'.isprintable()", false],
  isspace: ['Whether there is white space only, at least one character.', "' \\t'.isspace()", true],
  istitle: ['Whether each word begins in upper case and goes on in lower case.', "'A Title'.istitle()", true],
  isupper: ['Whether there are letters, and none in lower case.', "'A1'.isupper()", true],
  join: ['The texts of a list with this one between them.', "', '.join(['a', 'b'])", 'a, b'],
  ljust: ['The text, filled up on the right.', "'a'.ljust(3, '.')", 'a..'],
  lower: ['In lower case.', "'ABC'.lower()", 'abc'],
  lstrip: ['Without white space, or the given characters, at its beginning.', "'00120'.lstrip('0')", '120'],
  maketrans: ['A table for translate().', "'a-b'.translate(''.maketrans('-', '_'))", 'a_b'],
  partition: [
    'What is before the first separator, the separator, what is behind it.',
    "'k=v=w'.partition('=')",
    ['k', '=', 'v=w'],
  ],
  removeprefix: ['Without a text that it begins with.', "'www.a.b'.removeprefix('www.')", 'a.b'],
  removesuffix: ['Without a text that it ends with.', "'a.log'.removesuffix('.log')", 'a'],
  replace: [
    'Every occurrence of a text, or the first so many, as another one.',
    "'a.b.c'.replace('.', '-', 1)",
    'a-b.c',
  ],
  rfind: ['Where a text is in it last; -1: nowhere.', "'a.b.c'.rfind('.')", 3],
  rindex: ['As rfind(), but a value error where the text is not in it.', "'a.b.c'.rindex('.')", 3],
  rjust: ['The text, filled up on the left.', "'7'.rjust(3, '0')", '007'],
  rpartition: [
    'What is before the last separator, the separator, what is behind it.',
    "'a.b.c'.rpartition('.')",
    ['a.b', '.', 'c'],
  ],
  rsplit: [
    'The parts between separators, so many at most, counted from the right.',
    "'a b c'.rsplit(maxsplit=1)",
    ['a b', 'c'],
  ],
  rstrip: ['Without white space, or the given characters, at its end.', "'a.b.'.rstrip('.')", 'a.b'],
  split: [
    'The parts between separators, or between white space; so many at most.',
    "'a=b=c'.split('=', 1)",
    ['a', 'b=c'],
  ],
  splitlines: ['The lines.', "'a\\nb'.splitlines()", ['a', 'b']],
  startswith: ['Whether it begins with a text, or with one of a tuple.', "'abc'.startswith('ab')", true],
  strip: ['Without white space, or the given characters, at both ends.', "'[a]'.strip('[]')", 'a'],
  swapcase: ['Upper case as lower case and the other way round.', "'aB'.swapcase()", 'Ab'],
  title: ['Each word with its first letter in upper case.', "'a title'.title()", 'A Title'],
  translate: ['Each character as the table has it.', "'abc'.translate({97: 'A', 98: None})", 'Ac'],
  upper: ['In upper case.', "'abc'.upper()", 'ABC'],
  zfill: ['The number, filled up with zeros behind its sign.', "'-7'.zfill(4)", '-007'],
})

const LIST = entries({
  append: ['Adds an element at the end.', 'x = [1]; x.append(2)', [1, 2]],
  clear: ['Removes all elements.', 'x = [1]; x.clear()', []],
  copy: ['A list with the same elements.', '[1, 2].copy()', [1, 2]],
  count: ['How many elements are equal to a value.', '[1, 2, 1].count(1)', 2],
  extend: ['Adds all elements of another one.', 'x = [1]; x.extend([2, 3])', [1, 2, 3]],
  index: ['Where a value is first; a value error where it is not.', "['a', 'b'].index('b')", 1],
  insert: ['Puts an element before another one.', 'x = [2]; x.insert(0, 1)', [1, 2]],
  pop: ['Removes an element, by default the last, and gives it.', 'y = [1, 2]; x = y.pop()', 2],
  remove: ['Removes the first element that is equal to a value.', 'x = [1, 2, 1]; x.remove(1)', [2, 1]],
  reverse: ['Turns the order round.', 'x = [1, 2]; x.reverse()', [2, 1]],
  sort: ['Sorts the elements.', 'x = [2, 1]; x.sort(reverse=True)', [2, 1]],
})

const TUPLE = entries({
  count: ['How many elements are equal to a value.', '(1, 2, 1).count(1)', 2],
  index: ['Where a value is first; a value error where it is not.', '(1, 2).index(2)', 1],
})

const DICT = entries({
  clear: ['Removes all members.', "x = {'a': 1}; x.clear()", {}],
  copy: ['A dict with the same members.', "{'a': 1}.copy()", { a: 1 }],
  get: ['The member of that key, else a default.', "{'a': 1}.get('b', 0)", 0],
  items: ['Pairs of key and value.', "[k + v for k, v in {'a': 'b'}.items()]", ['ab']],
  keys: ['The keys.', "list({'a': 1}.keys())", ['a']],
  pop: ['Removes a member and gives its value, else a default.', "y = {'a': 1}; x = y.pop('a', None)", 1],
  popitem: [
    'Removes the last member and gives its key and value.',
    "y = {'a': 1}; x = y.popitem()",
    ['a', 1],
  ],
  setdefault: [
    'The member of that key, which is added where there is none.',
    "x = {}; x.setdefault('a', 1)",
    { a: 1 },
  ],
  update: ['Adds or replaces members.', "x = {'a': 1}; x.update({'b': 2}, c=3)", { a: 1, b: 2, c: 3 }],
  values: ['The values.', "sum({'a': 1, 'b': 2}.values())", 3],
})

const SET = entries({
  add: ['Adds an element.', 'x = {1}; x.add(2)', [1, 2]],
  clear: ['Removes all elements.', 'x = {1}; x.clear()', []],
  copy: ['A set with the same elements.', '{1}.copy()', [1]],
  difference: ['The elements that the others do not have.', '{1, 2}.difference([2])', [1]],
  difference_update: ['Removes the elements of the others.', 'x = {1, 2}; x.difference_update([2])', [1]],
  discard: ['Removes an element if it is there.', 'x = {1, 2}; x.discard(3)', [1, 2]],
  intersection: ['The elements that the others have as well.', '{1, 2}.intersection([2, 3])', [2]],
  intersection_update: [
    'Keeps the elements that the others have as well.',
    'x = {1, 2}; x.intersection_update([2])',
    [2],
  ],
  isdisjoint: ['Whether no element is in both.', '{1}.isdisjoint([2])', true],
  issubset: ['Whether all elements are in the other one.', '{1}.issubset([1, 2])', true],
  issuperset: ['Whether it has all elements of the other one.', '{1, 2}.issuperset([1])', true],
  pop: ['Removes the first element and gives it.', 'y = {1}; x = y.pop()', 1],
  remove: ['Removes an element; a value error where it is not there.', 'x = {1, 2}; x.remove(1)', [2]],
  symmetric_difference: [
    'The elements that only one of both has.',
    '{1, 2}.symmetric_difference([2, 3])',
    [1, 3],
  ],
  symmetric_difference_update: [
    'Keeps what only one of both has.',
    'x = {1}; x.symmetric_difference_update([2])',
    [1, 2],
  ],
  union: ['The elements of all.', '{1}.union([2], [3])', [1, 2, 3]],
  update: ['Adds the elements of the others.', 'x = {1}; x.update([2])', [1, 2]],
})

const VIEW = entries({
  isdisjoint: ['Whether no element is in both.', "{'a': 1}.keys().isdisjoint(['b'])", true],
})

const FLOAT = entries({
  as_integer_ratio: ['Two integers whose quotient it is.', '(2.5).as_integer_ratio()', [5, 2]],
  conjugate: ['The number itself.', '(2.5).conjugate()', 2.5],
  hex: ['The number exactly, in hexadecimal digits.', '(2.5).hex()', '0x1.4000000000000p+1'],
  is_integer: ['Whether it has no fraction.', '(2.5).is_integer()', false],
})

const INT = entries({
  as_integer_ratio: ['Two integers whose quotient it is.', '(2).as_integer_ratio()', [2, 1]],
  bit_count: ['How many bits are 1.', '(7).bit_count()', 3],
  bit_length: ['How many bits it takes.', '(255).bit_length()', 8],
  conjugate: ['The number itself.', '(2).conjugate()', 2],
})

/** By type: the methods. */
export const METHOD_REFERENCE: ReadonlyMap<string, ReadonlyMap<string, ReferenceEntry>> = new Map([
  ['str', STR],
  ['list', LIST],
  ['tuple', TUPLE],
  ['dict', DICT],
  ['dict view', VIEW],
  ['set', SET],
  ['int', INT],
  ['float', FLOAT],
])
