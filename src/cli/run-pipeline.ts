import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import type { Writable } from 'node:stream'
import { MAX_WORKERS, WORKER_CHUNK_BYTES } from '../formats/limits.ts'
import type { PipelineOptions } from '../io/create-pipeline.ts'
import { createPipeline } from '../io/create-pipeline.ts'
import { streamSink } from '../io/files/sinks.ts'
import { CHUNK_BYTES } from '../io/files/source.ts'
import type { SyslogSource } from '../io/syslog/source.ts'
import { fitsLoop, Pipeline } from '../pipeline.ts'
import { noEnrichCounts } from '../stages/enrich-queue.ts'
import type { StageOptions } from '../stages/pipeline-options.ts'
import { WorkerError } from '../stages/process/pool.ts'
import { InputError } from '../stages/source.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import { terminalText } from '../tracer/controls.ts'
import type { Endpoint } from './endpoint.ts'
import { CommandError, EXIT, isBrokenPipe } from './exit-codes.ts'
import type { InputArguments } from './input-options.ts'
import { inputOptions } from './input-options.ts'
import type { OpenedInputs } from './inputs.ts'
import { openInputs } from './inputs.ts'
import { openTracer, tracerNote } from './open-tracer.ts'
import type { Output, Outputs } from './outputs.ts'
import { closeOutput, openOutputs, outputProblem, sharedWith } from './outputs.ts'
import { progressText, showsProgress } from './progress.ts'
import { ProgressLine } from './progress-line.ts'
import { type MaxRejected, RejectedLimit } from './rejected-limit.ts'
import { RuleReloader } from './reload-rules.ts'
import type { RuleOptions } from './rule-files.ts'
import { filesOf, labelOf, loadRules, ruleFiles } from './rule-files.ts'
import { allRejectedNotice, FieldWarnings } from './rule-notices.ts'
import { SecondSignal } from './second-signal.ts'
import { messageStream } from './standard-streams.ts'
import { statsRecord } from './stats.ts'
import type { SyslogArguments } from './syslog-options.ts'
import type { TracerOptions } from './tracer-options.ts'

/** The options of the command line, as commander names them. */
export interface NormalizeOptions
  extends Pick<PipelineOptions, 'onError'>,
    InputArguments,
    TracerOptions,
    SyslogArguments,
    RuleOptions {
  readonly output?: string
  readonly errors?: string
  readonly maxRejected?: MaxRejected
  readonly stats?: boolean
  /** Undefined: where a terminal shows it and nothing else. */
  readonly progress?: boolean
  readonly fastPath?: boolean
  readonly workers?: number | 'auto'
  readonly watch?: boolean
  readonly metrics?: Endpoint
}

/** Without a terminal, a line of the progress is added as often as this. */
const PROGRESS_INTERVAL_MS = 1000

/**
 * `normalize [FILE...]`: the pipeline from the inputs to the outputs.
 *
 * @returns the exit code
 * @throws {CommandError} with what to tell the operator
 */
