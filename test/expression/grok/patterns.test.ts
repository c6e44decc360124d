import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as re2js from 're2js'
import { expandPattern, NO_PATTERNS } from '../../../src/expression/grok/expand.ts'
import { GROK_PATTERNS } from '../../../src/expression/grok/patterns.ts'
import { compileCapturing } from '../../../src/expression/regex/capture.ts'
import { meter } from '../runtime/unlimited.ts'

const compile = (pattern: string) => compileCapturing(expandPattern(pattern, NO_PATTERNS).text, () => re2js)

/** The text that a pattern takes of a text, searched. */
function found(name: string, text: string): string | undefined {
  return compile(`(?P<found__>%{${name}})`).find(meter, text)?.[0]
}

/** Texts, and what the pattern finds in them; null: nothing. */
const SAMPLES: Readonly<Record<string, readonly (readonly [text: string, found: string | null])[]>> = {
  WORD: [['--a_1 b', 'a_1']],
  NOTSPACE: [[' x=1 y', 'x=1']],
  SPACE: [['  x', '  ']],
  DATA: [['abc', '']],
  GREEDYDATA: [['abc\nd', 'abc']],
  QUOTEDSTRING: [
    ['a "b \\" c" d', '"b \\" c"'],
    ["a 'b' d", "'b'"],
    ['a "b', null],
  ],
  QS: [['"x"', '"x"']],
  BOOLEAN: [['is false', 'false']],
  LOGLEVEL: [
    ['x WARNING: y', 'WARNING'],
    ['[err]', 'err'],
  ],
  INT: [['n=-12x', '-12']],
  POSINT: [['007', '7']],
  NONNEGINT: [['-7', '7']],
  BASE10NUM: [
    ['a 1.50s', '1.50'],
    ['.5', '.5'],
    ['+3.', '+3'],
  ],
  NUMBER: [['-0.25', '-0.25']],
  BASE16NUM: [['=0xfF', '0xfF']],
  BASE16FLOAT: [['0x1.8', '0x1.8']],
  UUID: [['{6f9619ff-8b86-d011-b42d-00cf4fc964ff}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff']],
  URN: [['see urn:isbn:0451450523 x', 'urn:isbn:0451450523']],
  MD5: [['d41d8cd98f00b204e9800998ecf8427e', 'd41d8cd98f00b204e9800998ecf8427e']],
  SHA1: [['da39a3ee5e6b4b0d3255bfef95601890afd80709', 'da39a3ee5e6b4b0d3255bfef95601890afd80709']],
  SHA256: [['d41d8cd98f00b204e9800998ecf8427e', null]],
  WINDOWSSID: [['S-1-5-21-1-2-3-500', 'S-1-5-21-1-2-3-500']],
  USERNAME: [['@j.doe-1', 'j.doe-1']],
  USER: [['root', 'root']],
  EMAILLOCALPART: [['a+b@c', 'a+b']],
  EMAILADDRESS: [['<a+b@mail.example.com>', 'a+b@mail.example.com']],
  CISCOMAC: [['0050.56c0.0001', '0050.56c0.0001']],
  WINDOWSMAC: [['00-50-56-C0-00-01', '00-50-56-C0-00-01']],
  COMMONMAC: [['00:50:56:c0:00:01', '00:50:56:c0:00:01']],
  MAC: [['x 0050.56c0.0001', '0050.56c0.0001']],
  IPV4OCTET: [['256', '25']],
  IPV4: [
    ['1192.168.1.10 192.168.1.255:80', '192.168.1.255'],
    ['1.2.3.400', null],
  ],
  IPV6: [
    ['x 2001:db8::1 y', '2001:db8::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['12:34:56', null],
  ],
  IP: [
    ['a 10.0.0.1', '10.0.0.1'],
    ['a ::1', '::1'],
  ],
  CIDR: [['10.0.0.0/8', '10.0.0.0/8']],
  HOSTNAME: [['(web-01.example.com)', 'web-01.example.com']],
  HOST: [['gw', 'gw']],
  IPORHOST: [
    ['10.0.0.1', '10.0.0.1'],
    ['gw-1', 'gw-1'],
  ],
  PORT: [[':443', '443']],
  HOSTPORT: [['gw:22', 'gw:22']],
  UNIXPATH: [['open /var/log/a.log ok', '/var/log/a.log']],
  WINPATH: [['ran C:\\Windows\\cmd.exe /c', 'C:\\Windows\\cmd.exe']],
  PATH: [['/etc', '/etc']],
  TTY: [['on /dev/pts/0', '/dev/pts/0']],
  URIPROTO: [['https://', 'https']],
  URIHOST: [['example.com:80/', 'example.com:80']],
  URIPATH: [['/a/b?c', '/a/b']],
  URIQUERY: [['a=1&b=2 ', 'a=1&b=2']],
  URIPARAM: [['/a?b=1 ', '?b=1']],
  URIPATHPARAM: [['GET /a?b=1 HTTP', '/a?b=1']],
  URI: [
    ['to https://u:p@example.com:8443/a?b=1 .', 'https://u:p@example.com:8443/a?b=1'],
    ['http://[::1]:80/x', 'http://[::1]:80/x'],
    ['http://user-name.example/', 'http://user-name.example/'],
  ],
  MONTH: [
    ['12 Oct 2024', 'Oct'],
    ['September', 'September'],
    ['Junk', null],
  ],
  MONTHNUM: [['12', '12']],
  MONTHNUM2: [['2 02', '02']],
  MONTHDAY: [['31', '31']],
  DAY: [['Wed, ', 'Wed']],
  YEAR: [['2024', '2024']],
  HOUR: [['23', '23']],
  MINUTE: [['59', '59']],
  SECOND: [
    ['60', '60'],
    ['07.123', '07.123'],
  ],
  TIME: [
    ['at 22:14:15.003 x', '22:14:15.003'],
    ['22:14', '22:14'],
  ],
  DATE_US: [['10/11/2024', '10/11/2024']],
  DATE_EU: [['31.12.2024', '31.12.2024']],
  DATE: [['31-12-24', '31-12-24']],
  DATESTAMP: [['10/11/2024 22:14:15', '10/11/2024 22:14:15']],
  TZ: [['CEST', 'CEST']],
  ISO8601_TIMEZONE: [['+02:00', '+02:00']],
  TIMESTAMP_ISO8601: [
    ['[2024-10-11T22:14:15.003Z]', '2024-10-11T22:14:15.003Z'],
    ['2024-10-11 22:14:15,003 INFO', '2024-10-11 22:14:15,003 '],
    ['2024-10-11T22:14:15+0200', '2024-10-11T22:14:15+0200'],
  ],
  DATESTAMP_RFC822: [['Fri Oct 11 2024 22:14:15 CEST', 'Fri Oct 11 2024 22:14:15 CEST']],
  DATESTAMP_RFC2822: [['Fri, 11 Oct 2024 22:14:15 +0200', 'Fri, 11 Oct 2024 22:14:15 +0200']],
  DATESTAMP_OTHER: [['Fri Oct 11 22:14:15 CEST 2024', 'Fri Oct 11 22:14:15 CEST 2024']],
  DATESTAMP_EVENTLOG: [['20241011221415', '20241011221415']],
  HTTPDATE: [['[11/Oct/2024:22:14:15 +0200]', '11/Oct/2024:22:14:15 +0200']],
  HTTPDERROR_DATE: [['Fri Oct 11 22:14:15.003 2024', 'Fri Oct 11 22:14:15.003 2024']],
  SYSLOGTIMESTAMP: [
    ['Oct 11 22:14:15 gw', 'Oct 11 22:14:15'],
    ['Oct  1 22:14:15 gw', 'Oct  1 22:14:15'],
  ],
  CISCOTIMESTAMP: [['Oct 11 2024 22:14:15', 'Oct 11 2024 22:14:15']],
  UNIXEPOCH: [['1728677655.25', '1728677655.25']],
  PROG: [['sshd[1]', 'sshd']],
  SYSLOGPROG: [['sshd[612]: x', 'sshd[612]']],
  SYSLOGHOST: [['gw', 'gw']],
  SYSLOGFACILITY: [['<4.6>', '<4.6>']],
  SYSLOGBASE: [['Oct 11 22:14:15 gw sshd[612]: x', 'Oct 11 22:14:15 gw sshd[612]:']],
  SYSLOGLINE: [['Oct 11 22:14:15 gw su: x y', 'Oct 11 22:14:15 gw su: x y']],
  SYSLOG5424PRI: [['<34>1', '<34>']],
  SYSLOG5424SD: [['x [id a="1\\]" b="]"] y', '[id a="1\\]" b="]"]']],
  CRON_ACTION: [['(CMD)', 'CMD']],
  HTTPDUSER: [
    ['a@b.c', 'a@b.c'],
    ['root', 'root'],
  ],
  HTTPD_COMMONLOG: [
    [
      '10.0.0.1 - - [11/Oct/2024:22:14:15 +0200] "GET /a HTTP/1.1" 200 12',
      '10.0.0.1 - - [11/Oct/2024:22:14:15 +0200] "GET /a HTTP/1.1" 200 12',
    ],
  ],
  COMMONAPACHELOG: [
    ['h - u [11/Oct/2024:22:14:15 +0200] "-" 408 - x', 'h - u [11/Oct/2024:22:14:15 +0200] "-" 408 -'],
  ],
  HTTPD_COMBINEDLOG: [
    [
      'h - u [11/Oct/2024:22:14:15 +0200] "GET / HTTP/2.0" 200 5 "-" "curl/8"',
      'h - u [11/Oct/2024:22:14:15 +0200] "GET / HTTP/2.0" 200 5 "-" "curl/8"',
    ],
  ],
  COMBINEDAPACHELOG: [['x', null]],
  JAVACLASS: [['at org.example.Main$1.run', 'at']],
  JAVAFILE: [['(Main.java:12)', 'Main.java']],
  JAVAMETHOD: [['<init>', '<init>']],
  CISCOTAG: [['%ASA-6-302013: x', 'ASA-6-302013']],
  CISCO_DIRECTION: [['Built inbound TCP', 'inbound']],
  CISCO_ACTION: [['Teardown TCP', 'Teardown']],
}

describe('the shipped patterns', () => {
  test('find what they are called after', () => {
    assert.deepEqual(Object.keys(SAMPLES).sort(), Object.keys(GROK_PATTERNS).sort())
    for (const [name, samples] of Object.entries(SAMPLES))
      for (const [text, expected] of samples)
        assert.equal(found(name, text) ?? null, expected, `${name} ${text}`)
  })

  test('capture the parts of lines', () => {
    const pattern = compile('%{COMBINEDAPACHELOG}')
    const line =
      '10.0.0.1 - root [11/Oct/2024:22:14:15 +0200] "GET /a?b=1 HTTP/1.1" 200 12 "-" "Mozilla/5.0 (X11)"'
    const texts = pattern.find(meter, line)!
    assert.deepEqual(Object.fromEntries(pattern.names.map((name, index) => [name, texts[index]])), {
      clientip: '10.0.0.1',
      ident: '-',
      auth: 'root',
      timestamp: '11/Oct/2024:22:14:15 +0200',
      verb: 'GET',
      request: '/a?b=1',
      httpversion: '1.1',
      rawrequest: undefined,
      response: '200',
      bytes: '12',
      referrer: '"-"',
      agent: '"Mozilla/5.0 (X11)"',
    })
  })

  test('are searched in linear time', () => {
    const pieces = [
      '1',
      'a',
      '1.',
      'a:',
      ':',
      '/a',
      '"',
      '\\',
      'Oct ',
      '11/',
      '[',
      ' ',
      '-',
      'a@',
      '0x',
      'urn:a:',
    ]
    for (const name of Object.keys(GROK_PATTERNS)) {
      const pattern = compile(`(?P<found__>%{${name}})!!`)
      for (const piece of pieces) {
        const text = piece.repeat(Math.ceil(20_000 / piece.length))
        const start = performance.now()
        pattern.find(meter, text)
        const duration = performance.now() - start
        assert.ok(duration < 2000, `${name} on ${JSON.stringify(piece)}: ${duration} ms`)
      }
    }
  })
})
