import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith, normalize, startNormalize } from './command.ts'

const FOLDER = folderWith({
  'x.yaml': 'include: [_shared.yaml]\na: src\n',
  '_shared.yaml': 'b?: user.name\n',
  'lookups.yaml': 't: {1: one}\n',
  'x.test.yaml': 'cases:\n  - {name: one, event: {src: 1, user: {name: </script>}}}\n',
  'events.csv': 'src;n\nx;1\n',
  'latin1.log': Uint8Array.of(0x67, 0x72, 0xfc, 0x6e, 0x0a),
  'routes.yaml': 'routes:\n  - x.yaml\n',
})
const file = (name: string) => join(FOLDER, name)
mkdirSync(file('empty'))

describe('normalize playground', () => {
  it('serves the rule file with everything that belongs to it, until a signal ends it', async () => {
    const command = startNormalize('playground', '-r', file('x.yaml'))
    await command.until(({ stderr }) => stderr.includes('\n'))
    const [, address, token] = /^listening on (http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)\n/.exec(
      command.stderr,
    )!
    const response = await fetch(`${address}/content`, { headers: { 'x-sluice-token': token! } })
    const { content, versions } = (await response.json()) as {
      content: { files: { name: string; role: string }[]; events: string; input: object }
      versions: object
    }
    assert.deepEqual(
      content.files.map(({ name, role }) => [name, role]),
      [
        [file('x.yaml'), 'rules'],
        [file('_shared.yaml'), 'included'],
        [file('lookups.yaml'), 'lookups'],
      ],
    )
    assert.equal(content.events, '{"src":1,"user":{"name":"</script>"}}\n')
    assert.equal(Object.keys(versions).length, 3)
    assert.equal((await fetch(`${address}/content`)).status, 403)
    command.child.kill('SIGTERM')
    assert.equal((await command.finished).code, 0)
  })

  it('takes routes with all rule sets and their files, and some events of each', async () => {
    const page = file('routed')
    const argv = ['playground', '-r', file('routes.yaml'), '--no-route', 'drop', '--export', page]
    assert.equal((await normalize(argv)).code, 0)
    const html = readFileSync(join(page, 'index.html'), 'utf8')
    const [, start] = /<script type="application\/json" id="start">(.*?)<\/script>/s.exec(html)!
    const { files, rules, noRoute, events } = JSON.parse(start!).content
    const named = (name: string) => file(name).replaceAll('\\', '/')
    assert.deepEqual(
      files.map(({ name, role }: { name: string; role: string }) => [name, role]),
      [
        [named('routes.yaml'), 'routes'],
        [named('x.yaml'), 'rules'],
        [named('_shared.yaml'), 'included'],
        [named('lookups.yaml'), 'lookups'],
      ],
    )
    assert.deepEqual([rules, noRoute], [[named('routes.yaml')], 'drop'])
    assert.equal(events, '{"src":1,"user":{"name":"</script>"}}\n')
  })

  it('writes the page with rules and events in it; no text of theirs ends its script', async () => {
    const page = file('page')
    const { code, stderr } = await normalize(['playground', '-r', file('x.yaml'), '--export', page])
    assert.deepEqual([code, stderr], [0, `${page} has the page: any web server can serve it\n`])
    const html = readFileSync(join(page, 'index.html'), 'utf8')
    const [, start] = /<script type="application\/json" id="start">(.*?)<\/script>/s.exec(html)!
    assert.equal(JSON.parse(start!).content.events, '{"src":1,"user":{"name":"</script>"}}\n')
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="(.*?)">/.exec(html)!
    assert.match(policy!, /^default-src 'none'; script-src 'self'; .*connect-src 'none'/)
    assert.doesNotMatch(policy!, /unsafe/)
    assert.ok(readFileSync(join(page, 'worker.js')).length > 100_000, 'the compiler is in it')
  })

  it('says where and what to do where something does not fit', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['-r', join(FOLDER, 'empty')], /there is no rule file in .*empty/],
      [['-r', file('none.yaml')], /cannot read .*none\.yaml: /],
      [[file('none.jsonl')], /cannot read .*none\.jsonl: /],
      [[file('latin1.log')], /it is not utf-8; --encoding names another one/],
      [[file('events.csv'), '--pick', 'a'], /--pick needs --input-format json/],
      [['--listen', 'x'], /--listen: 'x' is no address/],
    ]
    const finished = await Promise.all(cases.map(([argv]) => normalize(['playground', ...argv])))
    for (const [index, { code, stderr }] of finished.entries()) {
      assert.equal(code, 2, stderr)
      assert.match(stderr, cases[index]![1])
    }
  })
})
