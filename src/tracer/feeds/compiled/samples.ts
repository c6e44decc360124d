import type { Buffer } from 'node:buffer'
import { wireContext } from '../../context.ts'
import { formatAddress } from '../keys/ip.ts'
import { readBlockKey } from './blocks.ts'
import { EntryReader, KINDS, kindOf, tableOf } from './entries.ts'
import type { CompiledHeader } from './file-format.ts'
import type { StoreReader } from './store-reader.ts'

/** An indicator of a compiled feed, to be looked at. */
export interface Sample {
  /** The key of the feed that it was found by. */
  readonly key?: string
  readonly kind: 'hash' | 'ip' | 'url' | 'host' | 'mask' | 'text'
  /** The key in its normal form. */
  readonly indicator: string
  /** The context as it goes on the wire. */
  readonly context: string
}

/** Some indicators from all over a compiled feed; masks among them by their share. */
export function* samplesOf({ tables }: CompiledHeader, store: StoreReader, count: number): Generator<Sample> {
  const reader = new EntryReader()
  for (const bytes of entriesOf(tables, store, count)) {
    reader.start(bytes, bytes.length)
    if (!reader.next()) continue
    const context = reader.context()
    yield {
      key: tables[tableOf(reader.space)]!.key,
      ...indicatorOf(reader),
      context: wireContext(typeof context === 'string' ? context : store.text(context)),
    }
  }
}

function* entriesOf(
  tables: CompiledHeader['tables'],
  store: StoreReader,
  count: number,
): Generator<Buffer, void> {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const masks = sum(tables.map(({ counts }) => counts.masks))
  const all = sum(tables.flatMap(({ counts }) => Object.values(counts)))
  const shown = Math.ceil((count * masks) / Math.max(1, all))
  let given = 0
  for (const { value } of store.sample(Math.max(1, count - shown))) {
    given++
    yield value[0] === KINDS.redirect ? store.redirected(value) : value
  }
  if (count > given) yield* store.sampleMasks(count - given)
}

function indicatorOf(reader: EntryReader): Pick<Sample, 'kind' | 'indicator'> {
  switch (kindOf(reader.space)) {
    case KINDS.hash:
      return { kind: 'hash', indicator: reader.keyText() }
    case KINDS.url:
      return { kind: 'url', indicator: reader.keyText() }
    case KINDS.host:
      return { kind: 'host', indicator: reader.keyText() }
    case KINDS.text:
      return { kind: 'text', indicator: reader.keyText().replace(/^\w+:/, '') }
    case KINDS.block4:
    case KINDS.block6: {
      const { range } = readBlockKey(reader.keyBytes(), kindOf(reader.space) === KINDS.block4)
      const first = formatAddress(range.first)
      const indicator = range.first === range.last ? first : `${first}-${formatAddress(range.last)}`
      return { kind: 'ip', indicator }
    }
    case KINDS.domain:
      return { kind: 'mask', indicator: `.${reader.keyText()}` }
    default:
      return { kind: 'mask', indicator: reader.keyText() }
  }
}
