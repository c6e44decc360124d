import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { zipSync } from 'fflate'
import { wireContext } from '../../../../src/tracer/context.ts'
import { compileFeeds } from '../../../../src/tracer/feeds/compiled/compile.ts'
import { openCompiledFeed } from '../../../../src/tracer/feeds/compiled/compiled-feed.ts'
import { FeedError } from '../../../../src/tracer/feeds/feed-error.ts'
import { LINE_FORMATS } from '../../../../src/tracer/feeds/formats/index.ts'
import { FORMAT_NAMES } from '../../../../src/tracer/feeds/formats/names.ts'
import { IndicatorExtractor } from '../../../../src/tracer/feeds/indicator-extractor.ts'
import { detectType } from '../../../../src/tracer/feeds/keys/indicator-key.ts'
import { type FeedReading, loadFeed } from '../../../../src/tracer/feeds/load.ts'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { readFeed } from '../../../../src/tracer/feeds/read.ts'
import { queryOf } from '../../../../src/tracer/feeds/tables/table.ts'
import type { IndicatorType } from '../../../../src/tracer/protocol.ts'
import { temporaryDirectory, temporaryFile } from '../../../temporary.ts'

/** A feed: its text, what it is recognised as, and what it knows. */
interface Sample {
  readonly name: string
  readonly text: string | Uint8Array
  readonly format: string
  /** Values that it knows, with a part of the context of the first detection. */
  readonly hits: readonly (readonly [type: IndicatorType, value: string, context: string])[]
  readonly misses?: readonly (readonly [type: IndicatorType, value: string])[]
  readonly records?: number
  readonly skipped?: Readonly<Record<string, number>>
  readonly ignored?: number
  readonly reading?: FeedReading
  readonly key?: string
}

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e'
const SHA256 = 'e'.repeat(64)

