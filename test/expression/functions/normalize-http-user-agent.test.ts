import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { normalizeHttpUserAgent } from '../../../src/expression/functions/normalize-http-user-agent.ts'
import type { Value } from '../../../src/expression/value.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = normalizeHttpUserAgent
assert.ok(implementation.kind === 'prepared')
const normalize = implementation.prepare({}, hostWith({}))

function numberOf(part: string | undefined): number | null {
  return part === undefined ? null : Number.parseInt(part, 10)
}

interface Told {
  readonly name: string
  readonly os: string
  readonly device: string
  readonly major: number | null
  readonly minor: number | null
  readonly patch: number | null
  readonly version: string | null
}

function told(agent: string): Told {
  return call(agent).value as Told
}

function call(s: Value): Outcome {
  return outcomeOf((context) => normalize(context, s))
}

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const ANDROID = 'Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)'

/** Where nothing else is said, Python's ua-parser (uap-core) gives the same. */
const AGENTS: readonly (readonly [
  agent: string,
  name: string,
  major: number | null,
  minor: number | null,
  os: string,
  device: string,
])[] = [
  ['Mozilla/5.0 (X11; Linux x86_64;rv:60.0) Gecko/20100101 Firefox/60.0', 'Firefox', 60, 0, 'Linux', 'Other'],
  ['Mozilla/5.0 (X11; Linux i686; rv:10.0) Gecko/20100101 Firefox/10.0', 'Firefox', 10, 0, 'Linux', 'Other'],
  [
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0',
    'Firefox',
    121,
    0,
    'Ubuntu',
    'Other',
  ],
  [
    'Mozilla/5.0 (X11; SunOS i86pc; rv:45.0) Gecko/20100101 Firefox/45.0',
    'Firefox',
    45,
    0,
    'Solaris',
    'Other',
  ],
  [
    'Mozilla/5.0 (X11; FreeBSD amd64; rv:109.0) Gecko/20100101 Firefox/115.0',
    'Firefox',
    115,
    0,
    'FreeBSD',
    'Other',
  ],
  [`${WINDOWS} Chrome/120.0.0.0 Safari/537.36`, 'Chrome', 120, 0, 'Windows 10', 'Other'],
  [`${WINDOWS} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91`, 'Edge', 120, 0, 'Windows 10', 'Other'],
  [`${WINDOWS} Chrome/51.0.2704.79 Safari/537.36 Edge/14.14393`, 'Edge', 14, 14393, 'Windows 10', 'Other'],
  [`${WINDOWS} Chrome/119.0.0.0 Safari/537.36 OPR/105.0.0.0`, 'Opera', 105, 0, 'Windows 10', 'Other'],
  [
    `${WINDOWS} Chrome/116.0.5845.228 YaBrowser/23.9.0.0 Safari/537.36`,
    'Yandex Browser',
    23,
    9,
    'Windows 10',
    'Other',
  ],
  ['Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko', 'IE', 11, 0, 'Windows 7', 'Other'],
  ['Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)', 'IE', 8, 0, 'Windows XP', 'Other'],
  [
    'Mozilla/5.0 (Windows NT 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0 Safari/537.36',
    'Chrome',
    49,
    0,
    'Windows Vista',
    'Other',
  ],
  [
    'Mozilla/5.0 (Windows NT 6.3; rv:49.0) Gecko/20100101 Firefox/49.0',
    'Firefox',
    49,
    0,
    'Windows 8.1',
    'Other',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15',
    'Safari',
    17,
    1,
    'Mac OS X 10.15.7',
    'Mac',
  ],
  [
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    'Chrome',
    120,
    0,
    'Chrome OS 14541.0.0',
    'Other',
  ],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.6099.71 Safari/537.36',
    'HeadlessChrome',
    120,
    0,
    'Linux',
    'Other',
  ],
  [`${IPHONE} Version/17.1 Mobile/15E148 Safari/604.1`, 'Mobile Safari', 17, 1, 'iOS 17.1', 'iPhone'],
  [
    `${IPHONE} CriOS/120.0.6099.50 Mobile/15E148 Safari/604.1`,
    'Chrome Mobile iOS',
    120,
    0,
    'iOS 17.1',
    'iPhone',
  ],
  [`${IPHONE} FxiOS/120.0 Mobile/15E148 Safari/605.1.15`, 'Firefox iOS', 120, 0, 'iOS 17.1', 'iPhone'],
  [`${IPHONE} Mobile/15E148`, 'Mobile Safari UI/WKWebView', null, null, 'iOS 17.1', 'iPhone'],
  [
    'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
    'Mobile Safari',
    16,
    6,
    'iOS 16.6',
    'iPad',
  ],
  [
    `${ANDROID} Chrome/120.0.6099.43 Mobile Safari/537.36`,
    'Chrome Mobile',
    120,
    0,
    'Android 13',
    'Samsung SM-S918B',
  ],
  [
    `${ANDROID} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet',
    23,
    0,
    'Android 13',
    'Samsung SM-S918B',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.43 Mobile Safari/537.36',
    'Chrome Mobile',
    120,
    0,
    'Android 14',
    'Pixel 8',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36',
    'Chrome Mobile',
    120,
    0,
    'Android 10',
    'K',
  ],
  [
    'Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0',
    'Firefox Mobile',
    121,
    0,
    'Android 13',
    'Generic Smartphone',
  ],
  [
    'Mozilla/5.0 (Android 12; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0',
    'Firefox Mobile',
    120,
    0,
    'Android 12',
    'Generic Tablet',
  ],
  [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Googlebot',
    2,
    1,
    'Other',
    'Spider',
  ],
  [
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'bingbot',
    2,
    0,
    'Other',
    'Spider',
  ],
  [
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2272.96 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Googlebot',
    2,
    1,
    'Android 6.0.1',
    'Spider',
  ],
  [
    'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'Slackbot-LinkExpanding',
    1,
    0,
    'Other',
    'Spider',
  ],
  [
    'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1682',
    'WindowsPowerShell',
    5,
    1,
    'Windows 10',
    'Other',
  ],
  ['curl/7.88.1', 'curl', 7, 88, 'Other', 'Other'],
  ['Wget/1.20.3 (linux-gnu)', 'Wget', 1, 20, 'Linux', 'Other'],
  ['python-requests/2.31.0', 'Python Requests', 2, 31, 'Other', 'Other'],
  ['Python/3.10 aiohttp/3.8.1', 'Python aiohttp', 3, 8, 'Other', 'Other'],
  ['Go-http-client/1.1', 'Go-http-client', 1, 1, 'Other', 'Other'],
  ['Apache-HttpClient/UNAVAILABLE (java 1.4)', 'Apache-HttpClient', null, null, 'Other', 'Other'],
  ['masscan/1.3 (https://github.com/robertdavidgraham/masscan)', 'masscan', 1, 3, 'Other', 'Spider'],
  // uap-core does not know these.
  ['sqlmap/1.7.2#stable (https://sqlmap.org)', 'sqlmap', 1, 7, 'Other', 'Other'],
  ['Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)', 'Nikto', 2, 1, 'Other', 'Other'],
  [
    'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)',
    'Nmap Scripting Engine',
    null,
    null,
    'Other',
    'Other',
  ],
  ['Mozilla/5.0 zgrab/0.x', 'zgrab', 0, null, 'Other', 'Other'],
  // uap-core leaves out the vendor of these, and takes the web view of a console for a mail program.
  [
    'Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36',
    'Chrome',
    119,
    0,
    'Android 12',
    'Samsung SM-T870',
  ],
  [
    'Mozilla/5.0 (PlayStation 4 9.00) AppleWebKit/605.1.15 (KHTML, like Gecko)',
    'Other',
    null,
    null,
    'PlayStation 4',
    'Sony PlayStation 4',
  ],
  [
    'Mozilla/5.0 (Linux; U; Android 4.0.4; en-us; Archos 101 Xenon Build/JZO54K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Safari/534.30',
    'Android',
    4,
    0,
    'Android 4.0.4',
    'Archos 101 Xenon',
  ],
  [
    `${ANDROID} Chrome/80.0 Mobile Safari/537.36 NAVER(inapp; search; 710; 10.19.2)`,
    'Naver',
    10,
    19,
    'Android 13',
    'Samsung SM-S918B',
  ],
]

describe('normalize_http_user_agent', () => {
  for (const [agent, name, major, minor, os, device] of AGENTS) {
    it(`knows ${agent}`, () => {
      const { patch, version, ...rest } = call(agent).value as Record<string, unknown>
      assert.deepEqual(rest, { full: agent, name, os, device, major, minor })
      assert.ok(version === null || String(version).startsWith(String(major)), `${version}`)
      assert.equal(patch, version === null ? null : numberOf(String(version).split('.')[2]))
    })
  }

  it('gives what the source gives, in the order of the reference', () => {
    const agent = 'Mozilla/5.0 (X11; Linux x86_64;rv:60.0) Gecko/20100101 Firefox/60.0'
    assert.equal(
      JSON.stringify(call(agent).value),
      JSON.stringify({
        full: agent,
        name: 'Firefox',
        os: 'Linux',
        device: 'Other',
        major: 60,
        minor: 0,
        patch: null,
        version: '60.0',
      }),
    )
  })

  it('agrees with uap-core on what agents are, on what they run, and on which are crawlers', () => {
    const cases: [agent: string, family: string, os: string, isSpider: boolean][] = JSON.parse(
      readFileSync(new URL('../../cpython/user-agents.json', import.meta.url), 'utf8'),
    )
    const others = { name: 0, os: 0, spider: 0 }
    for (const [agent, family, os, isSpider] of cases) {
      const { name, os: system, device } = told(agent)
      if (name !== family) others.name++
      if (system !== os && !system.startsWith(`${os} `)) others.os++
      if ((device === 'Spider') !== isSpider) others.spider++
    }
    assert.ok(cases.length > 800, `${cases.length} agents`)
    for (const [what, count] of Object.entries(others))
      assert.ok(count <= cases.length / 100, `${what}: ${count} of ${cases.length} differ`)
  })

  it('notices the known crawlers and libraries', () => {
    const crawlers: { tags: string[]; instances: string[] }[] = createRequire(import.meta.url)(
      'crawler-user-agents',
    )
    const agents = crawlers.flatMap(({ instances }) => instances)
    const unnoticed = agents.filter((agent) => {
      const { name, device } = told(agent)
      return name === 'Other' && device !== 'Spider'
    })
    assert.ok(agents.length > 2000, `${agents.length} agents`)
    assert.ok(unnoticed.length <= agents.length / 100, unnoticed.join('\n'))
  })

  it('never takes what a sender calls itself for a name', () => {
    const madeUp: [agent: string, name: string, os: string, device: string][] = [
      ['MyTotallyMadeUpBot/7.1', 'Other', 'Other', 'Spider'],
      ['Evil Name Bot/7.1', 'Other', 'Other', 'Spider'],
      ['Google Security Crawler/1.0 (trust me)', 'Other', 'Other', 'Spider'],
      ['Mozilla/5.0 (compatible; some-other spider; +http://x.example)', 'Other', 'Other', 'Spider'],
      ['Totally Trusted/1.0 CFNetwork/1406.0.4 Darwin/22.4.0', 'CFNetwork', 'iOS 16.4', 'Other'],
      ['chrome/99.0', 'Other', 'Other', 'Other'],
      ['CHROME/99.0', 'Other', 'Other', 'Other'],
      ['Mozilla/5.0 (LINUX; x)', 'Other', 'Linux', 'Other'],
      ['Mozilla/5.0 (X11; linux; x)', 'Other', 'Linux', 'Other'],
      ['SQLMAP/1.7', 'sqlmap', 'Other', 'Other'],
      ['Mozilla/5.0 Gecko/20100101 Madeup/9.9', 'Other', 'Other', 'Other'],
    ]
    for (const [agent, name, os, device] of madeUp) {
      const { name: toldName, os: toldOs, device: toldDevice } = told(agent)
      assert.deepEqual([toldName, toldOs, toldDevice], [name, os, device], agent)
    }
  })

  it('has the whole version, and its third number', () => {
    const versions: [agent: string, version: string | null, patch: number | null][] = [
      [`${WINDOWS} Chrome/120.0.6099.43 Safari/537.36`, '120.0.6099.43', 6099],
      ['python-requests/2.31.0', '2.31.0', 0],
      ['Go-http-client/2.0', '2.0', null],
      ['curl/8', '8', null],
      ['curl/x', null, null],
      ['Mozilla/5.00 (Nikto/2.1.6) (Evasions:None)', '2.1.6', 6],
      ['Nuclei - Open-source project (github.com/projectdiscovery/nuclei)', null, null],
      ['Mozilla/5.0 (Windows; Windows NT 5.1; rv:2.0b3pre) Gecko/20100727 Minefield/4.0.1pre', '4.0.1pre', 1],
    ]
    for (const [agent, version, patch] of versions)
      assert.deepEqual([told(agent).version, told(agent).patch], [version, patch], agent)
  })

  it('knows the tools that a SOC sees', () => {
    const tools: [agent: string, name: string, version: string | null][] = [
      ['aws-cli/2.15.0 Python/3.11.6 Linux/5.10.0 exe/x86_64.amzn.2', 'aws-cli', '2.15.0'],
      ['Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#5.10', 'Boto3', '1.34.0'],
      ['git-lfs/3.4.0 (GitHub; linux amd64; go 1.20.6)', 'git-lfs', '3.4.0'],
      ['git/2.43.0', 'git', '2.43.0'],
      ['Go-http-client/1.1', 'Go-http-client', '1.1'],
      ['python-requests/2.31.0', 'Python Requests', '2.31.0'],
      ['curl/8.4.0', 'curl', '8.4.0'],
      ['Wget/1.21.4', 'Wget', '1.21.4'],
      [
        'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1682',
        'WindowsPowerShell',
        '5.1.19041.1682',
      ],
      ['sqlmap/1.7.2#stable (https://sqlmap.org)', 'sqlmap', '1.7.2'],
      ['Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)', 'Nikto', '2.1.6'],
      ['masscan/1.3 (https://github.com/robertdavidgraham/masscan)', 'masscan', '1.3'],
      ['Nuclei - Open-source project (github.com/projectdiscovery/nuclei)', 'Nuclei', null],
      ['Nuclei/3.1.0', 'Nuclei', '3.1.0'],
      ['Java-http-client/17.0.9', 'Java-http-client', '17.0.9'],
      ['Debian APT-HTTP/1.3 (2.6.1)', 'Debian APT-HTTP', '1.3'],
      ['Microsoft Office/16.0 (Windows NT 10.0; Microsoft Word 16.0.12026; Pro)', 'Microsoft Office', '16.0'],
      ['Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)', 'Outlook', '2016'],
      ['okhttp/4.12.0', 'okhttp', '4.12.0'],
      ['python-httpx/0.27.0', 'python-httpx', '0.27.0'],
      [
        'Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.0',
        'PowerShell',
        '7.4.0',
      ],
      ['Microsoft BITS/7.8', 'Microsoft BITS', '7.8'],
      ['CertUtil URL Agent', 'CertUtil URL Agent', null],
      ['Mozilla/5.0 zgrab/0.x', 'zgrab', '0'],
      ['colly/2.1.0', 'colly', '2.1.0'],
      ['Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Zotero/6.0.30', 'Zotero', '6.0.30'],
      [
        'Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.5.0',
        'Thunderbird',
        '102.5.0',
      ],
      ['GoogleOther/1.0', 'GoogleOther', '1.0'],
      ['AdsBot-Google (+http://www.google.com/adsbot.html)', 'AdsBot-Google', null],
      ['TelegramBot (like TwitterBot)', 'TelegramBot', null],
    ]
    for (const [agent, name, version] of tools)
      assert.deepEqual([told(agent).name, told(agent).version], [name, version], agent)
  })

  it('tells systems by what they are, not by what stands beside them', () => {
    const systems: [agent: string, os: string][] = [
      ['Foo/1.0 (Windows 10 Pro , 64-bit)', 'Windows 10'],
      ['Foo/1.0 (pc-win32)', 'Windows'],
      ['Foo/1.0 (Windows NT 6.1)', 'Windows 7'],
      ['MyApp/1 CFNetwork/1410.0.3 Darwin/22.6.0 (x86_64)', 'Mac OS X'],
      ['MyApp/1 CFNetwork/1406.0.4 Darwin/22.4.0', 'iOS 16.4'],
      ['DARWIN-1', 'Other'],
      ['HbbTV/1.1.1 (; Madeup; y 2012 z)', 'Other'],
    ]
    for (const [agent, os] of systems) assert.equal(told(agent).os, os, agent)
  })

  it('takes no phone for a crawler because of its name', () => {
    for (const model of ['CUBOT 9', 'CUBOT_X18_Plus'])
      assert.notEqual(
        told(`Mozilla/5.0 (Linux; Android 9; ${model}) ${ANDROID.slice(45)}`).device,
        'Spider',
        model,
      )
  })

  it('takes no library for a crawler because of its name', () => {
    const boto = 'Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#5.10'
    assert.equal(told(boto).device, 'Other')
    assert.equal(told(`${boto} ExampleBot/1.0`).device, 'Spider')
  })

  it('reads blanks where a log has + or escapes for them', () => {
    const agent = `${WINDOWS} Chrome/120.0.0.0 Safari/537.36`
    const { name, os, version } = told(agent)
    assert.deepEqual([name, os, version], ['Chrome', 'Windows 10', '120.0.0.0'])
    for (const written of [
      agent.replaceAll(' ', '+'),
      agent.replaceAll(' ', '%20'),
      encodeURIComponent(agent),
      encodeURIComponent(encodeURIComponent(agent)),
    ]) {
      assert.equal((call(written).value as { full: string }).full, written)
      assert.deepEqual(told(written), { ...told(agent), full: written })
    }
    // No blanks are meant here.
    for (const plain of ['curl/8.0+x', 'Foo/1.0%', 'x+y', '100%25'])
      assert.equal((call(plain).value as { full: string }).full, plain)
    assert.equal(told('git/2.43.0+next').name, 'git')
  })

  it('answers soon for texts that are made for its patterns', { timeout: 900_000 }, () => {
    const pieces = [
      'bot',
      'a ',
      'Spider',
      '/1',
      '1.',
      'Mozilla/5.0 ',
      'Android ',
      'HbbTV/1.1.1 ',
      'x'.repeat(40),
      '%20',
      '+(',
    ]
    for (const first of pieces) {
      for (const second of pieces) {
        for (let number = 0; number < 5; number++)
          assert.equal(typeof told(`${number}${(first + second).repeat(60)}`).name, 'string')
      }
    }
  })

  it('says Other of what it does not know', () => {
    for (const full of [
      '',
      '-',
      ' ',
      'gibberish',
      'Mozilla/5.0',
      '__proto__',
      'constructor',
      '\u{1f600}',
      '\ud800',
    ]) {
      const unknown = {
        full,
        name: 'Other',
        os: 'Other',
        device: 'Other',
        major: null,
        minor: null,
        patch: null,
        version: null,
      }
      assert.deepEqual(call(full).value, unknown)
    }
  })

  it('gives null for a number that is too long to be exact', () => {
    const { value } = call(`curl/${'9'.repeat(50)}.7`)
    assert.deepEqual([(value as { major: unknown }).major, (value as { minor: unknown }).minor], [null, 7])
  })

  it('gives a new object each time, which may be changed', () => {
    const first = call('curl/8.0').value as Record<string, unknown>
    first.name = 'changed'
    assert.equal((call('curl/8.0').value as Record<string, unknown>).name, 'curl')
  })

  it('keeps the whole text, and looks at its beginning', () => {
    const full = `curl/7.88.1 ${'x'.repeat(1_000_000)} Googlebot/2.1`
    const other = `curl/7.88.1 ${'x'.repeat(1_000_000)} Wget/1.0`
    assert.deepEqual(call(full).value, {
      full,
      name: 'curl',
      os: 'Other',
      device: 'Other',
      major: 7,
      minor: 88,
      patch: 1,
      version: '7.88.1',
    })
    assert.equal((call(other).value as { full: string }).full, other)
  })

  it('takes text only', () => {
    for (const value of [null, true, 5, [], {}]) assert.equal(call(value).code, 'TYPE_ERROR')
    assert.equal(call(null).message, "normalize_http_user_agent() argument 's' must be str, not NoneType")
  })

  it('answers for texts on which patterns of ua-parser-js go round for long', () => {
    const hostile = [
      `archos ${'1'.repeat(490)}`,
      'archos '.repeat(30) + '1'.repeat(280),
      `${'naver('.repeat(26)}${'0'.repeat(200)}.E${'E'.repeat(150)}`,
      'naver('.repeat(26) + '0.E'.repeat(120),
      'droid'.repeat(50) + 'aftd'.repeat(60),
      'hbbtv'.repeat(40) + 'technisat '.repeat(30),
      'mozilla/1 '.repeat(20) + 'rv:1'.repeat(40) + 'gecko/'.repeat(20),
    ]
    // A hundred different ones of each: at half a second for one text these would be minutes.
    for (const text of hostile) {
      for (let number = 0; number < 100; number++) assert.equal(typeof call(number + text).value, 'object')
    }
  })

  it('remembers a bounded number of user agents', () => {
    for (let number = 0; number < 10_000; number++) call(`curl/${number}.1`)
    assert.equal((call('curl/3.1').value as { major: number }).major, 3)
    assert.equal((call('curl/9999.1').value as { major: number }).major, 9999)
  })
})
