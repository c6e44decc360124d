"""Records what CPython does with containers, their methods and the built-in functions on them.

Run: python3 test/cpython/record_containers.py
Writes containers-keys.json, containers-access.json, containers-methods.json, containers-builtins.json beside it.

Values that JSON lacks are tagged objects, see containers-recording.ts. An error has its message where ours is meant to
be the same.
"""

import builtins
import copy
import itertools
import json
import math
import random
from pathlib import Path

HERE = Path(__file__).parent
BIG = 2**53


class Iter:
    """An argument that is an iterator over these items."""

    def __init__(self, *items):
        self.items = items


class Key:
    """An argument that is a function, by its name."""

    def __init__(self, name, function):
        self.name = name
        self.function = function


def encode(value):
    if isinstance(value, float):
        if math.isnan(value):
            return {'$': 'nan'}
        if math.isinf(value):
            return {'$': 'inf' if value > 0 else '-inf'}
        if value.is_integer():
            return int(value) if abs(value) <= BIG else {'$': 'float', 'v': repr(value)}
        return value
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= BIG else {'$': 'int', 'v': str(value)}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {'$': 'tuple', 'v': [encode(item) for item in value]}
    if isinstance(value, set):
        return {'$': 'set', 'v': [encode(item) for item in value]}
    if isinstance(value, dict):
        return {'$': 'dict', 'v': [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, range):
        return {'$': 'range', 'v': [value.start, value.stop, value.step]}
    if isinstance(value, (type({}.keys()), type({}.values()), type({}.items()))):
        return {'$': type(value).__name__, 'v': encode(dict(value.mapping))}
    if isinstance(value, Iter):
        return {'$': 'iterator', 'type': 'generator', 'v': [encode(item) for item in value.items]}
    if isinstance(value, Key):
        return {'$': 'key', 'v': value.name}
    if hasattr(value, '__next__'):
        return {'$': 'iterator', 'type': type(value).__name__, 'v': [encode(item) for item in value]}
    raise ValueError(f'cannot encode {type(value)}')


def fresh(value):
    return copy.deepcopy(value) if isinstance(value, (list, dict, set)) else argument(value)


def argument(value):
    """The value for CPython of what may be a stand-in."""
    if isinstance(value, Iter):
        return (item for item in value.items)
    if isinstance(value, Key):
        return value.function
    return value


def attempt(function, *args, message=True, **names):
    try:
        return encode(function(*map(argument, args), **{name: argument(v) for name, v in names.items()}))
    except Exception as error:
        return failure(error, message)


def failure(error, message=True):
    if isinstance(error, (IndexError, KeyError)):
        return {'$': 'absent'}
    result = {'$': 'error', 'v': type(error).__name__}
    if message:
        result['m'] = str(error)
    return result


def write(name, value):
    lines = ',\n'.join(json.dumps(entry, separators=(',', ':')) for entry in value)
    (HERE / f'containers-{name}.json').write_text(f'[\n{lines}\n]\n')


# Keys: every value with the index of the first one that a dict takes for the same key.

NAN = float('nan')
KEYS = [
    None, True, False, 0, 1, 2, -1, -2, 0.0, -0.0, 1.0, 0.5, -0.5, 1e-300, 1e300, int(1e300), int(1e300) + 1,
    2**31, 2.0**31, 2**31 - 1, -(2**31), -(2**31) - 1, 2**32, 2**32 + 1, 2.0**32, BIG, float(BIG), BIG + 1, BIG + 2,
    float(BIG + 2), -BIG, -BIG - 1, 2**60, 2.0**60, 2**60 + 1, 2**64, 2.0**64, 2**64 + 1, 2 * 2**64 + 1, -(2**64),
    10**16, 1e16, 10**22, 1e22, 10**23, 1e23, 10**400, -(10**400), 10**400 + 1, math.inf, -math.inf, NAN,
    '', '0', '1', '1.0', 'None', 'True', 'nan', '\0', '\0\0', '\0s', '\0s\0', '\0n1', '\0n0.5', '\0nNaN', '\0t',
    '\0ts1:a', '\0r', '\0i10000000000000001', 'a', 'A', 'b', '__proto__', 'constructor', '\U0001f600', '\ud83d',
    (), ((),), (1,), (True,), (1.0,), (2,), ('1',), ((1,),), (1, 2), (12,), (2, 1), ('1,2',), ('a', 'b'), ('ab',),
    ('a', ''), ('', 'a'), ('a', ('b',)), (('a', 'b'),), (('a',), 'b'), (('a',), ('b',)), (None,), ('z',), ('null',),
    (NAN,), (2**60,), (2.0**60,), (2**60 + 1,), (0.5,), ('0.5',), ('\0',), ('\0t',), (1, ()), ((), 1), ((), ()),
    ('s1:a',), ('n1;',), ('a', 's1:b'), ('as1:b',), (0,), (-0.0,), (False,), ('1:a', 'b'), (10**400,), (math.inf,),
    range(0), range(3, 3), range(5, 0), range(3), range(0, 3, 1), range(0, 3, 2), range(0, 4, 2), range(0, 5, 2),
    range(1), range(0, 1, 5), range(0, 2, 5), range(1, 2), range(-1), range(2, -1, -1), (range(0),), (range(1, 1),),
]


def record_keys():
    known = {}
    write('keys', [[encode(key), known.setdefault(key, index)] for index, key in enumerate(KEYS)])


# Items and slices.

TEXTS = ['', 'a', 'hello', '\U0001f600a\U0001f601b\u20ac', 'x' * 40, 'x' * 20 + '\U0001f600' + 'y' * 20]


def get_item(container, key):
    return container[key]


def set_item(container, key):
    container[key] = 'new'
    return container


def delete_item(container, key):
    del container[key]
    return container


def access(operation, container, *rest, **options):
    rows.append([operation.__name__, encode(container), *map(encode, rest),
                 attempt(operation, fresh(container), *rest, **options)])


def get_slice(container, start, stop, step):
    return container[start:stop:step]


def set_slice(container, start, stop, step, values):
    container[start:stop:step] = values
    return container


def delete_slice(container, start, stop, step):
    del container[start:stop:step]
    return container


def record_access():
    rows.clear()
    indexes = [0, 1, 2, 4, 5, -1, -2, -5, -6, True, False, 2**31, -(2**31), BIG, 2**64, -(2**64), 10**30, 1.5, '0', 'a',
               None, (0,), [0], 1e300, NAN]
    sequences = [[], ['a'], [1, 2, 3, 4, 5], (), (1, None, 'x', 2, 3), range(0), range(3, 20, 4), range(5, -5, -2), *TEXTS]
    for container in sequences:
        for index in indexes:
            access(get_item, container, index)
            # CPython looks at the index before the type, and then it may be too big.
            if isinstance(container, list) or not (isinstance(index, int) and abs(index) >= 2**63):
                access(set_item, container, index)
                access(delete_item, container, index, message=isinstance(container, list))
    # `None` has no items in CPython; in rules it is where a path ends.
    others = [True, 5, 1.5, 2**70, {1, 2}, {1: 2}.keys(), Iter(1)]
    for container in others:
        encoded = encode(container)
        for operation in (get_item, set_item, delete_item):
            for key in (0, 'a'):
                try:
                    operation(argument(container), key)
                except TypeError as error:
                    rows.append([operation.__name__, encoded, key, failure(error, operation is not delete_item)])
    dicts = [{}, {'a': 1, 'b': None}, {1: 'one', 2.5: 'x', None: 0, (1, 2): 't', 2**60: 'big', '': 'empty'}]
    keys = ['a', 'b', 'c', '', 1, True, 1.0, 2.5, None, (1, 2), (1, 3), [1], {}, set(), 2.0**60, 2**60 + 1, NAN, 'constructor']
    for container in dicts:
        for key in keys:
            for operation in (get_item, set_item, delete_item):
                access(operation, container, key)

    bounds = [None, 0, 1, 3, 4, -1, -3, -5, 2**70]
    steps = [None, 2, 3, -1, -2, -(2**70)]
    for container in ([1, 2, 3, 4], 'a\U0001f600bc', range(10, 40, 7)):
        for start, stop, step in itertools.product(bounds, bounds, steps):
            # The step of a range stays within what is exact.
            if not (isinstance(container, range) and step == -(2**70)):
                access(get_slice, container, start, stop, step)
    for container in ((1, 2, 3), [], '', range(0), range(5, -5, -3), *TEXTS[2:]):
        for start, stop, step in itertools.product([None, 0, -1, 17, -21], [None, 2, -1, 30], [None, 2, -1]):
            access(get_slice, container, start, stop, step)
    for container in ([1, 2], 'ab', (1, 2), range(3), {}, {'a': 1}, {1}, 5, True, {}.keys()):
        for bad in [(None, None, 0), ('a', None, None), (None, 1.5, None), (None, None, 'x'), ([], 0, 1), (True, None, None)]:
            access(get_slice, container, *bad)
            access(delete_slice, container, *bad, message=isinstance(container, list))
            access(set_slice, container, *bad, [], message=isinstance(container, list))
    values = [[], ['x'], ['x', 'y'], ['x', 'y', 'z'], 'uv', ('t',), {'k': 1}, range(2)]
    for start, stop, step in itertools.product([None, 0, 2, -1, 9], [None, 0, 3, -1], [None, 1, 2, -2, 2**70]):
        access(delete_slice, [1, 2, 3, 4, 5], start, stop, step)
        for value in values:
            access(set_slice, [1, 2, 3, 4, 5], start, stop, step, value)
    for value in (5, None, 1.5, True):
        access(set_slice, [1, 2, 3], 0, 1, None, value)
        access(set_slice, [1, 2, 3], None, None, 2, value)
    write('access', rows)


rows = []


# Methods: receiver, name, arguments, keywords, result, and the receiver afterwards.


def method(receiver, name, *args, message=True, **names):
    changed = fresh(receiver)
    try:
        result = getattr(changed, name)(*map(argument, args), **names)
        result = {'$': 'self'} if result is changed else encode(result)
    except Exception as error:
        result = failure(error, message)
    rows.append([encode(receiver), name, [encode(arg) for arg in args], {key: encode(v) for key, v in names.items()},
                 result, encode(receiver if isinstance(receiver, Iter) else changed)])


def record_methods():
    rows.clear()
    lists = [[], [1], [1, 2, 3], ['b', 'a', 'c', 'a'], [1, True, 1.0, '1', None, [1]], [NAN, 2.5, -1], [[2], [1, 5], []]]
    values = [1, True, 1.0, 2, 'a', None, [1], [], NAN, {}, (), 2**70, '1']
    for items in lists:
        for value in values:
            method(items, 'append', value)
            method(items, 'count', value)
            # `1.0` prints as `1` in rules.
            method(items, 'index', value, message=not isinstance(value, float))
            method(items, 'remove', value)
            method(items, 'insert', 1, value)
        for name in ('clear', 'copy', 'pop', 'reverse', 'sort'):
            method(items, name, message=items[:1] != [1])
        for index in (0, 1, 2, -1, -2, -4, -5, 4, True, 2**40, -(2**40), 2**62, 2**70, -(2**70), 'a', 1.5, None):
            method(items, 'pop', index)
            method(items, 'insert', index, 'new')
            method(items, 'index', 1, index)
            method(items, 'index', 'a', index)
            method(items, 'index', 'a', 1, index)
            method(items, 'index', 'a', index, 3)
        for iterable in ([], [1], 'xy', (1, 2), {1}, {'a': 1}, range(3), {'a': 1}.items(), Iter(1, 2), 5, None, 1.5, True):
            method(items, 'extend', iterable)
        for reverse in (True, False, 0, 1, -2, 'x', None, 1.5):
            # What is `float` there may be `int` in rules.
            method(items, 'sort', reverse=reverse, message=items[:1] != [1])
        for name in ('append', 'count', 'remove', 'extend', 'insert', 'index'):
            method(items, name, message=False)
        for name in ('clear', 'copy', 'reverse', 'sort'):
            method(items, name, 1, message=False)
        method(items, 'pop', 1, 2, message=False)
        method(items, 'pop', index=1, message=False)
        method(items, 'append', object=1, message=False)
        method(items, 'sort', reversed=True, message=False)
        method(items, 'lower')
        method(items, 'keys')
    for items in lists[:6]:
        for value in values:
            method(tuple(items), 'count', value)
            method(tuple(items), 'index', value)
            method(tuple(items), 'index', value, 1)
            method(tuple(items), 'index', value, -2, 3)
        method(tuple(items), 'append', 1)
        method(tuple(items), 'constructor')

    dicts = [{}, {'a': 1}, {'a': 1, 'b': None, 'c': [1]}, {'b': 1, 'a': 2, '__proto__': 3, 'constructor': 4, 'toString': 5},
             {1: 'x', 'a': 2, (1, 2): 3, None: 4, 2.5: 5}]
    keys = ['a', 'b', 'z', 1, True, None, (1, 2), [1], {1: 2}, set(), NAN, '__proto__', 'constructor', 'toString', 'hasOwnProperty']
    for items in dicts:
        for name in ('clear', 'copy', 'items', 'keys', 'values', 'popitem', 'update'):
            method(items, name)
        for key in keys:
            method(items, 'get', key)
            # An empty dict of CPython does not look at the key.
            if items:
                method(items, 'pop', key)
            method(items, 'get', key, 'otherwise')
            if items:
                method(items, 'pop', key, 'otherwise')
                method(items, 'pop', key, None)
            if isinstance(key, str):
                method(items, 'setdefault', key)
                method(items, 'setdefault', key, 'new')
        for other in ({}, {'a': 9}, {'z': 1, 'a': 2}, [], [('a', 5), ['q', 6]], ['ab'], [{'x': 1, 'y': 2}], [{'x'}], [5], [None],
                      ['abc'], ['a'], [('a', 1), ('b',)], [([], 1)], 5, None, True, 'ab', 'abc', '', {'k': 1}.items(),
                      {'k': 1}.keys(), {'ab': 1}.keys(), Iter(('i', 1)), range(1), {'xy'}, ('ab', 'cd'), [('a', 1), ('a', 2)]):
            method(items, 'update', other)
        method(items, 'update', a=5, new=6)
        method(items, 'update', {'n': 1, 'new': 2}, new=3)
        method(items, 'update', [('n', 1)], new=3)
        method(items, 'get', message=False)
        method(items, 'get', key='a', message=False)
        method(items, 'get', 1, 2, 3, message=False)
        method(items, 'pop', message=False)
        method(items, 'keys', 1, message=False)
        method(items, 'update', 1, 2, message=False)
        method(items, 'append', 1)
        method(items, 'hasOwnProperty', 'a')
        method(items, 'valueOf')

    sets = [set(), {1}, {1, 2, 3}, {'a', 'b'}, {1, 'a', None, (1, 2), 2.5}, set(range(10))]
    others = [[], [1], [1, 1.0, True], [3, 4, 1], 'ab', 'abc', (1, 2), {1, 2}, set(range(10)), {'a': 1}, range(3), {1: 2}.items(),
              Iter(1, 5), 5, None, [[1]], [{1}], True]
    for items in sets:
        for value in (1, 2, True, 'a', None, (1, 2), 99, [1], {1}, {}, NAN):
            for name in ('add', 'discard', 'remove'):
                method(items, name, value)
        for name in ('clear', 'copy', 'difference', 'intersection', 'union', 'update', 'difference_update', 'intersection_update'):
            method(items, name)
        for other in others:
            for name in ('difference', 'difference_update', 'intersection', 'intersection_update', 'isdisjoint', 'issubset',
                         'issuperset', 'symmetric_difference', 'symmetric_difference_update', 'union', 'update'):
                method(items, name, other)
        for name in ('difference', 'intersection', 'union', 'update', 'difference_update', 'intersection_update'):
            method(items, name, [1, 2], 'ab')
            method(items, name, [1, 2], {2, 3}, (2,))
            method(items, name, [1], 5)
            method(items, name, others=[1], message=False)
        for name in ('add', 'remove', 'discard', 'isdisjoint', 'issubset', 'symmetric_difference'):
            method(items, name, message=False)
            method(items, name, [1], [2], message=False)
        method(items, 'pop', 1, message=False)
        method(items, 'index', 1)
    method(set(), 'pop')
    method({5}, 'pop')

    for view in ({}.keys(), {'a': 1, 'b': 2}.keys(), {1: 2}.items(), {'a': 1}.items()):
        # A copy of a view is none: `method` must not copy it.
        for other in ([], ['a'], 'xyz', [1], [('a', 1)], [('a', 2)], [(1, 2)], {'a': 1}, 5, [[1]], {'a': 1}.items(), [3, 4]):
            result = attempt(view.isdisjoint, other)
            rows.append([encode(view), 'isdisjoint', [encode(other)], {}, result, encode(view)])
    for other in ({}.values(), range(3), None, Iter(1)):
        try:
            other.isdisjoint([])
        except AttributeError:
            rows.append([encode(other), 'isdisjoint', [[]], {}, {'$': 'error', 'v': 'AttributeError'}, encode(other)])
    for receiver in (5, True, 2**70, 1.5, None, 'text', [1], (1,), {}, {1}, range(2)):
        for name in ('nothing', 'constructor', 'length'):
            method(receiver, name)
    write('methods', rows)


# Built-in functions: name, arguments, keywords, result.


def builtin(name, *args, message=True, **names):
    function = getattr(builtins, name)
    encoded = [encode(arg) for arg in args]
    keywords = {key: encode(value) for key, value in names.items()}
    rows.append([name, encoded, keywords, attempt(function, *args, message=message, **names)])


LEN = Key('len', len)
STR = Key('str', str)
ABS = Key('abs', abs)
REPR = Key('repr', repr)
INT = Key('int', int)


def record_builtins():
    rows.clear()
    everything = [None, True, 0, 5, 1.5, 2**70, '', 'ab', 'a\U0001f600b', [], [1, 2], (), (1, 'x'), {}, {'b': 1, 'a': 2}, set(), {1},
                  range(0), range(3), range(5, 0, -2), {'k': 1}.keys(), {'k': 1}.values(), {'k': 1}.items(), {}.keys(),
                  Iter(), Iter(3, 1, 2), [0, '', None], [False, 3], [[]], ['b', 'a'], [('a', 1)], ['xy'], [1.5, True]]
    for value in everything:
        for name in ('len', 'list', 'tuple', 'set', 'dict', 'any', 'all', 'reversed', 'enumerate', 'sorted', 'zip'):
            builtin(name, value)
        builtin('enumerate', value, 5)
        builtin('zip', value, [1, 2])
        builtin('zip', value, 'abc', strict=True)
        builtin('zip', [1, 2], value, strict=True)
    for name in ('str', 'list', 'tuple', 'set', 'dict', 'zip'):
        builtin(name)
    for name in ('len', 'any', 'all', 'reversed', 'sorted', 'enumerate', 'range', 'isinstance', 'repr'):
        builtin(name, message=False)
    builtin('list', [1], [2], message=False)
    builtin('list', iterable=[1], message=False)
    builtin('dict', {'a': 1}, b=2, a=3)
    builtin('dict', a=1, iterable=2)
    builtin('dict', [('a', 1)], [('b', 2)], message=False)
    builtin('enumerate', 'abc', start=-1)
    builtin('enumerate', iterable='abc', start=2)
    builtin('enumerate', 'abcd', BIG - 2)
    builtin('enumerate', 'ab', 2**70)
    builtin('enumerate', 'ab', True)
    for start in (1.5, '1', None):
        builtin('enumerate', 'ab', start)
    builtin('zip', [1], [2], [3])
    builtin('zip', [1, 2], [3], 'xyz')
    for args in (([1], []), ([], [1]), ([1], [1], []), ([1], [1], [1, 2]), ([1, 2], [1, 2], [1]), ([1], [1, 2], [1]), ([1, 2], [1], [1])):
        builtin('zip', *args, strict=True)
        builtin('zip', *args, strict='')
    for value in ([1, 2], (1, 2), 'ab', range(4), {'a': 1, 'b': 2}, {'a': 1, 'b': 2}.items(), {'a': 1, 'b': 2}.values()):
        builtin('reversed', value)
    builtin('reversed', range(3, 20, 4))
    builtin('reversed', range(20, 3, -4))

    numbers = [0, 1, 2, 5, -1, -5, True, BIG, -BIG]
    for start in numbers:
        builtin('range', start)
        for stop in numbers:
            builtin('range', start, stop) if abs(start - stop) <= BIG else None
    for args in ((0, 10, 3), (10, 0, -3), (0, 10, -1), (10, 0, 1), (0, 0, 5), (0, 10, BIG), (5, 5, -5), (1, 2, 0), (0, 10, True)):
        builtin('range', *args)
    for bad in (1.5, '1', None, [1]):
        builtin('range', bad)
        builtin('range', 1, bad)
        builtin('range', 1, 2, bad)
    builtin('range', 1, 2, 3, 4, message=False)
    builtin('range', stop=3, message=False)

    types = {'str': str, 'int': int, 'float': float, 'bool': bool, 'list': list, 'tuple': tuple, 'dict': dict, 'set': set,
             'range': range, 'zip': zip, 'enumerate': enumerate}
    for value in everything:
        for name, type_ in types.items():
            rows.append(['isinstance', [encode(value), name], {}, isinstance(argument(value), type_)])
        for names in (('int', 'str'), ('list', 'tuple'), (), ('float',)):
            expected = isinstance(argument(value), tuple(types[name] for name in names))
            rows.append(['isinstance', [encode(value), encode(names)], {}, expected])
    rows.append(['isinstance', [1, encode(('str', ('float', 'int')))], {}, isinstance(1, (str, (float, int)))])
    for bad in (5, None, ['int'], ('str', 5)):
        builtin('isinstance', 1, bad)

    random.seed(7)
    sortable = [
        [3, 1, 2], [1.5, 1, True, 0, False], [2**60, 2.0**60, 2**60 + 1, 1, -(2**70), 1e300, -1e300, math.inf], [1, 1.0, True],
        [NAN, 1, 0], [3, NAN, 1, 2], [2, 1, NAN, 0, NAN, -1], [5, 4, 3, NAN, 2, 1, 0], ['b', 'a', 'B', '', 'aa', 'a\0'],
        ['\uffff', '\U0001f600', '\ue000', 'z', '\ud7ff', '\U00010000'], [[2], [1, 5], [], [1]], [(1, 'b'), (1, 'a'), (0, 'z')],
        [[1, NAN], [1, 2]], [{1}, {1, 2}, set(), {3}], [None], [None, None], [1, 'a'], ['a', 1], [1, None], [{}, {}], [[1], ['a']],
        [[1], [1, 'a']], [(1,), [1]], [1, [1]], ['a', ['a']], [{}, 1], 'hello', {'b': 1, 'a': 2}, {3, 1, 2}, range(5, 0, -1),
        [random.randint(0, 20) for _ in range(200)], [random.random() for _ in range(100)],
        [random.choice([1, True, 1.0, 0, False, 2**60, -5, 2.5]) for _ in range(80)],
        [''.join(random.choices('ab\ue000\U0001f600', k=random.randint(0, 4))) for _ in range(150)],
        [(random.randint(0, 3), random.randint(0, 3)) for _ in range(60)],
        [[random.choice('ab') for _ in range(random.randint(0, 3))] for _ in range(60)],
    ]
    for items in sortable:
        builtin('sorted', items)
        builtin('sorted', items, reverse=True)
        builtin('sorted', items, key=STR if items and any(isinstance(item, (list, tuple)) for item in items) is False else REPR)
        builtin('sorted', items, key=LEN, reverse=True)
    words = [''.join(random.choices('abc', k=random.randint(0, 5))) for _ in range(120)]
    for key in (LEN, STR, None):
        builtin('sorted', words, key=key)
        builtin('sorted', words, key=key, reverse=True)
    builtin('sorted', [-3, 2, -1, 3, 1, -2], key=ABS)
    builtin('sorted', [-3, 2, -1, 3, 1, -2], key=ABS, reverse=1)
    builtin('sorted', ['10', '9', '8.5'], key=INT)
    builtin('sorted', ['10', '9', '8'], key=INT)
    builtin('sorted', [1], key=5)
    builtin('sorted', [], key=5)
    builtin('sorted', [1, 2], reverse='x')
    builtin('sorted', [1, 2], reverse=None)
    builtin('sorted', [1, 2], LEN, message=False)
    builtin('sorted', iterable=[1], message=False)
    write('builtins', rows)


record_keys()
record_access()
record_methods()
record_builtins()
