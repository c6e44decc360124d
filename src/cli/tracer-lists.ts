import process from 'node:process'
import { terminalJson } from '../tracer/controls.ts'
import type { KeyType } from '../tracer/feeds/keys/indicator-key.ts'
import {
  IndicatorStore,
  IndicatorStoreError,
  type NewIndicator,
  type StoredIndicator,
} from '../tracer/indicators/indicator-store.ts'
import { SUPPLIERS, type Supplier } from '../tracer/indicators/suppliers.ts'
import { eachValue } from './each-value.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { printLine } from './print-line.ts'
import { cacheDirectory } from './tracer-downloads.ts'

/** The options of `tracer remove`, as commander names them. */
export interface ListOptions {
  readonly feedCache?: string
  readonly list: Supplier
  readonly type?: KeyType
}

/** The options of `tracer add`. */
export interface AddOptions extends ListOptions {
  /** In milliseconds. */
  readonly ttl?: number
  /** `name=text`. */
  readonly context?: readonly string[]
}

/**
 * `tracer add VALUE...`
 *
 * @returns the exit code
 * @throws {CommandError} for a value that is no indicator; then none is added
 */
export async function addIndicators(values: readonly string[], options: AddOptions): Promise<number> {
  const { list, type, ttl } = options
  const context = options.context && Object.fromEntries(options.context.map(fieldOf))
  const indicators: NewIndicator[] = []
  for await (const value of eachValue(values)) indicators.push({ value, type, context })
  return withStore(IndicatorStore.open, options, async (store) => {
    const { added, updated } = await store.add(list, indicators, ttl)
    process.stderr.write(`${list}: ${added} added, ${updated} updated\n`)
  })
}

/**
 * `tracer remove VALUE...`
 *
 * @returns the exit code
 * @throws {CommandError} for a value that is no indicator; then none is removed
 */
export async function removeIndicators(values: readonly string[], options: ListOptions): Promise<number> {
  const { list, type } = options
  const indicators: NewIndicator[] = []
  for await (const value of eachValue(values)) indicators.push({ value, type })
  return withStore(IndicatorStore.open, options, async (store) => {
    const { removed, absent } = await store.remove(list, indicators)
    process.stderr.write(`${list}: ${removed} removed, ${absent} not there\n`)
  })
}

/**
 * `tracer list`: one JSON line for each indicator.
 *
 * @returns the exit code
 * @throws {CommandError} when the lists cannot be read
 */
export async function listIndicators(options: Partial<ListOptions>): Promise<number> {
  return withStore(IndicatorStore.openExisting, options, async (store) => {
    for (const list of options.list === undefined ? SUPPLIERS : [options.list])
      for (const indicator of store.list(list)) await printLine(terminalJson(`${lineOf(indicator)}\n`))
  })
}

/** Opens the store, hands it to `work`, and closes it. Without a store there is nothing to be done. */
async function withStore(
  open: (directory: string) => IndicatorStore | undefined,
  options: Pick<ListOptions, 'feedCache'>,
  work: (store: IndicatorStore) => Promise<void>,
): Promise<number> {
  try {
    const store = open(cacheDirectory(options))
    if (store === undefined) return EXIT.OK
    try {
      await work(store)
    } finally {
      await store.close()
    }
    return EXIT.OK
  } catch (error) {
    if (!(error instanceof IndicatorStoreError)) throw error
    const isFault = error.code === 'STORE_UNUSABLE' || error.code === 'STORE_FULL'
    throw new CommandError(isFault ? EXIT.FAILED : EXIT.USAGE, `tracer: ${error.message}`, { cause: error })
  }
}

function fieldOf(text: string): [name: string, text: string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new CommandError(EXIT.USAGE, `tracer: --context takes NAME=TEXT, and not '${text}'`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function lineOf({ supplier, value, type, context, addedAt, expiresAt }: StoredIndicator): string {
  return JSON.stringify({
    list: supplier,
    value,
    type,
    context,
    added: new Date(addedAt).toISOString(),
    expires: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  })
}
