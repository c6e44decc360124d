import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindsOf, runCases } from './running.ts'

const RULES = `event.type: cond(action == 'deny', 'denied', action == 'allow', 'allowed')
source.ip: src
user.name?: lower(user)
net.bytes?: bytes
tags?: tags
drop: action == 'ping'
enrich: {ip: [source.ip]}
`

/** The differences of a case with this event and these lines. */
function lines(event: string, rest: string, rules = RULES): readonly string[] {
  return runCases(rules, `cases:\n  - event: ${event}\n    ${rest}\n`)[0]!.lines
}

const DENY = '{action: deny, src: 192.0.2.7, user: ANN, bytes: 1.0, tags: [a, b, c]}'
const WHOLE = 'event: {type: denied}, source: {ip: 192.0.2.7}, user: {name: ann}, net: {bytes: 1.0}'

describe('an output', () => {
  it('is compared member by member: differing, missing and unexpected ones are told apart', () => {
    assert.deepEqual(lines(DENY, `expect: {${WHOLE}, tags: [a, b, c]}`), [])
    const [ran] = runCases(
      RULES,
      `cases:\n  - event: ${DENY}\n    expect: {event: {type: allowed}, source: {ip: 192.0.2.7, port: 1}, user: {name: ann}, tags: [a, x]}\n`,
    )
    assert.deepEqual(kindsOf(ran!), [
      'event.type differs',
      'source.port missing',
      'tags[1] differs',
      'tags[2] unexpected',
      'net unexpected',
    ])
  })

  it('is compared in part where it is said so, at every depth', () => {
    assert.deepEqual(lines(DENY, 'expect_partial: {source: {ip: 192.0.2.7}}'), [])
    assert.deepEqual(lines(DENY, 'expect_partial: {tags: [a, b]}').length, 1)
    assert.deepEqual(lines(DENY, 'expect_partial: {user: {$absent: true}}'), [
      'user: unexpected, got {"name":"ann"} (x.yaml:3)',
    ])
  })

  it('has numbers in their digits: 1 and 1.0 are two, a text is none', () => {
    const [line] = lines(DENY, `expect_partial: {net: {bytes: 1}}`)
    assert.equal(
      line,
      'net.bytes: differs, expected 1, got 1.0, the same number in other digits: an output is compared as it is written (x.yaml:4)',
    )
    assert.match(lines(DENY, `expect_partial: {net: {bytes: '1.0'}}`)[0]!, /one is a text, the other is none/)
    assert.deepEqual(
      lines(
        '{action: deny, src: a, bytes: 12345678901234567890}',
        'expect_partial: {net: {bytes: 12345678901234567890}}',
      ),
      [],
    )
  })

  it('is told with the rule, and the values that it has read', () => {
    const [ran] = runCases(
      RULES,
      'cases:\n  - event: {action: allow, src: a, usr: x}\n    expect_partial: {user: {name: x}, gone: 1}\n',
    )
    const [user, gone] = ran!.differences
    assert.deepEqual(user!.rule, {
      name: 'user.name',
      file: 'x.yaml',
      line: 3,
      column: 1,
      expression: 'lower(user)',
      reads: [{ field: 'user', value: undefined, note: 'the event has usr' }],
      reason: 'FIELD_MISSING, field user is absent',
    })
    assert.equal(gone!.note, 'no rule writes gone')
  })

  it('is nested, and who writes dots is told so', () => {
    assert.match(lines(DENY, `expect_partial: {source.ip: 192.0.2.7}`)[0]!, /the output is nested/)
  })

  it('says where long texts begin to differ', () => {
    const text = 'x'.repeat(60)
    const [line] = lines(`{action: allow, src: ${text}1}`, `expect_partial: {source: {ip: ${text}2}}`)
    assert.match(line!, /the texts differ from character 61 on: "2" is expected, "1" came/)
  })

  it('may have members with any name', () => {
    const rules = 'a: data'
    assert.deepEqual(
      lines('{__proto__: 1, constructor: 2}', 'expect: {a: {__proto__: 1, constructor: 2}}', rules),
      [],
    )
    assert.deepEqual(lines('{__proto__: 1}', 'expect: {a: {__proto__: 2}}', rules).length, 1)
    assert.deepEqual(lines('{b: 1}', 'expect: {a: {b: 1, constructor: 2}}', rules), [
      'a.constructor: missing, expected 2 (x.yaml:1)',
    ])
  })
})

