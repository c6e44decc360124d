import { Transform, type TransformCallback, type TransformOptions } from 'node:stream'
import { HAND_ON_MS } from '../formats/limits.ts'

/**
 * A stage that makes many pieces of one batch, and waits between two of them until the reader takes more. A Transform
 * waits only between batches: all that it makes of one is in memory together, however much that is. And it lets the event
 * loop turn when it has worked for {@link HAND_ON_MS}, however fast the reader takes what it makes.
 */
export abstract class PacedStage<Taken> extends Transform {
  /** The pieces of the batch in hand that are not made yet. */
  #pieces: Iterator<unknown> | undefined
  /** To be called when all of them are made. */
  #taken: TransformCallback | undefined
  /** A batch that came while pieces of none were made. */
  #waiting: (() => void) | undefined
  #isMaking = false
  /** The reader has asked for more, and was not given anything since: it does not ask again. */
  #isAsked = false
  /** When this stage began to work in this turn of the event loop; undefined: it has not. */
  #began: number | undefined
  /** More pieces are made in the next turn. */
  #isDue = false

  constructor(options: TransformOptions) {
    super(options)
  }

  /** The pieces of a batch, each made when it is asked for. */
  protected abstract pieces(taken: Taken): Iterable<unknown>

  /** The pieces that are left when no other batch comes. */
  protected lastPieces(): Iterable<unknown> {
    return []
  }

  /**
   * Hands a piece on.
   *
   * @returns false: the next one is made after `goOn` is called, as it is when the reader asks for more
   */
  protected give(piece: unknown): boolean {
    return this.pushPiece(piece)
  }

  /** Gives a piece to the reader. @returns whether it takes another one now */
  protected pushPiece(piece: unknown): boolean {
    // It may ask for more while it is given this.
    this.#isAsked = false
    return this.push(piece) || this.#isAsked
  }

  /** Something else than the reader has to be waited for; `goOn` is called then. */
  protected get isBlocked(): boolean {
    return false
  }

  override _transform(taken: Taken, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#beginWhenFree(() => this.pieces(taken), callback)
  }

  override _flush(callback: TransformCallback): void {
    this.#beginWhenFree(() => this.lastPieces(), callback)
  }

  override _read(size: number): void {
    this.#isAsked = true
    if (this.#pieces === undefined) super._read(size)
    else if (!this.isBlocked) this.goOn()
  }

  /**
   * Makes pieces that are of no batch, between two of them.
   *
   * @returns false: pieces of a batch are being made, and these are not
   */
  protected insertPieces(pieces: () => Iterable<unknown>): boolean {
    if (this.#pieces !== undefined || this.destroyed) return false
    this.#begin(pieces, (error) => {
      const next = this.#waiting
      this.#waiting = undefined
      if (error) this.destroy(error)
      else next?.()
    })
    return true
  }

  #beginWhenFree(pieces: () => Iterable<unknown>, callback: TransformCallback): void {
    const begin = () => this.#begin(pieces, callback)
    if (this.#pieces === undefined) begin()
    else this.#waiting = begin
  }

  #begin(pieces: () => Iterable<unknown>, callback: TransformCallback): void {
    this.#taken = callback
    try {
      this.#pieces = pieces()[Symbol.iterator]()
    } catch (error) {
      this.#end(error as Error)
      return
    }
    this.goOn()
  }

  /** Makes pieces until one is not taken at once. */
  protected goOn(): void {
    if (this.#isMaking || this.#isDue) return
    this.#beginSlice()
    if (this.#isSliceOver()) return
    this.#isMaking = true
    let isOver = false
    let fault: Error | undefined
    try {
      // A fault that is thrown out of a stream would end the process.
      isOver = this.#makePieces()
    } catch (error) {
      isOver = true
      fault = error as Error
    }
    this.#isMaking = false
    if (isOver) this.#end(fault)
  }

  /** A slice ends with the turn of the event loop in which it began, whatever number of batches comes in it. */
  #beginSlice(): void {
    if (this.#began !== undefined) return
    this.#began = performance.now()
    setImmediate(() => {
      this.#began = undefined
      if (!this.#isDue) return
      this.#isDue = false
      if (!this.isBlocked) this.goOn()
    })
  }

  /** @returns true: what is left is made in the next turn of the event loop */
  #isSliceOver(): boolean {
    this.#isDue = performance.now() - this.#began! >= HAND_ON_MS
    return this.#isDue
  }

  /** @returns true: there are no more */
  #makePieces(): boolean {
    while (!this.destroyed && this.#pieces !== undefined) {
      const next = this.#pieces.next()
      if (next.done === true) return true
      if (!this.give(next.value)) return false
      if (this.#isSliceOver()) return false
    }
    return false
  }

  #end(fault?: Error): void {
    const taken = this.#taken
    this.#pieces = undefined
    this.#taken = undefined
    if (fault !== undefined) {
      taken?.(fault)
      return
    }
    taken?.()
    // A Transform keeps the next batch back while the reader has enough. This one has asked already, before the batch was at its end.
    if (this.#isAsked) super._read(0)
  }
}
