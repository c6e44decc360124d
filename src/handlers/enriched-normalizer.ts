/** Events that are looked up at a tracer on their way: `normalize serve --tracer`. It loads what `sluice/handlers` must not. */
import type { CompiledRules } from '../batches/compiled-rules.ts'
import { EventNormalizer } from '../batches/event-normalizer.ts'
import { EventParser } from '../batches/event-parser.ts'
import type { LineTest } from '../batches/input-format.ts'
import { RecordWriter } from '../batches/rejected-records.ts'
import type { WrittenBatch } from '../batches/serialize.ts'
import { serializeInParts } from '../batches/serialize.ts'
import type { Batch, OutputEvent } from '../event.ts'
import type { InputOptions } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import { HAND_ON_MS } from '../formats/limits.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { EnrichBatch } from '../stages/enrich-queue.ts'
import { EnrichQueue, noEnrichCounts } from '../stages/enrich-queue.ts'
import { canWriteLines, checkWrites } from '../stages/enrich-writes.ts'
import type { EnrichCounts } from '../stages/pending-batch.ts'
import type { PipelineRules } from '../stages/pipeline-options.ts'
import { SharedPool } from '../stages/shared-pool.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import type { NormalizedPart, Normalizer, Normalizing } from './processors.ts'
import { Processors, turn } from './processors.ts'

/** Rules that were compiled in this process: a compiled module does not say what is looked up. */
type EnrichableRules = PipelineRules

interface EnrichedOptions {
  /** Asked for indicators. It is the caller's to close, after the last input. */
  readonly tracer: TracerPool
  /** Reject events that could not be looked up (ENRICHMENT_FAILED), instead of marking them. Default: false. */
  readonly required?: boolean | undefined
  readonly coding: TextCoding
  readonly lineTest: LineTest
}

/** Events of one input on their way at a time, and characters of their texts: there are hundreds of inputs. */
const MAX_EVENTS = 1024
const MAX_TEXT_LENGTH = 512 * 1024

/** Queues that have done their work and wait for more. A small request need not make one, which has a scanner and its memory. */
const MOST_IDLE = 32

/** Batches of an input, with what is looked up for them. */
interface LookedUp {
  readonly batch: EnrichBatch
  readonly rules: EnrichableRules
}

/**
 * Normalizes inputs, and looks up what the rules' `enrich` names. Each input has a queue, and all ask one pool; its next chunk is read while
 * answers are on their way, as far as the queue has room.
 *
 *     chunks --> processors, or events as objects --> queue --> parts
 *                                                      | `--- pool, that of all inputs
 *                                                      `-- in the order of the events
 *
 * Events leave the rules as lines unless one may have to be rejected, or a rule writes into the member that detections go to. The rules at the
 * start decide that: later ones that do not fit are refused.
 */
export class EnrichedNormalizer implements Normalizer {
  readonly #options: EnrichedOptions
  readonly #pool: SharedPool
  readonly #counts = noEnrichCounts()
  /** Undefined: events are objects. */
  readonly #processors: Processors | undefined
  #rules: EnrichableRules
  readonly #idle: InputQueue[] = []

  constructor(rules: EnrichableRules, options: EnrichedOptions) {
    const { tracer, required, coding, lineTest } = options
    this.#options = options
    this.#rules = rules
    this.#pool = new SharedPool(tracer)
    if (canWriteLines(rules, { isEnriched: true, tracerRequired: required })) {
      this.#processors = new Processors(rules, coding, lineTest)
    }
  }

