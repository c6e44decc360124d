import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSyslog } from '../../../src/expression/functions/parse-syslog.ts'
import { call, processorMs } from './calling.ts'

const read = (text: string): unknown => call(parseSyslog, text).value

/** The members read from a message, without `priority facility severity`. */
function fields(text: string): unknown {
  const { priority, facility, severity, ...others } = read(text) as Record<string, unknown>
  assert.equal(priority === undefined, facility === undefined && severity === undefined)
  return others
}

test('RFC 3164 with a process id, without one, and with names that are paths', () => {
  assert.deepEqual(read("<34>Oct 11 22:14:15 mymachine su: 'su root' failed"), {
    priority: 34,
    facility: 4,
    severity: 2,
    timestamp: 'Oct 11 22:14:15',
    hostname: 'mymachine',
    appname: 'su',
    message: "'su root' failed",
  })
  const header = { timestamp: 'Oct  1 22:14:15', hostname: 'h1' }
  for (const [text, appname, procid, message] of [
    ['postfix/smtpd[12]: connect', 'postfix/smtpd', '12', 'connect'],
    ['su(pam_unix)[1]: opened', 'su(pam_unix)', '1', 'opened'],
    ['app[1] no colon', 'app', '1', 'no colon'],
    ['CRON[7]: (root) CMD (x)', 'CRON', '7', '(root) CMD (x)'],
    ['kernel: [ 1.5] eth0: up', 'kernel', undefined, '[ 1.5] eth0: up'],
    ['app[]: x', 'app', undefined, 'x'],
    ['app:', 'app', undefined, ''],
  ]) {
    const expected = procid === undefined ? { appname, message } : { appname, procid, message }
    assert.deepEqual(fields(`<13>Oct  1 22:14:15 h1 ${text}`), { ...header, ...expected }, text)
  }
  for (const message of ['last message repeated 3 times', '-- MARK --', '', ': x'])
    assert.deepEqual(fields(`<13>Oct  1 22:14:15 h1 ${message}`), { ...header, message }, message)
  const message = 'last message repeated 3 times'
  assert.deepEqual(fields(`<13>Oct  1 22:14:15 ${message}`), { timestamp: header.timestamp, message })
})

test('times with a year, a fraction, a zone or in ISO 8601', () => {
  for (const timestamp of [
    'Oct 11 2023 22:14:15',
    'Oct 11 22:14:15.123',
    'Oct 11 22:14:15 2023',
    '2023 Oct 11 22:14:15',
    '2023-10-11T22:14:15Z',
    '2023-10-11T22:14:15.123456+02:00',
    '2023-10-11 22:14:15,123',
  ]) {
    const expected = { timestamp, hostname: 'h', appname: 'a', message: 'm' }
    assert.deepEqual(fields(`<13>${timestamp} h a: m`), expected)
    assert.deepEqual(read(`${timestamp} h a: m`), expected, 'without priority')
  }
  assert.deepEqual(fields('<13>Okt 11 22:14:15 h a: m'), { message: 'Okt 11 22:14:15 h a: m' })
})

test('hosts are addresses, too, or missing', () => {
  const stamp = 'Oct 11 22:14:15'
  for (const hostname of ['192.0.2.1', '2001:db8::1', 'fe80::', '[2001:db8::1]', '10.0.0.1:514', 'ünïcode'])
    assert.deepEqual(fields(`<13>${stamp} ${hostname} a[1]: m`), {
      timestamp: stamp,
      hostname,
      appname: 'a',
      procid: '1',
      message: 'm',
    })
  assert.deepEqual(fields(`<13>${stamp} a[1]: m`), {
    timestamp: stamp,
    appname: 'a',
    procid: '1',
    message: 'm',
  })
  assert.deepEqual(fields('<13>a[1]: m'), { appname: 'a', procid: '1', message: 'm' })
  assert.deepEqual(fields('<13>h a[1]: m'), { hostname: 'h', appname: 'a', procid: '1', message: 'm' })
  assert.deepEqual(fields('<13>free text'), { message: 'free text' })
})

