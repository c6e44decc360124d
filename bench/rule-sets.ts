/**
 * The cost of many rule sets for an event, and of the mixed stream of all vendors beside the fastest of them alone.
 *
 * Rule sets of 40 rules, each with a condition `vendor == '...'`, in this process: 1, 50 and 500 of them, all active, events of 60 members in an
 * order at random. Cost is processor time for an event, after enough events that each rule set has been warm. Loading counts reading,
 * checking and joining the conditions. Then the examples of `fixtures/vendors/` as JSON lines: each vendor's own lines through all rule sets, and all
 * of them mixed, when each rule set has had as many events on either way; the mixed stream and the vendor that is fastest alone are read in turn, in
 * short takes, so that other programs slow both. Run: `node --import tsx bench/rule-sets.ts`.
 *
 * Reading: finding the route is one look-up, whatever their number. What is left grows with the code and the templates of rule sets, which do not
 * stay in the caches of a processor when every event is another one's, and with the time until V8 has optimized the functions of each.
 * README.md in this folder has figures and the profile.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { RoutedRules } from '../src/rules/sets/routed-rules.ts'
import { randomNumbers } from './events.ts'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const RULES = 40
const MEMBERS = 30

/** Events of vendors that are timed together, and those of each vendor, alone and mixed, before it is timed. */
const TAKEN = 1792
const WARM_EVENTS = 21_504

const EXPRESSIONS: readonly ((text: string, number: string) => string)[] = [
  (text) => text,
  (text) => `lower(${text})`,
  (_text, number) => number,
  (text, number) => `cond(${number} > 500, ${text}, 'small')`,
  (text) => `split(${text}, ' ')[-1]`,
  (_text, number) => `${number}::str`,
  (text) => `match('[a-z]+ event', ${text})`,
  (_text, number) => `lookup('t', ${number} % 10, 'other')`,
]

function writeRuleSets(folder: string, count: number): string {
  const path = join(folder, String(count))
  mkdirSync(path)
  for (let set = 0; set < count; set++) {
    const lines = [`when: vendor == 'v${set}'`, 'lookup:', '  t: {1: a, 2: b, 3: c}']
    for (let rule = 0; rule < RULES; rule++) {
      const make = EXPRESSIONS[rule % EXPRESSIONS.length]!
      const [text, number] = [`m.a${(rule * 7 + set) % MEMBERS}`, `n.b${(rule * 3 + set) % MEMBERS}`]
      lines.push(`g${rule % 5}.f${rule}?: ${make(text, number)}`)
    }
    writeFileSync(join(path, `s${String(set).padStart(3, '0')}.yaml`), `${lines.join('\n')}\n`)
  }
  return path
}

function events(count: number, sets: number): Buffer {
  const random = randomNumbers(1)
  const below = (limit: number) => Math.floor(random() * limit)
  const lines = Array.from({ length: count }, () => {
    const members = Array.from({ length: MEMBERS }, (_, index) => index)
    return JSON.stringify({
      vendor: `v${below(sets)}`,
      m: Object.fromEntries(members.map((index) => [`a${index}`, `Some event ${below(1000)}`])),
      n: Object.fromEntries(members.map((index) => [`b${index}`, below(1000)])),
    })
  })
  return Buffer.from(`${lines.join('\n')}\n`)
}