const SAMPLES: readonly Sample[] = [
  {
    name: 'a list of networks with notes, as Spamhaus has it',
    text: '; DROP list\n192.0.2.0/24 ; SBL1\n198.51.100.0/25 ; SBL2\n',
    format: 'list',
    hits: [
      ['ip', '192.0.2.9', '|value=192.0.2.0/24|comment=SBL1'],
      ['url', 'http://198.51.100.7/x', 'SBL2'],
    ],
    misses: [['ip', '198.51.100.200']],
    records: 2,
  },
  {
    name: 'a list with a count behind each address',
    text: '# ipsum\r\n192.0.2.7\t8\r\n192.0.2.8\t3\r\n',
    format: 'list',
    hits: [['ip', '192.0.2.8', '|value=192.0.2.8|column2=3']],
  },
  {
    name: 'a list of everything',
    text: [
      '// of several kinds',
      '! and so on',
      '192.0.2.1:443',
      '[2001:db8::1]:8080',
      '192.0.2.10 - 192.0.2.20 , a range',
      'evil[.]example',
      'hxxps://bad.example/x?a=1,2;3',
      '*.cdn.example/m/*',
      '.dyn.example',
      MD5,
      'me@mail.example',
      'invoice.exe',
      'CVE-2024-1234',
      'N/A',
      'two words',
    ].join('\r'),
    format: 'list',
    records: 8,
    skipped: { 'of no known kind': 5 },
    hits: [
      ['ip', '192.0.2.1', '|value=192.0.2.1:443|port=443'],
      ['ip', '192.0.2.1:443', 'port=443'],
      ['url', 'https://192.0.2.1:443/a', 'port=443'],
      ['ip', '[2001:db8::1]:443', 'port=8080'],
      ['ip', '192.0.2.15/32', 'column2=a'],
      ['url', 'http://evil.example/any/path', 'evil[.]example'],
      ['url', 'https://BAD.example/x?a=1,2;3', 'bad.example'],
      ['url', 'a.cdn.example/m/1', '*.cdn'],
      ['url', 'a.b.dyn.example', '.dyn'],
      ['hash', MD5.toUpperCase(), MD5],
    ],
    misses: [
      ['url', 'mail.example'],
      ['url', 'http://mail.example/me'],
      ['url', 'sub.evil.example'],
      ['url', 'bad.example'],
    ],
  },
  {
    name: 'a list of the exits of Tor',
    text: 'ExitNode ABC\nPublished 2026-01-02 03:04:05\nLastStatus 2026-01-02 03:00:00\nExitAddress 192.0.2.7 2026-01-02 03:05:06\n',
    format: 'list',
    hits: [['ip', '192.0.2.7', 'column2=2026-01-02']],
    records: 1,
  },
  {
    name: 'a hosts file',
    text: '# hosts\n127.0.0.1 localhost\n::1 localhost\n0.0.0.0 bad.example # spyware\n0.0.0.0 a.example b.example\n',
    format: 'hosts',
    records: 2,
    hits: [
      ['url', 'http://bad.example/x', '|value=bad.example|comment=spyware'],
      ['url', 'b.example', 'a.example b.example'],
    ],
    misses: [
      ['url', 'localhost'],
      ['ip', '127.0.0.1'],
      ['url', 'x.bad.example'],
    ],
  },
  {
    name: 'a list of filters',
    text: '[Adblock Plus 2.0]\n! Title: x\n||bad.example^\n||ads.example^$third-party\n@@||good.example^\n##.banner\n/banner/*\n',
    format: 'adblock',
    records: 2,
    skipped: { 'other rules': 3 },
    hits: [
      ['url', 'http://bad.example/x', 'rule=||bad.example^'.replaceAll('|', ' ')],
      ['url', 'a.b.ads.example', 'ads.example'],
    ],
    misses: [
      ['url', 'good.example'],
      ['url', 'notbad.example'],
    ],
  },
  {
    name: 'a list of dnsmasq',
    text: 'address=/bad.example/0.0.0.0\nserver=/worse.example/\n',
    format: 'adblock',
    hits: [['url', 'x.worse.example/y', 'worse.example']],
  },
  {
    name: 'a file of Zeek',
    text: [
      '#fields\tindicator\tindicator_type\tmeta.source\tmeta.url',
      '192.0.2.7\tIntel::ADDR\tcsirt\t-',
      '192.0.2.64/26\tIntel::SUBNET\tcsirt\thttp://x.example',
      'evil.example\tIntel::DOMAIN\tcsirt\t-',
      'evil.example/a\tIntel::URL\tcsirt\t-',
      'me@evil.example\tIntel::EMAIL\tcsirt\t-',
      `${MD5}\tIntel::FILE_HASH\tcsirt\t-`,
      'evil.exe\tIntel::FILE_NAME\tcsirt\t-',
    ].join('\n'),
    format: 'zeek-intel',
    records: 6,
    ignored: 1,
    hits: [
      ['ip', '192.0.2.7', '|indicator=192.0.2.7|indicator_type=Intel::ADDR|meta.source=csirt'],
      ['ip', '192.0.2.70', 'meta.url=http://x.example'],
      ['url', 'evil.example/z', 'Intel::DOMAIN'],
      ['email', 'ME@evil.example', 'Intel::EMAIL'],
      ['hash', MD5, 'FILE_HASH'],
    ],
    misses: [['text', 'evil.exe']],
  },
  {
    name: 'a CDB list of Wazuh',
    text: '192.0.2.7:scanner\n10.11.:\nevil.example:"c2: bad"\n"2001:db8::5":v6\n',
    format: 'wazuh-cdb',
    records: 4,
    hits: [
      ['ip', '192.0.2.7', '|key=192.0.2.7|value=scanner'],
      ['ip', '10.11.3.4', '10.11.'],
      ['url', 'http://evil.example/', 'c2: bad'],
      ['ip', '2001:db8::5', 'v6'],
    ],
  },
  {
    name: 'a reputation list of Suricata',
    text: '192.0.2.7,1,100\n192.0.2.128/25,2,30\n',
    format: 'suricata-iprep',
    hits: [['ip', '192.0.2.200', '|ip=192.0.2.128/25|category=2|score=30']],
  },
  {
    name: 'a dataset of Suricata',
    text: ['evil.example', 'http://bad.example/x']
      .map((text) => `${Buffer.from(text).toString('base64')}\n`)
      .join(''),
    format: 'suricata-dataset',
    hits: [['url', 'bad.example/x', '|value=http://bad.example/x']],
  },
  {
    name: 'a dataset of hashes is a list',
    text: `${SHA256}\n${'a'.repeat(64)},10\n`,
    format: 'list',
    hits: [['hash', 'a'.repeat(64), 'column2=10']],
  },
  {
    name: 'a response policy zone',
    text: [
      '$TTL 300',
      '@ SOA localhost. root.localhost. (',
      '  1 3600 600 86400 300 )',
      '  NS localhost.',
      'bad.example CNAME .',
      '*.bad.example CNAME .',
      'drop.example 60 IN CNAME rpz-drop.',
      'ok.example CNAME rpz-passthru.',
      '24.0.2.0.192.rpz-ip CNAME .',
      '32.1.2.0.192.rpz-client-ip CNAME .',
      'walled.example CNAME garden.example.',
      'other.example A 192.0.2.9',
    ].join('\n'),
    format: 'rpz',
    records: 5,
    skipped: { 'other rules': 3 },
    hits: [
      ['url', 'http://bad.example/x', '|value=bad.example|action=nxdomain'],
      ['url', 'a.bad.example', '*.bad.example'],
      ['url', 'drop.example', 'action=drop'],
      ['ip', '192.0.2.77', 'value=192.0.2.0/24'],
      ['url', 'walled.example', 'action=redirect|target=garden.example.'],
    ],
    misses: [
      ['url', 'ok.example'],
      ['url', 'other.example'],
    ],
  },
  {
    name: 'the block list of DShield',
    text: '# DShield\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n192.0.2.0\t192.0.2.255\t24\t99\tNET\tUS\ta@b.example\n',
    format: 'dshield',
    hits: [['ip', '192.0.2.9', '|start=192.0.2.0|end=192.0.2.255|netmask=24|attacks=99|name=NET']],
    records: 1,
  },
  {
    name: 'a list of DataPlane',
    text: '# dataplane\n64500  |  EXAMPLE-AS  |  192.0.2.7  |  2026-01-02 03:04:05  |  sshclient\n',
    format: 'dataplane',
    hits: [['ip', '192.0.2.7', '|asn=64500|asname=EXAMPLE-AS|ip=192.0.2.7']],
  },
  {
    name: 'CSV with its header in the last comment',
    text: '################\n# abuse list\n# "first_seen","ioc_value","ioc_type"\n"2026-01-02", "192.0.2.7:443", "ip:port"\n"2026-01-02", "evil.example", "domain"\n# Number of entries: 2\n',
    format: 'csv',
    records: 2,
    hits: [
      ['ip', '192.0.2.7', '|first_seen=2026-01-02|ioc_value=192.0.2.7:443|ioc_type=ip:port|port=443'],
      ['url', 'evil.example/x', 'ioc_type=domain'],
    ],
  },
  {
    name: 'CSV with semicolons, and UTF-16',
    text: Buffer.from('\ufeffurl;note\nhttp://bad.example/x;"a; ü"\n', 'utf16le'),
    format: 'csv',
    hits: [['url', 'bad.example/x', '|url=http://bad.example/x|note=a; ü']],
  },
  {
    name: 'CSV by tabs in another encoding',
    text: Buffer.from('host\tnote\nevil.example\t\xef\xf0\xe8\xe2\xe5\xf2\n', 'latin1'),
    format: 'csv',
    key: 'host',
    reading: { encoding: 'windows-1251' },
    hits: [['url', 'evil.example', '|host=evil.example|note=привет']],
  },
  {
    name: 'CSV without a header, by position',
    text: '2026-01-02,evil.example,x\n2026-01-03,bad.example,y\n',
    format: 'csv',
    key: '2',
    records: 2,
    hits: [['url', 'evil.example', '|1=2026-01-02|2=evil.example|3=x']],
  },
  {
    name: 'CSV without a header, with names',
    text: '2026-01-02|evil.example|x\n',
    format: 'csv',
    reading: { columns: ['day', 'domain', 'why'] },
    hits: [['url', 'evil.example', '|day=2026-01-02|domain=evil.example|why=x']],
  },
  {
    name: 'a CSV export of MISP',
    text: `uuid,event_id,category,type,value,comment\n"u",1,"Payload delivery","filename|md5","x.exe|${MD5}",""\n"v",1,"Network activity","ip-dst","192.0.2.7",""\n"w",1,"Other","comment","no",""\n`,
    format: 'csv',
    records: 2,
    ignored: 1,
    hits: [
      ['hash', MD5, 'category=Payload delivery'],
      ['ip', '192.0.2.7', 'uuid=v'],
    ],
  },
  {
    name: 'attributes of MISP',
    text: '{"response": {"Attribute": [{"uuid": "u", "event_id": "1", "category": "Network activity", "type": "domain", "value": "evil.example"}]}}',
    format: 'misp-events',
    hits: [['url', 'evil.example', 'uuid=u']],
  },
  {
    name: 'JSON with its records in a list, found by their key',
    text: '{"createDate": "2026", "prefixes": [{"ip_prefix": "192.0.2.0/24", "service": "A"}, {"ip_prefix": "198.51.100.0/24", "service": "B"}], "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32"}]}',
    format: 'json',
    key: 'prefixes/ip_prefix',
    records: 2,
    hits: [['ip', '198.51.100.4', '|ip_prefix=198.51.100.0/24|service=B|createDate=2026']],
  },
  {
    name: 'JSON with a path to its records',
    text: '{"data": {"items": [{"x": "evil.example"}]}, "more": [{"x": "other.example"}]}',
    format: 'json',
    key: 'x',
    reading: { records: 'data/items' },
    hits: [['url', 'evil.example', '|x=evil.example']],
    misses: [['url', 'other.example']],
  },
  {
    name: 'JSON by ids',
    text: '{"1": [{"ioc_value": "evil.example", "ioc_type": "domain"}], "2": [{"ioc_value": "192.0.2.7:80", "ioc_type": "ip:port"}]}',
    format: 'json',
    records: 2,
    hits: [['ip', '192.0.2.7', '|ioc_value=192.0.2.7:80|ioc_type=ip:port|id=2|port=80']],
  },
  {
    name: 'records with masks, as Kaspersky has them',
    text: '[{"id": 1, "mask": "evil.example", "type": 1, "popularity": 3}, {"id": 2, "mask": "*.bad.example/x/*", "type": 4}, {"id": 3, "mask": "host.example/", "type": 20}]',
    format: 'json',
    records: 3,
    hits: [
      ['url', 'evil.example/any', '|id=1|mask=evil.example|type=1|popularity=3'],
      ['url', 'a.bad.example/x/y', '|id=2'],
      ['url', 'host.example/p', '|id=3'],
    ],
  },
  {
    name: 'a bundle of STIX',
    text: JSON.stringify({
      type: 'bundle',
      id: 'bundle--1',
      objects: [
        { type: 'identity', id: 'identity--1', name: 'CSIRT' },
        ...[
          "[ipv4-addr:value = '192.0.2.7' OR domain-name:value IN ('evil.example','bad.example')]",
          `[file:hashes.'SHA-256' = '${SHA256}' AND file:name = 'x.exe']`,
          "[url:value = 'http://x.example/it\\\\'s'] OR [ipv4-addr:value ISSUBSET '198.51.100.0/24']",
          "[ipv4-addr:value = '203.0.113.9' AND network-traffic:dst_port = 80]",
          "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
          "[domain-name:value != 'c.example']",
          "[domain-name:value LIKE '%.d.example']",
        ].map((pattern, i) => ({
          type: 'indicator',
          id: `indicator--${i}`,
          name: `n${i}`,
          pattern: pattern.replaceAll('\\\\', '\\'),
          pattern_type: 'stix',
          valid_from: '2020-01-01T00:00:00Z',
          labels: ['malicious-activity'],
          kill_chain_phases: [{ kill_chain_name: 'k', phase_name: 'delivery' }],
        })),
        {
          type: 'indicator',
          id: 'i',
          pattern: "[domain-name:value = 'old.example']",
          valid_until: '2021-01-01T00:00:00Z',
        },
        {
          type: 'indicator',
          id: 'i',
          pattern: "[domain-name:value = 'new.example']",
          valid_from: '2999-01-01T00:00:00Z',
        },
        { type: 'indicator', id: 'i', pattern: 'rule x {}', pattern_type: 'yara' },
      ],
    }),
    format: 'stix',
    records: 3,
    ignored: 1,
    skipped: {
      'patterns that cannot be looked up': 4,
      'not valid any more': 1,
      'not valid yet': 1,
      'patterns of other languages': 1,
    },
    hits: [
      ['ip', '192.0.2.7', '|id=indicator--0|name=n0|pattern='],
      ['url', 'bad.example/x', 'labels=malicious-activity|kill_chain_phases=delivery'],
      ['hash', SHA256, 'name=n1'],
      ['url', "x.example/it's", 'name=n2'],
      ['ip', '198.51.100.77', 'name=n2'],
    ],
    misses: [
      ['ip', '203.0.113.9'],
      ['url', 'a.example'],
      ['url', 'c.example'],
      ['url', 'old.example'],
      ['url', 'new.example'],
    ],
  },
  {
    name: 'an envelope of TAXII',
    text: `{"more": false, "objects": [{"type": "indicator", "id": "i", "pattern": "[file:hashes.MD5 = '${MD5}']"}]}`,
    format: 'stix',
    hits: [['hash', MD5, 'id=i']],
  },
  {
    name: 'OpenIOC',
    text: `<?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="x"><short_description>CASE &amp; co</short_description><definition><Indicator operator="OR" id="1">
      <IndicatorItem condition="is"><Context search="FileItem/Md5sum" type="mir"/><Content type="md5">${MD5}</Content></IndicatorItem>
      <IndicatorItem condition="is"><Context search="Network/DNS"/><Content type="string">evil.example</Content></IndicatorItem>
      <IndicatorItem condition="is"><Context search="FileItem/FileName"/><Content type="string">x.exe</Content></IndicatorItem>
      <Indicator operator="AND"><IndicatorItem condition="is"><Context search="PortItem/remoteIP"/><Content type="IP">192.0.2.7</Content></IndicatorItem>
      <IndicatorItem condition="is"><Context search="PortItem/remotePort"/><Content type="int">80</Content></IndicatorItem></Indicator>
    </Indicator></definition></ioc>`,
    format: 'openioc',
    records: 2,
    ignored: 2,
    skipped: { 'patterns that cannot be looked up': 1 },
    hits: [
      ['hash', MD5, 'short_description=CASE & co'],
      ['url', 'evil.example/x', 'search=Network/DNS'],
    ],
    misses: [['ip', '192.0.2.7']],
  },
]