export async function runNormalize(names: readonly string[], options: NormalizeOptions): Promise<number> {
  const input = await inputOptions(options)
  const files = ruleFiles(options, names)
  const rules = await loadRules(files)
  if (rules.warningText !== '') messageStream().write(`${terminalText(rules.warningText.trimEnd())}\n`)
  const syslog =
    options.syslog === undefined
      ? undefined
      : await (await import('./open-syslog.ts')).openSyslog(options, names, (text) =>
          messageStream().write(terminalText(text)),
        )
  const inputs = syslog === undefined ? openInputs(names) : NO_INPUTS
  const workers = workersFor(options.workers, inputs.totalBytes)
  let progress: ProgressLine | undefined
  const tell = (text: string): void => {
    if (text === '') return
    progress?.clear()
    messageStream().write(terminalText(text))
  }
  const tracer = await openTracer(options, (line) => tell(`${line}\n`))
  const outputs = openOutputs(options, [...inputs.files, ...filesOf(rules).map((path) => statSync(path))])
  const { output, errors } = outputs
  const messages = outputs.messages.stream
  const note = tracerNote(rules, options, isHeard(outputs))
  if (note !== undefined) tell(`${note}\n`)

  let pipeline: Pipeline | undefined
  const { totalBytes } = inputs
  progress = showsProgress(options.progress, output)
    ? new ProgressLine({
        stream: messages,
        text: (seconds) => progressText(pipeline!.counts, seconds, totalBytes),
        logIntervalMs: PROGRESS_INTERVAL_MS,
      })
    : undefined
  const warnings = new FieldWarnings(rules)
  const limit = options.maxRejected === undefined ? undefined : new RejectedLimit(options.maxRejected)
  const isBeside = ({ stream }: Output) => progress !== undefined && stream === messages
  const beside = (to: Output) => (isBeside(to) ? progress!.beside() : to.stream)
  const sinkOf = (to: Output, stream: Writable) => (isBeside(to) ? streamSink(stream) : to.sink)
  const outputStream = beside(output)
  const errorStream = beside(errors)
  const isShared = outputStream === messages
  const workersAfterBytes =
    options.workers === 'auto' && totalBytes === undefined ? WORTH_WORKERS_BYTES / 2 : 0
  const stages: StageOptions = {
    rules,
    // A shared stream is written through, to its end; messages come behind that.
    output: isShared ? sharedWith(messages) : outputStream,
    endOutput: isShared || !output.isStandard,
    errors: errorStream,
    sinks: { output: sinkOf(output, outputStream), errors: sinkOf(errors, errorStream) },
    ...input,
    onError: options.onError,
    fastPath: options.fastPath,
    workers,
    workersAfterBytes,
    tracer,
    tracerRequired: options.tracerRequired,
    onBatch: (counts) => {
      tell(warnings.look(counts.events, () => pipeline!.counts))
      if (limit?.look(counts) === true) pipeline!.stop()
    },
  }
  pipeline =
    syslog === undefined
      ? createPipeline({
          ...stages,
          inputs: inputs.inputs(workers > 1 && !fitsLoop(stages) ? WORKER_CHUNK_BYTES : CHUNK_BYTES),
        })
      : new Pipeline(syslog, stages)
  if (workers > 1 && workersAfterBytes === 0 && pipeline.workers === 1 && isHeard(outputs)) {
    const why = options.tracerRequired
      ? '--tracer-required looks at each event'
      : "the member that 'enrich' puts detections into is 'event', a number, or one that a rule writes into"
    messages.write(`--workers is not used: ${why}\n`)
  }
  const reloader = options.watch
    ? new RuleReloader(files, rules, {
        use: (changed) => {
          pipeline!.replaceRules(changed)
          warnings.replaceRules(changed, pipeline!.counts.events)
        },
        say: (text) => messages.write(terminalText(text)),
      })
    : undefined
  const endMetrics =
    options.metrics === undefined
      ? undefined
      : await (await import('./pipeline-metrics.ts')).servePipelineMetrics(
          options.metrics,
          {
            rules: labelOf(files),
            counts: () => pipeline!.counts,
            inputBytes: () => pipeline!.counts.bytesParsed,
            reloads: reloader && (() => reloader.counts),
            syslog: syslog && (() => syslogMetrics(syslog)),
            enrichment:
              tracer &&
              (() => ({ counts: pipeline!.counts.enrichment ?? noEnrichCounts(), pool: tracer.stats })),
          },
          tell,
        )
  const unhandle = stopOnSignal(pipeline, tracer, options)
  const started = performance.now()
  progress?.start()
  const fault = await pipeline.run().then(
    () => undefined,
    (error: unknown) => error,
  )
  tracer?.destroy()
  await closeOutput(output)
  await closeOutput(errors)
  unhandle()
  reloader?.end()
  await endMetrics?.()
  progress?.end()
  const { counts } = pipeline
  limit?.check(counts)
  // A reader that has gone away has seen enough.
  if (!isBrokenPipe(fault)) {
    tell(warnings.end(counts))
    const notice = limit === undefined ? allRejectedNotice(labelOf(files), counts) : undefined
    if (notice !== undefined) tell(`${notice}\n`)
  }
  if (options.stats) {
    const seconds = (performance.now() - started) / 1000
    messages.write(`${statsRecord(counts, seconds, tracer?.stats, rules, syslog?.counts)}\n`)
  }
  const problem = outputProblem(outputs, fault)
  if (problem !== undefined) throw new CommandError(EXIT.FAILED, problem, { cause: fault })
  if (fault instanceof InputError || fault instanceof WorkerError) {
    throw new CommandError(EXIT.FAILED, fault.message, { cause: fault })
  }
  if (fault !== undefined && !isBrokenPipe(fault)) throw fault
  if (limit?.message !== undefined) throw new CommandError(EXIT.FAILED, limit.message)
  return pipeline.failed ? EXIT.FAILED : EXIT.OK
}

/** With syslog there is nothing to open. */
const NO_INPUTS: OpenedInputs = { inputs: () => [], totalBytes: undefined, files: [] }

function syslogMetrics(source: SyslogSource): Record<string, number> {
  // The system is asked now for what the next page tells.
  source.refresh().catch(() => {})
  const { messages, bytes, udpDropped, truncated, connections, refused } = source.counts
  return {
    messages_total: messages,
    bytes_total: bytes,
    udp_dropped_total: udpDropped,
    truncated_total: truncated,
    connections_total: connections,
    refused_total: refused,
  }
}

/**
 * Threads start in a quarter of a second and have their own machine code to make, which smaller inputs do not outlast:
 * measured with two processors, both ways take the same time for about 150 MiB.
 */
const WORTH_WORKERS_BYTES = 256 * 1024 * 1024

/** @param totalBytes size of the inputs; undefined: it is not known, and threads are started when much has come, and comes fast */
export function workersFor(asked: number | 'auto' = 1, totalBytes?: number): number {
  if (asked !== 'auto') return asked
  if (totalBytes !== undefined && totalBytes < WORTH_WORKERS_BYTES) return 1
  return Math.min(availableParallelism(), MAX_WORKERS)
}

/** A reader of rejected events from standard error gets records, and nothing else. */
function isHeard({ errors, messages }: Outputs): boolean {
  return errors.stream !== messages.stream || process.stderr.isTTY === true
}

/**
 * The first signal ends the reading, the second one kills: it finds the system's own handling again, or another thread
 * takes care of it where the first one was not noticed.
 */
function stopOnSignal(
  pipeline: Pipeline,
  tracer: TracerPool | undefined,
  { allowUnsafePatterns }: NormalizeOptions,
): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const second = new SecondSignal(signals, { atOnce: allowUnsafePatterns === true })
  const unhandle = () => {
    second.end()
    for (const signal of signals) process.off(signal, stop)
  }
  const stop = () => {
    unhandle()
    pipeline.stop()
    tracer?.stopWaiting()
  }
  for (const signal of signals) process.on(signal, stop)
  return unhandle
}
