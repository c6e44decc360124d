/**
 * The cost of normalising a URL: one that is normal but for its scheme, one that is not, an odd one, and a long
 * hostile one. Beside it the URL parser of Node, which does less (it decodes nothing and collapses nothing).
 *
 * Each text is made anew from bytes, as it is for a request. Rounds in turn, medians. Run:
 * `node --import tsx bench/url-normalize.ts`.
 *
 * 2026-11-21, Node 20.20, one core of a busy shared machine: a plain host 8.5M/s, a plain URL 3.5M/s (1.3x `new URL`);
 * with upper case, port and escapes 0.65M/s, punycode 0.36M/s, an odd IPv4 0.48M/s (0.3x to 0.4x); 64 KiB of hostile text
 * at 50 to 300 MB/s, a millisecond each.
 * Reading: what clients mostly send is looked through once and cut, which is cheaper than the look-up that follows. The
 * rest takes 1.5 to 3 microseconds, and nothing takes longer than its length allows.
 */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const COPIES = 100
const LONG = 64 * 1024

/** URLs and their normal forms. */
const KINDS: Record<string, { url: string; normal: string }> = {
  'plain host': { url: 'update.host-17.example', normal: 'update.host-17.example' },
  'plain URL': {
    url: 'https://www.host-17.example/some/path/index.php?id=17&lang=en',
    normal: 'host-17.example/some/path/index.php?id=17&lang=en',
  },
  'upper case, port and escapes': {
    url: 'HTTP://Host-17.Example:8080/Some%20Path/./Index.php?Q=a%26b#top',
    normal: 'host-17.example/some path/index.php?q=a&b',
  },
  'punycode and dots': { url: 'http://bücher..example./a/../b/', normal: 'xn--bcher-kva.example/b' },
  'odd IPv4': { url: 'http://0x1F.0x0D.0x53.0x24/', normal: '31.13.83.36' },
}

export async function run({ quick, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { canonicalUrl } =
    await harness.built<typeof import('../src/tracer/feeds/keys/url.ts')>('tracer/feeds/keys/url.js')
  const roundMs = quick ? 50 : 300
  const rows: Row[] = []
  for (const [kind, { url, normal }] of Object.entries(KINDS)) {
    assert.equal(canonicalUrl(url), normal)
    const bytes = Buffer.from(url)
    const encoding = bytes.length === url.length ? 'latin1' : 'utf8'
    const repeat = (task: (text: string) => unknown) => () => {
      for (let i = 0; i < COPIES; i++) task(bytes.toString(encoding))
    }
    const absolute = /^\w+:/.test(url) ? '' : 'http://'
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < rounds; round++) {
      ours.push((await harness.callsPerSecond(repeat(canonicalUrl), roundMs)) * COPIES)
      theirs.push(
        (await harness.callsPerSecond(
          repeat((text) => new URL(absolute + text).href),
          roundMs,
        )) * COPIES,
      )
    }
    rows.push(harness.measured(`normalise a URL: ${kind}`, '/s', ours))
    rows.push(
      harness.measured(`normalise a URL: ${kind}, against new URL`, 'x', harness.ratios(ours, theirs)),
    )
  }
  for (const unit of ['%41', '/..', '*', 'a.']) {
    const text = `http://host.example/${unit.repeat(LONG / unit.length)}`
    const readings: number[] = []
    for (let round = 0; round < rounds; round++) {
      readings.push(((await harness.callsPerSecond(() => canonicalUrl(text), roundMs)) * text.length) / 1e6)
    }
    rows.push(harness.measured(`normalise 64 KiB of ${unit}`, 'MB/s', readings))
  }
  return rows
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