function contextsOf(
  tables: Awaited<ReturnType<typeof loadFeed>>['tables'],
  type: IndicatorType,
  value: string,
): string[] {
  const query = queryOf({ type, value })
  if (query === undefined) return []
  return tables.flatMap((table) =>
    (table.find(query, undefined) ?? []).map(({ category, context }) => `${category}${wireContext(context)}`),
  )
}

for (const { name, text, format, hits, misses = [], records, skipped, ignored, reading, key } of SAMPLES) {
  test(`${name}: recognised, loaded and compiled`, async () => {
    const file = temporaryFile('feed', text)
    const specs = key === undefined ? [{}] : [{ key }]
    let seen = ''
    const sink = { putContext: () => 1, add: () => {} }
    const told = Object.assign(new IndicatorExtractor(file, specs, sink, reading), {
      onFormat: (each: string) => {
        seen = each
      },
    })
    await readFeed(file, told, new Pace(), reading)
    assert.equal(seen, format)
    const feed = await loadFeed(file, specs, undefined, reading)
    const output = `${file}.tracer`
    await compileFeeds({ feeds: [file], keys: specs, output, reading })
    const compiled = await openCompiledFeed(output)
    try {
      for (const [type, value, context] of hits) {
        const found = contextsOf(feed.tables, type, value)
        assert.ok(found[0]?.includes(context), `${type}=${value}: ${found.join()}`)
        assert.deepEqual(contextsOf(compiled.tables, type, value), found)
      }
      for (const [type, value] of misses) {
        assert.deepEqual(contextsOf(feed.tables, type, value), [], value)
        assert.deepEqual(contextsOf(compiled.tables, type, value), [], value)
      }
    } finally {
      compiled.close()
    }
    if (records !== undefined) assert.equal(feed.records, records)
    if (ignored !== undefined) assert.equal(feed.ignored, ignored)
    const reasons = feed.skipReasons!.map(({ reason, count }) => [reason, count] as const)
    assert.deepEqual(Object.fromEntries(reasons), skipped ?? {})
  })
}

