import { EventParser } from '../batches/event-parser.ts'
import type { Batch, InputEvent } from '../event.ts'
import type { InputOptions, InputSettings } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { InputStage } from './input-stage.ts'
import { safeLineTest } from './process/line-test.ts'

export interface ParseOptions extends InputOptions {
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
}

/** An `EventParser` as a stream: bytes in, batches of events out. */
export class ParseStage extends InputStage {
  readonly #parser: EventParser

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: ParseOptions = {}) {
    super()
    const { input, source } = parseOptions(options)
    this.#parser = new EventParser(input, source, safeLineTest, NODE_CODING)
  }

  protected override enterSource(source: string): void {
    this.#parser.source = source
  }

  protected override takeBytes(bytes: Uint8Array): Iterable<Batch<InputEvent>> {
    return this.#parser.read(bytes)
  }

  protected override endSource(): Iterable<Batch<InputEvent>> {
    return this.#parser.end((unread) => this.unread.add(this.#parser.source, unread))
  }

  protected override heldPieces(): Iterable<Batch<InputEvent>> {
    return this.#parser.readHeld()
  }

  protected override get holdsEvent(): boolean {
    return this.#parser.holdsEvent
  }
}

/** @throws {TypeError} when an option is not acceptable */
export function parseOptions({ source = '-', ...options }: ParseOptions): {
  readonly input: InputSettings
  readonly source: string
} {
  return { input: inputSettings(options), source }
}