test('the ways of Cisco', () => {
  for (const [text, expected] of [
    [
      '<189>123: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: Configured from console',
      {
        timestamp: 'Mar  1 18:48:50.483 UTC',
        appname: '%SYS-5-CONFIG_I',
        message: 'Configured from console',
      },
    ],
    [
      '<189>123: rt1: .Mar  1 18:48:50: %LINK-3-UPDOWN: up',
      { timestamp: 'Mar  1 18:48:50', hostname: 'rt1', appname: '%LINK-3-UPDOWN', message: 'up' },
    ],
    [
      '<166>Jul 10 2023 12:00:00 fw1 : %ASA-6-302013: Built',
      { timestamp: 'Jul 10 2023 12:00:00', hostname: 'fw1', appname: '%ASA-6-302013', message: 'Built' },
    ],
    [
      '<166>Jul 10 2023 12:00:00: %ASA-6-302013: Built',
      { timestamp: 'Jul 10 2023 12:00:00', appname: '%ASA-6-302013', message: 'Built' },
    ],
    [
      '<166>Jul 10 2023 12:00:00 fw1 %ASA-6-302013: Built',
      { timestamp: 'Jul 10 2023 12:00:00', hostname: 'fw1', appname: '%ASA-6-302013', message: 'Built' },
    ],
    [
      '<166>:Jul 10 12:00:00 EST: %ASA-session-5-106100: x',
      { timestamp: 'Jul 10 12:00:00 EST', appname: '%ASA-session-5-106100', message: 'x' },
    ],
    ['<166>%ASA-6-302013: Built', { appname: '%ASA-6-302013', message: 'Built' }],
    [
      '<189>Jul 10 12:00:00 rt1 123: Jul 10 12:00:00.123: %SYS-5-CONFIG_I: x',
      { timestamp: 'Jul 10 12:00:00', hostname: 'rt1', appname: '%SYS-5-CONFIG_I', message: 'x' },
    ],
    [
      '<189>Jul 10 12:00:00 fw1: %FTD-1-430003: x',
      { timestamp: 'Jul 10 12:00:00', hostname: 'fw1', appname: '%FTD-1-430003', message: 'x' },
    ],
  ] as const)
    assert.deepEqual(fields(text), expected, text)
  assert.deepEqual(read('%ASA-6-302013: Built'), { appname: '%ASA-6-302013', message: 'Built' })
})

test('RFC 5424: its examples, nothing but a header, and structured data that is none', () => {
  assert.deepEqual(
    fields("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed"),
    {
      timestamp: '2003-10-11T22:14:15.003Z',
      hostname: 'mymachine.example.com',
      appname: 'su',
      msgid: 'ID47',
      message: "'su root' failed",
    },
  )
  const data = '[a@1 x="1" y=""][b@2 z="q \\" \\\\ \\] \\n"]'
  assert.deepEqual(fields(`<165>1 2003-10-11T22:14:15Z h app 12 - ${data}`), {
    timestamp: '2003-10-11T22:14:15Z',
    hostname: 'h',
    appname: 'app',
    procid: '12',
    structured_data: { 'a@1': { x: '1', y: '' }, 'b@2': { z: 'q " \\ ] \\n' } },
    message: '',
  })
  assert.deepEqual(fields('<13>1 - - - - - - m'), { message: 'm' })
  assert.deepEqual(fields('<13>1 - - - - - -'), { message: '' })
  assert.deepEqual(fields('<13>1 - h a'), { hostname: 'h', appname: 'a', message: '' })
  const header = { timestamp: '2003-10-11T22:14:15Z', hostname: 'h', appname: 'a' }
  for (const message of ['[warn b] x', '[a x="1" y]', '[a x="1"]y', 'm'])
    assert.deepEqual(fields(`<13>1 2003-10-11T22:14:15Z h a - - ${message}`), { ...header, message })
  assert.deepEqual(fields('47 <13>1 2003-10-11T22:14:15Z h a - - - m'), { ...header, message: 'm' })
})

test('names of structured data that objects inherit are names', () => {
  const { structured_data: data } = read('<13>1 - h a - - [__proto__ __proto__="1"] m') as Record<
    string,
    object
  >
  assert.equal(JSON.stringify(data), '{"__proto__":{"__proto__":"1"}}')
  assert.equal(Object.getPrototypeOf(data), Object.prototype)
})

test('a text without header is its message, and a priority that is none is text', () => {
  for (const message of ['', 'a', 'error: disk full', '<192>a: b', '<>x', '<1', '1 2 3', 'sshd[1]: x'])
    assert.deepEqual(read(message), { message })
  assert.deepEqual(read('x\r\n'), { message: 'x' })
})

test('a text costs its length, whatever it is made of', () => {
  const heads = ['', '<13>', '<13>1 - h a - - [a ', '<13>Oct 11 22:14:15 ', '<13>1 2003-10-11T22:14:15Z ']
  const pieces = ['[a x="1"]', 'x="', ' ', 'a', '1: ', '%A-', '[', ':', 'Oct 11 ', '\\', 'x="1" ', '<1>', '"']
  for (const head of heads) {
    for (const piece of pieces) {
      const text = head + piece.repeat(Math.ceil(300_000 / piece.length))
      const start = processorMs()
      call(parseSyslog, text)
      assert.ok(processorMs() - start < 2000, JSON.stringify([head, piece]))
    }
  }
})