test('the names of formats are those of the formats of one record a line, and the others', () => {
  const names = LINE_FORMATS.map(({ name }) => name)
  assert.deepEqual(FORMAT_NAMES, ['csv', 'json', 'stix', 'openioc', ...names])
})

test('a packed feed is unpacked: gzip, bzip2, zip of one file, one file of a zip', async () => {
  const text = Buffer.from('evil.example\n')
  // `printf 'evil.example\n' | bzip2 -c`
  const bzip2 = Buffer.from(BZIP2, 'base64')
  for (const packed of [gzipSync(text), bzip2, zipSync({ 'a/list.txt': text })]) {
    const feed = await loadFeed(temporaryFile('feed', packed), [{}])
    assert.equal(contextsOf(feed.tables, 'url', 'evil.example/x').length, 1)
  }
  const directory = temporaryDirectory()
  const { writeFileSync } = await import('node:fs')
  const zip = join(directory, 'two.zip')
  writeFileSync(zip, zipSync({ 'one.txt': Buffer.from('one.example\n'), 'in/two.txt': text }))
  await assert.rejects(loadFeed(zip, [{}]), {
    code: 'FEED_UNREADABLE',
    message: /2 files; name one as FILE\.zip\/NAME: one\.txt, in\/two\.txt/,
  })
  await assert.rejects(
    loadFeed(join(zip, 'three.txt'), [{}]),
    /the zip has no three\.txt; there is one\.txt, in\/two\.txt/,
  )
  const feed = await loadFeed(join(zip, 'in/two.txt'), [{}])
  assert.equal(contextsOf(feed.tables, 'url', 'evil.example').length, 1)
  const cut = zipSync({ 'a.txt': Buffer.from('x.example\n'.repeat(10_000)) })
  await assert.rejects(loadFeed(temporaryFile('feed', cut.subarray(0, cut.length / 2)), [{}]), {
    code: 'FEED_UNREADABLE',
  })
})

