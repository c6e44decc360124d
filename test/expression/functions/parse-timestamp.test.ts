import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ArgumentProblem } from '../../../src/expression/functions/definition.ts'
import { parseTimestamp } from '../../../src/expression/functions/parse-timestamp.ts'
import type { Maybe, Value } from '../../../src/expression/value.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = parseTimestamp
assert.ok(implementation.kind === 'prepared')
const { prepare } = implementation

/** The function, prepared with these formats; `zone` is the event's field `tzinfo`. */
function parser(...formats: Value[]): (s: Value, zone?: Maybe) => Outcome {
  const parse = prepare({ formats }, hostWith({}))
  return (s, zone) =>
    outcomeOf((context) => parse({ ...context, field: (name) => (name === 'tzinfo' ? zone : undefined) }, s))
}

function problem(...formats: Value[]): ArgumentProblem {
  try {
    prepare({ formats }, hostWith({}))
  } catch (error) {
    assert.ok(error instanceof ArgumentProblem)
    return error
  }
  throw new assert.AssertionError({ message: 'the formats were accepted' })
}

describe('parse_timestamp', () => {
  it('takes the first format that fits the whole text', () => {
    const parse = parser('%m/%d/%Y %I:%M:%S %p', '%Y/%m/%d', 'iso8601', '%d/%m/%Y %H:%M:%S')
    assert.equal(parse('03/17/2024 10:15:30 PM').value, '2024-03-17T22:15:30')
    assert.equal(parse('2024/03/17').value, '2024-03-17T00:00:00')
    assert.equal(parse('2024-03-17T22:15:30.5Z').value, '2024-03-17T22:15:30.500Z')
    assert.equal(parse('17/03/2024 22:15:30').value, '2024-03-17T22:15:30')
    assert.equal(parser('%d/%m/%Y', '%m/%d/%Y')('03/04/2024').value, '2024-04-03T00:00:00')
    assert.equal(parser('%m/%d/%Y', '%d/%m/%Y')('03/04/2024').value, '2024-03-04T00:00:00')
  })

  it('rejects a text that no format fits, and lists the formats', () => {
    assert.deepEqual(parser('%Y-%m-%d', 'iso8601')("it's"), {
      code: 'VALUE_ERROR',
      message: `time data "it's" does not match any of the formats '%Y-%m-%d', 'iso8601'`,
      anomalies: {},
    })
    assert.equal(parser('%Y')('').message, "time data '' does not match format '%Y'")
  })

  it('shows the beginning of a very long text only', () => {
    const { message } = parser('%Y')('x'.repeat(1_000_000))
    assert.equal(message, `time data '${'x'.repeat(100)}'... does not match format '%Y'`)
  })

  it('takes text only', () => {
    for (const value of [null, true, 1710713730, 1.5, 2n ** 70n, ['2024'], {}]) {
      assert.equal(parser('%Y')(value).code, 'TYPE_ERROR')
    }
    assert.equal(parser('%Y')(2024).message, "parse_timestamp() argument 's' must be str, not int")
  })
})

describe('the zone of the event', () => {
  const parse = parser('iso8601', '%d.%m.%Y %H:%M %z', '%d.%m.%Y %H:%M %Z', '%d.%m.%Y %H:%M')

  it('is that of a time without one', () => {
    assert.equal(parse('2024-07-17T22:15:30', 'Europe/Berlin').value, '2024-07-17T22:15:30+02:00')
    assert.equal(parse('2024-01-17T22:15:30', 'Europe/Berlin').value, '2024-01-17T22:15:30+01:00')
    assert.equal(parse('17.03.2024 22:15', '+03:00').value, '2024-03-17T22:15:00+03:00')
    assert.equal(parse('2024-03-17', 'UTC').value, '2024-03-17T00:00:00Z')
    assert.equal(parse('2024-03-17', '-0000').value, '2024-03-17T00:00:00Z')
  })

  it('keeps the seconds of local mean time', () => {
    assert.equal(parse('1850-06-01', 'Europe/Moscow').value, '1850-06-01T00:00:00+02:30:17')
  })

  it('does not touch a time with a zone', () => {
    for (const zone of ['Europe/Berlin', 'nowhere', 5]) {
      assert.equal(parse('2024-07-17T22:15:30Z', zone).value, '2024-07-17T22:15:30Z')
      assert.equal(parse('17.03.2024 22:15 +0300', zone).value, '2024-03-17T22:15:00+03:00')
      assert.equal(parse('17.03.2024 22:15 GMT', zone).value, '2024-03-17T22:15:00Z')
    }
  })

  it('may be missing', () => {
    for (const zone of [undefined, null, '', '-']) {
      assert.equal(parse('2024-07-17T22:15:30', zone).value, '2024-07-17T22:15:30')
    }
  })

  it('rejects the event where it is no zone', () => {
    assert.deepEqual(parse('2024-07-17', 'Mars/Olympus'), {
      code: 'VALUE_ERROR',
      message: "tzinfo 'Mars/Olympus' is neither an IANA time zone nor an offset such as '+03:00'",
      anomalies: {},
    })
    assert.equal(parse('2024-07-17', 'UTC+3').code, 'VALUE_ERROR')
    assert.equal(parse('2024-07-17', 'x'.repeat(100_000)).message!.length < 250, true)
    assert.deepEqual(parse('2024-07-17', 3).message, 'tzinfo must be str, not int')
    assert.equal(parse('2024-07-17', ['UTC']).code, 'TYPE_ERROR')
  })
})

describe('formats', () => {
  it('have to be there', () => {
    assert.equal(problem().message, 'parse_timestamp needs at least one format')
    assert.equal(problem().parameter, 'formats')
  })

  it('have to be text', () => {
    const { message, index } = problem('iso8601', 5)
    assert.equal(message, 'a time format must be str, not int')
    assert.equal(index, 1)
  })

  it('are refused with the place of the directive at fault', () => {
    const { parameter, index, offset, message, hint } = problem('iso8601', '%Y-%m-%d', '%H:%M:%Q')
    assert.deepEqual(
      { parameter, index, offset, message, hint },
      {
        parameter: 'formats',
        index: 2,
        offset: 6,
        message: "'%Q' is not a directive of strptime",
        hint: "write '%f': it takes one digit to six",
      },
    )
    assert.equal(problem('%G').message, "'%G' needs '%V' and a weekday")
  })

  it('without directives are accepted with a warning', () => {
    const warnings: string[] = []
    const host = { ...hostWith({}), warn: (message: string) => warnings.push(message) }
    prepare({ formats: ['iso8601', '%Y', 'today'] }, host)
    assert.deepEqual(warnings, [
      "parse_timestamp: the format 'today' has no directives, so it fits only that very text",
    ])
  })
})

describe('two prepared functions', () => {
  it('do not disturb each other', () => {
    const first = parser('%Y %z')
    const second = parser('%d.%m.%Y')
    assert.equal(first('2024 +0300').value, '2024-01-01T00:00:00+03:00')
    assert.equal(second('17.03.2024').value, '2024-03-17T00:00:00')
    assert.equal(first('2023 Z').value, '2023-01-01T00:00:00Z')
  })
})
