/** Rule files and lines made at random, for the comparison of the two ways from a line to its output. */
import fc from 'fast-check'

/** Expressions over the members that generated lines have. */
const EXPRESSIONS = [
  'a',
  'b',
  'c',
  'deep.x',
  'deep.y.z',
  'flat.key',
  'id.orig_h',
  "data['a']",
  "data['flat.key']",
  "data['k k']",
  'lower(a)',
  'upper(b)',
  'a + b',
  'a + 1',
  'a * 2',
  'a / b',
  'a::str',
  'a::int',
  'b::float',
  'c::bool',
  'len(c)',
  "split(a, '/')[-1]",
  "replace(a, 'a', 'b')",
  "match('[a-z]+', a)",
  "extract(a, '(?P<x>[a-z])/(?P<y>.)?', '%{INT:n:int}')",
  "extract(a, '(?P<x>[a-z])/(?P<y>.)?', '%{INT:n:int}')['n']",
  "exists(extract(b, '(?P<x>é)'))",
  "dissect(a, '%{x}/%{y}')",
  "optional(dissect(b, '%{x} %{+x->}'), [])",
  'str(deep.x) + str(c)',
  'repr(c)',
  'c[0]',
  "cond(a == 'x', 'is x', b == 1, 'b is one', c)",
  "cond(a > 1, b, exists(c), deep.x, 'none')",
  'optional(a + b, 0)',
  'optional(deep.x)',
  'exists(deep.y.z)',
  "exists(data['k k'])",
  "lookup('t', a, 'miss')",
  "lookup('t', b)",
  "lookup(a, b, 'miss')",
  "lookup('t', a, absent)",
  "table('t')",
  'table(a)',
  'absent',
  'absent if a == 1 else b',
  "cond(a == 'x', absent, exists(b), b, absent)",
  'optional(absent, a)',
  'coalesce(absent, a, b)',
  '[absent, a]',
  'not a',
  'a in (1, 2, "x")',
  'a == b',
  'a is None',
  'a and b or c',
  'a if b else c',
  '[x for x in c]',
  "{'a': a, 'b': [b]}",
  '[a, b, deep.x]',
  "f'{a}-{b!r}'",
  "'const'",
  '5',
  '1e16',
  '-2.5e300',
  'True',
  'None',
  "float('nan')",
  '2 ** 70',
  'deep',
  'deep.y',
  'normalize_host(a, b)',
  "data.get('a', b)",
  "data.get('k k')",
  'normalize_mac_address(a, false)',
  'normalize_mac_address(a)',
  'lower(flat.key)',
  "parse_timestamp(a, '%Y-%m-%d', 'iso8601')",
  "parse_timestamp(a, 'epoch', '%m-%d', '%d', year='nearest', tz='UTC+3')",
  'is_ip(a)',
  'sorted(c)',
  'a.lower()',
  'deep.x.y',
  'a < b',
  '-a',
  'max(a, b)',
  'any(x for x in c)',
  'normalize_url(a)',
  'a is c',
  "data['a'] is data['a']",
  "deep['y'] is deep.y",
  'a is not None',
  "data['\\ufeffa']",
  "deep['é']",
  "exists(deep['ключ'])",
  'parse_csv(a)',
  "parse_csv(b, ['x', 'y'], '/')",
  'parse_json(a)',
  'to_json(c)',
  'parse_json(to_json(deep))',
  'parse_syslog(a)',
  'parse_cef(a)',
  'parse_leef(a)',
  'parse_clf(b)',
  'parse_xml(a)',
  'parse_windows_event(a)',
  'hash(a)',
  "hash(b, 'sha512')",
  'fingerprint(a, c)',
  'fingerprint(deep)',
  "base64_decode(a, 'replace')",
  'hex_decode(a)',
  'url_decode(a)',
  'html_unescape(a)',
  "get(deep, 'y.z', a)",
  "get(c, '0')",
  "set_path(deep, 'y.z', a)",
  "without(deep, 'x')",
  'drop_empty(deep)',
  'drop_empty(c)',
  "merge(deep, {'x': a})",
  'snake_case(a)',
  'snake_case(deep)',
  'flatten(deep)',
  'zip_dict(c, [a, b])',
  "pairs_to_dict([{'Name': a, 'Value': b}])",
  "community_id(a, '10.0.0.2', 'tcp', 1, 443)",
  'registered_domain(a)',
  'to_utc(a)',
  "split(a, '.')[1]",
  "split(b, '-')[-2]",
  "split(data['a'], ' ')[0]",
  "match('(\\\\d+[.]){3}', a)",
  "cond(match('(\\\\d+[.]){3}', a), 'ipv4', match('(?i)[a-f]{2}-', a), 'mac', a == '', absent, a)",
  "cond(not a, 'none', a in ('x', '-', '5'), 1.5, lower(a).startswith(('h', 'aa')), true)",
  "lookup('t', str(a), lookup('u', lower(a)))",
  "lookup('u', upper(b), 'é')",
  "a.endswith(('b', '.1')) or '/' in a",
  "'yes' if match('.*\\\\b[A-Z]\\\\w+$', a) and a != 'x' else null",
] as const

