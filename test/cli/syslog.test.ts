import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith, normalize, startNormalize } from './command.ts'

describe('normalize --syslog', () => {
  it('normalizes what devices send, tells its numbers, and loses nothing that TCP accepted when it ends', async (t) => {
    const folder = folderWith({ 'r.yaml': 'm: message\nfrom: peer.transport\n' })
    const rules = join(folder, 'r.yaml')
    const command = startNormalize(
      ...['--rules', rules, '--syslog', 'tcp://127.0.0.1:0', '--syslog', 'udp://127.0.0.1:0'],
      ...['--metrics', '127.0.0.1:0', '--stats', '--errors', join(folder, 'errors.jsonl')],
    )
    t.after(() => command.child.kill('SIGKILL'))
    await command.until(() => /metrics are served on \S+\n/.test(command.stderr))
    const port = (transport: string): number =>
      Number(new RegExp(`listening on ${transport}://\\S+:(\\d+)\n`).exec(command.stderr)![1])
    const datagrams = createSocket('udp4')
    t.after(() => datagrams.close())
    datagrams.send('<1>datagram', port('udp'), '127.0.0.1')
    const socket = connect(port('tcp'), '127.0.0.1')
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    socket.write('<1>line\n11 <1>two\nline')
    socket.write(Uint8Array.of(0x3c, 0xff, 0x0a))
    await command.until(() => command.stdout.split('\n').length === 4)
    const url = /http:\S+/.exec(command.stderr)![0]
    const metrics = (await (await fetch(url)).text()).split('\n')
    for (const line of [
      `sluice_events_total{rules="${rules}",outcome="written"} 3`,
      `sluice_events_total{rules="${rules}",outcome="rejected"} 1`,
      'sluice_syslog_messages_total 4',
      'sluice_syslog_udp_dropped_total 0',
    ]) {
      assert.ok(metrics.includes(line), `${line} is not in\n${metrics.join('\n')}`)
    }
    assert.equal((await fetch(url.replace('metrics', 'readyz'))).status, 200)
    const many = 20_000
    await new Promise<void>((resolve) => socket.write('<1>more\n'.repeat(many), () => resolve()))
    command.child.kill('SIGTERM')
    const { code, stdout, stderr } = await command.finished
    assert.equal(code, 0)
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      events
        .slice(0, 3)
        .map(({ m, from }) => `${from} ${m}`)
        .sort(),
      ['tcp <1>line', 'tcp <1>two\nline', 'udp <1>datagram'],
    )
    assert.equal(events.length, many + 3)
    const stats = JSON.parse(stderr.trimEnd().split('\n').at(-1)!)
    assert.deepEqual(stats.syslog, {
      messages: many + 4,
      udp_dropped: 0,
      truncated: 0,
      connections: 1,
      refused: 0,
    })
    assert.deepEqual(stats.rejected_by_code, { UTF8_INVALID: 1 })
  })

  it('says what is wrong with its options', async () => {
    const folder = folderWith({ 'r.yaml': 'm: message\n' })
    const rules = ['--rules', join(folder, 'r.yaml')]
    const cases: readonly (readonly [RegExp, readonly string[]])[] = [
      [/--syslog takes the place of files, and x\.jsonl is named/, ['--syslog', '127.0.0.1:0', 'x.jsonl']],
      [
        /has a form of its own.*leave out --input-format/,
        ['--syslog', '127.0.0.1:0', '--input-format', 'text'],
      ],
      [
        /cannot read utf-16le: only encodings in which ASCII is ASCII/,
        ['--syslog', '127.0.0.1:0', '--encoding', 'utf-16le'],
      ],
      [/tls:\/\/ needs both --syslog-cert and --syslog-key/, ['--syslog', 'tls://127.0.0.1:0']],
      [/There is udp:\/\/, tcp:\/\/ and tls:\/\/, and no http:\/\//, ['--syslog', 'http://127.0.0.1:0']],
      [/'x' is no address/, ['--metrics', 'x']],
    ]
    await Promise.all(
      cases.map(async ([message, argv]) => {
        const { code, stderr } = await normalize([...rules, ...argv])
        assert.match(stderr, message)
        assert.equal(code, 2)
      }),
    )
  })
})