  get counts(): EnrichCounts {
    return { ...this.#counts }
  }

  prepare(input: InputOptions): void {
    this.#processors?.prepare(input)
    if (this.#processors === undefined) this.#parser(input, '')
  }

  replaceRules(rules: CompiledRules): void {
    const changed = enrichable(rules)
    // Each part is enriched as the rules want it that have made it, so those before do not matter.
    if (this.#processors !== undefined) checkWrites(changed, new Set())
    this.#rules = changed
    this.#processors?.replaceRules(changed)
  }

  async *normalize(
    payload: AsyncIterable<Uint8Array>,
    normalizing: Normalizing,
  ): AsyncGenerator<NormalizedPart> {
    const batches = this.#processors
      ? written(this.#processors, payload, normalizing)
      : this.#outputs(payload, normalizing)
    const queue = this.#idle.pop() ?? this.#createQueue()
    let isWhole = false
    try {
      for await (const batch of queue.enrich(batches)) {
        if ('events' in batch) yield* this.#serialized(batch, normalizing)
        else yield part(batch)
      }
      isWhole = true
    } finally {
      if (!isWhole) queue.close()
      else if (this.#idle.length < MOST_IDLE) this.#idle.push(queue)
    }
  }

  #createQueue(): InputQueue {
    const { required } = this.#options
    return new InputQueue(this.#pool, { required: required === true, counts: this.#counts })
  }

  #parser(input: InputOptions, source: string): EventParser {
    const { coding, lineTest } = this.#options
    return new EventParser(inputSettings(input), source, lineTest, coding)
  }

  /** The events as outputs that are objects. */
  async *#outputs(
    payload: AsyncIterable<Uint8Array>,
    { source, input, onUnread }: Normalizing,
  ): AsyncGenerator<LookedUp> {
    const parser = this.#parser(input, source)
    let rules = this.#rules
    const normalizer = new EventNormalizer(rules)
    let turned = performance.now()
    const outputs = async function* (parsed: ReturnType<EventParser['read']>): AsyncGenerator<LookedUp> {
      for (const events of parsed) {
        for (const batch of normalizer.normalize(events)) {
          yield { batch, rules }
          if (performance.now() - turned < HAND_ON_MS) continue
          await turn()
          turned = performance.now()
        }
      }
    }
    for await (const chunk of payload) {
      if (rules !== this.#rules) {
        rules = this.#rules
        normalizer.replaceRules(rules)
      }
      yield* outputs(parser.read(chunk))
    }
    let unread: string | undefined
    yield* outputs(
      parser.end((rest) => {
        if (rest !== undefined) unread = `line ${rest.line}: ${rest.problem}`
      }),
    )
    if (unread !== undefined) onUnread?.(unread)
  }

  *#serialized(batch: Batch<OutputEvent>, { isInOrder = false }: Normalizing): Iterable<NormalizedPart> {
    const { coding } = this.#options
    // Dropped events leave notes, and nothing else.
    const isEmpty = batch.events.length + batch.rejected.length === 0
    if (isEmpty && batch.notes !== undefined) {
      const rejected = new RecordWriter(batch.source, coding).take()
      yield { bytes: new Uint8Array(), written: 0, rejected, notes: batch.notes }
      return
    }
    for (const each of serializeInParts(batch, false, coding, isInOrder)) yield part(each)
  }
}

/** The events as lines. */
async function* written(
  processors: Processors,
  payload: AsyncIterable<Uint8Array>,
  normalizing: Normalizing,
): AsyncGenerator<LookedUp> {
  const { source } = normalizing
  for await (const { rules, ...made } of processors.normalize(payload, normalizing)) {
    yield { batch: { source, ...made }, rules: enrichable(rules) }
  }
}

function part({ bytes, written, rejected, notes }: WrittenBatch): NormalizedPart {
  return { bytes, written, rejected, notes }
}

/** @throws {TypeError} for a compiled module */
function enrichable(rules: CompiledRules): EnrichableRules {
  if ('createProcessor' in rules) throw new TypeError('a compiled module does not say what is looked up')
  return rules
}

/** A queue for one input after the other. */
class InputQueue {
  readonly #queue: EnrichQueue
  #rules: EnrichableRules | undefined
  #fault: Error | undefined
  #hasChanged = false
  #wake = (): void => {}

  constructor(
    pool: SharedPool,
    options: { readonly required: boolean; readonly counts: ReturnType<typeof noEnrichCounts> },
  ) {
    const limits = { maxEvents: MAX_EVENTS, maxTextLength: MAX_TEXT_LENGTH }
    this.#queue = new EnrichQueue(
      { pool, ...options, ...limits },
      { onProgress: () => this.#change(), onFault: (error) => this.#fail(error as Error) },
    )
  }

  /** Nothing is waited for any longer. The queue is of no use then. */
  close(): void {
    this.#queue.close()
  }

  /**
   * Looks up what is in the batches.
   *
   * @yields them in their order, or parts of them, as soon as they are answered
   * @throws what reading the batches failed with
   */
  async *enrich(batches: AsyncGenerator<LookedUp>): AsyncGenerator<WrittenBatch | Batch<OutputEvent>> {
    const queue = this.#queue
    const finished: (WrittenBatch | Batch<OutputEvent>)[] = []
    const taker = {
      get isWanted() {
        return finished.length === 0
      },
      give: (batch: unknown) => void finished.push(batch as WrittenBatch | Batch<OutputEvent>),
    }
    let isAsked = false
    let isOver = false
    const ask = (): void => {
      isAsked = true
      batches.next().then(
        ({ done, value }) => {
          isAsked = false
          if (done === true) isOver = true
          else this.#accept(value)
          this.#change()
        },
        (error: Error) => this.#fail(error),
      )
    }
    try {
      for (;;) {
        this.#hasChanged = false
        queue.work(taker)
        if (this.#fault !== undefined) throw this.#fault
        const batch = finished.pop()
        if (batch !== undefined) {
          yield batch
          continue
        }
        if (isOver && queue.isEmpty) return
        if (!isOver && !isAsked && queue.hasRoom) ask()
        if (!this.#hasChanged) await this.#changed()
      }
    } finally {
      // Where a chunk is waited for, this ends when it has come: the request is over by then.
      if (!isOver) batches.return(undefined).catch(() => {})
    }
  }

  #accept({ batch, rules }: LookedUp): void {
    if (rules !== this.#rules) {
      this.#rules = rules
      this.#queue.replaceSpec(rules.enrich)
    }
    this.#queue.accept(batch)
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #change(): void {
    this.#hasChanged = true
    this.#wake()
  }

  #fail(error: Error): void {
    this.#fault ??= error
    this.#change()
  }
}