test('the zeros of an IPv6 address in a response policy zone are zz, wherever they stand', async () => {
  const owners = ['128.1.zz.db8.2001', '48.zz.1.db8.2001', '128.1.zz', '128.8.7.6.5.4.3.2.2001']
  const zone = ['$TTL 300', '@ SOA a. b. 1 2 3 4 5', ...owners.map((owner) => `${owner}.rpz-ip CNAME .`)]
  const feed = await loadFeed(temporaryFile('feed', zone.join('\n')), [{}])
  assert.deepEqual([feed.records, feed.skipped], [4, 0])
  for (const value of ['2001:db8::1', '2001:db8:1::77', '::1', '2001:2:3:4:5:6:7:8']) {
    assert.equal(contextsOf(feed.tables, 'ip', value).length, 1, value)
  }
})

test('a byte order mark before comments does not reach into the header', async () => {
  const text = '\ufeff# a list\nurl,note\nhttp://bad.example/x,a\n'
  const feed = await loadFeed(temporaryFile('feed', text), [{ key: 'url' }])
  assert.equal(feed.skipped, 0)
  assert.deepEqual(contextsOf(feed.tables, 'url', 'bad.example/x'), [
    'Tracer_URL_enricher|url=http://bad.example/x|note=a',
  ])
})

