import process from 'node:process'
import type { Command } from 'commander'
import type { KafkaModule } from '../io/kafka/client.ts'
import { loadClient, MissingClientError } from '../io/kafka/client.ts'
import {
  BackOff,
  describeFault,
  hasId,
  isRefused,
  isUnknown,
  isUnreachable,
  unknownTopic,
} from '../io/kafka/faults.ts'
import { KafkaLoop, ReplacedError } from '../io/kafka/loop.ts'
import type { KafkaOptions } from '../io/kafka/options.ts'
import { transactionalIdOf } from '../io/kafka/options.ts'
import { MessageNormalizer } from '../stages/process/message-normalizer.ts'
import { WorkerError } from '../stages/process/pool.ts'
import { terminalText } from '../tracer/controls.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { configuredOptions } from './kafka-config.ts'
import { kafkaOptions } from './kafka-options.ts'
import { openTracer, tracerNote } from './open-tracer.ts'
import { RuleReloader } from './reload-rules.ts'
import { labelOf, loadRules, ruleFiles } from './rule-files.ts'
import { FieldWarnings } from './rule-notices.ts'
import { workersFor } from './run-pipeline.ts'
import { messageStream } from './standard-streams.ts'
import { statsRecord } from './stats.ts'
import type { StopSignals } from './stop-signals.ts'

/** A start that a signal stops is given so long to join the group and leave it in order. In milliseconds. */
const STOPPED_START_MS = 10_000

/**
 * `normalize kafka`: the messages of topics, until a signal stops it.
 *
 * @param command has the options
 * @param signals stop it, also before it has begun
 * @returns the exit code
 * @throws {CommandError} with what to tell the operator
 */
export async function runKafka(command: Command, signals: StopSignals): Promise<number> {
  try {
    return await runUntilStopped(command, signals)
  } finally {
    signals.end()
  }
}

async function runUntilStopped(command: Command, signals: StopSignals): Promise<number> {
  const say = (text: string): void => {
    if (text !== '') messageStream().write(terminalText(text))
  }
  const options = configuredOptions(command)
  const files = ruleFiles(options)
  const settings = kafkaOptions(options)
  const rules = await loadRules(files)
  say(rules.warningText)
  if (await signals.look()) {
    say('kafka: stopped before it began\n')
    return EXIT.OK
  }
  const kafka = await loadKafka()
  const tracer = await openTracer(options, (line) => say(`${line}\n`))
  const note = tracerNote(rules, options, true)
  if (note !== undefined) say(`${note}\n`)
  const workers = workersFor(options.workers)
  const normalizer = new MessageNormalizer({
    rules,
    fastPath: options.fastPath,
    workers,
    tracer,
    tracerRequired: options.tracerRequired,
    maxLineBytes: options.maxLine,
  })
  const warnings = new FieldWarnings(rules)
  const loop = new KafkaLoop(kafka, settings, normalizer, {
    say: (line) => say(`${line}\n`),
    onBatch: () => say(warnings.look(loop.counter.events, () => loop.counter.counts)),
  })
  const started = performance.now()
  signals.onStop(() => {
    loop.stop()
    tracer?.stopWaiting()
  })
  let reloader: RuleReloader | undefined
  let endMetrics: (() => Promise<void>) | undefined
  try {
    if (options.metrics !== undefined) {
      const { serveKafkaMetrics } = await import('./kafka-metrics.ts')
      endMetrics = await serveKafkaMetrics(options.metrics, {
        rules: labelOf(files),
        loop,
        reloads: options.watch === true ? () => reloader?.counts ?? { ok: 0, failed: 0 } : undefined,
        say,
      })
    }
    const isStarted = await startOrStop(loop, settings, { signals, waitMs: options.waitForBrokers ?? 0 })
    if (isStarted) {
      say(`kafka: reads ${settings.from.join(', ')} as a member of the group ${settings.group}\n`)
    }
    if (isStarted && options.watch === true) {
      reloader = new RuleReloader(files, rules, {
        use: (changed) => {
          normalizer.replaceRules(changed)
          warnings.replaceRules(changed, loop.counter.events)
        },
        say,
      })
    }
    if (isStarted) await loop.run()
  } catch (error) {
    if (error instanceof ReplacedError || error instanceof WorkerError) {
      throw new CommandError(EXIT.FAILED, `normalize kafka: ${error.message}`, { cause: error })
    }
    throw error
  } finally {
    reloader?.end()
    await loop.end()
    tracer?.destroy()
    await endMetrics?.()
  }
  const { counts } = loop.counter
  say(warnings.end(counts))
  const { consumed, empty, bytes, batches } = loop.counts
  if (options.stats === true) {
    const seconds = (performance.now() - started) / 1000
    const pipeline = {
      ...counts,
      bytesRead: bytes,
      bytesParsed: bytes,
      bytesUnread: 0,
      ...(normalizer.enrichment !== undefined && { enrichment: normalizer.enrichment }),
    }
    const record = JSON.parse(statsRecord(pipeline, seconds, tracer?.stats, rules)) as object
    const ofKafka = {
      messages: consumed,
      empty,
      batches,
      rebalances: loop.source.member.rebalances,
      aborts: loop.writer.aborts,
    }
    say(`${JSON.stringify({ ...record, kafka: ofKafka })}\n`)
  }
  say(
    `kafka: stopped: ${consumed} messages, ${counts.written} written, ${counts.rejected} rejected, ${counts.dropped} dropped, ${empty} empty\n`,
  )
  return EXIT.OK
}

