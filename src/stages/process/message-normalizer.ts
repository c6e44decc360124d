import { EventNormalizer } from '../../batches/event-normalizer.ts'
import { EventFormat } from '../../batches/input-format.ts'
import { joinMessages, pieces } from '../../batches/joined-messages.ts'
import type { ProcessedPart } from '../../batches/processor.ts'
import { Processor } from '../../batches/processor.ts'
import type { Bytes } from '../../batches/protocol.ts'
import type { UnplacedRecords } from '../../batches/rejected-records.ts'
import { NO_RECORDS, UnplacedRecordWriter } from '../../batches/rejected-records.ts'
import type { WrittenBatch } from '../../batches/serialize.ts'
import type { Batch, OutputEvent, RejectedEvent } from '../../event.ts'
import { inOrder, rejectedEvent } from '../../event.ts'
import type { InputOptions, InputSettings } from '../../formats/input-options.ts'
import { inputSettings } from '../../formats/input-options.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { outputText } from '../../rules/apply/output-text.ts'
import { parseBatch } from '../../rules/apply/parse-event.ts'
import { hasOneOutput } from '../../rules/output-counts.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import type { TracerPool } from '../../tracer/client/pool.ts'
import type { EnrichBatch } from '../enrich-queue.ts'
import { EnrichQueue } from '../enrich-queue.ts'
import { canWriteLines, checkWrites } from '../enrich-writes.ts'
import type { Leaving } from '../output-counter.ts'
import type { EnrichCounts } from '../pending-batch.ts'
import { safeLineTest } from './line-test.ts'
import { checkWorkers, workerRules } from './parallel.ts'
import { WorkerPool } from './pool.ts'

/** Rules, one file of them or many. */
export type MessageRules = RuleSet | RoutedRules

export interface MessageNormalizerOptions extends Pick<InputOptions, 'maxLineBytes'> {
  readonly rules: MessageRules
  /** Default: true. */
  readonly fastPath?: boolean | undefined
  /** Threads that do the work; 1: this one. Default: 1. */
  readonly workers?: number | undefined
  /** Looks up what the rules' `enrich` names. It is the caller's to close. Default: nothing is looked up. */
  readonly tracer?: TracerPool | undefined
  /** Reject events that could not be looked up (ENRICHMENT_FAILED), instead of marking them. Default: false. */
  readonly tracerRequired?: boolean | undefined
}

/** A message whose event was rejected. */
export interface RejectedMessage {
  /** Index of the message. */
  readonly index: number
  /** The record from behind the source's name on, without a line end: `,"code":"FIELD_MISSING",...}`. See {@link recordOf}. */
  readonly tail: Uint8Array
}

/** The results of a list of messages. */
export interface NormalizedMessages {
  /** JSON, without line ends, in the order of the messages. */
  readonly outputs: readonly Uint8Array[]
  /** Of each output the index of its message. */
  readonly outputOf: readonly number[]
  readonly rejected: readonly RejectedMessage[]
  /** Messages without an event: null or white space. */
  readonly empty: number
  /** The same for the counts. */
  readonly parts: readonly Leaving[]
}

/** Read at a time: the processor's caches hold it, and the output that is made of it. */
const STEP_BYTES = 64 * 1024

const LF = 0x0a

/** The record of the errors output for a message: its event begins on line 1. @param source names the message */
export function recordOf(source: string, { tail }: RejectedMessage): Uint8Array {
  return Buffer.concat([Buffer.from(`{"line":1,"source":${JSON.stringify(source)}`), tail])
}

/** Results as they come, of lines of which it is known which message each is of. */
class Results {
  readonly outputs: Uint8Array[] = []
  readonly outputOf: number[] = []
  readonly rejected: RejectedMessage[] = []
  readonly parts: Leaving[] = []
  readonly #indexes: readonly number[]
  /** Outputs whose events are known, and the events that are behind the last of those. */
  #linesOfOutputs: number[] = []
  #rejectedLines: number[] = []
  #lines: number

  /** @param indexes of each line the index of its message */
  constructor(indexes: readonly number[]) {
    this.#indexes = indexes
    this.#lines = indexes.length
  }

