import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { statsRecord } from '../../src/cli/stats.ts'
import { PoolStats } from '../../src/tracer/client/pool-stats.ts'

const README = readFileSync(new URL('../../src/cli/README.md', import.meta.url), 'utf8')

const COUNTS = {
  events: 4,
  written: 3,
  rejected: 1,
  dropped: 0,
  rejectedByCode: { FIELD_MISSING: 1 },
  rejectedByRule: { a: 1 },
  leftOutByRule: { b: 2 },
  ruleSets: { a: { events: 4, written: 3, rejected: 1, dropped: 0 } },
  neverPresent: [{ field: 'x', events: 4 }],
  replaced: 1,
  bytesRead: 5,
  bytesParsed: 6,
  bytesUnread: 0,
  bytesWritten: 7,
  enrichment: { enriched: 2, timeout: 0, unavailable: 0, detections: 9 },
}

const SYSLOG = { messages: 4, bytes: 9, udpDropped: 1, truncated: 0, connections: 2, refused: 0 }

describe('the summary of a run', () => {
  it('has the members that src/cli/README.md describes, in their order, and no other', () => {
    const [, section] = README.split('\n## Statistics\n')
    const described = [...section!.split(/\n##/)[0]!.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(
      ([, name]) => name,
    )
    const { enrichment, ...members } = JSON.parse(
      statsRecord(COUNTS, 2, new PoolStats(), { meta: { vendor: 'x' } }, SYSLOG),
    )
    const syslog = Object.keys(members.syslog).map((name) => `syslog.${name}`)
    delete members.syslog
    const told = [
      ...Object.keys(members),
      ...syslog,
      ...Object.keys(enrichment).map((name) => `enrichment.${name}`),
    ]
    assert.deepEqual(told, described)
  })

  it('tells the detections that were added to events, however many came from servers', () => {
    const stats = new PoolStats()
    stats.detections = 5
    assert.equal(JSON.parse(statsRecord(COUNTS, 2, stats)).enrichment.detections, 9)
  })

  it('says nothing of enrichment without a tracer', () => {
    const { enrichment, never_present, events_per_second } = JSON.parse(statsRecord(COUNTS, 2))
    assert.deepEqual([enrichment, never_present, events_per_second], [undefined, ['x'], 2])
  })
})