test('a list that is taken as it is written has no indicator that is written otherwise', async () => {
  const file = temporaryFile('feed', 'evil[.]example\nx.example\n')
  const feed = await loadFeed(file, [{}], undefined, { refang: false })
  assert.deepEqual([feed.records, feed.skipped], [1, 1])
  assert.deepEqual(feed.skippedPlaces, ['line 1: "evil[.]example" is of no known kind'])
})

test('a host matches any path unless told otherwise; a URL with a path only itself', async () => {
  const file = temporaryFile('feed', 'evil.example\nbad.example/a\n')
  for (const [reading, paths] of [
    [{}, 1],
    [{ hostMatch: 'exact' }, 0],
  ] as const) {
    const feed = await loadFeed(file, [{}], undefined, reading)
    assert.equal(contextsOf(feed.tables, 'url', 'https://www.evil.example:8443/').length, 1)
    assert.equal(contextsOf(feed.tables, 'url', 'evil.example/x?y').length, paths)
    assert.equal(contextsOf(feed.tables, 'url', 'sub.evil.example').length, 0)
    assert.equal(contextsOf(feed.tables, 'url', 'bad.example/a/').length, 1)
    assert.equal(contextsOf(feed.tables, 'url', 'bad.example').length, 0)
  }
})

test('a context of more than 16 KiB is cut at whole fields, and says so', async () => {
  const record = { ioc: 'evil.example', long: 'x'.repeat(20_000), ю: 'ю'.repeat(7000), short: 'kept' }
  const feed = await loadFeed(temporaryFile('feed', JSON.stringify(record)), [{ key: 'ioc' }])
  const [context] = contextsOf(feed.tables, 'url', 'evil.example')
  assert.ok(context!.startsWith('Tracer_URL_enricher|ioc=evil.example|ю='))
  assert.ok(context!.endsWith('|short=kept|context_truncated=true'))
  assert.equal(feed.truncated, 1)
})