  /**
   * A part of the output, in order, before it is enriched.
   *
   * @param linesBefore lines before those that its ordinals are counted from
   */
  add(
    {
      ordinals,
      rejected,
      written,
    }: Pick<ProcessedPart<UnplacedRecords>, 'ordinals' | 'rejected' | 'written'>,
    linesBefore: number,
  ): void {
    let start = 0
    for (let record = 0; record < rejected.count; record++) {
      const line = linesBefore + rejected.lines[record]! - 1
      const end = rejected.ends[record]!
      this.rejected.push({ index: this.#indexes[line]!, tail: rejected.bytes.subarray(start, end - 1) })
      this.#rejectedLines.push(line)
      start = end
    }
    if (ordinals === undefined) return
    if (ordinals.length !== written) throw new Error(`${written} lines, and ${ordinals.length} places`)
    for (const ordinal of ordinals) this.#linesOfOutputs.push(linesBefore + ordinal)
  }

  /** Bytes of lines, in order, as they leave. */
  write(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(LF, start)
      this.outputs.push(bytes.subarray(start, end))
      start = end + 1
    }
  }

  /** All has come. @param isTracked each output's event was told */
  finish(isTracked: boolean, empty: number): NormalizedMessages {
    const lines = isTracked ? this.#linesOfOutputs : this.#linesInOrder()
    if (lines.length !== this.outputs.length) {
      throw new Error(`${this.outputs.length} outputs of ${lines.length} events`)
    }
    for (const line of lines) this.outputOf.push(this.#indexes[line]!)
    const { outputs, outputOf, rejected, parts } = this
    return { outputs, outputOf, rejected, empty, parts }
  }

  /** Each line that was not rejected has an output. */
  #linesInOrder(): number[] {
    const lines: number[] = []
    let next = 0
    for (let line = 0; line < this.#lines; line++) {
      if (this.#rejectedLines[next] === line) next++
      else lines.push(line)
    }
    return lines
  }
}

/** A way from lines to results. */
interface Way {
  /** Each part tells which event each of its lines is of. */
  readonly isTracked: boolean
  run(joined: Lines, results: Results): Promise<void>
  replaceRules(rules: MessageRules): void
  end(): Promise<void>
}

interface Lines {
  readonly bytes: Uint8Array
  readonly ends: readonly number[]
}

/**
 * Messages in, outputs and rejected ones out, of which each is known which message it is of. A list of messages at a time, whatever
 * brought them: the values are joined to lines, go through the one processor (here or in worker threads) and, with a tracer, through the
 * queue of the enrich stage; the output is cut apart again.
 *
 *     values --> lines --> processor --> [ enrich ] --> outputs, with the index of the message
 *                                 `---------------> rejected, likewise
 */
export class MessageNormalizer {
  readonly #options: MessageNormalizerOptions
  readonly #input: InputSettings
  #rules: MessageRules
  /** Rules that take the place of these. */
  #next: MessageRules | undefined
  #way: Way

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: MessageNormalizerOptions) {
    checkWorkers(options.workers ?? 1)
    this.#options = options
    this.#input = inputSettings({ maxLineBytes: options.maxLineBytes })
    this.#rules = options.rules
    this.#way = this.#createWay(options.rules)
  }

  /** Threads that do the work. */
  get workers(): number {
    return this.#way instanceof WorkerWay ? (this.#options.workers ?? 1) : 1
  }

  /** Undefined without a tracer. */
  get enrichment(): EnrichCounts | undefined {
    return this.#way instanceof EnrichedWay || this.#way instanceof ObjectWay ? this.#way.counts : undefined
  }

  /**
   * The next messages are worked on with these rules.
   *
   * @throws {TypeError} when they cannot take the place of those before: detections would go to a member that a rule writes into
   */
  replaceRules(rules: MessageRules): void {
    if (this.#way instanceof EnrichedWay) this.#way.checkRules(rules)
    this.#next = rules
  }

  #takeNext(): void {
    const rules = this.#next
    if (rules === undefined) return
    this.#next = undefined
    if (hasOneOutput(rules) === hasOneOutput(this.#rules)) this.#way.replaceRules(rules)
    else {
      const before = this.#way
      this.#way = this.#createWay(rules)
      void before.end()
    }
    this.#rules = rules
  }

  /**
   * Normalizes messages. Wait for it before the next ones.
   *
   * @param values null for a message without a value
   * @throws {WorkerError} when a worker thread has failed
   */
  async normalize(values: readonly (Uint8Array | null)[]): Promise<NormalizedMessages> {
    this.#takeNext()
    const joined = joinMessages(values, NODE_CODING)
    const results = new Results(joined.indexes)
    if (joined.indexes.length > 0) await this.#way.run(joined, results)
    return results.finish(this.#way.isTracked, joined.empty)
  }

  /**
   * Of several rule sets, how many of these messages each takes. The counts of a list do not tell that of single messages. Their events are worked on
   * once more, as objects, so it is a question for few of them.
   *
   * @param values of messages that were normalized last, one behind the other where it comes more than once
   * @returns by the names of the rule sets; empty where there is one, or where none takes them
   */
  ruleSetsOf(values: readonly Uint8Array[]): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    if (!('routes' in this.#rules)) return counts
    let last: Uint8Array | undefined
    let name: string | undefined
    for (const value of values) {
      if (value !== last) name = ruleSetOf(this.#rules, value, this.#input)
      last = value
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return counts
  }

  /** Ends the worker threads. */
  end(): Promise<void> {
    return this.#way.end()
  }

  #createWay(rules: MessageRules): Way {
    const { tracer, tracerRequired, workers = 1, fastPath = true } = this.#options
    const isTracked = !hasOneOutput(rules)
    const isEnriched = tracer !== undefined
    if (!canWriteLines(rules, { isEnriched, tracerRequired })) {
      return new ObjectWay(rules, this.#input, tracer!, tracerRequired === true)
    }
    const way =
      workers > 1
        ? new WorkerWay(rules, this.#input, { workers, fastPath, isTracked })
        : new ProcessorWay(rules, this.#input, { fastPath, isTracked })
    return isEnriched ? new EnrichedWay(way, rules, tracer) : way
  }
}

/** The name of the rule set that takes a message's event; undefined: none does. */
function ruleSetOf(rules: RoutedRules, value: Uint8Array, input: InputSettings): string | undefined {
  const format = new EventFormat(input, safeLineTest)
  const { bytes } = joinMessages([value], NODE_CODING)
  const batch = parseBatch('', format.createSplitter(NODE_CODING).push(bytes), format.createReader())
  for (const { notes } of new EventNormalizer(rules).normalize(batch)) {
    for (const name of notes?.sets?.keys() ?? []) return name
  }
  return undefined
}

/** Lets timers and sockets have their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface LineWayOptions {
  readonly fastPath: boolean
  readonly isTracked: boolean
}

/** A way whose output is written lines. */
interface LineWay extends Way {
  /** Lines of JSON that `run` does not give to the results. Default: it gives them. */
  take: (bytes: Uint8Array, results: Results) => void
}

/** The processor on this thread. */
class ProcessorWay implements LineWay {
  readonly isTracked: boolean
  take = (bytes: Uint8Array, results: Results): void => results.write(bytes)
  readonly #processor: Processor<UnplacedRecords>

  constructor(rules: MessageRules, input: InputSettings, { fastPath, isTracked }: LineWayOptions) {
    this.isTracked = isTracked
    this.#processor = new Processor(rules, new UnplacedRecordWriter(NODE_CODING), {
      ...input,
      fastPath,
      lineTest: safeLineTest,
      coding: NODE_CODING,
      tracksOutputs: isTracked,
    })
  }

  replaceRules(rules: MessageRules): void {
    this.#processor.replaceRules(rules)
  }

  async end(): Promise<void> {}

  async run(lines: Lines, results: Results): Promise<void> {
    const processor = this.#processor
    const add = (part: ProcessedPart<UnplacedRecords>): void => {
      results.add(part, 0)
      this.take(part.bytes, results)
      results.parts.push(part)
    }
    processor.begin(false)
    for (const { start, end } of pieces(lines, STEP_BYTES)) {
      for (const part of processor.read(lines.bytes.subarray(start, end))) {
        add(part)
        await turn()
      }
    }
    for (const part of processor.end()) {
      add(part)
      await turn()
    }
    add(processor.finish())
  }
}

/** Worker threads. Each gets a share of the lines. */
class WorkerWay implements LineWay {
  readonly isTracked: boolean
  take = (bytes: Uint8Array, results: Results): void => results.write(bytes)
  readonly #workers: number
  readonly #pool: WorkerPool<number>
  #results: Results | undefined
  /** Settles the run in hand. */
  #resolve = (): void => {}
  #reject = (_error: Error): void => {}

  constructor(
    rules: MessageRules,
    input: InputSettings,
    { workers, fastPath, isTracked }: LineWayOptions & { readonly workers: number },
  ) {
    this.isTracked = isTracked
    this.#workers = workers
    const settings = {
      input,
      fastPath,
      stopAtRejected: false,
      tracksOutputs: isTracked,
    }
    this.#pool = new WorkerPool({
      workers,
      settings,
      rules: () => workerRules(rules),
      onResult: () => this.#take(),
      onFault: (error) => this.#reject(error),
    })
  }

  replaceRules(rules: MessageRules): void {
    this.#pool.replaceRules(workerRules(rules))
  }

  end(): Promise<void> {
    return this.#pool.destroy()
  }

  async run(lines: Lines, results: Results): Promise<void> {
    const share = Math.max(STEP_BYTES, Math.ceil(lines.bytes.length / this.#workers))
    this.#results = results
    const done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    for (const { start, end, linesBefore } of pieces(lines, share)) {
      // The buffer goes to the thread.
      const part = new Uint8Array(lines.bytes.subarray(start, end)) as Bytes
      this.#pool.dispatch({ kind: 'lines', parts: [part], size: part.length, isFirst: false }, linesBefore)
    }
    await done
    this.#results = undefined
  }

  #take(): void {
    const results = this.#results
    if (results === undefined) return
    for (let next = this.#pool.take(); next !== undefined; next = this.#pool.take()) {
      const { result, context } = next
      results.add(result, context)
      this.take(result.bytes, results)
      results.parts.push(result)
    }
    if (this.#pool.size === 0) this.#resolve()
  }
}

/** A queue of the enrich stage, of which each list of messages waits until it is empty. */
class Enricher {
  readonly #queue: EnrichQueue
  #take: (batch: never) => void = () => {}
  #resolve = (): void => {}
  #reject = (_error: Error): void => {}

  constructor(rules: MessageRules, tracer: TracerPool, required: boolean) {
    this.#queue = new EnrichQueue(
      { pool: tracer, enrich: rules.enrich, required },
      { onProgress: () => this.#advance(), onFault: (error) => this.#reject(error as Error) },
    )
  }

  get counts(): EnrichCounts {
    return this.#queue.counts
  }

  replaceSpec(enrich: MessageRules['enrich']): void {
    this.#queue.replaceSpec(enrich)
  }

  close(): void {
    this.#queue.close()
  }

  /** Enriches batches one behind the other. @param take is given what they become, in parts */
  async enrich<B extends EnrichBatch>(batches: Iterable<B>, take: (part: B) => void): Promise<void> {
    this.#take = take as (batch: never) => void
    for (const batch of batches) {
      // A batch is started as a whole before the next one may come.
      this.#queue.accept(batch)
      await new Promise<void>((resolve, reject) => {
        this.#resolve = resolve
        this.#reject = reject
        this.#advance()
      })
    }
  }

  #isAdvancing = false

  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      this.#queue.work({ isWanted: true, give: (batch) => this.#take(batch as never) })
    } catch (error) {
      this.#reject(error as Error)
    }
    this.#isAdvancing = false
    if (this.#queue.isEmpty) this.#resolve()
  }
}

const NO_BYTES = new Uint8Array()

/** Written lines that are looked up. */
class EnrichedWay implements Way {
  readonly #way: LineWay
  readonly #enricher: Enricher
  #writes: ReadonlySet<string>
  #lines: WrittenBatch[] = []

  constructor(way: LineWay, rules: MessageRules, tracer: TracerPool) {
    this.#way = way
    this.#enricher = new Enricher(rules, tracer, false)
    this.#writes = new Set(rules.writes)
    way.take = (bytes) => {
      if (bytes.length > 0) this.#lines.push({ source: '', bytes, written: 0, rejected: NO_RECORDS })
    }
  }

  get isTracked(): boolean {
    return this.#way.isTracked
  }

  get counts(): EnrichCounts {
    return this.#enricher.counts
  }

  /** @throws {TypeError} when lines cannot be enriched as these rules want it */
  checkRules(rules: MessageRules): void {
    checkWrites(rules, this.#writes)
  }

  replaceRules(rules: MessageRules): void {
    this.#writes = checkWrites(rules, this.#writes)
    this.#enricher.replaceSpec(rules.enrich)
    this.#way.replaceRules(rules)
  }

  end(): Promise<void> {
    this.#enricher.close()
    return this.#way.end()
  }

  async run(lines: Lines, results: Results): Promise<void> {
    this.#lines = []
    await this.#way.run(lines, results)
    let length = 0
    await this.#enricher.enrich(this.#lines, ({ bytes }) => {
      length += bytes.length
      results.write(bytes)
    })
    // The bytes that leave are those of the enriched lines.
    const parts = results.parts.splice(0)
    for (const part of parts) results.parts.push({ ...part, bytes: NO_BYTES })
    results.parts.push({ bytes: { length }, written: 0, rejected: NO_RECORDS })
  }
}

/** Events as objects, where one that could not be looked up may have to be rejected. */
class ObjectWay implements Way {
  readonly isTracked = true
  readonly #format: EventFormat
  readonly #enricher: Enricher
  readonly #normalizer: EventNormalizer

  constructor(rules: MessageRules, input: InputSettings, tracer: TracerPool, required: boolean) {
    this.#format = new EventFormat(input, safeLineTest)
    this.#enricher = new Enricher(rules, tracer, required)
    this.#normalizer = new EventNormalizer(rules)
  }

  get counts(): EnrichCounts {
    return this.#enricher.counts
  }

  replaceRules(rules: MessageRules): void {
    this.#enricher.replaceSpec(rules.enrich)
    this.#normalizer.replaceRules(rules)
  }

  async end(): Promise<void> {
    this.#enricher.close()
  }

  async run(lines: Lines, results: Results): Promise<void> {
    const splitter = this.#format.createSplitter(NODE_CODING)
    const reader = this.#format.createReader()
    const push = (bytes: Uint8Array) => parseBatch('', splitter.push(bytes), reader)
    const take = (batch: Batch<OutputEvent>): void => this.#write(batch, results)
    for (const { start, end } of pieces(lines, STEP_BYTES)) {
      const batch = push(lines.bytes.subarray(start, end))
      for (const part of this.#normalizer.normalize(batch)) {
        await this.#enricher.enrich([part], take)
        await turn()
      }
    }
  }

  #write(batch: Batch<OutputEvent>, results: Results): void {
    const records = new UnplacedRecordWriter(NODE_CODING)
    const ordinals: number[] = []
    let length = 0
    const reject = (event: RejectedEvent): void => records.add(event)
    for (const event of inOrder(batch)) {
      if (!('output' in event)) {
        reject(event)
        continue
      }
      const text = outputText(event)
      if (typeof text !== 'string') {
        reject(rejectedEvent(event, text))
        continue
      }
      const bytes = Buffer.from(text)
      length += bytes.length + 1
      results.outputs.push(bytes)
      ordinals.push(event.ordinal)
    }
    const rejected = records.take()
    const written = ordinals.length
    results.add({ ordinals, rejected, written }, 0)
    results.parts.push({ bytes: { length }, written, rejected, notes: batch.notes })
  }
}