describe('a matcher', () => {
  const value = (json: string, matcher: string) =>
    lines(`{v: ${json}}`, `expect: {a: ${matcher}}`, 'a: v').length === 0

  it('takes what it says, and nothing else', () => {
    const cases: [json: string, matcher: string, takes: boolean][] = [
      ['x', '{$any: string}', true],
      ['1', '{$any: string}', false],
      ['1.5', '{$any: number}', true],
      ['1.5', '{$any: integer}', false],
      ['12345678901234567890', '{$any: integer}', true],
      ['true', '{$any: boolean}', true],
      ['[1]', '{$any: list}', true],
      ['{b: 1}', '{$any: object}', true],
      ['null', '{$any: null}', true],
      ['null', '{$any: any}', true],
      ['2001:db8::1', '{$any: ip}', true],
      ['x.example', '{$any: ip}', false],
      ["'2024-02-29T10:00:00.123Z'", '{$any: timestamp}', true],
      ["'2024-02-29'", '{$any: timestamp}', false],
      ['192.0.2.7', "{$match: '192\\.0\\.2\\.'}", true],
      ['1192.0.2.7', "{$match: '192\\.0\\.2\\.'}", false],
      ['5', "{$match: '5'}", false],
      ['0.8699', '{$approx: [0.87, 0.01]}', true],
      ['0.8699', '{$approx: 0.87}', false],
      ['0.30000000000000004', '{$approx: 0.3}', true],
      ['hello', '{$contains: ell}', true],
      ['hello', '{$contains: elx}', false],
      ['[a, {b: 1}]', '{$contains: {b: 1}}', true],
      ['[a, b]', '{$contains: [b, a]}', true],
      ['[a, b]', '{$contains: [b, c]}', false],
      ['[1, 2, 3]', '{$unordered: [3, 1, 2]}', true],
      ['[1, 1, 2]', '{$unordered: [1, 2, 2]}', false],
      // The first element fits both, the second only one.
      ['[a, 1]', '{$unordered: [{$any: any}, a]}', true],
      ['b', '{$one_of: [a, b]}', true],
      ['c', '{$one_of: [a, b]}', false],
      ['c', '{$not: d}', true],
      ['c', '{$not: c}', false],
      ['{$any: x}', '{$literal: {$any: x}}', true],
      ['{$any: y}', '{$literal: {$any: x}}', false],
    ]
    for (const [json, matcher, takes] of cases)
      assert.equal(value(json, matcher), takes, `${json} ${matcher}`)
  })
})

