import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Moment, type TimeParser } from '../../../src/expression/time/moment.ts'
import { printMoment } from '../../../src/expression/time/print.ts'
import { compileFormat, compileFormatPattern } from '../../../src/expression/time/strptime.ts'
import { DIRECTIVES } from '../../../src/expression/time/strptime-directives.ts'
import { FormatProblem } from '../../../src/expression/time/strptime-format.ts'
import {
  BLANKS_STEP,
  directiveStep,
  isSure,
  literalStep,
  type Step,
} from '../../../src/expression/time/strptime-scan.ts'
import { propertyRuns } from '../../property-runs.ts'

interface Recording {
  readonly strptime: Readonly<Record<string, readonly (readonly [text: string, result: string | null])[]>>
  readonly unknownDirectives: readonly string[]
}

const recording: Recording = JSON.parse(
  readFileSync(new URL('../../cpython/time.json', import.meta.url), 'utf8'),
)

function read(parser: TimeParser, text: string): string | null {
  const moment = new Moment()
  return parser(text, moment) ? printMoment(moment) : null
}

function parse(text: string, format: string): string | null {
  return read(compileFormat(format), text)
}

function problem(format: string): FormatProblem {
  try {
    compileFormat(format)
  } catch (error) {
    assert.ok(error instanceof FormatProblem)
    return error
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(format)} was accepted` })
}

describe('a strptime format reads what CPython reads', () => {
  for (const [format, cases] of Object.entries(recording.strptime)) {
    it(JSON.stringify(format), () => {
      const parser = compileFormat(format)
      const pattern = compileFormatPattern(format)
      for (const [text, expected] of cases) {
        // CPython takes six digits of a fraction, we take nine.
        if (expected === null && format.includes('%f') && /\d{7}/.test(text)) {
          assert.equal(read(parser, text), read(pattern, text), `${JSON.stringify(text)} by both`)
          continue
        }
        assert.equal(read(parser, text), expected, `${JSON.stringify(text)}`)
        assert.equal(read(pattern, text), expected, `${JSON.stringify(text)} by the pattern alone`)
      }
    })
  }

  it('in thousands of cases, of which many fit and many do not', () => {
    const results = Object.values(recording.strptime).flatMap((cases) => cases.map(([, result]) => result))
    assert.ok(results.length > 10_000)
    assert.ok(results.filter((result) => result === null).length > 2000)
    assert.ok(results.filter((result) => result !== null).length > 2000)
  })
})

describe('the scanner and the pattern', () => {
  const LETTERS = [...'YymdHIMSfpaAbBwujUWzZ']
  const separator = fc.constantFrom('', '', ' ', '-', ':', 'T', '.', '%%', 'é')
  const format = fc
    .tuple(
      fc.shuffledSubarray(LETTERS, { minLength: 1, maxLength: 6 }),
      fc.array(separator, { minLength: 6 }),
    )
    .map(([letters, between]) => letters.map((letter, index) => `%${letter}${between[index]}`).join(''))
  const piece = fc.constantFrom(
    ...[
      '0',
      '1',
      '2',
      '3',
      '9',
      '12',
      '31',
      '60',
      '366',
      '2024',
      '1112024',
      ' ',
      '  ',
      '\t',
      '\x1c',
      '\xa0',
      '-',
      ':',
    ],
    ...[
      'T',
      't',
      '.',
      '%',
      'é',
      'É',
      'am',
      'PM',
      'Mon',
      'sunday',
      'May',
      'march',
      'utc',
      'GMT',
      'Z',
      'z',
      '+03:00',
    ],
    ...['-0330', '+02:30:17.5', '\u0661', 'ı', 'ſ', '\u{1f600}'],
  )

  it('agree on everything', () => {
    fc.assert(
      fc.property(format, fc.array(piece, { maxLength: 12 }), (text, pieces) => {
        const input = pieces.join('')
        assert.equal(parse(input, text), read(compileFormatPattern(text), input))
      }),
      { numRuns: propertyRuns(3000) },
    )
  })
})

describe('where the scanner finds nothing, no pattern is asked', () => {
  const stepsOf = (format: string): Step[] =>
    [...format.matchAll(/%(.)|(\s+)|(.)/g)].map(([, letter, blanks, literal]) => {
      if (blanks !== undefined) return BLANKS_STEP
      return letter === undefined ? literalStep(literal!) : directiveStep(DIRECTIVES.get(letter)!)
    })

  it('if each step has one end', () => {
    for (const format of ['%b %d %H:%M:%S.%f', '%Y/%m/%d', '%d%b', '%B%Y%Y', '%I:%M %p', '%m-%d', '%A %Z'])
      assert.equal(isSure(stepsOf(format)), true, format)
    for (const format of ['%d%m', '%H1', '%j', '%S %z', '%f%d', '%d\u00e9', '%d%Y'])
      assert.equal(isSure(stepsOf(format)), false, format)
    assert.equal(isSure([BLANKS_STEP, BLANKS_STEP]), false)
  })

  it('but it is asked about other cases of letters that ASCII does not have', () => {
    assert.equal(parse('\u017f4', 's%d'), '1900-01-04T00:00:00')
    assert.equal(parse('\u212a4', 'k%d'), '1900-01-04T00:00:00')
  })

  it('and answers as the pattern does', () => {
    const formats = [
      '%b %d %H:%M:%S',
      '%b %d %Y %H:%M:%S.%f',
      '%d/%b/%Y',
      '%m/%d/%Y %I:%M %p',
      'k%Y-%m-%d s',
      '%A, %d %B',
    ]
    const texts = [
      'Mar  4 10:00:01',
      'MAR 04 2024 1:00:00.5',
      '4/May/2024',
      '3/17/2024 10:15 PM',
      'k2024-3-17 s',
      'Monday, 4 march',
    ]
    const odd = fc.constantFrom(
      '',
      ' ',
      '\t',
      '0',
      '1',
      '3',
      '75',
      ':',
      'ſ',
      'K',
      '\u0130',
      'x',
      '.',
      '\xa0',
      'M',
    )
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), fc.nat(20), fc.nat(2), odd, (format, text, at, left, put) => {
        const input = texts[text]!.slice(0, at) + put + texts[text]!.slice(at + left)
        assert.equal(parse(input, formats[format]!), read(compileFormatPattern(formats[format]!), input))
        const own = texts[format]!.slice(0, at) + put + texts[format]!.slice(at + left)
        assert.equal(parse(own, formats[format]!), read(compileFormatPattern(formats[format]!), own))
      }),
      { numRuns: propertyRuns(10_000) },
    )
  })
})

describe('a strptime format', () => {
  it('takes what lies in the text from its first character to its last', () => {
    assert.equal(parse('2024-03-17', '%Y-%m-%d'), '2024-03-17T00:00:00')
    assert.equal(parse('2024-03-17 ', '%Y-%m-%d'), null)
    assert.equal(parse(' 2024-03-17', '%Y-%m-%d'), null)
    assert.equal(parse('2024-03-17\n', '%Y-%m-%d'), null)
    assert.equal(parse('', '%Y-%m-%d'), null)
  })

  it('gives a number as many digits as it can, and takes one back where nothing else fits', () => {
    assert.equal(parse('1112024', '%d%m%Y'), '2024-01-11T00:00:00')
    assert.equal(parse('111', '%d%m'), '1900-01-11T00:00:00')
    assert.equal(parse('11', '%d%m'), '1900-01-01T00:00:00')
  })

  it('takes ASCII digits only', () => {
    assert.equal(parse('٢٠٢٤', '%Y'), null)
    assert.equal(parse('２０２４', '%Y'), null)
    assert.equal(parse('2024-03-1٧', '%Y-%m-%d'), null)
  })

  it('does not take day 366 of a common year', () => {
    assert.equal(parse('2024 366', '%Y %j'), '2024-12-31T00:00:00')
    assert.equal(parse('2023 366', '%Y %j'), null)
    assert.equal(parse('366', '%j'), null)
  })

  it('takes UTC and GMT for a zone, and no other name', () => {
    assert.equal(parse('10 UTC', '%H %Z'), '1900-01-01T10:00:00Z')
    assert.equal(parse('10 gmt', '%H %Z'), '1900-01-01T10:00:00Z')
    assert.equal(parse('10 MSK', '%H %Z'), null)
    assert.equal(parse('10 +0300 UTC', '%H %z %Z'), '1900-01-01T10:00:00+03:00')
  })

  it('ignores case as CPython does, also outside ASCII', () => {
    assert.equal(parse('KELVIN 10', 'kelvin %H'), '1900-01-01T10:00:00')
    assert.equal(parse('İSTANBUL 10', 'istanbul %H'), '1900-01-01T10:00:00')
    assert.equal(parse('ÉTÉ 10', 'été %H'), '1900-01-01T10:00:00')
    assert.equal(parse('STRASSE 10', 'straße %H'), null)
  })

  it('takes its other characters as they are', () => {
    assert.equal(parse('.^$*+?(){}[]|\\/-2024', '.^$*+?(){}[]|\\/-%Y'), '2024-01-01T00:00:00')
    assert.equal(parse('x2024', '.%Y'), null)
    assert.equal(parse('100% 2024', '100%% %Y'), '2024-01-01T00:00:00')
    assert.equal(parse('\u{1f600}2024', '\u{1f600}%Y'), '2024-01-01T00:00:00')
  })

  it('answers for long texts, which would take minutes if the time grew with the square of the length', () => {
    const blanks = ' '.repeat(500_000)
    assert.equal(parse(blanks, '%d %m %Y %H %M'), null)
    assert.equal(parse(`1${blanks}1${blanks}x`, '%d %m %Y %H %M'), null)
    assert.equal(parse(`${'1'.repeat(500_000)}`, '%d%m%Y%H%M%S%f%j%y'), null)
  })

  it('leaves nothing of one text for the next', () => {
    const parser = compileFormat('%Y-%m-%d %I:%M %p %z')
    assert.equal(read(parser, '2024-03-17 10:15 PM +0300'), '2024-03-17T22:15:00+03:00')
    assert.equal(read(parser, '2024-03-17 10:15 PM'), null)
    assert.equal(read(parser, '2024-03-18 10:15 AM Z'), '2024-03-18T10:15:00Z')
  })
})

describe('a format is refused when it is compiled', () => {
  it('for each directive that CPython does not know', () => {
    assert.ok(recording.unknownDirectives.length > 60)
    for (const letter of recording.unknownDirectives) {
      const { message, offset } = problem(`ab%${letter}`)
      assert.equal(offset, 2)
      assert.ok(message.includes(`'%${letter}'`), message)
    }
  })

  it('and only for those', () => {
    for (const letter of 'aAwdbBmyYHIpMSfzZjUWcxX%') compileFormat(`%${letter}`)
  })

  it('with what to write in its place', () => {
    assert.equal(problem('%Y-%m-%dT%T').offset, 9)
    assert.equal(problem('%Y-%m-%dT%T').hint, "write '%H:%M:%S'")
    assert.equal(problem('%s').hint, 'seconds since 1970 are what epoch_to_timestamp takes')
    assert.match(problem('%é').hint!, /^strptime knows %a %A /)
    assert.match(problem('%__proto__').message, /'%_'/)
  })

  it('for a percent sign without a letter', () => {
    assert.equal(problem('%Y-%').offset, 3)
    assert.equal(problem('%Y-%').message, "the format ends with a stray '%'")
    assert.equal(problem('% Y').offset, 0)
    assert.equal(problem('%').offset, 0)
  })

  it('for a directive that is given twice, also inside another one', () => {
    assert.equal(problem('%d.%m.%Y %d').message, "'%d' is given twice")
    assert.equal(problem('%d.%m.%Y %d').offset, 9)
    assert.equal(problem('%H %X').message, "'%H' is given twice (the second time by '%X')")
    assert.equal(problem('%X %M').message, "'%M' is given twice")
    assert.equal(problem('%c %x').offset, 3)
    compileFormat('%%%%%Y')
    compileFormat('%b %B %m')
  })

  it('for a week of the ISO calendar without its year and a weekday', () => {
    for (const format of [
      '%G',
      '%G %V',
      '%G %u',
      '%Y %G',
      '%V',
      '%V %u',
      '%Y %V %u',
      '%y %V',
      '%G %V %u %j',
      '%Y %G %V %u',
    ]) {
      assert.ok(problem(format).message.length > 0, format)
    }
    assert.equal(problem('%V %u').message, "'%V' needs '%G' and a weekday")
    assert.equal(problem('%Y %V %u').message, "'%V' does not go with '%Y'")
    assert.equal(problem('%G %V %u %j').offset, 9)
    compileFormat('%G %V %w')
    compileFormat('%G %V %A')
  })
})