const DAMAGE = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('bytes' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.constantFrom(
      '"',
      ',',
      '\t',
      '\r',
      '\n',
      ';',
      '|',
      '@',
      '*',
      '..',
      ' ',
      '\0',
      '#',
      '::',
      '{',
      '[',
      '-',
      '/',
    ),
  }),
)

test('a damaged feed is an error with a code, or a feed without a wrong indicator', async () => {
  const runs = Number(process.env.SLUICE_FEED_RUNS ?? 60)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SAMPLES),
      fc.array(DAMAGE, { minLength: 1, maxLength: 3 }),
      async (sample, damages) => {
        let bytes = Buffer.from(sample.text as string)
        for (const damage of damages) {
          const at = Math.floor(damage.at * bytes.length)
          const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
          if (damage.kind === 'cut') bytes = Buffer.from(before)
          else if (damage.kind === 'bytes')
            bytes = Buffer.concat([before, damage.bytes, after.subarray(damage.bytes.length)])
          else bytes = Buffer.concat([before, Buffer.from(damage.text), after])
        }
        const wrong: string[] = []
        const specs = sample.key === undefined ? [{}] : [{ key: sample.key }]
        const sink = {
          putContext: () => 1,
          add(_: number, key: Parameters<ConstructorParameters<typeof IndicatorExtractor>[2]['add']>[1]) {
            // Each is of the shape of its kind.
            if (key.kind === 'host' && /[\s,;"'@|]/.test(key.text)) wrong.push(key.text)
            if (key.kind === 'hash' && !/^[0-9a-f]+$/.test(key.text)) wrong.push(key.text)
            if (key.kind === 'host' && !/\./.test(key.text) && detectType(key.text) !== undefined)
              wrong.push(key.text)
          },
        }
        const file = temporaryFile('feed', bytes)
        try {
          const reader = new IndicatorExtractor(file, specs, sink, sample.reading)
          await readFeed(file, reader, new Pace(), sample.reading)
          reader.finish()
        } catch (error) {
          assert.ok(error instanceof FeedError, String((error as Error).stack))
        }
        assert.deepEqual(wrong, [])
      },
    ),
    { numRuns: runs },
  )
})

const BZIP2 = 'QlpoOTFBWSZTWZ4tItsAAAJRgAAQAAEiJkFAIAAiBoHqEAMFZCo04G8XckU4UJCeLSLb'
