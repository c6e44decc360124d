import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadRuleFile, type RuleEntry, type RuleFile } from '../../src/rules/load.ts'

/** A file that has to be without problems. */
function load(text: string): RuleFile {
  const loaded = loadRuleFile(text, 'rules.yaml')
  assert.deepEqual(loaded.problems, [])
  return loaded
}

function textOf(rule: RuleEntry | undefined): string {
  assert.ok(rule?.source.kind === 'expression')
  return rule.source.text.text
}

/** The expression of a file's first rule. */
function expression(text: string): string {
  return textOf(load(text).rules[0])
}

function messages(text: string): string[] {
  return loadRuleFile(text, 'rules.yaml').problems.map(
    ({ message, line, column }) => `${line}:${column} ${message}`,
  )
}

describe('the examples of the rule language are read as they stand', () => {
  const examples: [yaml: string, name: string, expression: string, required?: false][] = [
    ['my_section.my_field:\n  field: lower(hostname)', 'my_section.my_field', 'lower(hostname)'],
    [
      'section.stripped_field_comma:\n  field: strip(",", messy_comma_string)',
      'section.stripped_field_comma',
      'strip(",", messy_comma_string)',
    ],
    [
      'section.stripped:\n  field: strip(",\\\'.", messy_multiple_possible_string)',
      'section.stripped',
      'strip(",\\\'.", messy_multiple_possible_string)',
    ],
    [
      "section.proto_name:\n  field: split(http.protocol, '/')[0]",
      'section.proto_name',
      "split(http.protocol, '/')[0]",
    ],
    [
      "section.other:\n  field: split(http.other_name, ',')[-1]",
      'section.other',
      "split(http.other_name, ',')[-1]",
    ],
    [
      "section.is_expected_code:\n  required: false\n  field: match('(1..|2..|418)', str(http.status))",
      'section.is_expected_code',
      "match('(1..|2..|418)', str(http.status))",
      false,
    ],
    ["a.b:\n  field: not browser_name == 'Firefox'", 'a.b', "not browser_name == 'Firefox'"],
    ['a.b:\n  field: version >= 1.0', 'a.b', 'version >= 1.0'],
    [
      "section.is_firefox:\n  field: |\n     'Firefox' in http.user_agent",
      'section.is_firefox',
      "'Firefox' in http.user_agent",
    ],
    ['a.b:\n  field: cpu_number * frequency', 'a.b', 'cpu_number * frequency'],
    [
      "section.browser_hint:\n  field: |\n    cond(browser_name == 'Firefox', 'Firefox detected',\n         'Other browser detected')",
      'section.browser_hint',
      "cond(browser_name == 'Firefox', 'Firefox detected',\n     'Other browser detected')",
    ],
    [
      "section.firewall_status: |\n  cond(type == 'utm', 'Suspicious',\n       'A connection was allowed')",
      'section.firewall_status',
      "cond(type == 'utm', 'Suspicious',\n     'A connection was allowed')",
    ],
    [
      "reason.type: |\n  cond(action == 'reset', 'flow/reset',\n       action == 'deny', 'flow/deny')\n  required: false",
      'reason.type',
      "cond(action == 'reset', 'flow/reset',\n     action == 'deny', 'flow/deny')\n",
      false,
    ],
    ["sum:\n  field: optional(a + b + c, float('nan'))", 'sum', "optional(a + b + c, float('nan'))"],
    [
      "a.b:\n  field: lookup('protos', proto_id, 'Unknown protocol')",
      'a.b',
      "lookup('protos', proto_id, 'Unknown protocol')",
    ],
    ['a.b:\n  field: field_that_is_a_int::str', 'a.b', 'field_that_is_a_int::str'],
    [
      'section.system.app_name:\n  field: cond(exists(line.app.name), line.app.name, "unknown application")',
      'section.system.app_name',
      'cond(exists(line.app.name), line.app.name, "unknown application")',
    ],
    [
      '"@timestamp":\n  field: parse_timestamp(\n                        date + \' \' + time,\n' +
        "                        '%m/%d/%Y %I:%M:%S %p',\n                        'iso8601'\n                        )",
      '@timestamp',
      "parse_timestamp( date + ' ' + time, '%m/%d/%Y %I:%M:%S %p', 'iso8601' )",
    ],
    [
      'a.b:\n  field: normalize_mac_address("AA:BB:CC", false)',
      'a.b',
      'normalize_mac_address("AA:BB:CC", false)',
    ],
    ["field: normalize_url(data['url'], 'url')", 'field', "normalize_url(data['url'], 'url')"],
    [
      'initiator.user.id_details:\n    field: normalize_windows_sid(SubjectUserSid)',
      'initiator.user.id_details',
      'normalize_windows_sid(SubjectUserSid)',
    ],
  ]
  for (const [yaml, name, expected, required = true] of examples) {
    test(yaml, () => {
      const [rule] = load(yaml).rules
      assert.equal(rule?.name, name)
      assert.deepEqual(rule.path, name.split('.'))
      assert.equal(textOf(rule).trimEnd(), expected.trimEnd())
      assert.equal(rule.required, required)
    })
  }

  test('tap', () => {
    const { tap } = load(
      "tap: |\n    tcp_flags = line.parsed['tcp']\n    line.parsed['flow_tags'] = [\n        f\"tcp_{flag}\"\n        for flag in\n" +
        '            ("syn", "fin")\n        if tcp_flags.get(flag, False)\n    ]\na: x\n',
    )
    assert.equal(
      tap?.text,
      "tcp_flags = line.parsed['tcp']\nline.parsed['flow_tags'] = [\n    f\"tcp_{flag}\"\n    for flag in\n" +
        '        ("syn", "fin")\n    if tcp_flags.get(flag, False)\n]\n',
    )
    assert.deepEqual(tap.locate(tap.text.indexOf('f"')), { file: 'rules.yaml', line: 4, column: 9 })
  })
})

