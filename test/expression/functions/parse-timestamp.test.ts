import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ArgumentProblem } from '../../../src/expression/functions/definition.ts'
import { parseTimestamp } from '../../../src/expression/functions/parse-timestamp.ts'
import { WINDOWS_ZONE_NAMES } from '../../../src/expression/time/windows-zones.ts'
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

interface Named {
  readonly year?: Value
  readonly tz?: Value
  readonly tzinfo?: Value
  /** When the event was read. */
  readonly received?: string
}

/** The result of one text, with these arguments. */
function parsed(s: Value, formats: readonly Value[], { year, tz, tzinfo, received }: Named): Outcome {
  const parse = prepare({ formats, year, tz }, hostWith({}))
  return outcomeOf((context) =>
    parse(
      {
        ...context,
        field: (name) => (name === 'tzinfo' ? tzinfo : undefined),
        received: received === undefined ? context.received : Date.parse(received),
      },
      s,
      year,
      tz,
    ),
  )
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
        hint: "write '%f': it takes one digit to nine",
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

describe('parse_timestamp with year', () => {
  const nearest = (s: string, received: string, named: Named = {}): unknown =>
    parsed(s, ['%b %d %H:%M:%S'], { year: 'nearest', received, ...named }).value

  it('gives a time without year that year', () => {
    assert.equal(parsed('Mar 17', ['%b %d'], { year: 2024 }).value, '2024-03-17T00:00:00')
    assert.equal(parsed('Feb 29', ['%b %d'], { year: 2024 }).value, '2024-02-29T00:00:00')
    assert.equal(parsed('Feb 29', ['%b %d'], { year: 2023 }).code, 'VALUE_ERROR')
    assert.equal(parsed('Mar 17', ['%b %d'], { year: null }).value, '1900-03-17T00:00:00')
    assert.equal(parsed('2020-03-17', ['%Y-%m-%d', 'iso8601'], { year: 2024 }).value, '2020-03-17T00:00:00')
    assert.equal(parsed('60', ['%j'], { year: 2024 }).value, '2024-02-29T00:00:00')
  })

  it('or the year in which it is nearest to when the event was read', () => {
    assert.equal(nearest('Dec 31 23:59:59', '2025-01-01T00:00:10Z'), '2024-12-31T23:59:59')
    assert.equal(nearest('Jan  1 00:00:01', '2024-12-31T23:59:59Z'), '2025-01-01T00:00:01')
    assert.equal(nearest('Jul  1 00:00:00', '2024-07-02T00:00:00Z'), '2024-07-01T00:00:00')
    assert.equal(nearest('Jun 30 00:00:00', '2024-12-31T00:00:00Z'), '2025-06-30T00:00:00')
    assert.equal(nearest('Jul  3 00:00:00', '2024-12-31T00:00:00Z'), '2024-07-03T00:00:00')
    assert.equal(nearest('Jul  1 00:00:00', '2024-01-01T00:00:00Z'), '2024-07-01T00:00:00')
    assert.equal(nearest('Jul  3 00:00:00', '2024-01-01T00:00:00Z'), '2023-07-03T00:00:00')
  })

  it('February 29 is of the nearest leap year', () => {
    assert.equal(nearest('Feb 29 12:00:00', '2024-03-01T00:00:00Z'), '2024-02-29T12:00:00')
    assert.equal(nearest('Feb 29 12:00:00', '2025-06-01T00:00:00Z'), '2024-02-29T12:00:00')
    assert.equal(nearest('Feb 29 12:00:00', '2027-06-01T00:00:00Z'), '2028-02-29T12:00:00')
    assert.equal(nearest('Feb 29 12:00:00', '2100-01-01T00:00:00Z'), '2096-02-29T12:00:00')
    assert.equal(nearest('Feb 30 12:00:00', '2024-03-01T00:00:00Z'), undefined)
  })

  it('compares instants, not clocks', () => {
    const received = '2024-07-01T12:00:00Z'
    assert.equal(nearest('Jan  1 00:00:00', received), '2024-01-01T00:00:00')
    assert.equal(nearest('Jan  1 00:00:00', received, { tz: 'UTC+14' }), '2025-01-01T00:00:00+14:00')
    assert.equal(nearest('Jan  1 00:00:00', received, { tzinfo: '+14:00' }), '2025-01-01T00:00:00+14:00')
  })

  it('leaves a year that the text has alone', () => {
    const outcome = parsed('1999-03-17', ['iso8601'], { year: 'nearest' })
    assert.equal(outcome.value, '1999-03-17T00:00:00')
    assert.equal(parsed('2015-W11-7', ['%G-W%V-%u'], { year: 'nearest' }).value, '2015-03-15T00:00:00')
  })

  it('refuses what is no year', () => {
    for (const year of ['latest', 0, 10_000, 1.5, true, ['nearest']]) {
      assert.throws(
        () => parsed('x', ['%b'], { year }),
        (error) => error instanceof ArgumentProblem && error.parameter === 'year',
      )
    }
  })
})

describe('parse_timestamp with tz', () => {
  const inZone = (tz: Value, s = '2024-07-17T22:15'): Outcome =>
    parsed(s, ['iso8601'], { tz, tzinfo: 'Asia/Tokyo' })

  it('takes names of IANA and Windows, and distances from UTC', () => {
    assert.equal(inZone('Europe/Berlin').value, '2024-07-17T22:15:00+02:00')
    assert.equal(inZone('W. Europe Standard Time').value, '2024-07-17T22:15:00+02:00')
    assert.equal(inZone('w. europe standard time', '2024-01-17').value, '2024-01-17T00:00:00+01:00')
    assert.equal(inZone('UTC').value, '2024-07-17T22:15:00Z')
    assert.equal(inZone('UTC+3').value, '2024-07-17T22:15:00+03:00')
    assert.equal(inZone('GMT-03:30').value, '2024-07-17T22:15:00-03:30')
    assert.equal(inZone('UTC+0545').value, '2024-07-17T22:15:00+05:45')
    assert.equal(inZone('UTC-11').value, '2024-07-17T22:15:00-11:00')
    assert.equal(inZone('+03:00').value, '2024-07-17T22:15:00+03:00')
  })

  it('null is no zone, and a zone in the text comes first', () => {
    assert.equal(inZone(null).value, '2024-07-17T22:15:00')
    assert.equal(inZone('UTC+3', '2024-07-17T22:15Z').value, '2024-07-17T22:15:00Z')
    assert.equal(
      parsed('2024-07-17T22:15', ['iso8601'], { tzinfo: 'Asia/Tokyo' }).value,
      '2024-07-17T22:15:00+09:00',
    )
  })

  it('is checked at load where it is a constant, else when it comes', () => {
    const problemOf = (tz: Value): ArgumentProblem => {
      try {
        parsed('x', ['iso8601'], { tz })
      } catch (error) {
        if (error instanceof ArgumentProblem) return error
        throw error
      }
      return assert.fail('the zone was accepted')
    }
    assert.equal(problemOf('Europe/Berln').hint, "did you mean 'Europe/Berlin'?")
    assert.equal(problemOf('Russia Standard Time').hint, "did you mean 'Russian Standard Time'?")
    assert.match(problemOf('UTC+30').message, /no time zone 'UTC\+30'/)
    assert.match(problemOf(3).message, /must be str, not int/)
    const parse = prepare({ formats: ['iso8601'] }, hostWith({}))
    const late = (tz: Value): Outcome => outcomeOf((context) => parse(context, '2024-07-17', undefined, tz))
    assert.equal(late('UTC+3').value, '2024-07-17T00:00:00+03:00')
    assert.equal(late('Mars/Olympus').code, 'VALUE_ERROR')
    assert.equal(late('x'.repeat(100_000)).code, 'VALUE_ERROR')
    assert.equal(late(3).code, 'TYPE_ERROR')
  })

  it('every zone of Windows is known', () => {
    assert.ok(WINDOWS_ZONE_NAMES.length > 130, `${WINDOWS_ZONE_NAMES.length} names`)
    for (const name of WINDOWS_ZONE_NAMES) assert.equal(inZone(name).code, undefined, name)
  })
})

describe('parse_timestamp with formats that have names', () => {
  const value = (format: string, s: Value): unknown => parser(format)(s).value

  it('reads epoch and epoch_ms, as text and as number', () => {
    assert.equal(value('epoch', '1710713730'), '2024-03-17T22:15:30Z')
    assert.equal(value('epoch', 1710713730), '2024-03-17T22:15:30Z')
    assert.equal(value('epoch', '1710713730.123456789'), '2024-03-17T22:15:30.123456789Z')
    assert.equal(value('epoch', '1710713730.1234567899'), '2024-03-17T22:15:30.123456789Z')
    assert.equal(value('epoch', '-0.25'), '1969-12-31T23:59:59.750Z')
    assert.equal(value('epoch', '-1'), '1969-12-31T23:59:59Z')
    assert.equal(value('epoch', 0), '1970-01-01T00:00:00Z')
    assert.equal(value('epoch_ms', '1710713730123'), '2024-03-17T22:15:30.123Z')
    assert.equal(value('epoch_ms', 1710713730123.5), '2024-03-17T22:15:30.123500Z')
    assert.equal(value('epoch_ms', '-1'), '1969-12-31T23:59:59.999Z')
    assert.equal(value('epoch_ms', 5), '1970-01-01T00:00:00.005Z')
    for (const bad of [
      '',
      '1e9',
      ' 1',
      '1.',
      '.5',
      '+1',
      '99999999999999999999',
      '9'.repeat(1000),
      'x',
      Number.NaN,
      1e300,
    ])
      assert.equal(parser('epoch')(bad).code, 'VALUE_ERROR', String(bad))
    assert.equal(parser('epoch')(null).code, 'TYPE_ERROR')
    assert.equal(parser('epoch')(true).code, 'TYPE_ERROR')
  })

  it('reads filetime', () => {
    assert.equal(value('filetime', '116444736000000000'), '1970-01-01T00:00:00Z')
    assert.equal(value('filetime', '133551873301234567'), '2024-03-17T22:15:30.123456700Z')
    assert.equal(value('filetime', 133551873301234567n), '2024-03-17T22:15:30.123456700Z')
    assert.equal(value('filetime', '0'), '1601-01-01T00:00:00Z')
    assert.equal(parser('filetime')('9223372036854775807').code, 'VALUE_ERROR')
  })

  it('reads rfc3164', () => {
    assert.equal(value('rfc3164', 'Oct  1 22:14:15'), '1900-10-01T22:14:15')
    assert.equal(value('rfc3164', 'Oct 11 22:14:15.123456789'), '1900-10-11T22:14:15.123456789')
    assert.equal(value('rfc3164', 'Oct 11 2024 22:14:15'), '2024-10-11T22:14:15')
    assert.equal(
      parsed('Dec 31 22:14:15', ['rfc3164'], { year: 'nearest', received: '2025-01-02T00:00:00Z' }).value,
      '2024-12-31T22:14:15',
    )
    assert.equal(parser('rfc3164')('Oct 32 22:14:15').code, 'VALUE_ERROR')
  })

  it('reads what tools of Windows write', () => {
    assert.equal(value('windows', '/Date(1710713730123)/'), '2024-03-17T22:15:30.123Z')
    assert.equal(value('windows', '\\/Date(-1)\\/'), '1969-12-31T23:59:59.999Z')
    assert.equal(value('windows', '/Date(1710713730123+0300)/'), '2024-03-17T22:15:30.123Z')
    assert.equal(value('windows', '20240317221530.123456+060'), '2024-03-17T22:15:30.123456+01:00')
    assert.equal(value('windows', '20240317221530.000000-000'), '2024-03-17T22:15:30Z')
    assert.equal(value('windows', '3/17/2024 10:15:30 PM'), '2024-03-17T22:15:30')
    assert.equal(value('windows', '3/17/2024 10:15 AM'), '2024-03-17T10:15:00')
    for (const bad of [
      '/Date(x)/',
      '20240317221530.123456+1440',
      '20241317221530.123456+060',
      '17/3/2024 10:15 AM',
    ])
      assert.equal(parser('windows')(bad).code, 'VALUE_ERROR', bad)
  })

  it('takes fractions of one digit to nine, of six where a digit may follow', () => {
    assert.equal(parser('%H:%M:%S.%f')('22:15:30.1234567').value, '1900-01-01T22:15:30.123456700')
    assert.equal(parser('%S.%f%z')('30.123456789Z').value, '1900-01-01T00:00:30.123456789Z')
    assert.equal(parser('%S.%f')('30.1234567891').code, 'VALUE_ERROR')
    assert.equal(parser('%f%d')('12345612').value, '1900-01-12T00:00:00.123456')
    assert.equal(parser('%f%Y')('1234562024').value, '2024-01-01T00:00:00.123456')
  })
})