/** @throws {CommandError} when the client is not installed */
export async function loadKafka(): Promise<KafkaModule> {
  try {
    return await loadClient()
  } catch (error) {
    if (error instanceof MissingClientError) {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
      const version = major > 22 || (major === 22 && minor >= 22) ? 2 : 1
      const text = `normalize kafka: ${error.message}: npm install @platformatic/kafka@${version}, where this program is installed`
      throw new CommandError(EXIT.USAGE, text, { cause: error })
    }
    throw error
  }
}

interface Start {
  readonly signals: Pick<StopSignals, 'isStopped' | 'onStop' | 'stopped'>
  /** Milliseconds for which brokers that cannot be reached are waited for. */
  readonly waitMs: number
}

/**
 * Starts a loop as {@link startLoop} does; a signal does not wait for it for ever. A stop that comes later finds nothing of it.
 *
 * @returns false: a signal has stopped it first
 * @throws {CommandError} for what the operator has to put right
 */
export async function startOrStop(
  loop: Pick<KafkaLoop, 'start' | 'outage'>,
  settings: KafkaOptions,
  start: Start,
): Promise<boolean> {
  const { signals } = start
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  // A member that has just joined leaves the group in order; brokers that do not answer are not waited for.
  const givenUp = signals.stopped.then(
    () =>
      new Promise<false>((resolve) => {
        // A timer would keep a process alive that is stopped in the middle of its work.
        if (!isOver) timer = setTimeout(() => resolve(false), STOPPED_START_MS)
      }),
  )
  try {
    return await Promise.race([startLoop(loop, settings, start), givenUp])
  } catch (error) {
    if (signals.isStopped) return false
    throw error
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}

/**
 * Starts a loop, again and again while the cluster is at work or, for a time, cannot be reached.
 *
 * @returns false: a signal has stopped it first
 * @throws {CommandError} for what the operator has to put right
 */
export async function startLoop(
  loop: Pick<KafkaLoop, 'start' | 'outage'>,
  settings: KafkaOptions,
  { signals, waitMs }: Start,
): Promise<boolean> {
  const backOff = new BackOff()
  signals.onStop(() => backOff.wake())
  const until = performance.now() + waitMs
  while (!signals.isStopped) {
    try {
      await loop.start()
      for (const work of [REACH, JOIN]) loop.outage.worked(work)
      return true
    } catch (error) {
      const isAway = isUnreachable(error)
      if (isAway ? performance.now() >= until : !isPassing(error)) throw startFault(error, settings)
      loop.outage.failed(isAway ? REACH : JOIN, error)
      if (!signals.isStopped) await backOff.wait()
    }
  }
  return false
}

const REACH = 'reach the brokers'
const JOIN = 'begin'

/** The cluster is at work, or is starting: nobody has to put anything right, and it is over in a moment, or in some. */
function isPassing(error: unknown): boolean {
  return hasId(error, ...PASSING)
}

const PASSING = [
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'CONCURRENT_TRANSACTIONS',
  'NOT_ENOUGH_REPLICAS',
  'REQUEST_TIMED_OUT',
  'GROUP_MAX_SIZE_REACHED',
]

/** The message for an error at the start, with what to do. */
export function startFault(error: unknown, options: KafkaOptions): CommandError {
  const { connection } = options
  const topic = unknownTopic(error)
  const text = describeFault(error)
  const brokers = connection.brokers.join(', ')
  const message =
    topic !== undefined
      ? `${text} at ${brokers}: create it, or give another name`
      : isRefused(error)
        ? `${brokers} refuses: ${text}; ${rightsHint(error, options)}`
        : `${brokers}: ${text}${/^Connection closed/.test(text) ? '; TLS and --sasl-mechanism have to be those of this port' : ''}`
  return new CommandError(EXIT.USAGE, `normalize kafka: ${message}`, { cause: error })
}

function rightsHint(error: unknown, options: KafkaOptions): string {
  if (isUnknown(error)) return 'look at --sasl-mechanism, --sasl-user and the content of --sasl-password-file'
  if (hasId(error, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED')) {
    return `the user needs Write and Describe on the transactional id ${transactionalIdOf(options)}`
  }
  return `the user needs Read on the source topics and the group ${options.group}, Write on the others`
}
