import type { EnrichSpec } from '../rules/load.ts'
import type { EnrichBatch, EnrichOptions } from './enrich-queue.ts'
import { EnrichQueue } from './enrich-queue.ts'
import { OverlappingStage } from './overlapping-stage.ts'
import type { EnrichCounts } from './pending-batch.ts'

export type { EnrichOptions } from './enrich-queue.ts'
export { canEnrichLines } from './enrich-queue.ts'
export type { EnrichCounts } from './pending-batch.ts'

type Callback = (error?: Error | null) => void

/** An `EnrichQueue` as a stream: batches in, batches out, events as outputs of the rules or written ones. */
export class EnrichStage extends OverlappingStage<EnrichBatch> {
  readonly #queue: EnrichQueue
  readonly #taker: { readonly isWanted: boolean; give(batch: unknown): void }

  constructor(options: EnrichOptions) {
    super()
    this.#queue = new EnrichQueue(options, {
      onProgress: () => this.advance(),
      onFault: (error) => this.destroy(error as Error),
    })
    const isWanted = () => this.isWanted
    this.#taker = {
      get isWanted() {
        return isWanted()
      },
      give: (batch) => this.give(batch),
    }
  }

  get counts(): EnrichCounts {
    return this.#queue.counts
  }

  /** The fields of the next batch that are looked up. */
  replaceSpec(enrich: EnrichSpec | undefined): void {
    this.#queue.replaceSpec(enrich)
  }

  protected override accept(batch: EnrichBatch): void {
    this.#queue.accept(batch)
  }

  protected override acceptEnd(): void {}

  override _destroy(error: Error | null, callback: Callback): void {
    this.#queue.close()
    callback(error)
  }

  protected override work(): void {
    this.#queue.work(this.#taker)
  }

  protected override get hasRoom(): boolean {
    return this.#queue.hasRoom
  }

  protected override get isEmpty(): boolean {
    return this.#queue.isEmpty
  }
}