describe('an expression', () => {
  test('may be in single quotes', () => assert.equal(expression("a:\n  field: 'it = ''x'''\n"), "it = 'x'"))

  test('may be in double quotes, with escapes', () => {
    assert.equal(expression('a: "lower(\\"x\\u00e9\\\\\\")"\n'), 'lower("xé\\")')
  })

  test('may be folded, with an indentation indicator and chomping', () => {
    assert.equal(expression('a: >2-\n    x\n  + y\n\n'), '  x\n+ y')
    assert.equal(expression('a: |+\n  x\n\n'), 'x\n\n')
  })

  test('may be in a flow mapping', () => {
    const [rule] = load('a: {field: "x + y", required: false}\n').rules
    assert.equal(textOf(rule), 'x + y')
    assert.equal(rule?.required, false)
  })

  test('may be an alias', () => {
    const { rules } = load(
      'a: &name\n  field: &text lower(x)\n  required: false\nb: *name\nc:\n  field: *text\n',
    )
    assert.deepEqual(
      rules.map((rule) => [rule.name, textOf(rule), rule.required]),
      [
        ['a', 'lower(x)', false],
        ['b', 'lower(x)', false],
        ['c', 'lower(x)', true],
      ],
    )
  })

  test('may take its keys from a merge, and set its own', () => {
    const { rules } = load('a: &a {field: x, required: false}\nb: {<<: *a, field: y}\n')
    assert.equal(textOf(rules[1]), 'y')
    assert.equal(rules[1]?.required, false)
  })

  test('may have a comment behind it', () => {
    assert.equal(expression('a: src_ip # the source\n'), 'src_ip')
    assert.equal(expression("a:\n  field: split(x, '#')[0]   # the first\n"), "split(x, '#')[0]")
  })

  test('named by a quoted word or number stays an expression', () => {
    assert.equal(expression('a: "true"\n'), 'true')
    assert.equal(expression("a:\n  field: '5'\n"), '5')
    assert.equal(expression("a: 'null'\n"), 'null')
  })

  test("words that YAML 1.1 knew as booleans are fields' names", () => {
    for (const word of ['yes', 'no', 'on', 'off', 'y', 'n']) assert.equal(expression(`a: ${word}\n`), word)
  })

  test('a field called field may be cast', () => {
    assert.equal(expression('a: field::int\n'), 'field::int')
    assert.equal(expression('a: required::str\n'), 'required::str')
  })
})

