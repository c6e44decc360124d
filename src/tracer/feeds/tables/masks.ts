import { literalLabels, literalPath, literalPieces, maskMatches, partsOf } from '../keys/mask-parts.ts'
import type { MaskKey, UrlKey } from '../keys/url.ts'
import { type Pace, sortInSlices } from '../pace.ts'
import { FragmentIndex } from './fragments.ts'
import { PrefixIndex } from './prefixes.ts'
import { TextIndex } from './text-index.ts'
import type { TextStore } from './text-store.ts'

/** So many masks are matched one by one before an index pays. */
const FEW = 8
/** A mask that matches, and the value it has. */
export interface MaskHit {
  /** The mask: the longer, the more specific. */
  readonly text: string
  readonly value: number
}

/** Masks whose hosts end in the same labels. */
interface Bucket {
  readonly ids: number[]
  /** For more than a few of them. */
  byPath: PathGroups | undefined
}

/** The beginnings of the paths of masks, and the masks with each one. */
interface PathGroups {
  readonly prefixes: PrefixIndex
  readonly groups: readonly (readonly number[] | FragmentIndex)[]
}

/** So many masks are read between two looks at the clock. */
const STEP = 256

/**
 * Finds the masks that match a URL; the work does not grow with their number.
 *
 *     mask   abid.github.io/netflix/*       .dyn.example          *.example.com/a*       *login*
 *             |                              |                       |                    |
 *     1. labels of the host from the right, up to a star: one look-up for each label of the URL
 *            abid.github.io                 dyn.example           example.com            (none)
 *     2. more than eight with these labels: the path up to a star, by a search in a sorted list
 *            /netflix                        -                     /a                    (none)
 *     3. more than eight with this path: four characters in a row that are rare among them
 *                                                                                         logi
 *     4. the few that are left are matched
 */
export class MaskIndex {
  readonly #store: TextStore
  /** Domains with a leading dot and any path: their values. There may be millions. */
  readonly #domains: TextIndex
  /** All other masks: their ids by text, from 1. */
  readonly #ids: TextIndex
  /**
   * The masks by the labels that hosts end in: the only one there is (2 * id) or the number of a bucket (2 * number +
   * 1).
   */
  readonly #suffixes: TextIndex
  readonly #buckets: Bucket[] = []
  /** The masks by id less one. */
  readonly #texts: number[] = []
  readonly #values: number[] = []

  constructor(store: TextStore) {
    this.#store = store
    this.#domains = new TextIndex(store)
    this.#ids = new TextIndex(store)
    this.#suffixes = new TextIndex(store)
  }

  get size(): number {
    return this.#domains.size + this.#texts.length
  }

  /** Adds a mask. The value of an equal one that was added before is forgotten. */
  add(mask: MaskKey, value: number): void {
    if (mask.hasLeadingDot && mask.tail === '' && !mask.host.includes('*')) {
      this.#domains.set(mask.host, value)
      return
    }
    const known = this.#ids.get(mask.text)
    if (known !== 0) {
      this.#values[known - 1] = value
      return
    }
    const id = this.#texts.push(this.#store.put(mask.text))
    this.#values.push(value)
    this.#ids.set(mask.text, id)
    this.#addToSuffix(literalLabels(mask.host), id)
  }

  #addToSuffix(suffix: string, id: number): void {
    const known = this.#suffixes.get(suffix)
    if (known === 0) {
      this.#suffixes.set(suffix, id * 2)
    } else if (known % 2 === 1) {
      this.#buckets[(known - 1) / 2]!.ids.push(id)
    } else {
      const length = this.#buckets.push({ ids: [known / 2, id], byPath: undefined })
      this.#suffixes.set(suffix, length * 2 - 1)
    }
  }

  /** To be called once when all masks are there, before the first look-up. */
  async finish(pace: Pace): Promise<void> {
    for (const bucket of this.#buckets) {
      if (bucket.ids.length > FEW) bucket.byPath = await this.#groupByPath(bucket.ids, pace)
    }
  }

  async #groupByPath(ids: readonly number[], pace: Pace): Promise<PathGroups> {
    const idsByPrefix = new Map<string, number[]>()
    for (const [i, id] of ids.entries()) {
      const prefix = literalPath(partsOf(this.#textOf(id)).tail)
      const group = idsByPrefix.get(prefix)
      if (group === undefined) idsByPrefix.set(prefix, [id])
      else group.push(id)
      if (i % STEP === 0 && pace.isDue()) await pace.rest()
    }
    const prefixes = await sortInSlices([...idsByPrefix.keys()], inCodeUnitOrder, pace)
    const groups: (readonly number[] | FragmentIndex)[] = []
    for (const prefix of prefixes) {
      const group = idsByPrefix.get(prefix)!
      groups.push(group.length <= FEW ? group : await this.#indexFragments(group, pace))
    }
    return { prefixes: new PrefixIndex(prefixes), groups }
  }

  #indexFragments(ids: readonly number[], pace: Pace): Promise<FragmentIndex> {
    const masks = ids.map((id) => ({ id, pieces: literalPieces(this.#textOf(id)) }))
    return FragmentIndex.build(masks, pace)
  }

  /** All masks that match, in no order. */
  find(url: UrlKey): MaskHit[] {
    const hits: MaskHit[] = []
    const fullHost = url.hadWww ? `www.${url.host}` : url.host
    this.#findBelow('', url, fullHost, hits)
    const longest = Math.max(this.#domains.longest, this.#suffixes.longest)
    // The walk goes from the last label to all of them. Suffixes that are longer than any mask's are not looked up.
    for (let dot = fullHost.length; dot > 0 && fullHost.length - dot <= longest; ) {
      dot = fullHost.lastIndexOf('.', dot - 1)
      const suffix = fullHost.slice(dot + 1)
      const value = this.#domains.get(suffix)
      if (value !== 0) hits.push({ text: `.${suffix}`, value })
      this.#findBelow(suffix, url, fullHost, hits)
    }
    return hits
  }

  #findBelow(suffix: string, url: UrlKey, fullHost: string, hits: MaskHit[]): void {
    const known = this.#suffixes.get(suffix)
    if (known === 0) return
    if (known % 2 === 0) {
      this.#match(known / 2, url, fullHost, hits)
      return
    }
    const { ids, byPath } = this.#buckets[(known - 1) / 2]!
    if (byPath === undefined) {
      for (const id of ids) this.#match(id, url, fullHost, hits)
      return
    }
    for (const position of byPath.prefixes.find(url.tail)) {
      const group = byPath.groups[position]!
      const candidates = group instanceof FragmentIndex ? group.find([fullHost, url.tail]) : group
      for (const id of candidates) this.#match(id, url, fullHost, hits)
    }
  }

  #match(id: number, url: UrlKey, fullHost: string, hits: MaskHit[]): void {
    const text = this.#textOf(id)
    if (maskMatches(text, url, fullHost)) hits.push({ text, value: this.#values[id - 1]! })
  }

  #textOf(id: number): string {
    return this.#store.get(this.#texts[id - 1]!)
  }
}

/** The longest mask first; of equally long ones that of the record that came first. */
export function bySpecificity(a: MaskHit, b: MaskHit): number {
  return b.text.length - a.text.length || a.value - b.value || inCodeUnitOrder(a.text, b.text)
}

function inCodeUnitOrder(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