const TABLES =
  'lookup: {t: {x: 1, "1": one, "true": yes, a/b: [1, {c: 2}]}, u: {hello world: 0.5, "X": null, "5": "é\\"", "-": false}}'

/** Output paths that do not lie inside one another. */
const OUTPUTS = [
  'o.a',
  'o.b',
  'o.c.d',
  'o.c.e',
  'p',
  'q.r.s',
  'q.r.t',
  'q.u',
  '@v',
  'w x',
  '__proto__.z',
  'é',
  'y"q',
]

export const ruleFile = fc
  .uniqueArray(fc.constantFrom(...OUTPUTS), { minLength: 1, maxLength: OUTPUTS.length })
  .chain((outputs) =>
    fc.tuple(
      fc.constant(outputs),
      fc.array(fc.tuple(fc.constantFrom(...EXPRESSIONS), fc.boolean()), {
        minLength: outputs.length,
        maxLength: outputs.length,
      }),
    ),
  )
  .map(([outputs, rules]) => {
    const lines = outputs.map((output, index) => {
      const [expression, required] = rules[index]!
      return `${JSON.stringify(output)}: {field: ${JSON.stringify(expression)}, required: ${required}}`
    })
    return [TABLES, ...lines].join('\n')
  })

/** Conditions of cases. */
const CONDITIONS = [
  'a == 1',
  "b in ('x', 'a/b')",
  'exists(c)',
  'a > 1 or deep.x',
  'lower(a) == b',
  'true',
] as const

/** A rule file with cases: rules of several cases for one output field, of one case only, and rules beside them. */
export const ruleFileWithCases = fc
  .record({
    before: ruleFile,
    conditions: fc.array(fc.constantFrom(...CONDITIONS), { minLength: 1, maxLength: 3 }),
    expressions: fc.array(fc.tuple(fc.constantFrom(...EXPRESSIONS), fc.boolean()), {
      minLength: 9,
      maxLength: 9,
    }),
    hasOtherwise: fc.boolean(),
  })
  .map(({ before, conditions, expressions, hasOtherwise }) => {
    const branches = hasOtherwise ? [...conditions, undefined] : conditions
    const lines = branches.flatMap((condition, index) => {
      const rules = ['one.x', index % 2 === 0 ? 'one.y' : 'two', `own${index}`].map((name, place) => {
        const [expression, required] = expressions[(index * 3 + place) % 9]!
        return `${JSON.stringify(name)}: {field: ${JSON.stringify(expression)}, required: ${required}}`
      })
      const all = condition === undefined ? rules : [`when: ${JSON.stringify(condition)}`, ...rules]
      return all.map((rule, place) => `${place === 0 ? '  - ' : '    '}${rule}`)
    })
    return `${before}\ncases:\n${lines.join('\n')}`
  })

const KEYS = [
  '\ufeffa',
  'a',
  'b',
  'c',
  'deep',
  'flat.key',
  'id.orig_h',
  'id',
  'k k',
  'deep.x',
  'deep.y',
  'deep.y.z',
  'tzinfo',
  'other',
  'x',
  '10',
  '2',
  '__proto__',
  'é',
  '',
]

const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'x',
      'a/b',
      '2024-01-02',
      '10.0.0.1',
      'AA-BB-CC-DD-EE-FF',
      'aa:bB:0c:9d:e9:f0',
      '01-23-45-67-89-ag',
      'AA-BB-CC-DD:EE-FF',
      'gA-BB-CC-DD-EE-FF',
      'aabb.ccdd.eeff',
      '',
      '-',
      '5',
      '1e16',
      '-2.5e300',
      '1.5',
      'Hello World',
      'http://u:p@Host:80/p?q#f',
      '{"x":1.50,"10":[12345678901234567890]}',
      '<13>Jul 10 12:00:00 h app[1]: m',
      'CEF:0|a|b|c|d|e|f|x=1 cs1Label=l cs1=v',
      'LEEF:1.0|a|b|c|d|x=1',
      'h - - [10/Jul/2023:12:00:00 +0200] "GET / HTTP/1.1" 200 1',
      '<a b="1">x<c/></a>',
      '<Event><System><EventID>1</EventID></System></Event>',
      'aGVsbG8=',
      '2f62696e',
      '%C3%A9&amp;',
      '2024-01-02T03:04:05+01:00',
      'www.example.co.uk',
      'é',
      '😀',
      'Привет',
    ),
  },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

