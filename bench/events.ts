/**
 * The bench events, seeded generators of JSON lines: the same seed gives the same bytes.
 *
 * - nested: about 550 bytes each, about 8 % of the lines with non-ASCII text, optional members absent in about 20 %;
 * - flat, as Zeek logs DNS: about 470 bytes each, dotted keys, floats such as `2230.0`, optional members.
 *
 * Of `nested-unique` and `flat-unique` events the values that rules compute with hardly repeat.
 *
 *     node --import tsx bench/events.ts 100000 [SEED] [nested|flat|nested-unique|flat-unique] > events.jsonl
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'

/** Mulberry32: small, fast, good enough to choose test data. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const HOSTS = [
  'srv-web-01',
  'srv-web-02',
  'DC01',
  'wks-4411',
  'proxy-eu-1',
  'mail.example.com',
  'db-7.corp.example',
]
const ACTIONS = ['reset', 'deny', 'accept', 'close', 'start', 'timeout']
const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'CONNECT']
const PATHS = [
  '/index.html',
  '/api/v1/users',
  '/static/js/app.3f2a1b.js',
  '/login',
  '/wp-admin/setup.php',
  '/a/b/c/d',
]
const USERS = ['alice', 'bob', 'SYSTEM', 'svc_backup', 'CORP\\\\eve', 'mallory@example.com']
const FOREIGN = ['Zürich', 'Москва', '東京', 'São Paulo', 'naïve 😀']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64;rv:60.0) Gecko/20100101 Firefox/60.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'curl/8.4.0',
]

/**
 * One event's line after the other, without line ends.
 *
 * @param isUnique host, path, user, agent and destination port hardly repeat, as from many sources at once
 */
