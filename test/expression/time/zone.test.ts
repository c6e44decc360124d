import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { localSeconds } from '../../../src/expression/time/event-zone.ts'
import { parseIso8601 } from '../../../src/expression/time/iso8601.ts'
import { Moment } from '../../../src/expression/time/moment.ts'
import { printMoment } from '../../../src/expression/time/print.ts'
import { type Zone, ZoneFinder } from '../../../src/expression/time/zone.ts'

interface Recording {
  readonly zones: readonly (readonly [zone: string, local: string, result: string])[]
}

const { zones }: Recording = JSON.parse(
  readFileSync(new URL('../../cpython/time.json', import.meta.url), 'utf8'),
)

function printed(zone: Zone, local: string): string {
  const moment = new Moment()
  assert.ok(parseIso8601(local, moment))
  moment.offset = zone.offsetAt(localSeconds(moment))
  moment.hasZone = true
  return printMoment(moment)
}

describe('a zone has the offsets that CPython finds, around changes of the clock and far from them', () => {
  const finder = new ZoneFinder()
  for (const name of new Set(zones.map(([zone]) => zone))) {
    it(name, () => {
      const zone = finder.find(name)!
      for (const [, local, expected] of zones.filter(([other]) => other === name)) {
        assert.equal(printed(zone, local), expected)
      }
    })
  }
})

describe('a zone', () => {
  const finder = new ZoneFinder()

  it('takes the first occurrence of a time that its clock shows twice', () => {
    const berlin = finder.find('Europe/Berlin')!
    assert.equal(printed(berlin, '2024-10-27T01:59:59'), '2024-10-27T01:59:59+02:00')
    assert.equal(printed(berlin, '2024-10-27T02:00:00'), '2024-10-27T02:00:00+02:00')
    assert.equal(printed(berlin, '2024-10-27T02:59:59'), '2024-10-27T02:59:59+02:00')
    assert.equal(printed(berlin, '2024-10-27T03:00:00'), '2024-10-27T03:00:00+01:00')
  })

  it('takes the offset before for a time that its clock leaves out', () => {
    const berlin = finder.find('Europe/Berlin')!
    assert.equal(printed(berlin, '2024-03-31T01:59:59'), '2024-03-31T01:59:59+01:00')
    assert.equal(printed(berlin, '2024-03-31T02:00:00'), '2024-03-31T02:00:00+01:00')
    assert.equal(printed(berlin, '2024-03-31T02:59:59'), '2024-03-31T02:59:59+01:00')
    assert.equal(printed(berlin, '2024-03-31T03:00:00'), '2024-03-31T03:00:00+02:00')
  })

  it('may be an offset', () => {
    for (const [name, expected] of [
      ['+03:00', '+03:00'],
      ['-0330', '-03:30'],
      ['+03', '+03:00'],
      ['Z', 'Z'],
      ['-00:00', 'Z'],
      ['+02:30:17', '+02:30:17'],
    ] as const) {
      assert.equal(printed(finder.find(name)!, '2024-03-17T10:00:00'), `2024-03-17T10:00:00${expected}`)
    }
  })

  it('may be written in any case', () => {
    assert.equal(printed(finder.find('europe/MOSCOW')!, '2024-03-17T10:00:00'), '2024-03-17T10:00:00+03:00')
    assert.equal(printed(finder.find('utc')!, '2024-03-17T10:00:00'), '2024-03-17T10:00:00Z')
  })

  it('is not found by anything else', () => {
    const names = [
      '',
      ' ',
      'Mars/Olympus',
      'local',
      'system',
      'default',
      'UTC+3',
      '3',
      '03:00',
      '+3',
      '+24:00',
      '+03:00 ',
    ]
    names.push(
      'Europe/Moscow ',
      'Europe',
      '__proto__',
      'constructor',
      '\u0000',
      'E'.repeat(1_000_000),
      '+03:00:00.1234567',
    )
    for (const name of names) assert.equal(finder.find(name), undefined, JSON.stringify(name.slice(0, 30)))
  })

  it('is found again after more names than are remembered', () => {
    for (let number = 0; number < 1000; number++) assert.equal(finder.find(`Nowhere/${number}`), undefined)
    const moscow = finder.find('Europe/Moscow')!
    for (let year = 1000; year < 4000; year++) {
      assert.ok(printed(moscow, `${year}-01-01T00:00:00`).startsWith(`${year}-01-01T00:00:00+0`))
    }
    assert.equal(finder.find('Europe/Moscow'), moscow)
    assert.equal(finder.find('+03:00')!.offsetAt(0), 10_800_000_000)
    assert.equal(finder.find('Europe/Moscow'), moscow)
  })
})