/** JSON text of a string, with escapes that need not be. */
const stringText = fc.tuple(text, fc.integer({ min: 0, max: 9 })).map(([value, style]) => {
  const json = JSON.stringify(value)
  if (style === 0)
    return `"${[...value].map((char) => (char.length === 1 ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char)).join('')}"`
  if (style === 1) return json.replaceAll('/', '\\/')
  if (style === 2) return `${json.slice(0, -1)}\\ud83d"`
  return json
})

const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '2',
    '-1',
    '5',
    '1e16',
    '-2.5e300',
    '200',
    '443',
    '1.5',
    '-0',
    '0.0',
    '2230.0',
    '1e5',
    '1E+2',
    '1e400',
    '-1e-400',
    '0.1000',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '1e16',
    '0.30000000000000004',
    '123456789012345',
    '1234567890123456',
    '-123456789012345',
    '1e-7',
    '0.0000001',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)

const blank = fc.oneof(
  { weight: 9, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' ', '\t', '  ', ' \r ') },
)

const json: fc.Arbitrary<string> = fc.letrec<{ value: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(stringText, stringText, numberText, fc.constantFrom('true', 'false', 'null')),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: tie('scalar') },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(tie('value'), { maxLength: 4 }), blank)
        .map(([items, space]) => `[${items.join(`${space},${space}`)}]`),
    },
    {
      weight: 2,
      arbitrary: objectText(tie('value'), ['x', 'y', 'z', 'orig_h', 'y.z', 'a', '1', 'é', 'ключ', '\ufeffa']),
    },
  ),
})).value