export function* eventLines(count: number, seed = 1, isUnique = false): Generator<string> {
  const random = randomNumbers(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const number = (limit: number): number => Math.floor(random() * limit)
  const hex = (length: number): string => {
    let text = ''
    while (text.length < length) text += number(16).toString(16)
    return text
  }
  const ip = (): string => `${10 + number(200)}.${number(256)}.${number(256)}.${number(254) + 1}`
  for (let index = 0; index < count; index++) {
    const more = (text: string): string => (isUnique ? `${text}-${hex(6)}` : text)
    const second = String(number(60)).padStart(2, '0')
    const mac = hex(12).replace(/..(?=.)/g, '$&-')
    const user = pick(USERS)
    const city = random() < 0.08 ? pick(FOREIGN) : 'Springfield'
    const parts = [
      `"ts":"2024-03-${String(1 + number(28)).padStart(2, '0')} 1${number(10)}:${number(6)}${number(10)}:${second}"`,
      `"id":"${hex(16)}"`,
      `"host":{"name":"${more(pick(HOSTS))}","os":{"family":"${random() < 0.5 ? 'Linux' : 'Windows'}","version":"${number(12)}.${number(10)}"},"mac":"${mac}"}`,
      `"src":{"ip":"${ip()}","port":${1024 + number(60000)}}`,
      `"dst":{"ip":"${ip()}","port":${isUnique ? number(65536) : pick([80, 443, 53, 22, 8080])}}`,
      `"action":"${pick(ACTIONS)}"`,
      `"proto":${pick([6, 17, 1])}`,
      `"bytes":{"in":${number(100000)},"out":${number(5000)}}`,
    ]
    if (random() >= 0.2) {
      parts.push(
        `"http":{"method":"${pick(METHODS)}","path":"${more(pick(PATHS))}","status":${pick([200, 301, 404, 500])}}`,
      )
    }
    if (random() >= 0.2) parts.push(`"user":"${more(user)}"`)
    parts.push(
      `"agent":"${more(pick(AGENTS))}"`,
      `"city":"${city}"`,
      `"tags":["${pick(ACTIONS)}","${hex(6)}"]`,
    )
    if (random() >= 0.2) parts.push(`"session":${number(2 ** 31)}`)
    parts.push(`"message":"${pick(ACTIONS)} of ${pick(METHODS)} from ${hex(8)} took ${number(1000)} ms"`)
    yield `{${parts.join(',')}}`
  }
}

const DOMAINS = [
  'ise.wrccdc.org',
  'WWW.Example.COM',
  'cdn.assets.example.net',
  'mail.corp.example',
  'a.b.c.d.example',
]
const QUERY_TYPES = [
  [1, 'A'],
  [28, 'AAAA'],
  [12, 'PTR'],
  [15, 'MX'],
] as const
const RESPONSES = [
  [0, 'NOERROR'],
  [0, 'NOERROR'],
  [3, 'NXDOMAIN'],
  [2, 'SERVFAIL'],
] as const

/** As {@link eventLines}, of flat events; it is the query that hardly repeats. */
export function* flatEventLines(count: number, seed = 1, isUnique = false): Generator<string> {
  const random = randomNumbers(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const number = (limit: number): number => Math.floor(random() * limit)
  const digits = (limit: number, width: number): string => String(number(limit)).padStart(width, '0')
  const ip = (): string => `10.${number(256)}.${number(256)}.${number(254) + 1}`
  const flag = (): boolean => random() < 0.5
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  for (let index = 0; index < count; index++) {
    const query = isUnique ? `${number(2 ** 32).toString(36)}.${pick(DOMAINS)}` : pick(DOMAINS)
    const time = `2018-03-24T17:${digits(60, 2)}:${digits(60, 2)}.${digits(1_000_000, 6)}Z`
    const uid = `C${Array.from({ length: 17 }, () => letters[number(letters.length)]).join('')}`
    const [type, typeName] = pick(QUERY_TYPES)
    const [code, codeName] = pick(RESPONSES)
    const parts = [
      `"_path":"dns","_write_ts":"${time}","ts":"${time}","uid":"${uid}"`,
      `"id.orig_h":"${ip()}","id.orig_p":${1024 + number(60000)},"id.resp_h":"${ip()}","id.resp_p":53`,
      `"proto":"${random() < 0.9 ? 'udp' : 'tcp'}","trans_id":${number(65536)}`,
    ]
    if (random() >= 0.2) parts.push(`"rtt":${number(100) / 1e3 + 0.0001}`)
    parts.push(
      `"query":"${query}","qclass":1,"qclass_name":"C_INTERNET"`,
      `"qtype":${type},"qtype_name":"${typeName}","rcode":${code},"rcode_name":"${codeName}"`,
      `"AA":${flag()},"TC":false,"RD":${flag()},"RA":${flag()},"Z":0`,
    )
    if (code === 0 && random() >= 0.2) {
      parts.push(`"answers":["${pick(DOMAINS)}","${ip()}"],"TTLs":[${number(5000)}.0,${number(90000)}.0]`)
    }
    yield `{${parts.join(',')},"rejected":false}`
  }
}

export type EventKind = 'nested' | 'flat' | 'nested-unique' | 'flat-unique'

/** JSON lines in chunks of about 64 KiB. */
export function* eventChunks(kind: EventKind, count: number, seed = 1): Generator<string> {
  let chunk = ''
  const isUnique = kind.endsWith('-unique')
  const lines = kind.startsWith('flat') ? flatEventLines : eventLines
  for (const line of lines(count, seed, isUnique)) {
    chunk += `${line}\n`
    if (chunk.length < 1 << 16) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

export async function writeEvents(path: string, kind: EventKind, count: number, seed = 1): Promise<void> {
  await pipeline(Readable.from(eventChunks(kind, count, seed)), createWriteStream(path))
}

async function main([count = '100000', seed = '1', kind = 'nested']: readonly string[]): Promise<void> {
  for (const chunk of eventChunks(kind as EventKind, Number(count), Number(seed))) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2))