/** The lines of a vendor's example, as events. */
function vendorLines(folder: string): string[] {
  const input = ['input.jsonl', 'input.log', 'input.json']
    .map((name) => join(folder, name))
    .find((file) => existsSync(file))
  if (input === undefined) return []
  const text = readFileSync(input, 'utf8')
  if (input.endsWith('.json')) return text.split(/^(?=\{)/m).flatMap(recordsOf)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return input.endsWith('.log') ? lines.map((message) => JSON.stringify({ message })) : lines
}

/** The events of a document of CloudTrail, and those that stand by themselves. */
function recordsOf(document: string): string[] {
  const { Records: records = [] } = JSON.parse(document) as { Records?: unknown[] }
  return records.length === 0
    ? [JSON.stringify(JSON.parse(document))]
    : records.map((one) => JSON.stringify(one))
}

const processorMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

export async function run({ quick, rounds = quick ? 2 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { loadRules } = await harness.built<typeof import('../src/cli/rule-files.ts')>('cli/rule-files.js')
  const { Processor } =
    await harness.built<typeof import('../src/batches/processor.ts')>('batches/processor.js')
  const { RecordWriter } = await harness.built<typeof import('../src/batches/rejected-records.ts')>(
    'batches/rejected-records.js',
  )
  const { NODE_CODING } =
    await harness.built<typeof import('../src/formats/node-coding.ts')>('formats/node-coding.js')
  const rulesOf = (path: string) =>
    loadRules({ rules: [path], lookups: undefined, mmdb: [], compiler: {}, noRoute: 'drop' })
  /** Something that takes the bytes as a pipeline would, and gives the microseconds of an event. */
  const taker = (rules: Awaited<ReturnType<typeof rulesOf>>, bytes: Buffer, count: number) => {
    const processor = new Processor(rules, new RecordWriter('-', NODE_CODING), {
      coding: NODE_CODING,
      buffers: 'lent',
    })
    return (): number => {
      const started = processorMs()
      // As a file is read.
      for (let at = 0; at < bytes.length; at += 1 << 17) {
        for (const _ of processor.read(bytes.subarray(at, at + (1 << 17)), true));
        processor.finish()
      }
      for (const _ of processor.read(bytes.subarray(0, 0)));
      processor.finish()
      return ((processorMs() - started) * 1000) / count
    }
  }
  return harness.withFolder(async (folder) => {
    const rows: Row[] = []
    const number = quick ? 2000 : 20_000
    const counts = quick ? [1, 10] : [1, 50, 500]
    const takers: { count: number; take: () => number; readings: number[] }[] = []
    for (const count of counts) {
      const path = writeRuleSets(folder, count)
      const started = processorMs()
      const rules = await rulesOf(path)
      const loading = processorMs() - started
      assert.equal((rules as RoutedRules).routes.length, count)
      rows.push(harness.measured(`load ${count} rule sets of ${RULES} rules`, 'ms', [loading]))
      const take = taker(rules, events(number, count), number)
      // Five hundred events for each rule set. V8 optimizes a function after some thousands of calls: of 500 rule sets not all are.
      for (let warm = 0; warm < (quick ? 1 : Math.max(2, (count * 500) / number)); warm++) take()
      takers.push({ count, take, readings: [] })
    }
    for (let round = 0; round < rounds; round++) for (const each of takers) each.readings.push(each.take())
    const [one] = takers
    for (const { count, readings } of takers) {
      rows.push(harness.measured(`an event with ${count} rule sets`, 'µs', readings))
      if (count === 1) continue
      const ratios = readings.map((reading, index) => reading / one!.readings[index]!)
      rows.push(harness.measured(`an event with ${count} rule sets, against one`, 'x', ratios))
    }
    rows.push(...(await vendors(quick === true)))
    return rows
  })

  /** Events of all vendors mixed, against the vendor whose events cost least. */
  async function vendors(isQuick: boolean): Promise<Row[]> {
    const fixtures = join(harness.ROOT, 'fixtures', 'vendors')
    const rules = await rulesOf(join(fixtures, 'routes.yaml'))
    const lines = readdirSync(fixtures)
      .map((name) => ({ name, lines: vendorLines(join(fixtures, name)) }))
      .filter((vendor) => vendor.lines.length > 0)
    const most = Math.max(...lines.map((vendor) => vendor.lines.length))
    // Each vendor is there as often as the others.
    const mixed = Array.from({ length: most }, (_, index) =>
      lines.map((vendor) => vendor.lines[index % vendor.lines.length]!),
    ).flat()
    const takerOf = (name: string, some: readonly string[]) => {
      const bytes = Array.from({ length: TAKEN }, (_, index) => `${some[index % some.length]}\n`).join('')
      return { name, take: taker(rules, Buffer.from(bytes), TAKEN), readings: [] as number[] }
    }
    const alone = lines.map((vendor) => takerOf(vendor.name, vendor.lines))
    const all = takerOf('all', mixed)
    const takes = isQuick ? 1 : WARM_EVENTS / TAKEN
    for (let take = 0; take < takes; take++) for (const vendor of alone) vendor.readings.push(vendor.take())
    for (let take = 0; take < takes * lines.length; take++) all.take()
    // Whatever else ran meanwhile, the least of several readings is of the code alone.
    const last = ({ readings }: (typeof alone)[number]) => Math.min(...readings.slice(-10))
    const fastest = alone.reduce((best, vendor) => (last(vendor) < last(best) ? vendor : best))
    const mean = alone.reduce((sum, vendor) => sum + last(vendor) / alone.length, 0)
    fastest.readings = []
    for (let take = 0; take < (isQuick ? 4 : 60); take++)
      for (const each of [fastest, all]) each.readings.push(each.take())
    const ratios = all.readings.map((reading, index) => fastest.readings[index]! / reading)
    return [
      harness.measured(`a vendor's event alone: ${fastest.name}, the fastest`, 'µs', fastest.readings),
      harness.measured("a vendor's event alone: the mean of all vendors, the least of each", 'µs', [mean]),
      harness.measured('vendors mixed', 'µs', all.readings),
      harness.measured('vendors mixed, speed against the fastest alone', 'x', ratios, { atLeast: 0.5 }),
    ]
  }
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
