import type { EventText, RejectedEvent } from '../event.ts'
import type { EventTexts } from './splitter.ts'

/** Events that a splitter has cut, until they are taken. */
export class CutTexts {
  #events: EventText[] = []
  #rejected: RejectedEvent[] = []

  event(event: EventText): void {
    this.#events.push(event)
  }

  reject(event: RejectedEvent): void {
    this.#rejected.push(event)
  }

  /** The events since the last call. */
  take(): EventTexts {
    const result = { events: this.#events, rejected: this.#rejected }
    this.#events = []
    this.#rejected = []
    return result
  }
}
