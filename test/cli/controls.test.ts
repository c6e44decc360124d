import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { compileFeeds } from '../../src/tracer/feeds/compiled/compile.ts'
import { folderWith, normalize } from './command.ts'
import { Serving, tracer } from './serving.ts'

const CONTROL = /[^\P{Cc}\n\t]|\u2028|\u2029/u
/** Characters that end a line for somebody, and those that steer a terminal. */
const HOSTILE = 'a\rb\vc\fd\x1be\x85f\u2028g\u2029h\x9bi'
const BLANK = 'a b c d e f g h i'

describe('control characters', { concurrency: 2, timeout: 900_000 }, () => {
  it('in requests and feeds are blanks in replies, also of compiled feeds', async (t) => {
    const folder = folderWith({
      'feed.json': JSON.stringify([
        { ioc: 'x.example/a', [HOSTILE]: HOSTILE, list: [HOSTILE, { n: HOSTILE }] },
      ]),
    })
    const feed = join(folder, 'feed.json')
    const compiled = join(folder, 'feed.tracer')
    await compileFeeds({ feeds: [feed], keys: [{ key: 'ioc' }], output: compiled })
    const serving = await Serving.start(
      t,
      ...['--feed', feed, '--key', 'ioc', '--load', compiled, '--enricher', 'url-decode'],
    )
    const context = `|ioc=x.example/a|${BLANK}=${BLANK}|list[0]=${BLANK}|list[1].n=${BLANK}`
    const hit = `Category=Tracer_URL_enricher|MatchedIndicator=x.example/a${context}\n`
    assert.equal(
      await serving.ask(`7f|url=x.example/a|url=${HOSTILE}%0D%1B|\n`),
      `${hit}${hit}Category=Tracer_URL_Decoder|MatchedIndicator=x.example/a|decodedURL=x.example/a\n` +
        `Category=Tracer_URL_Decoder|MatchedIndicator=${BLANK}%0D%1B|decodedURL=${BLANK}  \nLookupFinished\n`,
    )
    const server = ['--server', `127.0.0.1:${serving.port()}`]
    const looked = await tracer(['lookup', ...server, `${HOSTILE}`])
    assert.doesNotMatch(looked.stdout, CONTROL)
    const { value, detections } = JSON.parse(looked.stdout)
    assert.equal(value, HOSTILE)
    assert.equal(detections.length, 1)
    await serving.stop()
  })

  it('never reach a terminal by messages of either command', async () => {
    const hostile = '\x1b[31m\x9b2J\r.yaml'
    const folder = folderWith({ 'rules.yaml': 'a: b\n', 'bad\x1b[2J.yaml': 'a: nothing(\n' })
    const rules = join(folder, 'rules.yaml')
    const runs = [
      normalize(['--rules', join(folder, hostile)]),
      normalize(['--rules', rules, hostile]),
      normalize([`--x${hostile}`]),
      normalize(['check', '--rules', join(folder, 'bad\x1b[2J.yaml')]),
      tracer(['serve', '--strict', '--feed', join(folder, hostile), '--key', 'a']),
      tracer(['serve', '--listen', hostile]),
      tracer(['compile', join(folder, hostile), '--key', 'a', '-o', join(folder, 'x.tracer')]),
      tracer(['inspect', join(folder, hostile)]),
      tracer(['lookup', '--server', '127.0.0.1:1', '--tls-ca', hostile, 'a']),
    ]
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      assert.notEqual(code, 0)
      assert.doesNotMatch(stdout + stderr, CONTROL)
      assert.match(stderr, /\\x1b\[|\\x9b/)
    }
  })
})