describe('a case', () => {
  it('expects a rejection by code, rule and message', () => {
    assert.deepEqual(lines('{action: deny}', 'reject: {code: FIELD_MISSING, rule: source.ip}'), [])
    assert.deepEqual(lines('{action: deny}', 'reject: FIELD_MISSING'), [])
    assert.deepEqual(lines('{action: deny}', 'reject: true'), [])
    assert.deepEqual(lines('{action: deny}', "reject: {message: {$contains: 'src is absent'}}"), [])
    assert.deepEqual(lines('{action: deny}', 'reject: {code: VALUE_ERROR, rule: source.ip}'), [
      'reject.code: differs, expected "VALUE_ERROR", got "FIELD_MISSING" (x.yaml:2)',
    ])
    assert.deepEqual(lines(DENY, 'reject: true').length, 1)
    assert.deepEqual(lines('{action: deny}', 'expect_partial: {a: 1}'), [
      'the event is rejected: FIELD_MISSING, source.ip: field src is absent (x.yaml:2)',
    ])
  })

  it('expects that the event is dropped', () => {
    assert.deepEqual(lines('{action: ping}', 'drop: true'), [])
    assert.deepEqual(lines('{action: ping}', 'expect_partial: {a: 1}'), ['the event is dropped'])
    assert.match(lines(DENY, 'drop: true').join(), /an output came.*the event is not dropped/)
  })

  it('that expects nothing fails, and says what came', () => {
    assert.match(
      lines('{action: deny, src: a}', 'skip: false')[0]!,
      /the case expects nothing: --update writes/,
    )
  })

  it('expects each output of an event that is split, and what becomes of the other elements', () => {
    const rules = "split: events\na: n::int\nb: parent.id\ndrop: n == 'x'\n"
    const event = "{id: 7, events: [{n: '1'}, {n: x}, {n: '2'}, {n: bad}, {}]}"
    const whole =
      'expect: [{a: 1, b: 7}, {a: 2, b: 7}]\n    reject: [VALUE_ERROR, FIELD_MISSING]\n    drop: 1'
    assert.deepEqual(lines(event, whole, rules), [])
    assert.deepEqual(lines(event, whole.replace('a: 2', 'a: 3'), rules), [
      'a: differs, expected 3, got 2 (x.yaml:2)',
    ])
    assert.deepEqual(lines(event, whole.replace('drop: 1', 'drop: 2'), rules), [
      'dropped events: 2 are expected, 1 came',
    ])
    assert.match(lines(event, whole.replace(', {a: 2, b: 7}', ''), rules)[0]!, /1 output expected, 2 came/)
    assert.match(
      lines(event, whole.replace('[VALUE_ERROR, FIELD_MISSING]', 'VALUE_ERROR'), rules)[0]!,
      /the event is rejected: FIELD_MISSING/,
    )
  })

  it('gives the answers of the tracer, or its failures', () => {
    const found = 'detections: {192.0.2.7: [{category: Bad, indicator: {context: scanner}}]}'
    const base = '{action: deny, src: 192.0.2.7}'
    assert.deepEqual(
      lines(
        base,
        `${found}\n    expect_partial: {threat: {enrichments: [{category: Bad, matched: {atomic: 192.0.2.7, field: source.ip, type: ip}, indicator: {context: scanner}}]}}`,
      ),
      [],
    )
    assert.deepEqual(
      lines(base, 'detections: {}\n    expect: {event: {type: denied}, source: {ip: 192.0.2.7}}'),
      [],
    )
    assert.deepEqual(
      lines(base, 'detections: timeout\n    expect_partial: {event: {anomaly: {enrichment: timeout}}}'),
      [],
    )
    assert.match(
      lines(base, `${found.replace('2.7', '2.8')}\n    expect_partial: {}`)[0]!,
      /192\.0\.2\.8, which was not looked up/,
    )
  })

  it('reads texts, CSV, several lines, documents, and bytes that are not UTF-8', () => {
    const rules = 'm?: message\na?: a\nb?: b'
    const text = `cases:
  - {name: text, raw: 'x y', expect: {m: x y}}
  - {name: lines, raw: "a\\nb\\n", expect: [{m: a}, {m: b}]}
  - {name: joined, raw: "a\\n b\\n", input_format: text, multiline: '\\S', expect: {m: "a\\n b"}}
  - {name: csv, raw: "1;2", input_format: csv, columns: [a, b], delimiter: ';', expect: {a: '1', b: '2'}}
  - {name: json, raw: '{"r": [{"a": 1}, {"a": 2}]}', input_format: json, pick: r, expect: [{a: 1}, {a: 2}]}
  - {name: bytes, raw_base64: eyJhIjoi/yJ9, reject: UTF8_INVALID}
  - {name: replaced, raw_base64: eyJhIjoi/yJ9, invalid_utf8: replace, expect: {a: "\\ufffd"}}
  - {name: latin1, raw_base64: eyJhIjoi/yJ9, encoding: latin1, expect: {a: ÿ}}
  - {name: long, raw: '{"a": 1}', max_line: 3, reject: LINE_TOO_LONG}
  - {name: broken, raw: '{"a": ', reject: JSON_INVALID}
`
    for (const { name, lines: own } of runCases(rules, text)) assert.deepEqual(own, [], name)
  })

  it('says when its event arrives', () => {
    const rules = "t: parse_timestamp(s, '%b %d %H:%M:%S', year='nearest', tz='UTC')"
    const text = `received: 2024-01-01T00:10:00Z
cases:
  - {name: a, event: {s: 'Dec 31 23:59:00'}, expect: {t: '2023-12-31T23:59:00Z'}}
  - {name: b, event: {s: 'Dec 31 23:59:00'}, received: 2022-12-31T00:00:00Z, expect: {t: '2022-12-31T23:59:00Z'}}
`
    for (const { name, lines: own } of runCases(rules, text)) assert.deepEqual(own, [], name)
  })
})