describe('a literal', () => {
  const literals: [yaml: string, value: number | bigint | boolean][] = [
    ['5', 5],
    ['-5', -5],
    ['+5', 5],
    ['-0', 0],
    ['017', 17],
    ['0o17', 15],
    ['0x1F', 31],
    ['1.5', 1.5],
    ['-.5', -0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.Inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['true', true],
    ['False', false],
    ['9007199254740992', 9007199254740992],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
  ]
  for (const [yaml, value] of literals) {
    test(`${yaml} is a value in both forms`, () => {
      const { rules } = load(`a:\n  field: ${yaml}\nb: ${yaml}\n`)
      assert.deepEqual(
        rules.map((rule) => rule.source),
        [
          { kind: 'literal', value },
          { kind: 'literal', value },
        ],
      )
    })
  }

  test('what only looks like a number is an expression', () => {
    for (const text of ['1_000', '1 + 1', '0b1', '1e', '.e1', '0xg']) {
      assert.equal(expression(`a: ${text}\n`), text)
    }
  })
})

describe("'required: false' as the last line of a text", () => {
  const forms: [what: string, yaml: string, expression: string][] = [
    ['after |', 'a: |\n  x\n  required: false\n', 'x\n'],
    ['without a line feed at the end', 'a: |\n  x\n  required: false', 'x\n'],
    ['with empty lines behind', 'a: |+\n  x\n  required: false\n\n\n', 'x\n'],
    ['with a comment', 'a: |\n  x\n  required: false   # text, to YAML\n', 'x\n'],
    ['with comment lines behind', 'a: |\n  x\n  required: false\n  # why\n', 'x\n'],
    ['with blanks', 'a: |\n  x\n    required :  false  \n', 'x\n  '],
    ['with a capital letter', 'a: |\n  x\n  required: False\n', 'x\n'],
    ['folded after >', 'a: >\n  x +\n  y\n  required: false\n', 'x + y '],
    ['in quotes', 'a: "x\n\n  required: false"\n', 'x\n'],
    ['in quotes, folded', "a: 'x\n  required: false'\n", 'x '],
    ['folded, with a comment', 'a: >\n  x\n  required: false # why\n', 'x '],
    ['after a comment with a quote', "a: |\n  x # it's\n  required: false\n", "x # it's\n"],
    ['after a text in three quotes', "a: |\n  '''it's'''\n  required: false\n", "'''it's'''\n"],
    ['with CRLF', 'a: |\r\n  x\r\n  required: false\r\n', 'x\n'],
  ]
  for (const [what, yaml, expected] of forms) {
    test(what, () => {
      const [rule] = load(yaml).rules
      assert.equal(rule?.required, false)
      assert.equal(textOf(rule), expected)
    })
  }

  test("'required: true' is allowed", () => {
    const [rule] = load('a: |\n  x\n  required: true\n').rules
    assert.equal(rule?.required, true)
    assert.equal(textOf(rule), 'x\n')
  })

  const others: [what: string, yaml: string][] = [
    ['in a comment', 'a: |\n  x\n  # required: false\n'],
    ['in a string', "a: |\n  'required: false'\n"],
    ['a pair of a dict', 'a: |\n  {\n    required: false\n  }\n'],
    ['in the middle of a line', 'a: "x if required: false"\n'],
    ['a cast', 'a: |\n  x +\n  required::int\n'],
  ]
  for (const [what, yaml] of others) {
    test(`${what} it is the expression's`, () => {
      const [rule] = load(yaml).rules
      assert.equal(rule?.required, true)
      assert.match(textOf(rule), /required/)
    })
  }

  test('a value that is none is reported once', () => {
    assert.deepEqual(messages('a: |\n  x\n    required: no\n'), ["3:5 'required' is true or false"])
  })

  test('a misplaced one is reported, and taken out of the expression', () => {
    const { problems, rules } = loadRuleFile('a: |\n  x +\n  required: false\n  y\n', 'rules.yaml')
    assert.equal(problems.length, 1)
    assert.equal(textOf(rules[0]), 'x +\n               \ny\n')
  })
})

describe('a rule file', () => {
  test('keeps the order of its output fields', () => {
    const { rules } = load('b: x\na.c: x\n"10": x\n"9": x\n')
    assert.deepEqual(
      rules.map((rule) => rule.name),
      ['b', 'a.c', '10', '9'],
    )
  })

  test('knows where its output fields are', () => {
    const { rules } = load('# 😀\n"😀": x\n  \na.b:\n  field: y\n')
    assert.deepEqual(
      rules.map((rule) => rule.place),
      [
        { line: 2, column: 1, endColumn: 4 },
        { line: 4, column: 1, endColumn: 4 },
      ],
    )
  })

  test('may call a field as a member of every object', () => {
    const { rules } = load('__proto__: x\nconstructor.prototype: y\ntoString:\n  field: z\n')
    assert.deepEqual(
      rules.map((rule) => rule.path),
      [['__proto__'], ['constructor', 'prototype'], ['toString']],
    )
  })

  test('may name fields below a reserved word', () => {
    assert.deepEqual(load('tap.port: x\n').rules[0]?.path, ['tap', 'port'])
  })

  test('may begin with a byte order mark, and end its lines with CRLF or CR', () => {
    const plain = 'a: |\n  x\n  y\nb:\n  field: z\n'
    for (const text of [`\ufeff${plain}`, plain.replaceAll('\n', '\r\n'), plain.replaceAll('\n', '\r')]) {
      const { rules } = load(text)
      assert.deepEqual(rules.map(textOf), ['x\ny\n', 'z'])
      assert.deepEqual(rules[1]?.place, { line: 4, column: 1, endColumn: 2 })
    }
  })

  test('may be one explicit document', () => {
    assert.equal(expression('%YAML 1.2\n---\na: x\n...\n'), 'x')
  })

  test('without tap, lookup and enrich has none', () => {
    const loaded = load('a: x\n')
    assert.deepEqual(
      { tap: loaded.tap, tables: loaded.tables, enrich: loaded.enrich, incomplete: loaded.incomplete },
      { tap: undefined, tables: [], enrich: undefined, incomplete: false },
    )
  })

  test('that is empty is an error', () => {
    for (const text of ['', '\n', '# x\n', '---\n', '~\n', '{}\n', '\ufeff']) {
      assert.deepEqual(
        loadRuleFile(text, 'rules.yaml').problems.map((problem) => problem.severity),
        ['error'],
        JSON.stringify(text),
      )
    }
  })

  test('is read on behind a syntax error', () => {
    const { problems, rules, incomplete } = loadRuleFile("a: 'x' y\nb: lower(z)\nc: @\nd: y\n", 'rules.yaml')
    assert.deepEqual(
      problems.map((problem) => [problem.line, problem.column, problem.field]),
      [
        [1, 8, 'a'],
        [3, 4, 'c'],
      ],
    )
    assert.deepEqual(rules.map(textOf), ['lower(z)', 'y'])
    assert.equal(incomplete, true)
  })

  test('has nothing of a syntax error in the text before it', () => {
    const { rules } = loadRuleFile("a: |\n  x\n@b: yyyyyyyy\n  zzzz: 'z'z\nc: d\n", 'rules.yaml')
    assert.deepEqual(
      rules.map((rule) => textOf(rule).trimEnd()),
      ['x', 'd'],
    )
  })

  test('has its errors read up to a bound', () => {
    assert.equal(loadRuleFile("a: 'x' y\n".repeat(1000), 'rules.yaml').problems.length, 20)
  })

  test('has its unknown aliases reported beside syntax errors', () => {
    assert.deepEqual(messages("a: 'x' y\nb: *c\n"), [
      "1:8 the value ended at the closing ', and more follows",
      "2:4 the alias '*c' names nothing: there is no '&c' before it",
    ])
  })

  test('does not blame an alias for what a syntax error hides', () => {
    assert.deepEqual(messages("a: &a 'x' y\nb: *a\n"), [
      "1:11 the value ended at the closing ', and more follows",
    ])
  })
})

describe('enrich', () => {
  test('takes lists of paths, and single paths', () => {
    const enrich = load('enrich:\n  url: [url.original, a]\n  ip: source.ip\na: x\n').enrich?.spec
    assert.deepEqual(enrich, {
      url: ['url.original', 'a'],
      ip: ['source.ip'],
      hash: [],
      into: 'threat.enrichments',
    })
  })

  test('takes another place for the detections', () => {
    assert.equal(
      load('enrich: {hash: file.hash.md5, into: event.threat}\na: x\n').enrich?.spec.into,
      'event.threat',
    )
  })
})

describe('the text of a rule file may be anything', () => {
  test('and every prefix of a rule file is read or refused with places in it', () => {
    const text =
      'tap: |\n  a = 1\nlookup: {t: {0: "x\\u0041", 1: [a, *b]}}\n"@t":\n  field: \'a\' # x\n  required: false\n' +
      'b: >-\n  x\n   y\nc: "x\n  y"\nenrich: {url: [a.b]}\n'
    for (let length = 0; length <= text.length; length++) {
      const part = text.slice(0, length)
      const lines = part.split('\n').length
      for (const problem of loadRuleFile(part, 'rules.yaml').problems) {
        assert.ok(problem.line >= 1 && problem.line <= lines, JSON.stringify([part, problem]))
        assert.ok(problem.column >= 1 && problem.endColumn! > problem.column, JSON.stringify([part, problem]))
      }
    }
  })
})