function objectText(value: fc.Arbitrary<string>, keys: readonly string[]): fc.Arbitrary<string> {
  const key = fc
    .tuple(fc.constantFrom(...keys), fc.integer({ min: 0, max: 30 }))
    .map(([name, style]) =>
      style === 0 && name !== ''
        ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`
        : JSON.stringify(name),
    )
  return fc
    .tuple(fc.array(fc.tuple(key, value), { maxLength: 9 }), blank)
    .map(
      ([members, space]) =>
        `{${members.map(([name, text]) => `${space}${name}${space}:${space}${text}${space}`).join(',')}}`,
    )
}

const eventText = objectText(json, KEYS)

/** So many rules that the fast path is several functions. */
export const manyRules = fc
  .array(fc.constantFrom(...EXPRESSIONS), { minLength: 61, maxLength: 90 })
  .map((expressions) => {
    const rules = expressions.map(
      (expression, index) =>
        `${JSON.stringify(`g${index % 7}.f${index}`)}: {field: ${JSON.stringify(expression)}, required: false}`,
    )
    return [TABLES, ...rules].join('\n')
  })

/** Small damage at one place. */
const damage = fc
  .tuple(
    eventText,
    fc.nat(),
    fc.constantFrom(
      '',
      '"',
      '{',
      '}',
      ',',
      ':',
      '\\',
      '\u0001',
      '0',
      '-',
      '.',
      'e',
      't',
      ' ',
      '[',
      ']',
      '\u007f',
      'é',
    ),
    fc.nat({ max: 2 }),
  )
  .map(([line, place, inserted, removed]) => {
    const at = place % (line.length + 1)
    return line.slice(0, at) + inserted + line.slice(at + removed)
  })

/** Lines, most of them valid; no line feeds in them. */
export const eventLine = fc
  .oneof(
    { weight: 5, arbitrary: eventText },
    { weight: 2, arbitrary: damage },
    { weight: 1, arbitrary: json },
  )
  .map((line) => line.replaceAll('\n', ' '))

// --- rules that one text decides ------------------------------------------------------------------------------

const pattern: fc.Arbitrary<string> = fc.letrec<{ piece: string; pattern: string }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      ...[
        'a',
        'b',
        'B',
        '1',
        '[.]',
        '.',
        '-',
        '\\d',
        '\\D',
        '\\w',
        '\\W',
        '\\s',
        '[a-c1]',
        '[^ab]',
        '[^\\W1]',
        'é',
      ],
    ),
    fc.constantFrom('$', '^', '\\b', '\\B', '\\Z'),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '*?', ''))
      .map(([body, times]) => `(${body})${times}`),
  ),
  pattern: fc.oneof(
    { depthSize: 'small' },
    fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((branches) => branches.join('|')),
  ),
})).pattern

const word = fc
  .array(fc.constantFrom('a', 'b', 'A', 'B', 'c', '1', '0', '.', '-', ' ', '_'), { maxLength: 6 })
  .map((characters) => characters.join(''))

const quoted = fc
  .oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.constantFrom('é', '"', '\\') })
  .map((text) => JSON.stringify(text))

/** An expression that one member decides, `s`. */
const decided: fc.Arbitrary<string> = fc.letrec<{ subject: string; test: string; value: string }>((tie) => ({
  subject: fc.constantFrom('s', 's', 's', "data['s']", 'str(s)', 'lower(s)', 'upper(s)', 'lower(str(s))'),
  test: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.constantFrom('', '(?i)', '(?a)'), pattern, tie('subject'))
      .map(([flags, text, subject]) => `match(${JSON.stringify(flags + text)}, ${subject})`),
    fc.tuple(tie('subject'), fc.constantFrom('==', '!='), quoted).map((parts) => parts.join(' ')),
    fc.tuple(quoted, fc.constantFrom('==', 'in', 'not in'), tie('subject')).map((parts) => parts.join(' ')),
    fc
      .tuple(tie('subject'), fc.array(quoted, { minLength: 2, maxLength: 4 }))
      .map(([subject, texts]) => `${subject} in (${texts})`),
    fc
      .tuple(tie('subject'), fc.constantFrom('startswith', 'endswith'), quoted, quoted)
      .map(([subject, method, one, other]) => `${subject}.${method}((${one}, ${other}))`),
    tie('test').map((test) => `not ${test}`),
    fc.tuple(tie('test'), fc.constantFrom('and', 'or'), tie('test')).map((parts) => `(${parts.join(' ')})`),
    fc.constant('s'),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    quoted,
    fc.constantFrom('1', '0.5', 'null', 'true', 's', 's', 'absent', "'é\\u2028'"),
    tie('test'),
    fc
      .tuple(tie('subject'), fc.constantFrom('', ', absent', ", 'none'", ', s'))
      .map(([subject, otherwise]) => `lookup('t', ${subject}${otherwise})`),
    fc.tuple(tie('test'), tie('value'), tie('value')).map((parts) => `cond(${parts})`),
    fc.tuple(tie('test'), tie('value'), tie('test'), tie('value')).map((parts) => `cond(${parts})`),
    fc
      .tuple(tie('value'), tie('test'), tie('value'))
      .map(([then, test, otherwise]) => `(${then} if ${test} else ${otherwise})`),
    fc
      .tuple(fc.constantFrom('.', '-', 'a', ' ', ']', 'é', 'ab'), fc.integer({ min: -4, max: 3 }))
      .map(([separator, index]) => `split(s, ${JSON.stringify(separator)})[${index}]`),
  ),
})).value

/** Rules about one member. */
export const decidedRules = fc
  .array(fc.tuple(decided, fc.boolean()), { minLength: 1, maxLength: 4 })
  .map((rules) =>
    [
      'lookup: {t: {a: one, B: "two\\"", ab: 3, "1": 0.5, "10": null, "": false, é: x, a.b: [1], "true": yes}}',
      ...rules.map(
        ([expression, required], index) =>
          `o${index}: {field: ${JSON.stringify(expression)}, required: ${required}}`,
      ),
    ].join('\n'),
  )

/** Lines with that member. */
export const decidedLine = fc
  .oneof(
    { weight: 12, arbitrary: word.map((text) => JSON.stringify(text)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('0', '1', '10', '11', '101', '-1', '1.0', '1e1', '1234567890123456'),
    },
    { weight: 1, arbitrary: fc.constantFrom('null', 'true', 'false', '[]', '{}', '["a"]', '{"a":"b"}') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('"é"', '"aé.b"', '"a\\u0062"', '"a\\n"', '"\\""', '"a\\\\.b"', '"\u007f"'),
    },
    { weight: 1, arbitrary: word.map((text) => JSON.stringify(text.repeat(40))) },
  )
  .chain((value) =>
    fc.constantFrom(`{"s":${value}}`, `{"x":1,"s": ${value} }`, `{"s":${value},"x":[]}`, '{"x":1}'),
  )
