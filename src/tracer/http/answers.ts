import { contextJson } from '../context.ts'
import type { Match } from '../enricher.ts'

/** The words of `result`. */
export interface ResultWords {
  readonly detected: string
  readonly clean: string
}

/** A sister product says `DETECT`; all public copies of answers of the original leave its words out. */
export const RESULT_WORDS: ResultWords = { detected: 'DETECTED', clean: 'CLEAN' }

/** Writes the answers for objects, as JSON. */
export class AnswerWriter {
  readonly #detected: string
  readonly #clean: string

  constructor({ detected, clean }: ResultWords) {
    this.#detected = `,"result":${JSON.stringify(detected)},"categories":[`
    this.#clean = `,"result":${JSON.stringify(clean)},"categories":[]}`
  }

  /**
   * The answer for one object.
   *
   * @param object the value as it was sent
   */
  answer(object: string, matches: readonly Match[]): string {
    const shown = JSON.stringify(object)
    let text = `{"object":${shown}`
    if (matches.length === 0) return text + this.#clean
    text += this.#detected
    for (let i = 0; i < matches.length; i++) {
      const { category, context } = matches[i]!
      text += `${i === 0 ? '' : ','}{"category":${JSON.stringify(category)},"detected_indicator":${shown},"context":${contextJson(context)}}`
    }
    return `${text}]}`
  }
}
